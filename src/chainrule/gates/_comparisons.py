"""Comparisons and logic: gates without rules, recorded so that a graph can be run again on other numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._gate import Gate


def _comparison(name: str, symbol: str, en: str, ko: str, forward: Callable[..., Any], example: str) -> Gate:
    doc = f"""Whether x {symbol} y, element by element; nothing flows back through it.

    x, y     shapes that broadcast
    returns  booleans of the broadcast shape
    >>> bool({example})
    True
    """
    return Gate(name, symbol, en, ko, forward, wrt={}, kind="comparison", doc=doc)


equal = _comparison(
    "equal", "=", "equality", "같음",
    forward=lambda xp, x, y: x == y,
    example="cr.Variable(1.0) == 1.0",
)  # fmt: skip

not_equal = _comparison(
    "not_equal", "≠", "inequality", "다름",
    forward=lambda xp, x, y: x != y,
    example="cr.Variable(1.0) != 2.0",
)  # fmt: skip

less = _comparison(
    "less", "<", "less than", "작음",
    forward=lambda xp, x, y: x < y,
    example="cr.Variable(1.0) < 2.0",
)  # fmt: skip

less_equal = _comparison(
    "less_equal", "≤", "less than or equal", "작거나 같음",
    forward=lambda xp, x, y: x <= y,
    example="cr.Variable(1.0) <= 1.0",
)  # fmt: skip

greater = _comparison(
    "greater", ">", "greater than", "큼",
    forward=lambda xp, x, y: x > y,
    example="cr.Variable(2.0) > 1.0",
)  # fmt: skip

greater_equal = _comparison(
    "greater_equal", "≥", "greater than or equal", "크거나 같음",
    forward=lambda xp, x, y: x >= y,
    example="cr.Variable(1.0) >= 1.0",
)  # fmt: skip

logical_and = _comparison(
    "logical_and", "∧", "both", "그리고",
    forward=lambda xp, x, y: xp.logical_and(x, y),
    example="(cr.Variable(1.0) > 0) & (cr.Variable(1.0) < 2)",
)  # fmt: skip

logical_or = _comparison(
    "logical_or", "∨", "either", "또는",
    forward=lambda xp, x, y: xp.logical_or(x, y),
    example="(cr.Variable(1.0) > 2) | (cr.Variable(1.0) < 2)",
)  # fmt: skip

# Not by the operator ~, which makes −2 of Python's True.
logical_not = Gate(
    "logical_not", "¬", "not", "부정", lambda xp, x: xp.logical_not(x), wrt={}, kind="comparison",
    doc="""Whether x does not hold, element by element; nothing flows back through it.

    x        booleans, any shape
    returns  booleans of the same shape
    >>> bool(~(cr.Variable(1.0) > 2))
    True
    """,
)  # fmt: skip

isfinite = Gate(
    "isfinite", "finite", "is a finite number", "유한함", lambda xp, x: xp.isfinite(x), wrt={}, kind="comparison",
    doc="""Whether x is neither NaN nor infinite, element by element; nothing flows back through it.

    x        any shape, float32 or float64
    returns  booleans of the same shape
    >>> np.isfinite(cr.Variable(np.array([1.0, np.inf])))
    Variable(array([ True, False]))
    """,
)  # fmt: skip

isnan = Gate(
    "isnan", "NaN", "is not a number", "수가 아님", lambda xp, x: xp.isnan(x), wrt={}, kind="comparison",
    doc="""Whether x is NaN, element by element; nothing flows back through it.

    x        any shape, float32 or float64
    returns  booleans of the same shape
    >>> np.isnan(cr.Variable(np.array([1.0, np.nan])))
    Variable(array([False,  True]))
    """,
)  # fmt: skip
