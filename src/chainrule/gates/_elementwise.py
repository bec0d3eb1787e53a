"""Elementwise functions of one array, or of a few that broadcast."""

from __future__ import annotations

import math
from typing import Any

from . import _portable
from ._arithmetic import zero_stays_zero
from ._gate import Gate


def _ties_shared(xp: Any, dout: Any, tie: Any, loses: Any) -> Any:
    """The gradient of one input of a maximum or minimum.

    At a tie both inputs are the result; each gets half, so that the two add up to what came in and neither
    is preferred by its place (PyTorch and JAX decide the same way). With a NaN nobody loses: both get it all.
    """
    return xp.where(tie, dout / 2, xp.where(loses, xp.zeros_like(dout), dout))


def _clip_dx(xp: Any, dout: Any, x: Any, low: float | None, high: float | None) -> Any:
    # On a bound the gradient passes, as in PyTorch: the value is still its own, not the bound's.
    if low is not None:
        dout = xp.where(x < low, xp.zeros_like(dout), dout)
    if high is not None:
        dout = xp.where(x > high, xp.zeros_like(dout), dout)
    return dout


def _clip(xp: Any, x: Any, *, low: float | None = None, high: float | None = None) -> Any:
    # By `where`, not `xp.clip`: NaN compares false and so stays NaN in every namespace.
    if low is not None:
        x = xp.where(x < low, xp.full_like(x, low), x)
    if high is not None:
        x = xp.where(x > high, xp.full_like(x, high), x)
    return x


exp = Gate(
    "exp", symbol="exp", en="exponential", ko="지수",
    forward=lambda xp, x: xp.exp(x),
    wrt={"x": lambda dout, out: dout * out},
    doc="""e to the power x, element by element.

    x        any shape, float32 or float64
    returns  the same shape
    >>> cr.exp(0.0)
    1.0
    """,
)  # fmt: skip

expm1 = Gate(
    "expm1", symbol="eˣ−1", en="exponential minus one", ko="지수 빼기 1",
    forward=lambda xp, x: xp.expm1(x),
    wrt={"x": lambda dout, out: dout * (out + 1)},
    doc="""e to the power x, minus 1, without loss of digits near x = 0.

    x        any shape, float32 or float64
    returns  the same shape
    >>> cr.expm1(1e-20)
    1e-20
    """,
)  # fmt: skip

log = Gate(
    "log", symbol="log", en="natural logarithm", ko="자연로그",
    forward=lambda xp, x: xp.log(x),
    wrt={"x": lambda xp, dout, x: zero_stays_zero(xp, dout, dout / x)},
    doc="""The natural logarithm: −inf at 0, NaN below.

    x        any shape, float32 or float64
    returns  the same shape
    >>> cr.log(1.0)
    0.0
    """,
)  # fmt: skip

log1p = Gate(
    "log1p", symbol="log(1+x)", en="logarithm of one plus x", ko="1+x의 자연로그",
    forward=lambda xp, x: xp.log1p(x),
    wrt={"x": lambda xp, dout, x: zero_stays_zero(xp, dout, dout / (1 + x))},
    doc="""The natural logarithm of 1 + x, without loss of digits near x = 0.

    x        any shape, float32 or float64
    returns  the same shape
    >>> cr.log1p(1e-20)
    1e-20
    """,
)  # fmt: skip

sqrt = Gate(
    "sqrt", symbol="√", en="square root", ko="제곱근",
    forward=lambda xp, x: xp.sqrt(x),
    wrt={"x": lambda xp, dout, out: zero_stays_zero(xp, dout, dout / (2 * out))},
    doc="""The square root; its gradient at 0 is inf, and NaN below 0.

    x        any shape, float32 or float64
    returns  the same shape
    >>> cr.sqrt(9.0)
    3.0
    """,
)  # fmt: skip

square = Gate(
    "square", symbol="x²", en="square", ko="제곱",
    forward=lambda xp, x: x * x,
    wrt={"x": lambda dout, x: dout * (2 * x)},
    doc="""x × x, element by element.

    x        any shape, float32 or float64
    returns  the same shape
    >>> cr.square(3.0)
    9.0
    """,
)  # fmt: skip

# The kink of |x| at 0: sign(0) = 0 is taken, the middle of the slopes −1 and 1.
abs = Gate(
    "abs", symbol="|x|", en="absolute value", ko="절댓값",
    forward=lambda xp, x: xp.abs(x),
    wrt={"x": lambda xp, dout, x: dout * xp.sign(x)},
    doc="""The absolute value; at its kink 0 the gradient is 0.

    x        any shape, float32 or float64
    returns  the same shape
    >>> cr.abs(-3.0)
    3.0
    """,
)  # fmt: skip

sin = Gate(
    "sin", symbol="sin", en="sine", ko="사인",
    forward=lambda xp, x: xp.sin(x),
    wrt={"x": lambda xp, dout, x: dout * xp.cos(x)},
    doc="""The sine.

    x        any shape, float32 or float64, in radians
    returns  the same shape
    >>> cr.sin(0.0)
    0.0
    """,
)  # fmt: skip

cos = Gate(
    "cos", symbol="cos", en="cosine", ko="코사인",
    forward=lambda xp, x: xp.cos(x),
    wrt={"x": lambda xp, dout, x: -dout * xp.sin(x)},
    doc="""The cosine.

    x        any shape, float32 or float64, in radians
    returns  the same shape
    >>> cr.cos(0.0)
    1.0
    """,
)  # fmt: skip

tanh = Gate(
    "tanh", symbol="tanh", en="hyperbolic tangent", ko="쌍곡탄젠트",
    forward=lambda xp, x: xp.tanh(x),
    wrt={"x": lambda dout, out: dout * (1 - out * out)},
    doc="""The hyperbolic tangent, from −1 to 1.

    x        any shape, float32 or float64
    returns  the same shape
    >>> cr.tanh(0.0)
    0.0
    """,
)  # fmt: skip

erf = Gate(
    "erf", symbol="erf", en="error function", ko="오차 함수",
    forward=_portable.erf,
    wrt={"x": lambda xp, dout, x: dout * (2 / math.sqrt(math.pi) * xp.exp(-x * x))},
    doc="""The error function 2/√π ∫₀ˣ exp(−u²) du.

    x        any shape, float32 or float64
    returns  the same shape, from −1 to 1
    source   W. J. Cody, Mathematics of Computation 23 (1969)
    >>> cr.erf(0.0)
    0.0
    """,
)  # fmt: skip

maximum = Gate(
    "maximum", symbol="max", en="larger of two", ko="큰 값",
    forward=lambda xp, x, y: xp.maximum(x, y),
    wrt={
        "x": lambda xp, dout, x, y: _ties_shared(xp, dout, x == y, x < y),
        "y": lambda xp, dout, x, y: _ties_shared(xp, dout, x == y, y < x),
    },
    doc="""The larger of x and y, element by element; NaN if either is NaN.

    At a tie each input gets half of the gradient.

    x, y     shapes that broadcast, float32 or float64
    returns  the broadcast shape
    >>> cr.maximum(2.0, 3.0)
    3.0
    """,
)  # fmt: skip

minimum = Gate(
    "minimum", symbol="min", en="smaller of two", ko="작은 값",
    forward=lambda xp, x, y: xp.minimum(x, y),
    wrt={
        "x": lambda xp, dout, x, y: _ties_shared(xp, dout, x == y, x > y),
        "y": lambda xp, dout, x, y: _ties_shared(xp, dout, x == y, y > x),
    },
    doc="""The smaller of x and y, element by element; NaN if either is NaN.

    At a tie each input gets half of the gradient.

    x, y     shapes that broadcast, float32 or float64
    returns  the broadcast shape
    >>> cr.minimum(2.0, 3.0)
    2.0
    """,
)  # fmt: skip

clip = Gate(
    "clip", symbol="clip", en="clip to a range", ko="범위 자르기",
    forward=_clip,
    wrt={"x": _clip_dx},
    doc="""x, but at least `low` and at most `high`; NaN stays NaN.

    Outside the range the gradient is 0; on a bound it passes.

    x          any shape, float32 or float64
    low, high  numbers, or None for no bound
    returns    the shape of x
    >>> cr.clip(np.array([-2.0, 0.5, 2.0]), low=-1, high=1)
    array([-1. ,  0.5,  1. ])
    """,
)  # fmt: skip

where = Gate(
    "where", symbol="?:", en="choice", ko="조건 선택",
    forward=lambda xp, condition, x, y: xp.where(condition, x, y),
    wrt={
        "x": lambda xp, dout, condition: xp.where(condition, dout, xp.zeros_like(dout)),
        "y": lambda xp, dout, condition: xp.where(condition, xp.zeros_like(dout), dout),
    },
    doc="""x where the condition holds, y elsewhere; only the one that was taken gets the gradient.

    condition  booleans, broadcast with x and y
    x, y       shapes that broadcast, float32 or float64
    returns    the broadcast shape
    >>> cr.where(np.array([True, False]), np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([1., 4.])
    """,
)  # fmt: skip

# The slope of a step is 0 wherever it has one, so sign, like the comparisons, has no rule: nothing flows back.
sign = Gate(
    "sign", symbol="sign", en="sign", ko="부호",
    forward=lambda xp, x: xp.sign(x),
    wrt={},
    doc="""−1, 0 or 1, the sign of x; nothing flows back through it.

    x        any shape, float32 or float64
    returns  the same shape
    >>> cr.sign(-3.0)
    -1.0
    """,
)  # fmt: skip

# A change of precision: the gradient is brought back to the precision of its variable where all gradients are.
astype = Gate(
    "astype", symbol="dtype", en="change of precision", ko="정밀도 바꾸기",
    forward=lambda xp, x, *, dtype: xp.asarray(x, dtype=dtype),
    wrt={"x": lambda dout: dout},
    doc="""x in another floating-point precision.

    x        any shape, float32 or float64
    dtype    numpy.float32 or numpy.float64
    returns  the same shape
    >>> cr.astype(np.array([1.0]), np.float32)
    array([1.], dtype=float32)
    """,
)  # fmt: skip
