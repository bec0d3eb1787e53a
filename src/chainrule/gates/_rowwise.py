"""Softmax and its logarithm: gates that mix the elements of each row."""

from __future__ import annotations

from typing import Any

from ._gate import Gate


def exponentials(xp: Any, x: Any, *, axis: int = -1) -> tuple[Any, Any, Any]:
    """z, exp(z) and Σ exp(z), where z is x with the largest of its row subtracted, so that exp cannot overflow."""
    z = x - xp.max(x, axis=axis, keepdims=True)
    e = xp.exp(z)
    return z, e, xp.sum(e, axis=axis, keepdims=True)


def _softmax(xp: Any, x: Any, *, axis: int = -1) -> Any:
    _, e, total = exponentials(xp, x, axis=axis)
    return e / total


def _log_softmax(xp: Any, x: Any, *, axis: int = -1) -> Any:
    z, _, total = exponentials(xp, x, axis=axis)
    return z - xp.log(total)


def log_softmax_of(xp: Any, x: Any) -> Any:
    """The logarithm of softmax as rules use it: the gate itself where `xp` has it, so that it is one application."""
    return xp.log_softmax(x) if hasattr(xp, "log_softmax") else _log_softmax(xp, x)


softmax = Gate(
    "softmax", symbol="softmax", en="softmax", ko="소프트맥스", kind="row-wise", formula="exp(x) / sum(exp(x))",
    forward=_softmax,
    wrt={"x": lambda xp, dout, out, axis: out * (dout - xp.sum(dout * out, axis=axis, keepdims=True))},
    doc="""exp(x) / Σ exp(x) along an axis: positive numbers that add up to 1.

    x        any shape with that axis, float32 or float64
    axis     the axis of the classes
    returns  the same shape
    source   Saito, Deep Learning from Scratch, section 3.5
    >>> cr.softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """,
)  # fmt: skip

log_softmax = Gate(
    "log_softmax", symbol="log softmax", en="logarithm of softmax", ko="로그 소프트맥스", kind="row-wise",
    formula="x - log(sum(exp(x)))",
    forward=_log_softmax,
    wrt={"x": lambda xp, dout, out, axis: dout - xp.exp(out) * xp.sum(dout, axis=axis, keepdims=True)},
    doc="""The logarithm of softmax, without loss of digits where softmax is near 0.

    x        any shape with that axis, float32 or float64
    axis     the axis of the classes
    returns  the same shape
    >>> cr.log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """,
)  # fmt: skip
