"""How much memory a block of code asks for."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def limited_memory(most: float) -> Iterator[None]:
    """Fail if the block ever holds more than ``most`` bytes that it allocated itself.

    Python and NumPy report what they allocate; memory that is asked for and never touched counts too.
    """
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= most, f"{peak:,} bytes at the peak, {most:,.0f} are allowed"
