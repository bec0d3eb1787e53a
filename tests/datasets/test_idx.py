"""IDX files and folders of them: every dtype and name, and what becomes of files that are damaged or lie."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.datasets import load_idx, read_idx
from chainrule.errors import DataError
from tests._memory import limited_memory

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def header(dtype: str, *shape: int) -> bytes:
    return bytes([0, 0, CODES[dtype], len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape)


def idx(array: np.ndarray) -> bytes:
    """An IDX file put together by hand."""
    return header(array.dtype.str[1:], *array.shape) + array.astype(array.dtype.newbyteorder(">")).tobytes()


IMAGES = (np.arange(2 * 3 * 4) * 10).astype(np.uint8).reshape(2, 3, 4)
LABELS = np.array([1, 0], np.uint8)
NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def write_folder(folder: Path, name: Callable[[str], str] = str, **changed: np.ndarray | bytes) -> Path:
    """Four small files, of which ``train_images=…`` and so on change the content."""
    for standard in NAMES:
        split, what = standard.split("-")[:2]
        content = changed.get(f"{split}_{what}", IMAGES if what == "images" else LABELS)
        data = content if isinstance(content, bytes) else idx(content)
        path = folder / name(standard)
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return folder


# What is right -------------------------------------------------------------------------------------

any_array = st.sampled_from(sorted(CODES)).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4))
)


@given(array=any_array, packed=st.booleans())
def test_every_dtype_and_shape_comes_back(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, packed: bool
) -> None:
    path = tmp_path_factory.mktemp("a") / "x"
    path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    found = read_idx(path)
    assert found.shape == array.shape
    assert found.dtype == array.dtype
    assert found.dtype.isnative
    assert found.tobytes() == array.tobytes()
    assert found.flags.writeable


def test_content_tells_gzip_and_members_may_be_joined(tmp_path: Path) -> None:
    data = idx(LABELS)
    (tmp_path / "x.gz").write_bytes(data)
    (tmp_path / "y").write_bytes(gzip.compress(data[:9]) + gzip.compress(data[9:]))
    assert read_idx(tmp_path / "x.gz").tolist() == [1, 0]
    assert read_idx(str(tmp_path / "y")).tolist() == [1, 0]


@pytest.mark.parametrize(
    "name",
    [
        str,
        lambda name: f"{name}.gz",
        lambda name: name.replace("-idx", ".idx"),
        lambda name: name.replace("-idx", ".idx") + ".gz",
        lambda name: name.replace("t10k", "test"),
        lambda name: name.replace("t10k", "test") + ".gz",
    ],
    ids=["as MNIST", "gz", "dot", "dot and gz", "test", "test and gz"],
)
def test_a_folder_is_read_under_each_naming(tmp_path: Path, name: Callable[[str], str]) -> None:
    write_folder(tmp_path, name, t10k_labels=np.array([0, 3], np.uint8))
    (x_train, t_train), (x_test, t_test) = load_idx(tmp_path)
    assert x_train.dtype == np.float32
    assert np.array_equal(x_train, IMAGES.reshape(2, 12).astype(np.float32) / 255)
    assert np.array_equal(x_test, x_train)
    assert (t_train.tolist(), t_test.tolist(), t_train.dtype) == ([1, 0], [0, 3], np.int64)


def test_a_folder_in_its_other_forms(tmp_path: Path) -> None:
    write_folder(tmp_path, t10k_labels=np.array([0, 3], ">i2"))
    (x_train, t_train), (_, t_test) = load_idx(
        str(tmp_path), normalize=False, flatten=False, one_hot_label=True
    )
    assert x_train.dtype == np.uint8
    assert np.array_equal(x_train, IMAGES[:, np.newaxis])
    assert t_train.dtype == np.float32
    assert t_train.tolist() == [[0, 1, 0, 0], [1, 0, 0, 0]], "classes are counted over train and test"
    assert t_test.tolist() == [[1, 0, 0, 0], [0, 0, 0, 1]]


# What is wrong with one file -----------------------------------------------------------------------

GOOD = idx(IMAGES)
PACKED = gzip.compress(GOOD, mtime=0)
PNG = b"\x89PNG\r\n"
DAMAGED = {
    "empty": (b"", "is no IDX file: it begins with nothing"),
    "three bytes": (GOOD[:3], "is no IDX file: it begins with 00 00 08, an IDX file with 00 00"),
    "another format": (PNG, "is no IDX file: it begins with 89 50 4e 47"),
    "first byte": (b"\1" + GOOD[1:], "is no IDX file: it begins with 01 00 08 03"),
    "second byte": (b"\0\1" + GOOD[2:], "begins with 00 01 08 03"),
    "type unknown": (b"\0\0\x0a" + GOOD[3:], "begins with 00 00 0a 03"),
    "no axes": (b"\0\0\x08\0\7", "begins with 00 00 08 00"),
    "cut in the header": (GOOD[:15], "ends inside its header"),
    "255 axes": (b"\0\0\x08\xff" + bytes(255 * 4), "more than NumPy can hold"),
    "65 axes": (header("u1", *[1] * 65) + b"\7", "more than NumPy can hold"),
    "cut": (GOOD[:-1], "ends after 23 of the 24 bytes of data it promises"),
    "one byte more": (GOOD + b"\0", "goes on after the 24 bytes of data it promises"),
    "promise of an exabyte": (
        header("u1", 2**20, 2**20, 2**20) + GOOD[16:],
        "but the 40 bytes of it cannot hold",
    ),
    "promise of too much": (header("f8", *[2**32 - 1] * 3), "more than NumPy can hold"),
    "too much, times 0": (header("u1", *[2**32 - 1] * 3, 0), "more than NumPy can hold"),
    "twice the promise": (
        header("i2", 2, 3, 4) + GOOD[16:],
        "promises 48 bytes of data, but the 40 bytes of it",
    ),
    "gzip, cut": (PACKED[:-9], "cannot be read: Compressed file ended"),
    "gzip, cut in its head": (PACKED[:5], "cannot be read: Compressed file ended"),
    "gzip, checksum": (PACKED[:-8] + b"\1\2\3\4" + PACKED[-4:], "cannot be read: CRC check failed"),
    "gzip, length": (PACKED[:-4] + bytes(4), "cannot be read: Incorrect length of data"),
    "gzip, method": (PACKED[:2] + b"\7" + PACKED[3:], "cannot be read: Unknown compression method"),
    "gzip, bits": (PACKED[:10] + b"\xff" * 20, "cannot be read: Error -3"),
    "gzip, rubbish behind": (PACKED + b"rubbish", "cannot be read: Not a gzipped file"),
    "gzip, data cut": (gzip.compress(GOOD[:-1]), "ends after 23 of the 24 bytes"),
    "gzip, one byte more": (gzip.compress(GOOD + b"\0"), "goes on after the 24 bytes"),
    "gzip, large promise": (
        gzip.compress(header("u1", 2**30) + b"\0"),
        "compressed bytes of it cannot hold them",
    ),
    "gzip in gzip": (gzip.compress(PACKED), "begins with 1f 8b 08 00"),
}


@pytest.mark.parametrize(
    ("content", "message"), [pytest.param(*what, id=case) for case, what in DAMAGED.items()]
)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path)
    assert str(path) in caught.value.what
    write_folder(tmp_path, train_images=content)
    with pytest.raises(DataError, match=message) as caught:
        load_idx(tmp_path)
    assert str(tmp_path / NAMES[0]) in caught.value.what


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "nothing", tmp_path, tmp_path / "pipe"):
        with pytest.raises(DataError, match=f"there is no file {path}"):
            read_idx(path)
    with pytest.raises(DataError, match=f"there is no folder {tmp_path / 'nothing'}"):
        load_idx(tmp_path / "nothing")


def test_lies_and_bombs_cost_no_memory(tmp_path: Path) -> None:
    """100 MB of zeros are 100 kB of gzip: whether promised or not, they are not unpacked."""
    zeros = bytes(100_000_000)
    bombs = {
        "promised": (header("u1", len(zeros)) + zeros, "would expand from .* to 100,000,000 bytes"),
        "not promised": (header("u1", 3) + zeros, "goes on after the 3 bytes"),
        "in the header": (header("u1", 3)[:6] + zeros, "goes on after the 0 bytes"),
        "a lie": (header("u1", 60_000_000) + bytes(100_000), "compressed bytes of it cannot hold them"),
    }
    for name, (content, _) in bombs.items():
        (tmp_path / name).write_bytes(gzip.compress(content, 1))
    for name, (_, message) in bombs.items():
        with limited_memory(1_000_000), pytest.raises(DataError, match=message):
            read_idx(tmp_path / name)


@pytest.mark.parametrize("content", [GOOD, PACKED], ids=["plain", "gzip"])
def test_random_mutations_load_or_are_refused(
    tmp_path: Path, rng: np.random.Generator, content: bytes
) -> None:
    path = tmp_path / "x"
    loaded = 0
    for _ in range(1000):
        changed = bytearray(content)
        for _ in range(rng.integers(1, 4)):
            at = int(rng.integers(len(changed)))
            changed[at : at + rng.integers(2)] = rng.bytes(rng.integers(2))
        path.write_bytes(changed)
        try:
            found = read_idx(path)
        except DataError as error:
            if str(path) in error.what:
                continue
            raise
        loaded += 1
        assert found.nbytes <= len(GOOD)
    assert 10 < loaded < 990


# What is wrong between files -----------------------------------------------------------------------


@pytest.mark.parametrize("missing", NAMES)
def test_a_missing_file_is_told_with_all_names_looked_for(tmp_path: Path, missing: str) -> None:
    write_folder(tmp_path)
    (tmp_path / missing).unlink()
    (tmp_path / missing).mkdir()  # some unpackers make a folder of that name
    split, what = missing.split("-")[:2]
    with pytest.raises(DataError, match=f"{tmp_path} holds no {what} of {split}; looked for") as caught:
        load_idx(tmp_path)
    for name in (missing, f"{missing}.gz", missing.replace("-idx", ".idx"), missing.replace("t10k", "test")):
        assert name in caught.value.what


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"train_labels": LABELS[:1]}, "train-images-.* holds 2 images, .*train-labels-.* 1 labels"),
        (
            {"t10k_images": IMAGES[:, :2]},
            r"images in .*train-images-.* are \(3, 4\), in .*t10k-images-.* \(2, 4\)",
        ),
        (
            {"t10k_images": IMAGES[:0], "t10k_labels": LABELS[:0]},
            r"t10k-images-.* holds uint8 of shape \(0, 3, 4\)",
        ),
        (
            {"train_images": LABELS},
            r"train-images-.* holds uint8 of shape \(2,\), not images: uint8 \(N, height",
        ),
        ({"train_images": IMAGES.astype("f4")}, "train-images-.* holds float32 of shape"),
        ({"train_labels": IMAGES}, r"train-labels-.* holds uint8 of shape \(2, 3, 4\), not labels: integers"),
        ({"train_labels": LABELS.astype("f4")}, "train-labels-.* holds float32 of shape"),
        (
            {"t10k_labels": np.array([-1, 0], "i1")},
            "t10k-labels-.* holds labels from -1 to 0; classes count from 0",
        ),
    ],
)
def test_files_that_do_not_fit_are_named(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    write_folder(tmp_path, **changed)
    with pytest.raises(DataError, match=message):
        load_idx(tmp_path)


def test_a_lying_label_makes_no_endless_one_hot_rows(tmp_path: Path) -> None:
    write_folder(tmp_path, train_labels=np.array([0, 2**31 - 1], "i4"))
    assert load_idx(tmp_path)[0][1].tolist() == [0, 2**31 - 1]
    with pytest.raises(
        DataError, match="2 labels of 2,147,483,648 classes in .* are too many for one-hot rows"
    ):
        load_idx(tmp_path, one_hot_label=True)
