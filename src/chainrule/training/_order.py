"""The order of the rows in an epoch: a function of the seed and the number of the epoch alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._rows import Rows


def order_of_rows(x: Any, seed: int, epoch: int, batch_size: int) -> np.ndarray[Any, Any]:
    """The numbers of all rows, shuffled; of data that are read from files as these can be read.

    >>> order_of_rows(np.zeros((4, 2)), seed=0, epoch=1, batch_size=2)
    array([2, 0, 3, 1])
    """
    # A key of its own for each epoch: the same seed elsewhere (the first parameters) gives unrelated numbers.
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(epoch,)))
    order: np.ndarray[Any, Any] = x.order(rng, batch_size) if isinstance(x, Rows) else rng.permutation(len(x))
    return order
