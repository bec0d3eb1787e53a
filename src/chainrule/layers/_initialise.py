"""The beginning of a whole network: every layer as it suits what follows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from numpy.typing import DTypeLike

from ._activations import Activation
from ._dropout import Dropout
from ._initial import checked_dtype, generator
from ._layer import Layer
from ._normalisation import Normalisation
from ._pools import Flatten, Pool


def initialise(layers: Sequence[Layer], *, seed: Any, dtype: DTypeLike) -> None:
    """Give the layers that have no numbers yet their first ones, from one generator, in their order.

    The keys of dropout layers come last: a network has the same parameters with them and without them.

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
    leaves = [leaf for layer in layers for leaf in layer.leaves()]
    of_dropout = [leaf for leaf in leaves if isinstance(leaf, Dropout)]
    for leaf in [*(leaf for leaf in leaves if leaf not in of_dropout), *of_dropout]:
        if not leaf.is_initialised:
            leaf.initialise(rng, suits=_suits(leaves[leaves.index(leaf) + 1 :]), dtype=dtype)


def _suits(following: Sequence[Layer]) -> Literal["he", "xavier"]:
    """What suits the activation that comes next, if one comes before the numbers are mixed again."""
    for layer in following:
        if isinstance(layer, Activation):
            return layer.suits
        if not isinstance(layer, Dropout | Flatten | Normalisation | Pool):
            break
    return "xavier"
