"""Data sets in .npz files: their forms, and archives that are damaged, lie, or would have to be unpickled."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.datasets import load_npz
from chainrule.errors import DataError
from tests._memory import limited_memory

X = np.arange(3 * 2 * 4, dtype=np.uint8).reshape(3, 2, 4)
T = np.array([2, 0, 1], np.uint8)
ARRAYS = {"x_train": X, "t_train": T, "x_test": X[:1], "t_test": T[:1]}


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npy_by_hand(version: int, header: str) -> bytes:
    length = len(header).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + header.encode() + X.tobytes()


def write(path: Path, method: int = zipfile.ZIP_STORED, **members: bytes) -> Path:
    """An archive of the small data set, of which members are changed."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for key, array in ARRAYS.items():
            archive.writestr(f"{key}.npy", members.get(key, npy(array)))
    return path


# What is right -------------------------------------------------------------------------------------


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("labels", ["t", "y"])
def test_what_numpy_saves_is_read(tmp_path: Path, save: Any, labels: str) -> None:
    path = tmp_path / "x.npz"
    save(path, x_train=X, x_test=X[:1], other=T, **{f"{labels}_train": T, f"{labels}_test": T[:1]})
    (x_train, t_train), (x_test, t_test) = load_npz(path)
    assert x_train.dtype == np.float32
    assert np.array_equal(x_train, X.reshape(3, 8).astype(np.float32) / 255)
    assert np.array_equal(x_test, x_train[:1])
    assert (t_train.tolist(), t_test.tolist()) == ([2, 0, 1], [2])
    assert t_train.dtype == t_test.dtype == np.int64


def test_the_other_forms(tmp_path: Path) -> None:
    path = write(tmp_path / "x.npz")
    (x_train, t_train), (_, t_test) = load_npz(str(path), normalize=False, flatten=False, one_hot_label=True)
    assert x_train.dtype == np.uint8
    assert np.array_equal(x_train, X[:, np.newaxis])
    assert t_train.dtype == np.float32
    assert t_train.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert t_test.tolist() == [[0, 0, 1]]


numbers = ["u1", "<u2", ">u4", "<u8", "i1", ">i2", "<i8", "<f2", ">f4", "<f8", "?"]


@given(
    x=st.sampled_from(numbers).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=2, max_dims=4, max_side=3))
    ),
    order=st.sampled_from("CF"),
)
def test_inputs_come_back_whatever_their_dtype_and_layout(
    tmp_path_factory: pytest.TempPathFactory, x: np.ndarray, order: str
) -> None:
    path = tmp_path_factory.mktemp("a") / "x.npz"
    x, t = np.asarray(x, order=order), np.zeros(len(x), int)
    np.savez(path, x_train=x, t_train=t, x_test=x, t_test=t)
    (found, _), _ = load_npz(path, normalize=False)
    assert found.dtype == x.dtype.newbyteorder("=")
    assert found.flags.c_contiguous
    assert found.tobytes() == x.reshape(len(x), -1).astype(found.dtype).tobytes()


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        (np.array([[1], [0], [2]], np.uint8), np.array([1, 0, 2])),  # a column, as CIFAR-10's are
        (np.array([True, False, True]), np.array([1, 0, 1])),
        (np.array([0.5, 1, 2]), np.array([0.5, 1, 2])),
        (np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)),
        (np.eye(3, dtype=np.uint8), np.eye(3, dtype=np.uint8)),
    ],
)
def test_class_numbers_become_int64_and_other_labels_stay(
    tmp_path: Path, labels: np.ndarray, wanted: np.ndarray
) -> None:
    np.savez(tmp_path / "x.npz", x_train=X, t_train=labels, x_test=X, t_test=labels)
    for _, found in load_npz(tmp_path / "x.npz"):
        assert found.dtype == wanted.dtype
        assert np.array_equal(found, wanted)


def test_rows_of_labels_stay_when_one_hot_is_asked_for(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x_train=X, t_train=np.eye(3), x_test=X, t_test=np.eye(3))
    assert np.array_equal(load_npz(tmp_path / "x.npz", one_hot_label=True)[0][1], np.eye(3))


@pytest.mark.parametrize(
    ("version", "text"),
    [
        (1, "{'descr': '|u1', 'fortran_order': False, 'shape': (3L, 2L, 4L), }"),  # as Python 2 wrote it
        (1, "{'descr': '|u1', 'fortran_order': False, 'shape': (3,2,4)}"),
        (2, "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2, 4), }\n"),
        (3, "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2, 4), }    \n"),
    ],
)
def test_headers_of_other_writers_and_versions(tmp_path: Path, version: int, text: str) -> None:
    path = write(tmp_path / "x.npz", x_train=npy_by_hand(version, text))
    (found, _), _ = load_npz(path, normalize=False)
    assert np.array_equal(found, X.reshape(3, 8))


# What is wrong -------------------------------------------------------------------------------------


class _RunsWhenUnpickled:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, ("unpickled",)


def test_objects_are_refused_and_never_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("x.npz", **(ARRAYS | {"t_train": np.array([_RunsWhenUnpickled()] * 3)}))
    with pytest.raises(
        DataError, match="t_train in x.npz holds Python objects, which would have to be unpickled"
    ):
        load_npz("x.npz")
    assert not (tmp_path / "unpickled").exists()
    np.load("x.npz", allow_pickle=True)["t_train"]
    assert (tmp_path / "unpickled").exists(), "the file is one that would have"


def changed(old: bytes, new: bytes) -> bytes:
    """The images' .npy file with a text in its header exchanged."""
    content = npy(X)
    assert old in content
    return content.replace(old, new.ljust(len(old)))


SHAPE = b"(3, 2, 4), }" + b" " * 50
DAMAGED = {
    "empty": (b"", "x_train in .* is no array of NumPy: it begins with nothing"),
    "another format": (b"\x89PNG\r\n....", "is no array of NumPy: it begins with 89 50 4e 47"),
    "version 9": (npy(X).replace(b"NUMPY\1", b"NUMPY\x09"), "is no array of NumPy: it begins with 93 4e"),
    "cut in the header": (npy(X)[:50], "has a header that is not one of a plain array: \"{'descr'"),
    "header of 4 GB": (b"\x93NUMPY\2\0\xff\xff\xff\xff", "is no array of NumPy"),
    "code in the header": (changed(SHAPE, b"(print(1),)}"), "has a header that is not one of a plain array"),
    "negative axis": (changed(SHAPE, b"(3, -2, -4)}"), "has a header that is not one"),
    "axis of many digits": (changed(SHAPE, b"(" + b"9" * 40 + b",)}"), "has a header that is not one"),
    "structured": (npy(np.zeros(3, "i4,f4")), "has a header that is not one of a plain array"),
    "cut": (npy(X)[:-1], r"promises 24 bytes of data in an array of shape \(3, 2, 4\), but holds 23"),
    "one byte more": (npy(X) + b"\0", "promises 24 bytes .* but holds 25"),
    "promise of 1 TB": (
        changed(SHAPE, b"(1000000000000,)}"),
        "promises 1,000,000,000,000 bytes .* but holds 24",
    ),
    "promise of too much": (changed(SHAPE, b"(9999999999, 9999999999)}"), "more than NumPy can hold"),
    "65 axes": (
        npy_by_hand(1, f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({'1, ' * 65})}}"),
        "more than NumPy",
    ),
    "text": (npy(np.array(["abc"] * 3)), "holds <U3, not integers, floats or booleans"),
    "complex": (npy(X.astype(complex)), "holds <c16, not integers"),
    "dates": (npy(np.zeros(3, "M8[s]")), r"holds <M8\[s\], not integers"),
}


@pytest.mark.parametrize(
    ("content", "message"), [pytest.param(*what, id=case) for case, what in DAMAGED.items()]
)
def test_a_damaged_array_is_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    path = write(tmp_path / "x.npz", zipfile.ZIP_DEFLATED, x_train=content)
    with pytest.raises(DataError, match=message) as caught:
        load_npz(path)
    assert f"x_train in {path}" in caught.value.what


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x_train": X, "t_train": T}, "x.npz holds no x_test; it holds x_train, t_train"),
        ({"x_train": X, "x_test": X, "t_train": T}, "x.npz holds no t_test or y_test"),
        ({}, "x.npz holds no x_train; it holds nothing"),
        (ARRAYS | {"y_test": T}, "x.npz holds more than one t_test or y_test"),
        (ARRAYS | {"t_train": T[:2]}, r"N of each: x_train \(3, 2, 4\), t_train \(2,\), x_test \(1, 2, 4\)"),
        (ARRAYS | {"x_test": T[:1]}, r"needs inputs \(N, …\) and labels \(N,\) or \(N, outputs\)"),
        (ARRAYS | {"x_test": X[:0], "t_test": T[:0]}, r"x_test \(0, 2, 4\)"),
        (ARRAYS | {"x_test": X[0, 0, 0]}, r"x_test \(\)"),
        (ARRAYS | {"t_test": np.array(1)}, r"t_test \(\)"),
        (ARRAYS | {"t_test": X[:1]}, r"t_test \(1, 2, 4\)"),
        (ARRAYS | {"x_test": X[:1, :1]}, "needs train and test of the same form"),
        (ARRAYS | {"t_test": np.eye(3)[:1]}, "needs train and test of the same form"),
        (ARRAYS | {"t_test": np.array([-1])}, "t_test in .* holds labels from -1 to -1"),
        (ARRAYS | {"t_test": np.array([2**63], "u8")}, "t_test in .* holds labels from 9223372036854775808"),
    ],
)
def test_arrays_that_do_not_fit_are_told(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(DataError, match=message):
        load_npz(tmp_path / "x.npz")


def test_labels_that_are_no_class_numbers_make_no_one_hot_rows(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, **(ARRAYS | {"t_train": T.astype(float)}))
    with pytest.raises(DataError, match=f"the labels in {path} are no class numbers"):
        load_npz(path, one_hot_label=True)


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(npy(X))
    with pytest.raises(DataError, match="x.npz cannot be read: File is not a zip file"):
        load_npz(tmp_path / "x.npz")
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(DataError, match=f"there is no file {path}"):
            load_npz(path)


def test_an_archive_behind_something_else_is_refused_as_numpy_refuses_it(tmp_path: Path) -> None:
    path = write(tmp_path / "x.npz")
    path.write_bytes(b"MZ, a program that unpacks itself" + path.read_bytes())
    with pytest.raises(ValueError, match="pickled"):
        np.load(path)
    with pytest.raises(DataError, match="there is something before the beginning of the archive"):
        load_npz(path)


def test_a_member_without_npy_is_no_array(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x_train", npy(X))
    with pytest.raises(DataError, match="x.npz holds no x_train; it holds nothing"):
        load_npz(tmp_path / "x.npz")


def test_passwords_and_other_compression_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "x.npz", zipfile.ZIP_BZIP2)
    with pytest.raises(DataError, match="x_train in .* is compressed in a way that NumPy never uses"):
        load_npz(path)
    content = write(path).read_bytes()
    encrypted = content.replace(b"PK\1\2\x14\x03\x14\0\0\0", b"PK\1\2\x14\x03\x14\0\1\0")
    encrypted = encrypted.replace(b"PK\3\4\x14\0\0\0", b"PK\3\4\x14\0\1\0")
    path.write_bytes(encrypted)
    with pytest.raises(DataError, match="cannot be read: .* is encrypted, password required"):
        load_npz(path)


def test_bombs_and_lies_cost_no_memory(tmp_path: Path) -> None:
    """100 MB of zeros in 100 kB, told and not told by the archive's directory."""
    path = tmp_path / "x.npz"
    size = 100_000_000
    np.savez_compressed(path, **(ARRAYS | {"x_train": np.zeros((3, size // 3), np.uint8)}))
    told = path.read_bytes()
    real = (size // 3 * 3 + 128).to_bytes(4, "little")
    assert real in told
    with (
        limited_memory(1_000_000),
        pytest.raises(DataError, match="x_train in .* would expand from .* to 100,000,127 bytes"),
    ):
        load_npz(path)
    path.write_bytes(told.replace(real, (100_000).to_bytes(4, "little")))
    with (
        limited_memory(1_000_000),
        pytest.raises(DataError, match="promises 99,999,999 bytes .* but holds 99,872"),
    ):
        load_npz(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_random_mutations_load_or_are_refused(tmp_path: Path, rng: np.random.Generator, method: int) -> None:
    path = tmp_path / "x.npz"
    content = write(path, method).read_bytes()
    loaded = 0
    for _ in range(1000):
        mutated = bytearray(content)
        for _ in range(rng.integers(1, 4)):
            at = int(rng.integers(len(mutated)))
            mutated[at : at + rng.integers(2)] = rng.bytes(rng.integers(2))
        path.write_bytes(mutated)
        try:
            load_npz(path)
            loaded += 1
        except DataError as error:
            if str(path) not in error.what:
                raise
    assert 10 < loaded < 990
