"""Random formulas, what they are worth in exact fractions, and a reader of Python's arithmetic that agrees."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from chainrule.explain._expression import Expression, Gradient, Name, Number, Operation

VALUES: Mapping[Expression, Fraction] = {
    Name("x"): Fraction(3),
    Name("m"): Fraction(-2),
    Name("t"): Fraction(5, 7),
    Gradient("L", "y"): Fraction(11),
    Gradient("f", "z"): Fraction(-1, 3),
}

_OPERATORS: Mapping[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
    "negative": operator.neg,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": operator.eq,
    "not_equal": operator.ne,
    "logical_and": lambda a, b: a and b,
    "logical_or": lambda a, b: a or b,
    "where": lambda condition, a, b: a if condition else b,
}
_READ = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
    ast.USub: "negative",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
    ast.And: "logical_and",
    ast.Or: "logical_or",
}


def _numbers() -> st.SearchStrategy[Expression]:
    return st.sampled_from([0, 1, 2, 3, -1, -2, 0.5, -0.25, 12, 2.5e-7, -1.5e20]).map(Number)


def arithmetic(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    pairs = st.sampled_from(["add", "subtract", "multiply", "divide"])
    return st.one_of(
        st.builds(lambda op, a, b: Operation(op, (a, b)), pairs, inner, inner),
        st.builds(lambda a: Operation("negative", (a,)), inner),
        st.builds(lambda a, n: Operation("power", (a, Number(n))), inner, st.sampled_from([2, 3, -1, 0])),
    )


def choices_of(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    signs = st.sampled_from(["less", "less_equal", "greater", "greater_equal", "equal", "not_equal"])
    compared = st.builds(lambda op, a, b: Operation(op, (a, b)), signs, inner, inner)
    words = st.sampled_from(["logical_and", "logical_or"])

    def joined(first: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        return st.builds(
            lambda op, a, b, turned: Operation(op, (b, a) if turned else (a, b)),
            words,
            first,
            compared,
            st.booleans(),
        )

    conditions = st.one_of(compared, joined(compared), joined(joined(compared)))
    chosen = st.builds(lambda c, a, b: Operation("where", (c, a, b)), conditions, inner, inner)
    return st.one_of(arithmetic(inner), chosen)


def trees(grow: Callable[..., Any]) -> st.SearchStrategy[Expression]:
    """Formulas of up to some eight leaves."""
    leaves = st.one_of(st.sampled_from(list(VALUES)), _numbers())
    return st.recursive(leaves, grow, max_leaves=8)


def worth(e: Expression) -> Any:
    """The value of a tree; examples that divide by zero, or grow out of hand, are passed over."""
    match e:
        case Number(value):
            return Fraction(str(value))
        case Operation("where", (condition, a, b)):  # only what is chosen counts
            return worth(a) if worth(condition) else worth(b)
        case Operation("logical_and" | "logical_or" as op, (a, b)):
            first = worth(a)
            return first if first is (op == "logical_or") else worth(b)
        case Operation(op, args):
            return _apply(op, [worth(a) for a in args])
    return VALUES[e]


def _apply(op: str, values: list[Any]) -> Any:
    if (op == "divide" and values[1] == 0) or (op == "power" and values[0] == 0 and values[1] < 0):
        assume(False)
    return _OPERATORS[op](*values)


def read(written: str, names: Mapping[str, Fraction]) -> Any:
    """What Python's grammar makes of a text, in fractions; nothing is executed."""

    def value(node: ast.AST) -> Any:
        match node:
            case ast.Constant():
                return Fraction(ast.get_source_segment(written, node) or "")
            case ast.Name(id=name):
                return names[name]
            case ast.UnaryOp(op=op, operand=a):
                return _apply(_READ[type(op)], [value(a)])
            case ast.BinOp(left=a, op=op, right=b):
                return _apply(_READ[type(op)], [value(a), value(b)])
            case ast.Compare(left=a, ops=[op], comparators=[b]):
                return _apply(_READ[type(op)], [value(a), value(b)])
            case ast.BoolOp(op=ast.And(), values=parts):
                return all(value(part) for part in parts)
            case ast.BoolOp(op=ast.Or(), values=parts):
                return any(value(part) for part in parts)
            case ast.IfExp(test=condition, body=a, orelse=b):
                return value(a) if value(condition) else value(b)
        raise AssertionError(ast.dump(node))

    return value(ast.parse(written, mode="eval").body)
