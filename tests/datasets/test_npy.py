"""Arrays in .npy files: as NumPy reads them, or refused."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.datasets import read_npy
from chainrule.errors import DataError


@given(
    hnp.arrays(
        st.sampled_from(["<f4", ">f8", "|u1", ">i2", "|b1", "<f2"]), hnp.array_shapes(min_dims=0, min_side=0)
    ),
    st.booleans(),
)
def test_it_is_what_numpy_reads(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, fortran: bool
) -> None:
    path = tmp_path_factory.mktemp("a") / "x.npy"
    np.save(path, np.asfortranarray(array) if fortran else array)
    found = read_npy(path)
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, np.load(path))


def saved(old: bytes, new: bytes) -> bytes:
    """A file whose header says something else, in as many bytes."""
    out = io.BytesIO()
    np.save(out, np.zeros((2, 3)))
    return out.getvalue().replace(old, new)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x.npy is no array of NumPy: it begins with nothing"),
        (saved(b"(2, 3), ", b"(2, 3"), "promises|header"),
        (saved(b"'shape'", b"('''xx "), "has a header that is not one of a plain array"),  # Python never sees it
        (saved(b"(2, 3)", b"(2,03)"), "has a header that is not one of a plain array"),
        (saved(b"<f8", b"|O8"), "holds Python objects, which would have to be unpickled"),
        (saved(b"(2, 3)", b"(9, 9)"), "promises 648 bytes of data in an array of shape \\(9, 9\\), but holds 48"),
        (saved(b"<f8", b"\x1b[2"), r"holds \\x1b\[2, not integers, floats or booleans"),
    ],
)  # fmt: skip
def test_what_is_none_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_npy(tmp_path / "x.npy")
    with pytest.raises(DataError, match="there is no file"):
        read_npy(tmp_path / "y.npy")
