"""The rule that makes a gradient, in the names of somebody's code: dW = xᵀ · dout. The gate's own, run on names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..graph import Variable

_ORDER, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(6)  # how tightly the parts of a text hold together
_LONGEST = 60


class _Text:
    """What stands for an array when a rule is run: every operation writes itself down."""

    def __init__(self, text: str, bond: int = _ATOM, ndim: int | None = None, sign: str = "") -> None:
        self.text, self.bond, self.sign, self._ndim = text, bond, sign, ndim

    @property
    def ndim(self) -> int:
        if self._ndim is None:
            raise TypeError("nobody knows the axes of a text")
        return self._ndim

    @property
    def mT(self) -> _Text:
        return _Text(f"{self._at_least(_ATOM)}ᵀ")

    def _at_least(self, bond: int, *signs: str) -> str:
        """The text, in brackets if it holds together less; one that ends with a step of these signs needs none."""
        return self.text if self.bond >= bond or self.sign in signs else f"({self.text})"

    def __bool__(self) -> bool:
        raise TypeError("a text is neither true nor false")

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        """Rules ask for 0 and NaN only to keep 0 · ∞ away, which nobody writes into a formula: they are told no."""
        if isinstance(other, _Text) and other is not self:
            raise TypeError("nobody knows whether two texts are equal")
        return other is self

    def __neg__(self) -> _Text:
        return _Text(f"-{self._at_least(_SIGN)}", _SIGN)


# Behind which signs a sign may follow, on its left and on its right, and nobody wonders what is done first.
_LEFT = {" + ": "+-", " - ": "+-", " * ": "*/", " / ": "*/", " · ": "·"}
_RIGHT = {" + ": "+-", " * ": "*/", " · ": "·"}


def _operator(sign: str, bond: int, swapped: bool = False) -> Callable[[_Text, Any], _Text]:
    """Operations of one bond are done from the left."""

    def write(one: _Text, other: Any) -> _Text:
        if bond == _POWER and other == 1 and not swapped:
            return one
        left, right = (_text(other), one) if swapped else (one, _text(other))
        first = left._at_least(bond + 1, *_LEFT.get(sign, ""))
        second = right._at_least(bond + 1, *_RIGHT.get(sign, ""))
        return _Text(f"{first}{sign}{second}", bond, sign=sign.strip())

    return write


for _name, _sign, _bond in (
    ("gt", " > ", _ORDER),
    ("ge", " >= ", _ORDER),
    ("lt", " < ", _ORDER),
    ("le", " <= ", _ORDER),
    ("add", " + ", _SUM),
    ("sub", " - ", _SUM),
    ("mul", " * ", _PRODUCT),
    ("truediv", " / ", _PRODUCT),
    ("matmul", " · ", _PRODUCT),
    ("pow", "**", _POWER),
):
    setattr(_Text, f"__{_name}__", _operator(_sign, _bond))
    if _bond is not _ORDER:
        setattr(_Text, f"__r{_name}__", _operator(_sign, _bond, swapped=True))


class _Functions:
    """The array namespace: every function of it writes its call down."""

    def zeros_like(self, x: Any) -> _Text:
        return _Text("0")

    def where(self, condition: Any, x: Any, y: Any) -> _Text:
        if isinstance(condition, bool):
            return _text(x if condition else y)
        return _Text(f"where({condition.text}, {_text(x).text}, {_text(y).text})")

    def __getattr__(self, name: str) -> Callable[..., _Text]:
        def call(*args: Any, **settings: Any) -> _Text:
            parts = [_text(arg).text for arg in args]
            said = [
                f"{key}={value}"
                for key, value in settings.items()
                if value is not None and value is not False
            ]
            return _Text(f"{name}({', '.join([*parts, *said])})")

        return call


def rule_text(way: Sequence[Variable], leaf: Variable) -> str:
    """How the first gate that an input goes into hands its gradient back.

    way      what depends on the leaf and what the result depends on
    leaf     the input, with a name
    returns  ``matmul(x, W): dW = xᵀ · dout``, where dout is what came back to the gate; empty where several gates take
             the input, or the rule cannot be said in one short line
    """
    users = [v for v in way if v.gate and any(i is leaf for i in v.inputs)]
    if len(users) != 1 or sum(i is leaf for i in users[0].inputs) != 1:
        return ""
    (user,) = users
    try:
        call, rule = _said(user, leaf)
    except Exception:  # a rule asks for more of an array than a text has
        return ""
    gradient = f"d{leaf.name}" if str(leaf.name).isidentifier() else f"d({leaf.name})"
    return f"{call}: {gradient} = {rule}" if len(rule) <= _LONGEST else ""


def _said(user: Variable, leaf: Variable) -> tuple[str, str]:
    gate = user.gate
    assert gate is not None
    wrt = gate.inputs[next(k for k, i in enumerate(user.inputs) if i is leaf)]
    texts = [_of_input(i, name, leaf) for name, i in zip(gate.inputs, user.inputs, strict=True)]
    numbers = (
        (name, i) for name, i in zip(gate.inputs, user.inputs, strict=True) if isinstance(i, int | float)
    )
    known: Mapping[str, Any] = {
        "xp": _Functions(),
        "dout": _Text("dout", ndim=user.ndim),
        "out": _Text("out", ndim=user.ndim),
        **{f"{name}_shape": np.shape(i.value if isinstance(i, Variable) else i)
           for name, i in zip(gate.inputs, user.inputs, strict=True)},
        **dict(zip(gate.inputs, texts, strict=True)),
        **dict(numbers),
        **gate.defaults,
        **user.settings,
    }  # fmt: skip
    rule = gate.rules[wrt]
    text = _text(rule.function(*(known[name] for name in rule.needs))).text
    if gate.kind == "elementwise":
        text = _summed(text, leaf.shape, user.shape)
    return f"{gate.name}({', '.join(t.text for t in texts)})", text


def _of_input(value: Any, name: str, leaf: Variable) -> _Text:
    """The user's name for an input of a gate; of what another gate made, ``exp(…)``; for an array without a name the
    gate's own."""
    if isinstance(value, Variable):
        text = str(value.name) if value.gate is None else f"{value.gate.name}(…)"
        return _Text(text, ndim=value.ndim)
    if np.ndim(value) == 0:
        return _text(value)
    if name == leaf.name:
        raise TypeError("two things of one name")
    return _Text(name, ndim=np.ndim(value))


def _summed(text: str, small: tuple[int, ...], large: tuple[int, ...]) -> str:
    """A sum over the axes along which a smaller array was repeated: the engine does that for all gates."""
    if small == large:
        return text
    added = len(large) - len(small)
    axes = [k for k, length in enumerate(large) if k < added or (small[k - added] == 1 != length)]
    if not small:
        return f"sum({text})"
    return f"sum({text}, axis={axes[0] if len(axes) == 1 else tuple(axes)})"


def _text(value: Any) -> _Text:
    if isinstance(value, _Text):
        return value
    if np.ndim(value):
        raise TypeError("an array without a name")
    return _Text(
        f"{float(value):g}" if not isinstance(value, bool) else str(value), _ATOM if value >= 0 else _SIGN
    )
