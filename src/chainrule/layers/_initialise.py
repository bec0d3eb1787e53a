"""The beginning of a whole network: every affine layer as it suits what follows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import DTypeLike

from ._activations import Activation
from ._affine import Affine
from ._initial import checked_dtype, generator
from ._layer import Layer


def initialise(layers: Sequence[Layer], *, seed: Any, dtype: DTypeLike) -> None:
    """Draw the parameters of the affine layers that have none yet, from one generator, in their order.

    layers   in the order of the network
    seed     what `numpy.random.default_rng` takes
    dtype    float32 or float64
    raises   ArgumentError, DTypeError for another seed or dtype

    >>> from chainrule.layers import ReLU
    >>> affine = Affine(200, 100)
    >>> initialise([affine, ReLU()], seed=0, dtype=np.float32)
    >>> affine.W.dtype, round(float(affine.W.std()), 2)  # He: √(2 / 200) = 0.1
    (dtype('float32'), 0.1)
    """
    rng, dtype = generator(seed), checked_dtype(dtype)
    for layer, following in zip(layers, (*layers[1:], None), strict=True):
        if isinstance(layer, Affine) and not layer.is_initialised:
            suits = following.suits if isinstance(following, Activation) else "xavier"
            layer.initialise(rng, suits=suits, dtype=dtype)
