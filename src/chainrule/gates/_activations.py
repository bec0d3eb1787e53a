"""Activation functions, each in a form that neither overflows nor loses its tail."""

from __future__ import annotations

import math
from typing import Any

from . import _portable
from ._gate import Gate


def logistic(xp: Any, x: Any) -> Any:
    """1 / (1 + exp(−x)) by exp(−|x|), which cannot overflow and keeps all digits of the lower tail."""
    e = xp.exp(-xp.abs(x))
    return xp.where(x < 0, e, xp.ones_like(e)) / (1 + e)


def sigmoid_of(xp: Any, x: Any) -> Any:
    """The sigmoid as rules use it: the gate itself where `xp` has it, because |x| of the safe form has a kink at 0."""
    return xp.sigmoid(x) if hasattr(xp, "sigmoid") else logistic(xp, x)


def _relu_dx(xp: Any, dout: Any, out: Any) -> Any:
    # At the kink 0 nothing passes (out ≤ 0), the book's and PyTorch's choice. NaN compares false: it passes.
    return xp.where(out <= 0, 0.0, dout)


def _leaky_relu_dx(xp: Any, dout: Any, x: Any, alpha: float) -> Any:
    # At the kink 0 the slope of the left side is taken, as in PyTorch.
    return xp.where(x <= 0, dout * alpha, dout)


def _left(xp: Any, x: Any) -> Any:
    """x where it is negative, 0 elsewhere: exp cannot overflow for the sake of the branch that is not taken."""
    return xp.where(x <= 0, x, xp.zeros_like(x))


def _elu(xp: Any, x: Any, *, alpha: float = 1.0) -> Any:
    return xp.where(x <= 0, alpha * xp.expm1(_left(xp, x)), x)


def _elu_dx(xp: Any, dout: Any, x: Any, alpha: float) -> Any:
    # Not out + alpha, which is 0 from x = -37 down. At the kink 0 (none if alpha = 1) the left slope is taken.
    return xp.where(x <= 0, dout * (alpha * xp.exp(_left(xp, x))), dout)


def _normal_cdf(xp: Any, x: Any) -> Any:
    return 0.5 * (1 + _portable.erf(xp, x / math.sqrt(2)))


def _gelu(xp: Any, x: Any) -> Any:
    # −inf · 0 would be NaN; the limit is 0.
    return xp.where(x == -math.inf, xp.zeros_like(x), x * _normal_cdf(xp, x))


def _gelu_dx(xp: Any, dout: Any, x: Any) -> Any:
    density = xp.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    slope = _normal_cdf(xp, x) + xp.where(density == 0, xp.zeros_like(x), x * density)
    return dout * slope


def _softplus(xp: Any, x: Any) -> Any:
    return xp.where(x < 0, xp.zeros_like(x), x) + xp.log1p(xp.exp(-xp.abs(x)))


def _silu(xp: Any, x: Any) -> Any:
    return xp.where(x == -math.inf, xp.zeros_like(x), x * logistic(xp, x))


def _silu_dx(xp: Any, dout: Any, x: Any) -> Any:
    y = sigmoid_of(xp, x)
    bend = xp.where(y * (1 - y) == 0, xp.zeros_like(x), x * y * (1 - y))
    return dout * (y + bend)


sigmoid = Gate(
    "sigmoid", symbol="σ", en="sigmoid", ko="시그모이드", formula="1 / (1 + exp(-x))",
    forward=logistic,
    wrt={"x": lambda dout, out: dout * out * (1 - out)},
    doc="""Squash every number into 0..1:  y = 1 / (1 + exp(−x)),  dx = dout · y · (1 − y).

    x        any shape, float32 or float64
    returns  the same shape; exact in the lower tail, exactly 1 from x = 37 up (float64)
    source   Saito, Deep Learning from Scratch, sections 3.2 and 5.5.2
    >>> cr.sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """,
)  # fmt: skip

relu = Gate(
    "relu", symbol="ReLU", en="rectified linear unit", ko="렐루",
    forward=lambda xp, x: xp.maximum(x, 0.0),  # not x · mask: that would make −inf NaN
    wrt={"x": _relu_dx},
    doc="""x where it is positive, 0 elsewhere; NaN stays NaN. At the kink 0 the gradient is 0.

    x        any shape, float32 or float64
    returns  the same shape
    source   Saito, Deep Learning from Scratch, sections 3.2.7 and 5.5.1
    >>> cr.relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])
    """,
)  # fmt: skip

leaky_relu = Gate(
    "leaky_relu", symbol="LReLU", en="leaky rectified linear unit", ko="리키 렐루",
    forward=lambda xp, x, *, alpha=0.01: xp.where(x <= 0, alpha * x, x),
    wrt={"x": _leaky_relu_dx},
    doc="""x where it is positive, alpha · x elsewhere. At the kink 0 the gradient is alpha.

    x        any shape, float32 or float64
    alpha    slope of the negative side
    returns  the same shape
    source   Maas, Hannun, Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models, ICML 2013
    >>> cr.leaky_relu(np.array([-2.0, 3.0]))
    array([-0.02,  3.  ])
    """,
)  # fmt: skip

elu = Gate(
    "elu", symbol="ELU", en="exponential linear unit", ko="지수 선형 유닛",
    forward=_elu, formula="where(x <= 0, alpha * (exp(x) - 1), x)",
    wrt={"x": _elu_dx},
    doc="""x where it is positive, alpha · (exp(x) − 1) elsewhere.

    x        any shape, float32 or float64
    alpha    minus the limit for x → −inf
    returns  the same shape
    source   Clevert, Unterthiner, Hochreiter, arXiv:1511.07289, equation 1
    >>> cr.elu(np.array([-1000.0, 3.0]))
    array([-1.,  3.])
    """,
)  # fmt: skip

gelu = Gate(
    "gelu", symbol="GELU", en="Gaussian error linear unit", ko="가우스 오차 선형 유닛",
    forward=_gelu, formula="x * (1 + erf(x / sqrt(2))) / 2",
    wrt={"x": _gelu_dx},
    doc="""x · Φ(x), with Φ the distribution function of the standard normal (the exact form, by erf).

    x        any shape, float32 or float64
    returns  the same shape
    source   Hendrycks, Gimpel, arXiv:1606.08415, section 2
    >>> cr.gelu(np.array([-1000.0, 0.0, 1000.0])) + 0
    array([   0.,    0., 1000.])
    """,
)  # fmt: skip

softplus = Gate(
    "softplus", symbol="softplus", en="softplus", ko="소프트플러스", formula="log(1 + exp(x))",
    forward=_softplus,
    wrt={"x": lambda xp, dout, x: dout * sigmoid_of(xp, x)},
    doc="""log(1 + exp(x)), a smooth ReLU.

    x        any shape, float32 or float64
    returns  the same shape
    source   Dugas et al., Incorporating Second-Order Functional Knowledge, NIPS 2000
    >>> cr.softplus(np.array([-1000.0, 1000.0]))
    array([   0., 1000.])
    """,
)  # fmt: skip

silu = Gate(
    "silu", symbol="SiLU", en="sigmoid linear unit", ko="시그모이드 선형 유닛", formula="x / (1 + exp(-x))",
    forward=_silu,
    wrt={"x": _silu_dx},
    doc="""x · sigmoid(x), also called swish.

    x        any shape, float32 or float64
    returns  the same shape
    source   Elfwing, Uchibe, Doya, arXiv:1702.03118, equation 7
    >>> cr.silu(np.array([-1000.0, 0.0, 1000.0])) + 0
    array([   0.,    0., 1000.])
    """,
)  # fmt: skip
