"""What a displayed formula is worth: worked out with NumPy and SciPy alone, for tests to compare with the gates."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from chainrule.explain._expression import Array, Expression, Name, Number, Operation
from chainrule.explain.notation import text


def evaluate(e: Expression, values: Mapping[str, Any]) -> Any:
    """The value of an expression, given those of its names."""
    match e:
        case Name(text):
            return values[text]
        case Number(value):
            return value
        case Array(rows):
            return np.array(rows)
        case Operation(op, args, settings):
            return _applied(op, [evaluate(a, values) for a in args], dict(settings))
    raise AssertionError(e)


def _applied(op: str, x: list[Any], chosen: dict[str, Any]) -> Any:
    match op:
        case "reshape":
            return np.reshape(x[0], chosen["shape"])  # by place: NumPy 2.0 has another name for it
        case "transpose" | "matmul" | "sum" | "max" | "min":
            return getattr(np, op)(*x, **chosen)
        case "broadcast":
            return np.broadcast_to(x[0], chosen["shape"])
        case "concat":
            return np.concatenate(x, axis=chosen["axis"])
        case "slice":
            return x[0][_index(chosen["index"])]
        case "scatter":
            whole = np.zeros(chosen["shape"])
            np.add.at(whole, _index(chosen["index"]), x[0])
            return whole
        case "one_hot":
            return np.asarray(x[0])[..., None] == np.arange(chosen["classes"])
        case "erf" | "softmax" | "log_softmax" | "sigmoid":
            special = pytest.importorskip("scipy.special")
            function = special.expit if op == "sigmoid" else getattr(special, op)
            return function(x[0], **({"axis": -1} if op.endswith("softmax") else {}))
    assert not chosen, op
    return getattr(np, op)(*x)


def _index(parts: tuple[Any, ...]) -> Any:
    def read(part: Any) -> Any:
        return (
            slice(*part)
            if isinstance(part, tuple)
            else ast.literal_eval(part)
            if isinstance(part, str)
            else part
        )

    return tuple(map(read, parts))


def assert_same(formula: Expression, values: Mapping[str, Any], expected: Any) -> None:
    """The formula is worth what is expected; a number stands for an array full of it."""
    with np.errstate(all="ignore"):
        value = evaluate(formula, values)
    if isinstance(formula, Number | Array):
        value = np.broadcast_to(value, np.shape(expected))
    assert np.shape(value) == np.shape(expected), text(formula)
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-14, err_msg=text(formula))
