"""Mistakes in steps of optimizers, and in networks that an optimizer has updated."""

from __future__ import annotations

from .mutations import Rule

STEPS = "(SGD|Momentum|Nesterov|AdaGrad|RMSprop|Adam)$"
_FORGOTTEN = "a term forgotten"
_REBOUND = "parameter bound to a new array"

UPDATES = (
    Rule(_FORGOTTEN, ("missing_term",), "_a + _b", "_a", only=STEPS, target="^d[a-z]+$"),
    Rule(_FORGOTTEN, ("missing_term",), "_a + _b", "_b", only=STEPS, target="^d[a-z]+$"),
    Rule(_FORGOTTEN, ("missing_term",), "_a - _b", "_a", only=STEPS, target="^d[hv]$"),
    Rule("a half in one term", ("missing_term",), "2 * _a", "_a", only=STEPS, target="^d"),
    Rule("a half in one term", ("missing_term",), "_a / (2 * _b)", "_a / _b", only=STEPS, target="^d"),
    Rule(
        "old state saved, new needed",
        ("input_for_output",),
        "self.g, self.h, self.lr = _a, _b, _c",
        "self.g, self.h, self.lr = _a, h, _c",
        "forward",
    ),
    Rule(
        "old state saved, new needed",
        ("input_for_output",),
        "self.g, self.m, self.v, self.lr = _a, _b, _c, _d",
        "self.g, self.m, self.v, self.lr = _a, m, _c, _d",
        "forward",
    ),
    Rule(
        "old state saved, new needed",
        ("input_for_output",),
        "self.g, self.m, self.v, self.lr = _a, _b, _c, _d",
        "self.g, self.m, self.v, self.lr = _a, _b, v, _d",
        "forward",
    ),
    Rule(
        "old state saved, new needed",
        ("input_for_output",),
        "self.g, self.m, self.v, self.lr = _a, _b, _c, _d",
        "self.g, self.m, self.v, self.lr = _a, m, v, _d",
        "forward",
    ),
    Rule(
        "kept from the first call",
        ("state",),
        "self.g, self.h, self.lr = _a, _b, _c",
        "self.g, self.h, self.lr = _a, self.__dict__.setdefault('h', _b), _c",
        "forward",
    ),
    Rule(
        "kept from the first call",
        ("state",),
        "self.g, self.m, self.v, self.lr = _a, _b, _c, _d",
        "self.g, self.m, self.v, self.lr = _a, _b, self.__dict__.setdefault('v', _c), _d",
        "forward",
    ),
    Rule("input overwritten", ("input_overwritten",), "return w - _e", "w -= _e\nreturn w", "forward"),
    Rule(
        "input overwritten",
        ("input_overwritten",),
        "return np.stack((w - _a, _b))",
        "w -= _a\nreturn np.stack((w, _b))",
        "forward",
    ),
    Rule(
        "input overwritten",
        ("input_overwritten",),
        "return np.stack((w - _a, _b, _c))",
        "w -= _a\nreturn np.stack((w, _b, _c))",
        "forward",
    ),
    Rule(
        "input overwritten",
        ("input_overwritten",),
        "new_v = _a - _b",
        "v[...] = _a - _b\nnew_v = v",
        "forward",
    ),
    Rule("input overwritten", ("input_overwritten",), "new_h = h + _b", "h += _b\nnew_h = h", "forward"),
    Rule(
        "input overwritten",
        ("input_overwritten",),
        "new_m = _a + _b",
        "m[...] = _a + _b\nnew_m = m",
        "forward",
    ),
    Rule("upstream overwritten", ("dout_overwritten",), "dv = dnew_v + _e", "dnew_v += _e\ndv = dnew_v"),
    Rule("upstream overwritten", ("dout_overwritten",), "dh = dnew_h - _e", "dnew_h -= _e\ndh = dnew_h"),
    Rule("upstream overwritten", ("dout_overwritten",), "dm = dnew_m + _e", "dnew_m += _e\ndm = dnew_m"),
    Rule(_REBOUND, ("unconnected",), "_p[_k] -= _e", "_p[_k] = _p[_k] - _e", "update"),
    Rule(_REBOUND, ("unconnected",), "_p[_k] += _e", "_p[_k] = _p[_k] + _e", "update"),
    Rule(
        _REBOUND, ("unconnected",), "_p[_k] -= _e", "_p[_k] -= _e\n_p[_k] = np.clip(_p[_k], -1, 1)", "update"
    ),
    Rule(
        _REBOUND,
        ("unconnected",),
        "_p[_k] -= _e",
        "_p[_k] -= _e\nif _k.startswith('W'):\n    _p[_k] = 0.99 * _p[_k]",
        "update",
    ),
    Rule(
        _REBOUND,
        ("unconnected",),
        "_p[_k] += _e",
        "_p[_k] += _e\nif _k.startswith('W'):\n    _p[_k] = 0.99 * _p[_k]",
        "update",
    ),
)
