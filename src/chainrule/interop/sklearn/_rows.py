"""The rows of a data set: dense or sparse, with targets and perhaps weights, in pieces that memory has room for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from ...errors import ArgumentError
from ._losses import Array

_PIECE_BYTES = 2**26  # of sparse rows that are made dense at once


def dense(x: Any) -> Array:
    """Rows as an array in the order of C."""
    return np.ascontiguousarray(x if isinstance(x, np.ndarray) else x.toarray())


def pieces(x: Any) -> Iterator[slice]:
    """Slices of the rows of x, each of which fits in memory when it is made dense; one for an array."""
    if isinstance(x, np.ndarray):
        yield slice(None)
        return
    size = max(1, _PIECE_BYTES // (x.shape[1] * x.dtype.itemsize))
    yield from (slice(start, start + size) for start in range(0, x.shape[0], size))


@dataclass(frozen=True)
class Rows:
    """x of shape (rows, features), dense or in CSR; t, a row of targets or a class number each; weights or None."""

    x: Any
    t: Array
    weights: Array | None = None

    def __len__(self) -> int:
        return int(self.x.shape[0])

    def __getitem__(self, rows: Any) -> Rows:
        return Rows(self.x[rows], self.t[rows], None if self.weights is None else self.weights[rows])

    @property
    def total(self) -> float:
        """The sum of the weights."""
        return float(len(self) if self.weights is None else self.weights.sum())

    def arrays(self) -> dict[str, Array]:
        """By the names that the objective has for them."""
        given = {"x": dense(self.x), "t": np.ascontiguousarray(self.t)}
        if self.weights is not None:
            given["w"] = np.ascontiguousarray(self.weights[:, np.newaxis])
        return given


def split(rows: Rows, share: float, random_state: Any, *, by_class: bool) -> tuple[Rows, Rows]:
    """What is learned from, and the share that is held out; by class, so that both have the classes' shares."""
    train, held = train_test_split(
        np.arange(len(rows)),
        random_state=random_state,
        test_size=share,
        stratify=rows.t if by_class else None,
    )
    if len(held) < 2:
        what = "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
        raise ArgumentError(what)
    return rows[train], rows[held]
