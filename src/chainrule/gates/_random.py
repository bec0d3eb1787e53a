"""Random numbers that are a function of where they are used: nothing is drawn, so nothing has to be remembered.

What a stream of random numbers gives depends on who drew before. A hash does not: the mask of a layer in a step is the
same whether the run was interrupted, how many threads share the step, and in which order they work.
"""

from __future__ import annotations

import math
from typing import Any

from ._gate import Gate


def _rotated(word: Any, places: int) -> Any:
    return word << places | word >> 32 - places


def murmur3(seed: Any, *words: Any) -> Any:
    """MurmurHash3 (x86, 32 bits) of some words, each an unsigned 32-bit number, whose products and sums wrap.

    It is written with operators alone, for whatever obeys them. Words that are the same for many elements come first:
    where these are arrays that broadcast, most of the work is done once for all of them.

    source   Austin Appleby, MurmurHash3, 2011 (public domain), in SMHasher, which tests it
    """
    hash = seed
    for word in words:
        hash = _rotated(hash ^ _rotated(word * 0xCC9E2D51, 15) * 0x1B873593, 13) * 5 + 0xE6546B64
    hash = hash ^ 4 * len(words)
    hash = (hash ^ hash >> 16) * 0x85EBCA6B
    hash = (hash ^ hash >> 13) * 0xC2B2AE35
    return hash ^ hash >> 16


def _counters(xp: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The row of each element of an array, and its place within the row."""
    along = [
        xp.reshape(xp.arange(length), (length,) + (1,) * (len(shape) - axis - 1))
        * math.prod(shape[axis + 1 :])
        for axis, length in enumerate(shape[1:], start=1)
    ]
    rows = xp.reshape(xp.arange(shape[0]), shape[:1] + (1,) * (len(shape) - 1))
    return rows, sum(along[1:], along[0]) if along else xp.arange(1)


def _dropout_mask(
    xp: Any, key: Any, step: Any, first: Any = None, *, shape: tuple[int, ...], rate: float, dtype: Any
) -> Any:
    axes = shape or (1,)  # a number has none; and NumPy's own numbers warn where words wrap, arrays do not
    given = (xp.reshape(xp.asarray(word), (1,)) for word in (key, step))
    words = [xp.asarray(word, dtype=xp.uint32) for word in (*given, *_counters(xp, axes))]
    if first is not None:
        words[2] = words[2] + xp.asarray(xp.reshape(xp.asarray(first), (1,)), dtype=xp.uint32)
    hash = xp.murmur3(*words) if hasattr(xp, "murmur3") else murmur3(*words)
    # Of its 2³² values the share `rate` is dropped; what is kept makes up for it, so that the mean stays.
    kept = xp.asarray(hash >= round(rate * 2**32), dtype=dtype)
    return xp.reshape(xp.broadcast_to(kept * (1 / (1 - rate)), axes), shape)


dropout_mask = Gate(
    "dropout_mask", symbol="mask", en="dropout mask", ko="드롭아웃 마스크", kind="shape",
    forward=_dropout_mask,
    wrt={},
    doc="""0 with probability `rate`, 1 / (1 − rate) otherwise, element by element; nothing flows back through it.

    The mask is a function of the key, the step, the row and the place in the row alone: the same on every engine, with
    any number of threads, and for a run that was interrupted.

    key      unsigned 32-bit, shape (1,) or a number: another one for each layer
    step     the number of the step
    first    the number of the first row in the mini-batch, where this is a part of one; None is 0
    shape    of the mask: rows first
    rate     the share that is dropped, from 0 up to but not including 1
    dtype    numpy.float32 or numpy.float64
    returns  an array of `shape`
    source   Srivastava et al., JMLR 15 (2014), in the form that leaves evaluation as it is (section 10); the random
             bits are MurmurHash3 of the four words
    >>> cr.dropout_mask(7, 1, shape=(2, 4), rate=0.5, dtype=np.float64)
    array([[0., 2., 0., 2.],
           [0., 2., 0., 2.]])
    """,
)  # fmt: skip
