"""Activation functions as layers."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, ClassVar, Literal

from ..errors import ArgumentError
from ..graph import functions as f
from ._layer import Layer


class Activation(Layer):
    """A layer that treats each number by itself.

    suits   how an affine layer in front of it is best initialised, see `Affine`
    """

    suits: ClassVar[Literal["he", "xavier"]] = "he"


class Sigmoid(Activation):
    """1 / (1 + exp(−x)), see `chainrule.sigmoid`.

    >>> layer = Sigmoid()
    >>> layer.forward(np.array([0.0])), layer.backward(np.array([1.0]))
    (array([0.5]), array([0.25]))
    """

    suits = "xavier"

    def compute(self, x: Any) -> Any:
        return f.sigmoid(x)


class Tanh(Activation):
    """The hyperbolic tangent, see `chainrule.tanh`.

    >>> layer = Tanh()
    >>> layer.forward(np.array([0.0])), layer.backward(np.array([1.0]))
    (array([0.]), array([1.]))
    """

    suits = "xavier"

    def compute(self, x: Any) -> Any:
        return f.tanh(x)


class ReLU(Activation):
    """x where it is positive, 0 elsewhere, see `chainrule.relu`; ``Relu`` is the lesson's spelling.

    >>> layer = ReLU()
    >>> layer.forward(np.array([-2.0, 3.0])), layer.backward(np.array([5.0, 5.0]))
    (array([0., 3.]), array([0., 5.]))
    """

    def compute(self, x: Any) -> Any:
        return f.relu(x)


Relu = ReLU


class LeakyReLU(Activation):
    """x where it is positive, alpha · x elsewhere, see `chainrule.leaky_relu`.

    >>> layer = LeakyReLU(alpha=0.5)
    >>> layer.forward(np.array([-2.0, 3.0])), layer.backward(np.array([5.0, 5.0]))
    (array([-1.,  3.]), array([2.5, 5. ]))
    """

    def __init__(self, alpha: float = 0.01) -> None:
        super().__init__()
        self.alpha = _checked_alpha(alpha)

    def compute(self, x: Any) -> Any:
        return f.leaky_relu(x, alpha=self.alpha)

    def config(self) -> dict[str, Any]:
        return {"alpha": self.alpha}


class ELU(Activation):
    """x where it is positive, alpha · (exp(x) − 1) elsewhere, see `chainrule.elu`.

    >>> layer = ELU()
    >>> layer.forward(np.array([-1000.0, 3.0])), layer.backward(np.array([5.0, 5.0]))
    (array([-1.,  3.]), array([0., 5.]))
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = _checked_alpha(alpha)

    def compute(self, x: Any) -> Any:
        return f.elu(x, alpha=self.alpha)

    def config(self) -> dict[str, Any]:
        return {"alpha": self.alpha}


class GELU(Activation):
    """x · Φ(x), see `chainrule.gelu`.

    >>> layer = GELU()
    >>> layer.forward(np.array([0.0])), layer.backward(np.array([1.0]))
    (array([0.]), array([0.5]))
    """

    def compute(self, x: Any) -> Any:
        return f.gelu(x)


class Softplus(Activation):
    """log(1 + exp(x)), see `chainrule.softplus`.

    >>> layer = Softplus()
    >>> layer.forward(np.array([1000.0])), layer.backward(np.array([1.0]))
    (array([1000.]), array([1.]))
    """

    def compute(self, x: Any) -> Any:
        return f.softplus(x)


class SiLU(Activation):
    """x · sigmoid(x), see `chainrule.silu`.

    >>> layer = SiLU()
    >>> layer.forward(np.array([0.0])), layer.backward(np.array([1.0]))
    (array([0.]), array([0.5]))
    """

    def compute(self, x: Any) -> Any:
        return f.silu(x)


class Softmax(Layer):
    """Each row to positive numbers of sum 1, see `chainrule.softmax`.

    >>> Softmax().forward(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """

    def compute(self, x: Any) -> Any:
        return f.softmax(x)


class LogSoftmax(Layer):
    """The logarithm of softmax, without loss of digits where that is near 0, see `chainrule.log_softmax`.

    >>> LogSoftmax().forward(np.array([[0.0, 1000.0]]))
    array([[-1000.,     0.]])
    """

    def compute(self, x: Any) -> Any:
        return f.log_softmax(x)


def _checked_alpha(alpha: float) -> float:
    if isinstance(alpha, bool) or not isinstance(alpha, Real) or not math.isfinite(alpha):
        raise ArgumentError(f"alpha is a number, not {alpha!r}")
    return float(alpha)
