"""What the names in an emitted text stand for where it runs without a compiler."""

from __future__ import annotations

import numpy as np

from . import _blas, _memory, _plain_math, _team

_NUMBERS = "float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 inf nan".split()

PLAIN_NAMES: dict[str, object] = {
    **{name: getattr(np, name) for name in _NUMBERS},
    **_plain_math.NAMES,
    **_blas.PLAIN_NAMES,
    **_team.PLAIN_NAMES,
    **_memory.PLAIN_NAMES,
}
"""NumPy's functions and numbers, and plain versions of our own, by the names that emitted text uses."""
