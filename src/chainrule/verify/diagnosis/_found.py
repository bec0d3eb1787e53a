"""What a pattern gives when it is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ._point import Sample


class Found(NamedTuple):
    """A pattern in the gradient of one value.

    kind   a key of the catalogue
    facts  what its text says about this case
    exact  whether it explains every number, or only says which numbers are wrong
    second whether another reading of the same numbers is more likely
    """

    kind: str
    facts: Mapping[str, Any] = {}
    exact: bool = True
    second: bool = False


Patterns = Iterator[Found]


def rounded(number: Any) -> Any:
    """Six digits: what is left of a measured number when its noise is gone; whole numbers as such."""
    short = float(f"{float(number):.6g}")
    return int(short) if short == round(short) and abs(short) < 1e6 else short


def worst(sample: Sample, i: int) -> Mapping[str, Any]:
    """Where claimed and numerical gradient differ most, and both values there."""
    claimed, right = sample.claimed[i], sample.right(i)
    if claimed is None or claimed.shape != right.shape:
        return {}
    errors = np.where(np.isnan(right), -1.0, np.nan_to_num(np.abs(claimed - right), nan=np.inf))
    index = tuple(map(int, np.unravel_index(int(np.argmax(errors)), errors.shape)))
    return {"index": index, "claimed": rounded_or_text(claimed[index]), "numerical": rounded(right[index])}


def rounded_or_text(number: Any) -> Any:
    return rounded(number) if np.isfinite(number) else str(float(number))
