"""Data as steps take them: checked once, and those that are not in memory a window of mini-batches at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .._rows import blocks, is_on_disk, read
from ..errors import ArgumentError, ShapeError
from ..graph import as_array, as_numbers, check_inputs
from ._ranks import Ranks
from ._step import Network, arrays_of

Array = np.ndarray[Any, Any]

WINDOW_BYTES = 1 << 23  # of inputs: little beside memory, much beside what a step takes of it


def checked(network: Network, x: Any, t: Any) -> tuple[Array, Array]:
    """Data that fit each other and the network, or an error."""
    x, t = (a if is_on_disk(a) else as_array(a, name) for a, name in ((x, "x"), (t, "t")))
    if x.ndim == 0 or t.ndim == 0 or len(x) != len(t) or len(x) == 0:
        raise ShapeError(f"x and t need one row for each sample; their shapes are {x.shape} and {t.shape}")
    if getattr(network, "embedding", None) is None:
        check_inputs(x)
    for name, w in arrays_of(network).items():
        if not w.flags.writeable:
            raise ArgumentError(
                f"the parameter {name} is read-only, so it cannot learn", fix=f"{name}.copy()"
            )
    if not is_on_disk(x):
        x = _as_inputs(network, x)
    # Rows of wrong shapes, and all labels once here, since a compiled step does not look at them.
    first = _as_inputs(network, as_array(x[:1]))
    if not is_on_disk(t):
        network.check_targets(first, t)
        return x, t
    for some in blocks(len(t), t.size // len(t) * t.dtype.itemsize, WINDOW_BYTES):
        network.check_targets(first, read(t, np.arange(len(t))[some]))
    return x, t


def _as_inputs(network: Network, x: Array) -> Array:
    """Inputs as runners take them; pixels stay as small as they are, see `step_inputs`."""
    embedding = getattr(network, "embedding", None)
    if embedding is not None:
        ids: Array = embedding.checked(x)
        return ids
    return x if x.dtype == np.uint8 else as_numbers(x, _dtype(network))


def _dtype(network: Network) -> np.dtype[Any]:
    dtype: np.dtype[Any] = next(iter(network.params.values())).dtype
    return dtype


def windows(
    network: Network, x: Any, t: Any, batches: Array, ranks: Ranks
) -> Iterator[tuple[Array, Array, Array]]:
    """Data and mini-batches as runners take them: those in memory as they are, of others the rows of some mini-batches.

    batches   row numbers, shape (steps, rows)
    ranks     of which each reads its own rows
    returns   arrays x and t, and mini-batches of row numbers of them. (To read the next window in another thread gained
              nothing that could be measured, and took time from small steps.)
    """
    if not is_on_disk(x) and not is_on_disk(t):
        yield x, t, batches
        return
    own = ranks.rows(np.arange(batches.shape[1])[np.newaxis])[0][0]  # columns of the mini-batches

    row_bytes = x.size // len(x) * (1 if x.dtype == np.uint8 else _dtype(network).itemsize)
    for some in blocks(len(batches), batches.shape[1] * row_bytes, WINDOW_BYTES):
        numbers = batches[some][:, own]
        renumbered = np.zeros(batches[some].shape, np.int64)
        renumbered[:, own] = np.arange(numbers.size).reshape(numbers.shape)
        yield _as_inputs(network, read(x, numbers.ravel())), read(t, numbers.ravel()), renumbered
