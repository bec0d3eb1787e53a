"""Fingerprints: the same for the same bytes, another for every change that is promised to be seen."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.graph._fingerprint import fingerprint

SMALL, LARGE = 100, 50_000
LAYOUTS = {
    "C order": lambda a: a.reshape(50, -1),
    "Fortran order": lambda a: np.asfortranarray(a.reshape(50, -1)),
    "transposed": lambda a: a.reshape(50, -1).T,
    "backwards": lambda a: a[::-1],
    "every second": lambda a: a[::2],
    "broadcast": lambda a: np.broadcast_to(a, (3, a.size)),
    "unaligned": lambda a: np.frombuffer(bytearray(1) + a.tobytes(), np.uint8)[1:].view(a.dtype),
    "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype),
}


@pytest.mark.parametrize("size", [0, 50, SMALL, 9_000, LARGE, 600_000])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "u1", "?"])
def test_an_array_that_stays_keeps_its_fingerprint(size: int, dtype: str) -> None:
    a = np.arange(size).astype(dtype)
    assert fingerprint(a) == fingerprint(a) == fingerprint(a.copy())


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_every_layout_has_a_fingerprint_that_sees_a_change(layout: str, size: int) -> None:
    a = np.arange(float(size))
    before = fingerprint(LAYOUTS[layout](a))
    assert fingerprint(LAYOUTS[layout](a)) == before
    a[size // 2] = -1.0
    assert fingerprint(LAYOUTS[layout](a)) != before


@given(
    size=st.sampled_from([1, SMALL, 8_143, 8_144, 8_145, LARGE, LARGE + 1]),
    place=st.floats(0, 1, exclude_max=True),
    dtype=st.sampled_from(["f4", "f8", "u1"]),
    bit=st.integers(0, 7),
)
def test_a_change_of_any_one_bit_is_seen(size: int, place: float, dtype: str, bit: int) -> None:
    a = np.zeros(size, dtype)
    before = fingerprint(a)
    raw = a.view(np.uint8)
    raw[int(place * raw.size)] ^= 1 << bit
    assert fingerprint(a) != before


CHANGES = """
a[[5, 6]] = a[[6, 5]]
a[[5, -7]] = a[[-7, 5]]
rng.shuffle(a)
a[:] = a[::-1].copy()
a[:] = np.roll(a, 1)
a *= 2
a *= -1
a[9] += 1; a[20] -= 1
a[0] = -0.0
a[3] = np.nan
""".strip().splitlines()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("size", [SMALL, 9_000, LARGE, 600_000])
def test_changes_as_they_happen_are_seen(change: str, size: int, rng: np.random.Generator) -> None:
    a = rng.normal(size=size)
    a[0] = 0.0
    before = fingerprint(a)
    exec(change, {"np": np, "rng": rng, "a": a})
    assert fingerprint(a) != before


@pytest.mark.parametrize("columns", [10, 28, 50, 512, 784, 1024])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_rows_of_a_mini_batch_that_change_places_are_seen(
    columns: int, dtype: str, rng: np.random.Generator
) -> None:
    a = rng.normal(size=(256, columns)).astype(dtype)
    before = fingerprint(a)
    for i, j in ((0, 1), (3, 200), (17, 81)):
        a[[i, j]] = a[[j, i]]
        assert fingerprint(a) != before
        a[[i, j]] = a[[j, i]]
    assert fingerprint(a) == before


def test_a_large_array_is_not_copied() -> None:
    a = np.ones(2_000_000)
    fingerprint(a)
    tracemalloc.start()
    print_of_it = fingerprint(a)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(print_of_it) < a.nbytes / 16
    assert most < a.nbytes / 8
