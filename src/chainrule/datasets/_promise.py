"""What a header promises, checked before memory is spent on it, and read no further than promised."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError

_MOST_BY_DEFLATE = 1032  # to 1; zlib.net/zlib_tech.html, "Maximum Compression Factor"
_FREE_TO_EXPAND = 64 << 20  # bytes; 80,000 blank images of 28 x 28, however well they compress
_LIKELY_RATIO = 100  # to 1; MNIST has 5, drawings of a few lines about 50
_CHUNK = 1 << 20  # bytes


class Stream(Protocol):
    """What bytes are read from: a file, or what unpacks one."""

    def read(self, size: int, /) -> bytes: ...


def promised_bytes(name: str, shape: tuple[int, ...], itemsize: int) -> int:
    """How many bytes an array of this shape has; an error where NumPy could not count them."""
    if math.prod(n for n in shape if n) * itemsize >= 2**63 or len(shape) > 64:
        raise DataError(f"{name} promises an array of shape {shape}, more than NumPy can hold")
    return math.prod(shape) * itemsize


def check_promise(name: str, promised: int, stored: int, *, packed: bool) -> None:
    """Refuse a header that promises more than the bytes behind it can hold, or should.

    name      of the file, for the message
    promised  bytes of data according to the header
    stored    bytes there are
    packed    whether those are compressed with deflate
    raises    DataError
    """
    if promised > stored * (_MOST_BY_DEFLATE if packed else 1):
        how = "compressed bytes" if packed else "bytes"
        raise DataError(
            f"{name} promises {promised:,} bytes of data, but the {stored:,} {how} of it cannot hold them",
            fix="get the file again: it is cut short or damaged",
        )
    if packed and promised > max(_FREE_TO_EXPAND, _LIKELY_RATIO * stored):
        raise DataError(
            f"{name} would expand from {stored:,} to {promised:,} bytes, as files do that are made to fill memory",
            fix="if you trust it, uncompress it yourself and load that",
        )


def read_promised(stream: Stream, promised: int, name: str) -> NDArray[np.uint8]:
    """Read exactly the promised bytes, a bounded piece at a time, and see that none follow."""
    data = np.empty(promised, np.uint8)
    end = 0
    while end < promised:
        piece = stream.read(min(_CHUNK, promised - end))
        if not piece:
            raise DataError(
                f"{name} ends after {end:,} of the {promised:,} bytes of data it promises",
                fix="get the file again: it is cut short",
            )
        data[end : end + len(piece)] = np.frombuffer(piece, np.uint8)
        end += len(piece)
    # This also makes a compressed stream compare its checksum.
    if stream.read(1):
        raise DataError(f"{name} goes on after the {promised:,} bytes of data it promises")
    return data
