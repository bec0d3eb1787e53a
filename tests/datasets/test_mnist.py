"""MNIST as it comes with the package: its known statistics, its forms, and damage to its files."""

from __future__ import annotations

import gzip
import inspect
import shutil
from pathlib import Path

import numpy as np
import pytest

from chainrule.datasets import _mnist, load_mnist
from chainrule.errors import DataError
from tests._memory import limited_memory

FOLDER = Path(_mnist.__file__).parent / "mnist"
SUMS = [line.split()[1] for line in (FOLDER / "SHA256SUMS").read_text().splitlines()]


def raw(name: str, header: int) -> np.ndarray:
    """The numbers of a file, read without the code under test."""
    return np.frombuffer(gzip.decompress((FOLDER / name).read_bytes()), np.uint8, offset=header)


def test_it_is_the_mnist_that_everybody_knows() -> None:
    (x_train, t_train), (x_test, t_test) = load_mnist()
    assert np.bincount(t_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(t_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    # The mean and standard deviation that PyTorch's MNIST example normalises with.
    assert x_train.mean(dtype=float) == pytest.approx(0.1307, abs=5e-5)
    assert x_train.std(dtype=float) == pytest.approx(0.3081, abs=5e-5)
    assert x_train.shape == (60000, 784)
    assert x_test.shape == (10000, 784)
    assert x_train.min() == 0
    assert x_train.max() == 1


def test_the_arguments_are_those_of_the_lesson() -> None:
    assert str(inspect.signature(load_mnist)).startswith(
        "(normalize: 'bool' = True, flatten: 'bool' = True, one_hot_label: 'bool' = False)"
    )


@pytest.mark.parametrize(  # every two of them in all four ways
    ("normalize", "flatten", "one_hot_label"),
    [(True, True, False), (True, False, True), (False, True, True), (False, False, False)],
)
def test_every_form_is_what_the_files_hold(normalize: bool, flatten: bool, one_hot_label: bool) -> None:
    train, test = load_mnist(normalize, flatten, one_hot_label)
    for (x, t), split in ((train, "train"), (test, "t10k")):
        labels = raw(f"{split}-labels-idx1-ubyte.gz", 8)
        pixels = raw(f"{split}-images-idx3-ubyte.gz", 16)
        pixels = pixels.reshape(len(labels), *((784,) if flatten else (1, 28, 28)))
        # The very bits of the lesson's x.astype(np.float32) / 255.0.
        wanted = pixels.astype(np.float32) / 255.0 if normalize else pixels
        assert x.dtype == wanted.dtype
        assert x.flags.c_contiguous
        assert np.array_equal(x, wanted)
        assert t.dtype == (np.float32 if one_hot_label else np.int64)
        assert np.array_equal(t, np.eye(10)[labels] if one_hot_label else labels)


def test_arithmetic_on_labels_does_not_wrap() -> None:
    (_, t_train), _ = load_mnist(normalize=False)
    assert (t_train - 1).min() == -1


def test_loading_makes_no_float64() -> None:
    # One byte a pixel as it is read, four in the result; float64 would be eight more.
    with limited_memory(70_000 * 784 * (1 + 4) * 1.1):
        load_mnist()


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of MNIST's folder that load_mnist reads in place of its own."""
    monkeypatch.setattr(_mnist, "_FOLDER", Path(shutil.copytree(FOLDER, tmp_path / "mnist")))
    return tmp_path / "mnist"


@pytest.mark.parametrize("name", SUMS)
def test_one_changed_bit_is_noticed(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{copy / name} is damaged: its checksum is not") as caught:
        load_mnist()
    assert caught.value.fix == "pip install --force-reinstall --no-deps chainrule"


@pytest.mark.parametrize("name", ["SHA256SUMS", "t10k-labels-idx1-ubyte.gz"])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(DataError, match=f"a file of MNIST cannot be read: .*{name}"):
        load_mnist()


def test_checksums_name_all_four_files_and_the_licence_is_told() -> None:
    assert sorted(SUMS) == sorted(path.name for path in FOLDER.glob("*.gz"))
    assert len(SUMS) == 4
    note = (FOLDER / "LICENCE-NOTE").read_text()
    for text in ("Yann LeCun and Corinna Cortes", "NIST Special Database 3", "CC BY-SA 3.0"):
        assert text in note
