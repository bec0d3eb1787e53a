"""The gates of arithmetic: + − × ÷, negation, powers and the matrix product."""

from __future__ import annotations

import math
from typing import Any

from ._gate import Gate


def zero_stays_zero(xp: Any, dout: Any, gradient: Any) -> Any:
    """`gradient`, but exactly 0 where nothing flowed in, even if the local derivative is infinite or NaN there.

    Without it the branch that ``where`` did not take sends 0 · ∞ = NaN into everything before it (jax#5798).
    Only NaN is replaced: where 0 · (local derivative) is a number, its own derivative for `dout` is not 0.
    """
    spoilt = (dout == 0) & (gradient != gradient)
    return xp.where(spoilt, xp.zeros_like(gradient), gradient)


def _power(x: Any, y: Any) -> Any:
    """x**y, NaN where Python makes a complex number of a negative float to a power that is not whole."""
    power = x**y
    return math.nan if type(power) is complex else power


def _power_dx(xp: Any, dout: Any, x: Any, y: Any) -> Any:
    if isinstance(y, (int, float)) and y >= 1:  # no singularity at 0: spare the guard
        return dout * (y * _power(x, y - 1))
    slope = zero_stays_zero(xp, y, y * _power(x, y - 1))  # x^0 is a constant, at x = 0 too
    return zero_stays_zero(xp, dout, dout * slope)


def _power_dy(xp: Any, dout: Any, x: Any, out: Any) -> Any:
    # 0^y is 0 for every y > 0, so it has slope 0 there, though log 0 = −∞; at the jump of 0^y at y = 0 we take 0 too.
    flat = (out == 0) | ((x == 0) & (out == 1))
    slope = xp.where(flat, xp.zeros_like(out), out * xp.log(x))
    return zero_stays_zero(xp, dout, dout * slope)


# The number of axes of the product tells whether the other factor was a vector.
def _matmul_dx(dout: Any, y: Any) -> Any:
    if y.ndim == 1:
        return (dout if dout.ndim == 0 else dout[..., None]) * y
    if dout.ndim < y.ndim:
        return (y @ dout[..., None])[..., 0]
    return dout @ y.mT


def _matmul_dy(dout: Any, x: Any) -> Any:
    if x.ndim == 1:
        return dout * x if dout.ndim == 0 else x[:, None] * dout[..., None, :]
    if dout.ndim < x.ndim:
        return (x.mT @ dout[..., None])[..., 0]
    return x.mT @ dout


add = Gate(
    "add", symbol="+", en="addition", ko="덧셈",
    forward=lambda xp, x, y: x + y,
    wrt={"x": lambda dout: dout, "y": lambda dout: dout},
    doc="""x + y, element by element.

    The upstream gradient passes to both inputs unchanged.

    x, y     shapes that broadcast, float32 or float64
    returns  the broadcast shape
    source   Saito, Deep Learning from Scratch, section 5.3.1
    >>> cr.add(1.5, 2.0)
    3.5
    """,
)  # fmt: skip

subtract = Gate(
    "subtract", symbol="−", en="subtraction", ko="뺄셈",
    forward=lambda xp, x, y: x - y,
    wrt={"x": lambda dout: dout, "y": lambda dout: -dout},
    doc="""x − y, element by element.

    x, y     shapes that broadcast, float32 or float64
    returns  the broadcast shape
    >>> cr.subtract(1.5, 2.0)
    -0.5
    """,
)  # fmt: skip

multiply = Gate(
    "multiply", symbol="×", en="multiplication", ko="곱셈",
    forward=lambda xp, x, y: x * y,
    wrt={"x": lambda dout, y: dout * y, "y": lambda dout, x: dout * x},
    doc="""x × y, element by element.

    Each input receives the upstream gradient times the *other* input.

    x, y     shapes that broadcast, float32 or float64
    returns  the broadcast shape
    source   Saito, Deep Learning from Scratch, section 5.3.2
    >>> cr.multiply(100.0, 2.0)
    200.0
    """,
)  # fmt: skip

divide = Gate(
    "divide", symbol="÷", en="division", ko="나눗셈",
    forward=lambda xp, x, y: x / y,
    wrt={
        "x": lambda xp, dout, y: zero_stays_zero(xp, dout, dout / y),
        "y": lambda xp, dout, y, out: zero_stays_zero(xp, dout, -dout * out / y),
    },
    doc="""x ÷ y, element by element; x ÷ 0 is ±inf or NaN, as IEEE 754 has it.

    x, y     shapes that broadcast, float32 or float64
    returns  the broadcast shape
    >>> cr.divide(1.0, 4.0)
    0.25
    """,
)  # fmt: skip

negate = Gate(
    "negate", symbol="−", en="negation", ko="부호 바꾸기",
    forward=lambda xp, x: -x,
    wrt={"x": lambda dout: -dout},
    doc="""−x, element by element.

    x        any shape, float32 or float64
    returns  the same shape
    >>> cr.negate(1.5)
    -1.5
    """,
)  # fmt: skip

identity = Gate(
    "identity", symbol="=", en="identity", ko="항등",
    forward=lambda xp, x: x,
    wrt={"x": lambda dout: dout},
    doc="""x itself, as a value of its own in the graph.

    x        any shape, any dtype
    returns  the same shape
    >>> cr.identity(1.5)
    1.5
    """,
)  # fmt: skip

power = Gate(
    "power", symbol="xʸ", en="power", ko="거듭제곱",
    forward=lambda xp, x, y: x**y,
    wrt={"x": _power_dx, "y": _power_dy},
    doc="""x to the power y, element by element; NaN for a negative x with a y that is not whole.

    x, y     shapes that broadcast, float32 or float64
    returns  the broadcast shape
    >>> cr.power(3.0, 2)
    9.0
    """,
)  # fmt: skip

matmul = Gate(
    "matmul", symbol="·", en="matrix product", ko="행렬곱", kind="matrix",
    forward=lambda xp, x, y: x @ y,
    wrt={"x": _matmul_dx, "y": _matmul_dy},
    doc="""The matrix product x · y:  dX = dY · Wᵀ,  dW = Xᵀ · dY.

    x        shape (..., n, k) or (k,)
    y        shape (..., k, m) or (k,); leading axes broadcast
    returns  shape (..., n, m), without the axes of a vector
    source   Saito, Deep Learning from Scratch, section 5.6.1
    >>> cr.matmul(np.ones((2, 3)), np.ones((3, 4))).shape
    (2, 4)
    """,
)  # fmt: skip
