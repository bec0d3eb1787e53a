"""What stands in the circle of a gate, and which of its inputs the symbol says already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...graph import Variable
from ..notation import number
from ._text_width import shortened

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_WIDEST_NOTE = 130.0  # pixels
_LONGEST_INDEX = 12  # letters


def symbol_of(variable: Variable) -> tuple[str, frozenset[int]]:
    """The symbol of the gate that made a variable, and the positions of the constants in it.

    >>> x = Variable(4.0)
    >>> symbol_of(x * x), symbol_of(x**2), symbol_of(1 / x)
    (('×', frozenset()), ('x²', frozenset({1})), ('1/x', frozenset({0})))
    """
    gate, inputs = variable.gate, variable.inputs
    assert gate is not None
    if gate.name == "divide" and _is_number(inputs[0]) and inputs[0] == 1:
        return "1/x", frozenset({0})
    if gate.name == "power" and _is_number(inputs[1]):
        written = number(inputs[1], 4)
        is_whole = written.removeprefix("−").isdecimal()
        raised = written.replace("−", "-").translate(_RAISED)
        return (f"x{raised}" if is_whole else f"x^{written}"), frozenset({1})
    if gate.name == "getitem" and (index := _index_in_symbol(variable)):
        return f"[{index}]", frozenset()
    return gate.symbol, frozenset()


def note_of(variable: Variable) -> str:
    """The settings of a gate that are not the usual ones, in small."""
    gate = variable.gate
    assert gate is not None
    if gate.name == "getitem" and _index_in_symbol(variable):
        return ""
    chosen: Mapping[str, Any] = {
        name: value
        for name, value in variable.settings.items()
        if not _is_same(value, gate.defaults.get(name, gate))
    }
    text = ", ".join(f"{name}={_setting(value)}" for name, value in chosen.items())
    return shortened(text, 11.0, _WIDEST_NOTE)


def _index_in_symbol(variable: Variable) -> str:
    """What stands between the brackets of a selection, if it is short."""
    index = variable.settings["index"]
    text = ", ".join(map(_setting, index)) if isinstance(index, tuple) else _setting(index)
    return text if len(text) <= _LONGEST_INDEX else ""


def _is_number(value: Any) -> bool:
    return not isinstance(value, Variable) and np.ndim(value) == 0


def _is_same(value: Any, default: Any) -> bool:
    return value is default or (isinstance(value, bool | int) and value == default)


def _setting(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_setting, value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, slice):
        ends = ["" if end is None else str(end) for end in (value.start, value.stop)]
        return ":".join(ends if value.step is None else [*ends, str(value.step)])
    if isinstance(value, np.ndarray):
        return f"array{np.shape(value)}"
    return "…" if value is Ellipsis else value.__name__ if isinstance(value, type) else str(value)
