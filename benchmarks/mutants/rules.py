"""The planted mistakes: for each what it looks like in the source, and the diagnoses that name it."""

from __future__ import annotations

from .mutations import Rule
from .updates import STEPS, UPDATES

_AXIS_0, _AXIS_1 = "_a.sum(axis=0)", "_a.sum(axis=1, keepdims=True)"
_BIAS = r"d?b\d?\b|dshift|dbeta"
_SAVED = "Sigmoid$|Tanh|Softmax$"
_SAME_SHAPE = "ReLU|Sigmoid$|Tanh|Softplus|Square$|SiLU|Softmax$|Norm|gaussian"
_CHANGES = "dx = _e\n{}\nreturn dx"

SIZES = (
    Rule("sign", ("sign",), "", "-_g"),
    Rule("a half", ("half",), "", "_g / 2"),
    Rule("a half", ("half",), "2 * _a", "_a", only=f"^(?!{STEPS})"),
    Rule("a half", ("half",), "dout * 2", "dout"),
    Rule("twice", ("double",), "", "2 * _g"),
    Rule("another factor", ("other",), "", "1.001 * _g"),
    Rule("mean of the loss forgotten", ("missing_mean",), "_a / n", "_a"),
    Rule("mean of the loss forgotten", ("missing_mean",), "_a / self.d.size", "_a"),
    Rule("mean of the loss forgotten", ("missing_mean",), "_a / t.size", "_a"),
    Rule("mean taken twice", ("doubled_mean",), "_a / n", "_a / n / n"),
    Rule(
        "mean taken twice", ("doubled_mean", "bias_averaged"), "", "_g / len(dout)", only=f"^(?!{STEPS})[A-Z]"
    ),
    Rule("mean over outputs", ("n_outputs",), "_a / self.d.size", "_a / len(self.d)"),
    Rule("mean over outputs", ("n_outputs",), "_a / t.size", "_a / n"),
    Rule("mean over outputs", ("n_outputs",), "_a / n", "_a / self.d.size", only="Sum|Huber|Absolute"),
    Rule("nothing", ("zero",), "", "np.zeros_like(_g)"),
    Rule("not finite", ("not_finite",), "", "_g * np.exp(800.0) / np.exp(800.0)"),
)

SHAPES = (
    Rule("bias not summed", ("bias_not_summed",), _AXIS_0, "_a", target=r"b\d?\b"),
    Rule("bias not summed", ("bias_not_summed",), _AXIS_0, "_a", target="dbeta"),
    Rule("broadcasting not undone", ("broadcast_not_undone",), _AXIS_0, "_a", target="dgamma"),
    Rule("broadcasting not undone", ("broadcast_not_undone",), _AXIS_1, "_a", target="dscale"),
    Rule(
        "broadcasting not undone",
        ("broadcast_not_undone", "bias_not_summed"),
        "_a.sum(axis=0, keepdims=True)",
        "_a",
    ),
    Rule("bias averaged", ("bias_averaged",), _AXIS_0, "_a.mean(axis=0)", target=_BIAS),
    Rule("bias from one row", ("bias_first_row", "bias_one_row"), _AXIS_0, "_a[0]", target=_BIAS),
    Rule("wrong axis", ("wrong_axis",), _AXIS_0, "_a.sum(axis=1)"),
    Rule("wrong axis", ("wrong_axis",), _AXIS_0, "_a.sum()", target=_BIAS),
    Rule("wrong axis", ("wrong_axis",), _AXIS_1, "_a.sum(axis=0, keepdims=True)", only="Softmax"),
    Rule("wrong axis", ("wrong_axis",), "_a.mean(axis=0)", "_a.mean(axis=1, keepdims=True)"),
    Rule("wrong axis", ("wrong_axis",), "_a.mean(axis=1, keepdims=True)", "_a.mean(axis=0)"),
    Rule("transposed", ("transposed",), "_a.T", "_a", only="square|quadratic"),
    Rule("transposed", ("transposed",), "", "_g.T", target=r"W|return", only="square"),
    Rule("swapped", ("swapped",), "return _a, _b", "return _b, _a", only="Multiply|cosine"),
    Rule("swapped", ("swapped", "mask_inverted"), "return _a, _b", "return _b, _a", only="Maximum"),
    Rule("swapped", ("swapped", "shape"), "return _a, _b", "return _b, _a", only="quadratic"),
    Rule("swapped", ("swapped",), "dout * self.y", "dout * self.x", only="Multiply"),
    Rule("swapped", ("swapped",), "dout * self.x", "dout * self.y", only="Multiply"),
)

LOCAL = (
    Rule(
        "upstream ignored",
        ("upstream_ignored",),
        "dout",
        "np.ones_like(dout)",
        only="^(?!Residual)",
        every=True,
    ),
    Rule("local derivative forgotten", ("identity",), "", "dout", target="return", only=_SAME_SHAPE),
    Rule("local derivative forgotten", ("identity",), "dh * _a", "dh", only="TwoLayer"),
    Rule("local derivative forgotten", ("identity",), "dh * h * (1 - h)", "dh"),
    Rule("local derivative forgotten", ("identity",), "_a * (1 - _b**2)", "_a", only="ThreeLayer"),
    Rule("mask inverted", ("mask_inverted",), "self.mask", "~self.mask", only="ReLU|Max|Res|Hinge"),
    Rule("mask inverted", ("mask_inverted",), "~self.mask", "self.mask", only="Maximum"),
    Rule("mask inverted", ("mask_inverted",), "_a * self.mask", "_a * (1 - self.mask)", only="Dropout"),
    Rule("mask inverted", ("mask_inverted",), "_a > 0", "_a < 0", only="TwoLayer"),
    Rule("mask forgotten", ("mask_ignored",), "_a * self.mask", "_a", only="Hinge"),
    Rule("mask forgotten", ("mask_ignored", "identity"), "_a * self.mask", "_a", only="Maximum"),
    Rule("mask forgotten", ("mask_ignored", "identity"), "_a * ~self.mask", "_a"),
    Rule("mask forgotten", ("mask_ignored", "between"), "dout * self.mask", "dout", only="Res"),
    Rule("input saved, output needed", ("input_for_output",), "self.y = y", "self.y = x", "forward"),
    Rule("input saved, output needed", ("input_for_output",), "dh * h * (1 - h)", "dh * z * (1 - z)"),
    Rule("input saved, output needed", ("input_for_output",), "1 - h1**2", "1 - z1**2"),
    Rule("input saved, output needed", ("input_for_output",), "1 - h2**2", "1 - z2**2"),
    Rule(
        "output saved, input needed",
        ("output_for_input",),
        "self.x = x",
        "self.x = y",
        "forward",
        only="^(?!Affine$)",
    ),
    Rule("output saved, input needed", ("shape",), "self.x = x", "self.x = y", "forward", only="Affine$"),
    Rule("a term forgotten", ("missing_term",), "_a - _b", "_a", only="Softmax$|Norm|Attention|cosine"),
    Rule("a term forgotten", ("missing_term", "identity"), "dout + _b", "dout", only="Residual"),
    Rule("a term forgotten", ("missing_term",), "dout + _b", "_b", only="Residual"),
    Rule("a term forgotten", ("missing_term",), "_a + _b", "_a", only="quadratic"),
    Rule("a term forgotten", ("missing_term",), "_a + _b", "_b", only="quadratic"),
    Rule("another formula", ("missing_term", "unknown", "between"), "_a + _b", "_a", only="SiLU"),
    Rule("another formula", ("missing_term", "unknown", "between"), "_a + _b", "_b", only="SiLU"),
    Rule("another formula", ("unknown", "between"), "1 - _a", "1 + _a", only="Sigmoid$|Tanh|SiLU|Net$"),
    Rule("another formula", ("unknown", "between"), "_a**2", "_a**3", only="Tanh|gaussian|Three"),
    Rule("another formula", ("unknown", "between"), "_a * (1 - _b)", "_a * (0.5 - _b)", only="Sig"),
)

LOSSES = (
    Rule("labels misread", ("label_form",), "self.t", "self.t - 1", only="^SoftmaxWithLoss", target="^$"),
    Rule("labels misread", ("label_form",), "dx[np.arange(n), self.t] -= 1", "dx[:, self.t] -= 1"),
    Rule("labels misread", ("label_form",), "dx[np.arange(n), self.t] -= 1", "dx -= self.t[:, None]"),
    Rule("labels misread", ("label_form",), "dx[np.arange(n), self.t] -= 1", "pass"),
    Rule(
        "labels misread",
        ("label_form",),
        "self.y - self.t",
        "self.y - self.t.argmax(axis=1)[:, None]",
        only="One",
    ),
    Rule("labels misread", ("label_form",), "self.y - self.t", "self.y - self.t[::-1]"),
    Rule("labels misread", ("label_form",), "self.y - self.t", "self.y - (1 - self.t)"),
    Rule("labels misread", ("label_form",), "self.y - self.t", "self.y"),
    Rule("labels misread", ("label_form",), "dy[np.arange(n), t] -= 1", "dy[np.arange(n), t - 1] -= 1"),
    Rule("labels misread", ("label_form",), "dy[np.arange(n), t] -= 1", "dy[:, t] -= 1"),
    Rule("labels misread", ("label_form",), "y - t", "y - t[::-1]", only="SigmoidNet"),
    Rule("penalty forgotten", ("l2_missing",), "_a + self.l2 * _w", "_a"),
    Rule("penalty forgotten", ("l2_missing",), "_a + 0.6 * w", "_a"),
    Rule("penalty twice", ("l2_double",), "self.l2 * _w", "2 * self.l2 * _w", target="grads"),
    Rule("penalty with another factor", ("l2_factor",), "self.l2 * _w", "self.l2 * _w / n", target="grads"),
    Rule("penalty with another factor", ("l2_factor",), "_a + self.l2 * _w", "_a - self.l2 * _w"),
    Rule("penalty with another factor", ("l2_factor", "l2_missing"), "0.6 * w", "0.3 * w"),
    Rule("penalty on biases", ("l2_extra",), "grads['b1'] = _e", "grads['b1'] = _e + self.l2 * p['b1']"),
    Rule("penalty on biases", ("l2_extra",), "grads['b2'] = _e", "grads['b2'] = _e + self.l2 * p['b2']"),
    Rule(
        "penalty where there is none",
        ("l2_extra",),
        "grads['W1'] = _e",
        "grads['W1'] = _e + 0.1 * p['W1']",
        only="Sigm|Three",
    ),
)

PLACES = (
    Rule("a row left out", ("rows",), "self.x.T @ _b", "self.x[:-1].T @ _b[:-1]"),
    Rule("a row left out", ("rows",), "self.a.T @ _b", "self.a[1:].T @ _b[1:]"),
    Rule("a row left out", ("rows",), _AXIS_0, "_a[:-1].sum(axis=0)", only="^(?!.*Net)"),
    Rule("a row left out", ("rows",), _AXIS_0, "_a[2:].sum(axis=0)", only="^(?!.*Net)"),
    Rule(
        "a row left out",
        ("rows", "elements"),
        "",
        "np.append(_g[:-1], 0 * _g[-1:], axis=0)",
        target="return",
        only="^[A-Z]",
    ),
    Rule(
        "one of equal indices",
        ("rows", "elements", "missing_term"),
        "np.add.at(_a, _b, _c)",
        "_a[_b] += _c",
    ),
    Rule(
        "one of equal indices", ("rows", "elements", "missing_term"), "np.add.at(_a, _b, _c)", "_a[_b] = _c"
    ),
    Rule(
        "one element",
        ("elements", "rows"),
        "",
        "np.where(np.arange(np.size(_g)).reshape(np.shape(_g)) == 2, 0, _g)",
    ),
    Rule("shifted by one", ("shifted",), "", "np.roll(_g, 1, axis=0)"),
    Rule("reversed", ("reversed",), "", "_g[::-1]"),
)

CALLS = (
    Rule(
        "kept from the first call",
        ("state",),
        "self._s = _e",
        "self._s = self.__dict__.setdefault('_s', _e)",
        "forward",
    ),
    Rule(
        "kept from the first call",
        ("state",),
        "self._s, self._u = _a, _b",
        "self._s, self._u = self.__dict__.setdefault('_s', _a), _b",
        "forward",
    ),
    Rule(
        "kept from the first call",
        ("state",),
        "self._s, self._u = _a, _b",
        "self._s, self._u = _a, self.__dict__.setdefault('_u', _b)",
        "forward",
    ),
    Rule(
        "added to the last call's",
        ("accumulates",),
        "self._s = _e",
        "self._s = getattr(self, '_s', 0) + _e",
        target="self.d",
    ),
    Rule(
        "added to the last call's",
        ("accumulates",),
        "grads[_k] = _e",
        "grads[_k] = self.__dict__.setdefault(_k, np.zeros_like(p[_k]))\ngrads[_k] += _e",
    ),
    Rule("upstream overwritten", ("dout_overwritten",), "return _e", "dout[...] = _e\nreturn dout"),
    Rule(
        "upstream overwritten",
        ("dout_overwritten",),
        "return dout * self.mask",
        "dout[~self.mask] = 0\nreturn dout",
    ),
    Rule(
        "upstream overwritten",
        ("dout_overwritten",),
        "return _a, _b",
        "dout *= 2\nreturn _a, _b",
    ),
    Rule(
        "input overwritten",
        ("input_overwritten", "output_for_input"),
        "return _e",
        "x[...] = _e\nreturn x",
        "forward",
        only="^(?!.*Net)",
    ),
    Rule(
        "input overwritten",
        ("input_overwritten",),
        "x - x.max(axis=1, keepdims=True)",
        "np.subtract(x, x.max(axis=1, keepdims=True), out=x)",
        "forward",
    ),
    Rule(
        "input overwritten",
        ("input_overwritten",),
        "x - x.mean(axis=0)",
        "np.subtract(x, x.mean(axis=0), out=x)",
        "forward",
    ),
    Rule("input overwritten", ("input_overwritten",), "self.d = x - t", "x -= t\nself.d = x", "forward"),
    Rule(
        "output overwritten",
        ("output_overwritten",),
        "return _e",
        "self.y[...] = _e\nreturn self.y",
        only=_SAVED,
    ),
    Rule(
        "parameter updated in backward",
        ("parameter_changed",),
        "return _e",
        _CHANGES.format("self.W -= 0.1 * self.dW"),
        only="Affine|Res",
    ),
    Rule(
        "parameter updated in backward",
        ("parameter_changed",),
        "return _e",
        _CHANGES.format("self.gamma -= 0.1 * self.dgamma"),
        only="Norm",
    ),
    Rule(
        "parameter updated in backward",
        ("parameter_changed",),
        "self.dW = dW",
        "self.dW = dW\nself.W -= 0.1 * dW",
        only="Embedding",
    ),
    Rule(
        "parameter updated in backward",
        ("parameter_changed",),
        "return grads",
        "p['W1'] -= 0.1 * grads['W1']\nreturn grads",
    ),
    Rule(
        "overflow in float32",
        ("float32",),
        "1 / (1 + np.exp(-self.x))",
        "np.exp(self.x) / (1 + np.exp(self.x))",
        scale=150,
    ),
    Rule("overflow in float32", ("float32",), "x - x.max()", "x", scale=150, only="log_sum_exp"),
    Rule("cancellation in float32", ("float32",), "1 - self.y**2", "(1e6 + 1 - self.y**2) - 1e6", scale=0.9),
    Rule(
        "cancellation in float32",
        ("float32",),
        "1 - self.y",
        "(1e6 + 1 - self.y) - 1e6",
        scale=0.9,
        only="Sigmoid$",
    ),
    Rule("cancellation in float32", ("float32",), "_a * self.d", "_a * (1e7 + self.d - 1e7)", scale=0.9),
    Rule(
        "cancellation in float32",
        ("float32",),
        "dout - _b",
        "(dout + 1e6) - _b - 1e6",
        scale=0.9,
        only="Softmax$",
    ),
)

RULES = (*SIZES, *SHAPES, *LOCAL, *LOSSES, *PLACES, *CALLS, *UPDATES)
