"""Simplifying formulas for the eye: rules of algebra that hold for all finite numbers, each in a line."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .. import gates
from ..engines._node import ELEMENTWISE
from ..graph import quiet
from ._expression import Equation, Expression, Number, Operation

_ARITHMETIC = frozenset("add subtract multiply divide power negative".split())
_COMPARISONS = frozenset("equal not_equal less less_equal greater greater_equal".split())
_TRUTHS = _COMPARISONS | frozenset("logical_and logical_or logical_not isnan isfinite".split())
_FOLDED = _ARITHMETIC | _COMPARISONS
_NOT_KNOWN = (KeyError, AttributeError)


def operation(op: str, *args: Expression) -> Expression:
    """An elementwise operation, simplified; its arguments are so already."""
    numbers = [a.value for a in args if isinstance(a, Number)]
    if op in _FOLDED and len(numbers) == len(args):  # 2 − 1 = 1, 2 > 1
        return Number(quiet.run(getattr(np, op), *map(float, numbers)).item())
    rule = _RULES.get(op, _compare(op) if op in _COMPARISONS else None)
    simpler = rule(*args) if rule else None
    return Operation(op, args) if simpler is None else simpler


def without_nan(e: Expression) -> Expression:
    """{ NaN if c, a otherwise } = a: a formula is for where there is a number, and there c does not hold."""
    for condition in list(_conditions_of_nan(e)):
        e = assuming(e, condition, False)
    return e


def assuming(e: Expression, condition: Expression, holds: bool) -> Expression:
    """What an expression is where a condition holds, or where it does not."""
    if e == condition:
        return Number(holds)
    if not isinstance(e, Operation) or e.op not in ELEMENTWISE:
        return e  # its elements come from elsewhere, where the condition may be another
    return _rebuilt(e, [assuming(a, condition, holds) for a in e.args])


def settled(e: Expression, values: Mapping[Any, Any]) -> Expression:
    """The expression without the branches that numbers rule out; what depends on anything else, or on arrays, stays.

    values  for each `Name` or `Gradient` what it is

    >>> from chainrule.explain._expression import Name
    >>> relu = Operation("where", (Operation("less_equal", (Name("y"), Number(0))), Number(0), Name("dout")))
    >>> settled(relu, {Name("y"): 3.0})
    Name(text='dout', shape=None)
    """
    match e:
        case Operation("where", (condition, x, y)):
            try:
                holds = quiet.run(_worked_out, condition, values)
            except _NOT_KNOWN:
                holds = None
            if holds is not None and np.ndim(holds) == 0:
                return settled(x if holds else y, values)
        case Equation(sides, exact):
            return Equation(tuple(settled(side, values) for side in sides), exact)
    return _rebuilt(e, [settled(a, values) for a in e.args]) if isinstance(e, Operation) else e


def _rebuilt(e: Operation, args: list[Expression]) -> Expression:
    if tuple(args) == e.args:
        return e
    return Operation(e.op, tuple(args), e.settings) if e.settings else operation(e.op, *args)


def _worked_out(e: Expression, values: Mapping[Any, Any]) -> Any:
    """The value of an elementwise expression; KeyError or AttributeError if it is not known."""
    match e:
        case Number(value):
            return value
        case Operation(op, args, ()):
            given = [_worked_out(a, values) for a in args]
            gate = gates.ALL.get(op)
            return gate.forward(np, *given) if gate else getattr(np, op)(*given)
    return values[e]


def _conditions_of_nan(e: Expression) -> Iterator[Expression]:
    if isinstance(e, Operation) and e.op in ELEMENTWISE:
        if e.op == "where" and isinstance(e.args[1], Number) and math.isnan(e.args[1].value):
            yield e.args[0]
        for a in e.args:
            yield from _conditions_of_nan(a)


def _is(e: Expression, value: float) -> bool:
    return isinstance(e, Number) and e.value == value


def _negated(e: Expression) -> Expression | None:
    """a of −a, where it is written so."""
    match e:
        case Operation("negative", (a,)):
            return a
        case Number(value) if value < 0:
            return Number(-value)
    return None


def _add(a: Expression, b: Expression) -> Expression | None:
    if _is(a, 0):  # 0 + b = b
        return b
    if _is(b, 0):  # a + 0 = a
        return a
    minus = _negated(b)
    return None if minus is None else operation("subtract", a, minus)  # a + (−b) = a − b


def _subtract(a: Expression, b: Expression) -> Expression | None:
    if _is(b, 0):  # a − 0 = a
        return a
    if _is(a, 0):  # 0 − b = −b
        return operation("negative", b)
    minus = _negated(b)
    return None if minus is None else operation("add", a, minus)  # a − (−b) = a + b


def _multiply(a: Expression, b: Expression) -> Expression | None:
    if _is(a, 1):  # 1 · b = b
        return b
    if _is(b, 1):  # a · 1 = a
        return a
    if _is(a, -1) or isinstance(a, Operation) and a.op == "negative":  # (−a) · b = −(a · b)
        return operation("negative", operation("multiply", _negated(a) or a, b))
    if _is(b, -1) or isinstance(b, Operation) and b.op == "negative":  # a · (−b) = −(a · b)
        return operation("negative", operation("multiply", a, _negated(b) or b))
    return operation("power", a, Number(2.0)) if a == b else None  # a · a = a²


def _divide(a: Expression, b: Expression) -> Expression | None:
    if _is(b, 1):  # a / 1 = a
        return a
    if isinstance(a, Operation) and a.op == "negative":  # (−a) / b = −(a / b)
        return operation("negative", operation("divide", a.args[0], b))
    return None


def _power(a: Expression, b: Expression) -> Expression | None:
    if _is(b, 1):  # a¹ = a
        return a
    return Number(1.0) if _is(b, 0) else None  # a⁰ = 1


def _negative(a: Expression) -> Expression | None:
    return a.args[0] if isinstance(a, Operation) and a.op == "negative" else None  # −(−a) = a


def _and(a: Expression, b: Expression) -> Expression | None:
    if _is(a, 0) or _is(b, 1):  # False ∧ b = False, a ∧ True = a
        return a
    return b if _is(b, 0) or _is(a, 1) else None


def _or(a: Expression, b: Expression) -> Expression | None:
    if _is(a, 1) or _is(b, 0):  # True ∨ b = True, a ∨ False = a
        return a
    return b if _is(b, 1) or _is(a, 0) else None


def _compare(op: str) -> Callable[[Expression, Expression], Expression | None]:
    def compare(a: Expression, b: Expression) -> Expression | None:
        match a, b:
            case Operation(
                "where", (c, Number() as x, y)
            ), Number():  # { x if c, y otherwise } > b, of numbers x, b
                return operation("where", c, operation(op, x, b), operation(op, y, b))
        return None

    return compare


def _where(condition: Expression, a: Expression, b: Expression) -> Expression | None:
    match condition:
        case Operation("where", (c, Number(truth), d)):  # { a if { False if c, d otherwise }, b otherwise }
            return operation("where", c, a if truth else b, operation("where", d, a, b))
    holds = _decided(condition)
    if holds is not None:  # { a if True, b otherwise } = a
        return a if holds else b
    if isinstance(condition, Operation) and condition.op in _TRUTHS:
        inside = assuming(a, condition, True), assuming(b, condition, False)
        if inside != (a, b):  # { { a if c, b otherwise } if c, d otherwise } = { a if c, d otherwise }
            return operation("where", condition, *inside)
    if a == b:  # { a if c, a otherwise } = a
        return a
    if _is(a, 0) and _only_guards(condition, b):  # { 0 if a = 0, a · b otherwise } = a · b
        return b
    if (
        isinstance(condition, Operation)
        and condition.op == "one_hot"
        and a == operation("subtract", b, Number(1))
    ):
        return operation("subtract", b, condition)  # { a − 1 if c, a otherwise } = a − c, with c as 1 or 0
    return None


def _decided(condition: Expression) -> bool | None:
    """What all finite numbers answer alike: a ≠ a, a = ∞, isnan(a), and what follows."""
    match condition:
        case Number(value):
            return bool(value)
        case Operation("not_equal", (a, b)) if a == b:
            return False
        case Operation("equal", (_, Number(value))) if math.isinf(value):
            return False
        case Operation("isnan" | "isfinite" as op):
            return op == "isfinite"
        case Operation("logical_and", args) if any(_decided(a) is False for a in args):
            return False
    return None


def _only_guards(condition: Expression, product: Expression) -> bool:
    match condition:
        case Operation("equal", (zero_of, Number(value))) if value == 0:
            return set(_factors(zero_of)) <= set(_factors(product))
    return False


def _factors(e: Expression) -> Iterator[Expression]:
    match e:
        case Operation("multiply" | "negative", args):
            for a in args:
                yield from _factors(a)
        case Operation("power", (base, Number(value))) if value > 0:
            yield from _factors(base)
        case _:
            yield e


_RULES: Mapping[str, Callable[..., Expression | None]] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "power": _power,
    "negative": _negative,
    "logical_and": _and,
    "logical_or": _or,
    "where": _where,
    "log1p": lambda a: operation("log", operation("add", Number(1.0), a)),  # by definition
    "expm1": lambda a: operation("subtract", operation("exp", a), Number(1.0)),
}
