"""Every gate as PyTorch computes it: the reference of the live tests and of the golden vectors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from chainrule.gates import Gate
from tests.gates._examples import Example
from tests.gates._run import Result, places

torch: Any = pytest.importorskip("torch")
F: Any = torch.nn.functional


def _axes(x: Any, axis: Any) -> Any:
    return tuple(range(x.ndim)) if axis is None else axis


def _reduction(function: Any) -> Callable[..., Any]:
    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return function(x, dim=_axes(x, axis), keepdim=keepdims)

    return reduce


def _places(shape: tuple[int, ...], index: Any) -> Any:
    """Where in the flattened array an index points. PyTorch itself takes no negative steps."""
    whole = np.arange(math.prod(shape)).reshape(shape)
    return torch.tensor(whole[index].copy())


def _getitem(x: Any, index: Any) -> Any:
    return x.reshape(-1)[_places(x.shape, index)]


def _scatter(y: Any, index: Any, shape: tuple[int, ...]) -> Any:
    zeros = torch.zeros(math.prod(shape), dtype=y.dtype)
    places = _places(shape, index)
    return zeros.index_add(0, places.reshape(-1), y.reshape(-1)).reshape(shape)


def _transpose(x: Any, axes: Any = None) -> Any:
    backwards = tuple(range(x.ndim))[::-1]
    return torch.permute(x, backwards if axes is None else axes)


def _clip(x: Any, low: Any = None, high: Any = None) -> Any:
    return x.clone() if low is None and high is None else torch.clamp(x, low, high)


def _astype(x: Any, dtype: Any) -> Any:
    return x.to(getattr(torch, np.dtype(dtype).name), copy=True)


def _leaky_relu(x: Any, alpha: float = 0.01) -> Any:
    return F.leaky_relu(x, alpha)


def _elu(x: Any, alpha: float = 1.0) -> Any:
    return F.elu(x, alpha)


def _softplus(x: Any) -> Any:
    # F.softplus gives x itself from 20 up, which is right to 1e-10 only.
    return torch.logaddexp(x, torch.zeros_like(x))


def _rows(x: Any, t: Any) -> tuple[Any, Any]:
    """Scores and labels with one axis for all rows."""
    classes = x.shape[-1]
    form = (-1, classes) if t.ndim == x.ndim else (-1,)
    return x.reshape(-1, classes), t.reshape(form)


def _softmax_with_loss(x: Any, t: Any) -> Any:
    return F.cross_entropy(*_rows(x, t))


def _cross_entropy_error(y: Any, t: Any) -> Any:
    y, t = _rows(y, t)
    if t.ndim == 1:
        return F.nll_loss(torch.log(y), t)
    return -torch.xlogy(t, y).sum() / len(y)


def _squared_error(y: Any, t: Any) -> Any:
    return F.mse_loss(y, t, reduction="sum") / 2


def _add_rows(y: Any, ids: Any, count: int) -> Any:
    rest = y.shape[ids.ndim :]
    zeros = torch.zeros((count, *rest), dtype=y.dtype)
    return zeros.index_add(0, ids.reshape(-1), y.reshape(-1, *rest))


def _dropout_mask(key: Any, step: Any, shape: tuple[int, ...], rate: float, dtype: Any) -> Any:
    """With Python's whole numbers, word by word as the reference implementation of MurmurHash3 has it."""
    words = 2**32 - 1

    def turned(k: int, places: int) -> int:
        return (k << places | k >> 32 - places) & words

    def kept(row: int, place: int) -> bool:
        h = int(key[0])
        for k in (int(step), row, place):
            k = turned(k * 0xCC9E2D51 & words, 15) * 0x1B873593 & words
            h = (turned(h ^ k, 13) * 5 + 0xE6546B64) & words
        h ^= 12
        h = (h ^ h >> 16) * 0x85EBCA6B & words
        h = (h ^ h >> 13) * 0xC2B2AE35 & words
        return (h ^ h >> 16) >= rate * 2**32

    rows, size = shape[0], int(np.prod(shape[1:]))
    mask = [[kept(row, place) / (1 - rate) for place in range(size)] for row in range(rows)]
    return torch.tensor(mask, dtype=torch.float64).to(getattr(torch, np.dtype(dtype).name)).reshape(shape)


def _windows(x: Any, size: Any, stride: Any = 1, padding: Any = 0) -> Any:
    found = F.unfold(x, size, stride=stride, padding=padding)
    size, stride, padding = map(_pair, (size, stride, padding))
    counts = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip(x.shape[2:], padding, size, stride, strict=True)]
    return found.reshape(*x.shape[:2], *size, *counts)


def _fold(y: Any, shape: Any, stride: Any = 1, padding: Any = 0) -> Any:
    n, c, height, width, down, across = y.shape
    columns = y.reshape(n, c * height * width, down * across)
    return F.fold(columns, shape[2:], (height, width), stride=stride, padding=padding)


def _pair(value: Any) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


TWINS: Mapping[str, Callable[..., Any]] = {
    "abs": torch.abs,
    "add": torch.add,
    "astype": _astype,
    "average_pool": lambda x, size, stride=None, padding=0: F.avg_pool2d(x, size, stride, padding),
    "binary_cross_entropy_with_logits": F.binary_cross_entropy_with_logits,
    "broadcast_to": lambda x, shape: torch.broadcast_to(x, shape),
    "clip": _clip,
    "concatenate": lambda *arrays, axis=0: torch.cat(arrays, axis),
    "conv2d": lambda x, W, stride=1, padding=0: F.conv2d(x, W, stride=stride, padding=padding),
    "cos": torch.cos,
    "cross_entropy_error": _cross_entropy_error,
    "dropout_mask": _dropout_mask,
    "divide": torch.div,
    "add_rows": _add_rows,
    "take_rows": lambda x, ids: x[ids],
    "elu": _elu,
    "equal": torch.eq,
    "erf": torch.erf,
    "exp": torch.exp,
    "expand_dims": lambda x, axis: torch.unsqueeze(x, axis),
    "expm1": torch.expm1,
    "fold": _fold,
    "gelu": F.gelu,
    "getitem": _getitem,
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "identity": torch.clone,
    "isfinite": torch.isfinite,
    "isnan": torch.isnan,
    "leaky_relu": _leaky_relu,
    "less": torch.lt,
    "less_equal": torch.le,
    "log": torch.log,
    "log1p": torch.log1p,
    "log_softmax": lambda x, axis=-1: torch.log_softmax(x, axis),
    "logical_and": torch.logical_and,
    "logical_not": torch.logical_not,
    "logical_or": torch.logical_or,
    "logsumexp": _reduction(torch.logsumexp),
    "matmul": torch.matmul,
    "matrix_transpose": lambda x: x.mT,
    "max": _reduction(torch.amax),
    "max_pool": lambda x, size, stride=None, padding=0: F.max_pool2d(x, size, stride, padding),
    "maximum": torch.maximum,
    "mean": _reduction(torch.mean),
    "mean_squared_error": F.mse_loss,
    "min": _reduction(torch.amin),
    "minimum": torch.minimum,
    "multiply": torch.mul,
    "negate": torch.neg,
    "not_equal": torch.ne,
    "power": torch.pow,
    "relu": torch.relu,
    "reshape": lambda x, shape: torch.reshape(x, shape),
    "scatter": _scatter,
    "sigmoid": torch.sigmoid,
    "sign": torch.sign,
    "silu": F.silu,
    "sin": torch.sin,
    "softmax": lambda x, axis=-1: torch.softmax(x, axis),
    "softmax_with_loss": _softmax_with_loss,
    "softplus": _softplus,
    "sqrt": torch.sqrt,
    "square": torch.square,
    "squared_error": _squared_error,
    "stack": lambda *arrays, axis=0: torch.stack(arrays, axis),
    "subtract": torch.sub,
    "sum": _reduction(torch.sum),
    "tanh": torch.tanh,
    "transpose": _transpose,
    "where": torch.where,
    "windows": _windows,
}


def _forward(gate: Gate, given: Example) -> tuple[Any, list[Any]]:
    """The result of the twin and its leaves."""
    tensors = [torch.tensor(x) for x in given.inputs]
    leaves = [tensors[i].requires_grad_() for i in places(gate, given.inputs)]
    return TWINS[gate.name](*tensors, **given.settings), leaves


def reference(gate: Gate, given: Example, upstream: Any) -> Result:
    """Value and gradients by PyTorch."""
    out, leaves = _forward(gate, given)
    if not leaves:
        return Result(out.numpy(), [])
    gradients = torch.autograd.grad(out, leaves, torch.tensor(upstream))
    return Result(out.detach().numpy(), [g.numpy() for g in gradients])


def second_order(gate: Gate, given: Example, upstream: Any, directions: list[Any]) -> list[Any]:
    """The gradients of Σ direction · (gradient of an input), for those inputs and for the upstream gradient."""
    out, leaves = _forward(gate, given)
    dout = torch.tensor(upstream, requires_grad=True)
    gradients = torch.autograd.grad(out, leaves, dout, create_graph=True)
    pairs = zip(directions, gradients, strict=True)
    total = sum((torch.tensor(d) * g).sum() for d, g in pairs)
    second = torch.autograd.grad(total, [*leaves, dout], materialize_grads=True)
    return [g.numpy(force=True) for g in second]
