"""Records, their checksums, and the order of files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.interop.tensorboard import _records
from chainrule.interop.tensorboard._histogram import histogram
from tests.interop.tensorboard._read import checksum, records

RFC_3720 = {  # appendix B.4
    bytes(32): 0x8A9136AA,
    b"\xff" * 32: 0x62A8AB43,
    bytes(range(32)): 0x46DD794E,
    bytes(range(31, -1, -1)): 0x113FDB5C,
}


@pytest.mark.parametrize("data", RFC_3720, ids=["zeros", "ones", "up", "down"])
def test_checksums_are_those_of_the_standard(data: bytes) -> None:
    assert _records.crc32c(data) == RFC_3720[data]


@given(messages=st.lists(st.binary(max_size=300), max_size=4))
def test_records_come_back(tmp_path_factory: pytest.TempPathFactory, messages: list[bytes]) -> None:
    file = tmp_path_factory.mktemp("a") / "f"
    file.write_bytes(b"".join(map(_records.record, messages)))
    assert list(records(file)) == messages
    assert all(checksum(m) == _records.masked(_records.crc32c(m)) for m in messages)


def test_a_new_file_comes_behind_all_others(tmp_path: Path) -> None:
    (tmp_path / "events.out.tfevents.9999999990.host").touch()  # of a clock that was wrong
    (tmp_path / "events.out.tfevents.x").touch()
    made = [_records.new_file(tmp_path) for _ in range(3)]
    names = sorted(os.listdir(tmp_path))
    assert names[1:4] == [file.name for file in made]


@given(hnp.arrays(st.sampled_from(["f4", "f8"]), hnp.array_shapes(max_dims=2, max_side=20)))
def test_a_histogram_has_every_finite_number_once(array: np.ndarray) -> None:
    finite = array[np.isfinite(array)].astype(float)
    found = histogram(array)
    if found is None:
        assert not finite.size
        return
    assert sum(found.counts) == finite.size
    assert (found.least, found.most) == (finite.min(), finite.max())
    assert (np.diff(found.ends) > 0).all()
    assert found.ends[-1] == found.most
    # As many numbers lie at or below the end of a bucket, but for those that rounding moved across an end.
    below = np.cumsum(found.counts)
    slack = 1e-6 * (found.most - found.least)
    for end, count in zip(found.ends, below, strict=True):
        assert (finite <= end - slack).sum() <= count <= (finite <= end + slack).sum()


@pytest.mark.parametrize(
    "numbers",
    [[0.0], [1e20, 1e20], [1.0, np.nextafter(1, 2)], [-1.7e308, 1.7e308], [np.finfo(float).max]],
    ids=str,
)
def test_numbers_without_a_width_are_one_bucket(numbers: list[float]) -> None:
    found = histogram(np.array(numbers))
    assert found is not None
    assert (found.ends, found.counts) == ([max(numbers)], [len(numbers)])
