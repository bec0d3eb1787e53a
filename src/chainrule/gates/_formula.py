"""The textbook formula of a gate, worked out on whatever numbers or symbols are handed to it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from .. import gates
from ..errors import GateError

_OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def formula_value(
    formula: str, xp: Any, names: Mapping[str, Any], run: Callable[..., Any] | None = None
) -> Any:
    """What a formula makes of values: numbers, names, operators, and gates by their names.

    The expression language of `chainrule.parse` would answer in variables only; this answers in the terms of `xp`.

    formula  of a gate, as in `Gate.formula`
    xp       an array namespace
    names    the value of each name in it
    run      how a gate that it names is applied, ``run(gate, *values)``; by its forward unless given
    raises   GateError when the formula holds anything else

    >>> formula_value("1 / (1 + exp(-x))", np, {"x": 0.0})
    np.float64(0.5)
    """

    run = run or (lambda gate, *values: gate.forward(xp, *values))

    def work_out(node: ast.AST) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number):
                return number
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.UnaryOp(op=sign, operand=x) if type(sign) in _OPERATORS:
                return _OPERATORS[type(sign)](work_out(x))
            case ast.BinOp(left=x, op=sign, right=y) if type(sign) in _OPERATORS:
                return _OPERATORS[type(sign)](work_out(x), work_out(y))
            case ast.Compare(left=x, ops=[sign], comparators=[y]) if type(sign) in _OPERATORS:
                return _OPERATORS[type(sign)](work_out(x), work_out(y))
            case ast.Call(func=ast.Name(id=name), args=inputs, keywords=[]) if name in gates.ALL:
                return run(gates.ALL[name], *map(work_out, inputs))
        raise GateError(f"the formula {formula!r} holds {ast.unparse(node)!r}, which it may not")

    return work_out(ast.parse(formula, mode="eval").body)
