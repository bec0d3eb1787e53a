"""Folders of shards: the rows of one array in many files, and what is wrong with files that are none."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.datasets import has_shards, load_shards
from chainrule.errors import DataError


def write_idx(path, array):
    kind = {"uint8": 8, "float32": 13}[array.dtype.name]
    shape = b"".join(size.to_bytes(4) for size in array.shape)
    path.write_bytes(
        bytes([0, 0, kind, array.ndim]) + shape + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


def write(folder, x, t, cuts, split="train"):
    for number, (own_x, own_t) in enumerate(zip(np.split(x, cuts), np.split(t, cuts), strict=True)):
        np.save(folder / f"{split}-x-{number:03}.npy", own_x)
        np.save(folder / f"{split}-t-{number:03}.npy", own_t)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.integers(0, 40), max_size=5).map(sorted),
    numbers=st.lists(st.integers(0, 39), max_size=30),
    row=st.sampled_from([(3,), (2, 2), (700, 3)]),
    dtype=st.sampled_from(["u1", "<f4", ">f8"]),
)
def test_rows_are_those_of_the_whole_array_however_it_is_cut(tmp_path, cuts, numbers, row, dtype):
    for file in tmp_path.iterdir():
        file.unlink()
    x = np.random.default_rng(1).integers(0, 256, (40, *row)).astype(dtype)
    t = np.arange(40, dtype=np.int16) % 7
    write(tmp_path, x, t, cuts)
    (rows, targets), test = load_shards(tmp_path)
    assert (rows.shape, rows.dtype) == ((40, int(np.prod(row))), x.dtype.newbyteorder("="))
    assert (targets.shape, targets.dtype, test) == ((40,), np.int64, None)
    np.testing.assert_array_equal(rows[numbers or np.empty(0, int)], x.reshape(40, -1)[numbers])
    np.testing.assert_array_equal(targets[numbers or np.empty(0, int)], t[numbers])
    np.testing.assert_array_equal(np.asarray(rows), x.reshape(40, -1))


def test_idx_files_in_pieces(tmp_path):
    x, t = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3), np.array([3, 1, 4, 1, 5], np.uint8)
    for number, some in enumerate((slice(2), slice(2, 5))):
        write_idx(tmp_path / f"train-images-{number}-idx3-ubyte", x[some])
        write_idx(tmp_path / f"train-labels-{number}-idx1-ubyte", t[some])
    write_idx(tmp_path / "t10k-images-idx3-ubyte", x[:1])
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", t[:1])
    (rows, targets), (x_test, t_test) = load_shards(tmp_path)
    np.testing.assert_array_equal(rows[[4, 0, 2]], x.reshape(5, 12)[[4, 0, 2]])
    np.testing.assert_array_equal(targets[[4, 0, 2]], [5, 3, 4])
    assert (x_test.shape, np.asarray(t_test).tolist()) == ((1, 12), [3])
    assert has_shards(tmp_path)


def test_four_idx_files_are_a_data_set_and_not_shards(tmp_path):
    for split in ("train", "t10k"):
        write_idx(tmp_path / f"{split}-images-idx3-ubyte", np.zeros((2, 3, 3), np.uint8))
        write_idx(tmp_path / f"{split}-labels-idx1-ubyte", np.zeros(2, np.uint8))
    assert not has_shards(tmp_path)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda f: (f / "train-t-001.npy").unlink(), "there is no file .*train-t-001.npy"),
        (lambda f: (f / "train-x-000.npy").unlink(), "train-t-000.npy has targets, but the inputs"),
        (
            lambda f: (f / "train-x-001.npy").rename(f / "train-x-001.npy.gz"),
            "train-x-001.npy.gz is compressed",
        ),
        (
            lambda f: np.save(f / "train-x-001.npy", np.zeros((4, 3))),
            "train-x-001.npy has 4 rows, .*train-t-001.npy 5",
        ),
        (
            lambda f: np.save(f / "train-x-001.npy", np.zeros((5, 4))),
            r"train-x-001.npy holds float64 of rows \(4,\), .*train-x-000.npy float64 of rows \(3,\)",
        ),
        (lambda f: np.save(f / "train-x-001.npy", np.zeros((5, 3), np.float32)), "holds float32 of rows"),
        (lambda f: np.save(f / "train-x-001.npy", np.zeros((3, 5)).T), "lies in Fortran order"),
        (
            lambda f: np.save(f / "train-x-001.npy", np.array([{}] * 5), allow_pickle=True),
            "holds Python objects",
        ),
        (lambda f: np.save(f / "train-x-001.npy", np.float64(1)), "holds a single number"),
        (
            lambda f: (f / "train-x-001.npy").write_bytes((f / "train-x-001.npy").read_bytes()[:-1]),
            "train-x-001.npy has 247 bytes; its head promises 248",
        ),
        (lambda f: (f / "train-x-001.npy").write_bytes(b"hello"), "is no array of NumPy"),
        (
            lambda f: (
                np.save(f / "test-x.npy", np.zeros((5, 4))) or np.save(f / "test-t.npy", np.zeros(5, int))
            ),
            r"the inputs in .* are float64 of rows \(3,\) for training and float64 of rows \(4,\) for the test",
        ),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, change, what):
    write(tmp_path, np.ones((10, 3)), np.arange(10), [5])
    change(tmp_path)
    with pytest.raises(DataError, match=what):
        load_shards(tmp_path)


def test_a_file_that_shrinks_while_it_is_read_is_an_error_and_no_crash(tmp_path):
    write(tmp_path, np.ones((10, 3)), np.arange(10), [5])
    (x, _), _ = load_shards(tmp_path)
    file = tmp_path / "train-x-001.npy"
    file.write_bytes(file.read_bytes()[:-30])
    np.testing.assert_array_equal(x[:6], np.ones((6, 3)))
    with pytest.raises(DataError, match=f"{re.escape(str(file))} ends within the rows that it had"):
        x[[9]]
    file.unlink()
    with pytest.raises(DataError, match="train-x-001.npy cannot be read: No such file"):
        x[[9]]


def test_nothing_to_load(tmp_path):
    with pytest.raises(DataError, match="there is no folder"):
        load_shards(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no shards"):
        load_shards(tmp_path)


def test_training_on_shards_gives_the_bits_of_the_whole_array(tmp_path):
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(200, 6)).astype(np.float32), rng.integers(0, 3, 200)
    write(tmp_path, x, t, [3, 90, 90, 150])

    def trained(x, t):
        net = cr.Sequential(cr.Affine(6, 8), cr.Tanh(), cr.Affine(8, 3), seed=0)
        cr.Trainer(net, cr.Adam(), batch_size=32, engine="eager").fit(x, t, epochs=2, validation=(x, t))
        return net

    one, other = trained(*load_shards(tmp_path)[0]), trained(x, t)
    for name, w in one.params.items():
        np.testing.assert_array_equal(other.params[name], w)
