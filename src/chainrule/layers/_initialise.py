"""The beginning of a whole network: every layer with weights as it suits what follows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from numpy.typing import DTypeLike

from ._activations import Activation
from ._initial import checked_dtype, generator
from ._layer import Layer
from ._pools import Flatten, Pool
from ._weighted import Weighted


def initialise(layers: Sequence[Layer], *, seed: Any, dtype: DTypeLike) -> None:
    """Draw the parameters of affine layers and convolutions that have none yet, from one generator, in their order.

    layers   in the order of the network
    seed     what `numpy.random.default_rng` takes
    dtype    float32 or float64
    raises   ArgumentError, DTypeError for another seed or dtype

    >>> from chainrule.layers import Affine, ReLU
    >>> affine = Affine(200, 100)
    >>> initialise([affine, ReLU()], seed=0, dtype=np.float32)
    >>> affine.W.dtype, round(float(affine.W.std()), 2)  # He: √(2 / 200) = 0.1
    (dtype('float32'), 0.1)
    """
    rng, dtype = generator(seed), checked_dtype(dtype)
    for position, layer in enumerate(layers, start=1):
        if isinstance(layer, Weighted) and not layer.is_initialised:
            layer.initialise(rng, suits=_suits(layers[position:]), dtype=dtype)


def _suits(following: Sequence[Layer]) -> Literal["he", "xavier"]:
    """What suits the activation that comes next, if one comes before the numbers are mixed again."""
    for layer in following:
        if isinstance(layer, Activation):
            return layer.suits
        if not isinstance(layer, Pool | Flatten):
            break
    return "xavier"
