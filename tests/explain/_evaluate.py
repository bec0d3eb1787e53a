"""What a displayed formula is worth: worked out with NumPy and SciPy alone, for tests to compare with the gates."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from chainrule.explain._expression import Array, Expression, Name, Number, Operation
from chainrule.explain.notation import text
from chainrule.gates import murmur3


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
        case "pad":
            down, across = chosen["padding"]
            around = ((0, 0), (0, 0), (down, down), (across, across))
            return np.pad(x[0], around, constant_values=chosen["value"])
        case "windows" | "fold" | "max_pool" | "average_pool":
            return _sliding(op, x[0], **chosen)
        case "max_pool_dx" | "average_pool_dx":
            return _pool_dx(op.removesuffix("_dx"), x[0], *x[1:2], **chosen)
        case "take_rows":
            return x[0][x[1]]
        case "add_rows":
            sums = np.zeros((chosen["count"], *np.shape(x[0])[np.ndim(x[1]) :]))
            np.add.at(sums, x[1], x[0])
            return sums
        case "arange":
            return np.arange(chosen["stop"])
        case "murmur3":
            return murmur3(
                *(np.asarray(word).astype(np.uint32).reshape(np.shape(word) or (1,)) for word in x)
            )
        case "one_hot":
            return np.asarray(x[0])[..., None] == np.arange(chosen["classes"])
        case "erf" | "softmax" | "log_softmax" | "sigmoid":
            special = pytest.importorskip("scipy.special")
            function = special.expit if op == "sigmoid" else getattr(special, op)
            return function(x[0], **({"axis": -1} if op.endswith("softmax") else {}))
    assert not chosen, op
    return getattr(np, op)(*x)


def _sliding(op: str, x: Any, *, stride: Any = None, padding: Any = 0, **chosen: Any) -> Any:
    """Windows one by one."""
    torch = pytest.importorskip("torch")
    t, F = torch.tensor(x), torch.nn.functional
    stride = stride or (chosen["size"] if op.endswith("pool") else 1)
    if op == "max_pool":
        return F.max_pool2d(t, chosen["size"], stride, padding).numpy()
    if op == "average_pool":
        return F.avg_pool2d(t, chosen["size"], stride, padding).numpy()
    if op == "fold":
        n, c, *size, down, across = x.shape
        columns = t.reshape(n, c * size[0] * size[1], down * across)
        return F.fold(columns, chosen["shape"][2:], size, stride=stride, padding=padding).numpy()
    found = F.unfold(t, chosen["size"], stride=stride, padding=padding).numpy()
    counts = [(n - k) // s + 1 for n, k, s in zip(x.shape[2:], chosen["size"], stride, strict=True)]
    return found.reshape(*x.shape[:2], *chosen["size"], *counts)


def _pool_dx(pool: str, dout: Any, x: Any = None, *, shape: Any, **chosen: Any) -> Any:
    torch = pytest.importorskip("torch")
    function = {"max_pool": torch.nn.functional.max_pool2d, "average_pool": torch.nn.functional.avg_pool2d}[
        pool
    ]
    leaf = torch.tensor(np.zeros(shape) if x is None else x, requires_grad=True)
    settings = (chosen["size"], chosen.get("stride"), chosen.get("padding", 0))
    (dx,) = torch.autograd.grad(function(leaf, *settings), leaf, torch.tensor(dout))
    return dx.numpy()


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
