"""The array namespace that gates get on this engine: `jax.numpy`, and what gates ask for beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


class _Namespace:
    """`jax.numpy` with the functions that `chainrule.gates` asks a namespace for where the standard lacks them.

    Additions to rows and places are scatters here, in which an index that comes twice counts twice; parts of images
    are put in place by padding, which XLA makes one loop of where a scatter would be a loop for each element.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(jnp, name)

    def permute_dims(self, x: Any, axes: Sequence[int]) -> Any:
        return jnp.transpose(x, tuple(axis % x.ndim for axis in axes))  # JAX's own counts from the front only

    def erf(self, x: Any) -> Any:
        return jax.lax.erf(jnp.asarray(x))

    def scatter_add(self, y: Any, index: Any, shape: tuple[int, ...]) -> Any:
        return jnp.zeros(shape, y.dtype).at[index].add(y)

    def take_rows(self, x: Any, ids: Any) -> Any:
        return x.at[ids].get(mode="fill", fill_value=np.nan)

    def add_rows(self, y: Any, ids: Any, *, count: int) -> Any:
        return jnp.zeros((count, *y.shape[len(ids.shape) :]), y.dtype).at[ids].add(y)

    def pad_images(self, x: Any, padding: tuple[int, int], value: float) -> Any:
        margins = [(0, 0, 0), (0, 0, 0), *((margin, margin, 0) for margin in padding)]
        return jax.lax.pad(x, jnp.asarray(value, x.dtype), margins)

    def placed(self, parts: Sequence[Any], places: Sequence[Any], shape: tuple[int, ...]) -> Any:
        """Zeros of `shape`, with each part added at its place, which are slices."""
        whole = jnp.zeros(shape, parts[0].dtype)
        for part, place in zip(parts, places, strict=True):
            margins = [_margin(at, *lengths) for at, *lengths in zip(place, part.shape, shape, strict=True)]
            whole = whole + jax.lax.pad(part, jnp.zeros((), part.dtype), margins)
        return whole


def _margin(at: slice, length: int, whole: int) -> tuple[int, int, int]:
    """How many zeros go before, behind and between `length` elements to put them at a slice of `whole`."""
    start, step = at.start or 0, at.step or 1
    return start, whole - (start + (length - 1) * step + 1), step - 1


xp = _Namespace()
"""The namespace of this engine."""
