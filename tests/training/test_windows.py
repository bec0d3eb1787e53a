"""Data that stay on the disk: trained on in windows, to the bits of the same data in memory, in constant memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import _rows
from chainrule._rows import Rows, blocks, read
from chainrule.errors import DTypeError, LabelError, ShapeError
from chainrule.training import _evaluation, _windows
from tests._threads import on_ranks


class Counted(Rows):
    """An array that tells which rows of it were read."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        self.asked = []

    def read(self, numbers):
        self.asked.append(np.array(numbers))
        return self.array[numbers]


@pytest.fixture(autouse=True)
def small_windows(monkeypatch):
    """Of some 30 rows, so that all that is cut is cut often."""
    for module in (_windows, _evaluation):
        monkeypatch.setattr(module, "WINDOW_BYTES", 1 << 13)


def data(dtype, rows=330):
    rng = np.random.default_rng(5)
    x = rng.integers(0, 256, (rows, 49)).astype(dtype)
    t = np.argmax(x.reshape(rows, 7, 7).mean(axis=1)[:, :4], axis=1)
    return x if dtype == np.uint8 else x / dtype(255), t


def trainer(engine, **settings):
    layers = cr.Affine(49, 24), cr.Sigmoid(), cr.Affine(24, 16), cr.ReLU(), cr.Affine(16, 4)
    net = cr.Sequential(*layers, dtype=np.float64, seed=0)
    return cr.Trainer(net, cr.SGD(0.5), batch_size=32, engine=engine, **settings)


def bits(made):
    history = [{k: v for k, v in row.items() if k != "seconds"} for row in made.history.to_dicts()]
    return history, {name: w.tobytes() for name, w in made.held.items()}


@pytest.fixture(params=["eager", "fused"])
def engine(request):
    if request.param == "fused":
        pytest.importorskip("numba")
        pytest.importorskip("scipy")
    return request.param


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("kind", ["map", "rows"])
def test_the_bits_are_those_of_the_same_data_in_memory(tmp_path, engine, dtype, kind):
    x, t = data(dtype)
    whole = trainer(engine)
    whole.fit(x, t, epochs=3, validation=(x[:77], t[:77]))
    if kind == "map":
        np.save(tmp_path / "x.npy", x)
        np.save(tmp_path / "t.npy", t)
        x, t = (np.load(tmp_path / name, mmap_mode="r") for name in ("x.npy", "t.npy"))
    else:
        x, t = Counted(x), Counted(t)
    parts = trainer(engine)
    parts.fit(x, t, epochs=3, validation=(x[:77], t[:77]))
    assert bits(parts) == bits(whole)
    if kind == "rows":
        windows_of_batches = 160 if dtype == np.uint8 else 32
        assert windows_of_batches in map(len, x.asked)
    assert parts.accuracy(x, t) == whole.accuracy(*data(dtype))
    np.testing.assert_array_equal(parts.predict(x), whole.predict(data(dtype)[0]))


def test_who_stops_within_a_window_goes_on_to_the_same_bits(tmp_path, engine):
    class StopAt(cr.Callback):
        def on_step(self, trainer, loss):
            if trainer.step == 17:
                trainer.stop("interrupted")

    x, t = map(Counted, data(np.uint8))
    whole, first, second = trainer(engine), trainer(engine, callbacks=[StopAt()]), trainer(engine)
    whole.fit(x, t, epochs=3)
    first.fit(x, t, epochs=3)
    first.save(tmp_path / "c")
    second.resume(tmp_path / "c")
    second.fit(x, t, epochs=3)
    assert bits(second) == bits(whole)


def test_numbers_of_rows_are_read_in_any_order_and_more_than_once(tmp_path):
    x = np.random.default_rng(0).normal(size=(1000, 300))
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    numbers = np.random.default_rng(1).integers(0, 1000, 900)
    np.testing.assert_array_equal(read(mapped, numbers), x[numbers])
    rows = Counted(x)
    np.testing.assert_array_equal(rows[-1], x[-1])
    np.testing.assert_array_equal(np.asarray(rows[100:900:7][5:8]), x[100:900:7][5:8])
    with pytest.raises(IndexError, match="there are rows 0 to 999, and no 3 to 1000"):
        rows[[3, 1000]]
    assert [len(range(100)[some]) for some in blocks(100, 10, 300, multiple=16)] == [16] * 6 + [4]


def test_what_does_not_fit_is_refused_before_the_first_step():
    x, t = data(np.uint8)
    for bad_x, bad_t, error in (
        (Counted(x.astype(np.int32)), t, DTypeError),
        (Counted(x), Counted(np.where(np.arange(len(t)) == 300, 4, t)), LabelError),
        (Counted(x), Counted(t[:-1]), ShapeError),
        (Counted(x[:, 1:]), t, ShapeError),
    ):
        made = trainer("eager")
        with pytest.raises(error):
            made.fit(bad_x, bad_t)
        assert made.step == 0


LARGE = """
import json, resource, sys
import numpy as np
import chainrule as cr

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def train(x, t):
    net = cr.Sequential(cr.Affine(4096, 8), cr.ReLU(), cr.Affine(8, 10), seed=0)
    made = cr.Trainer(net, cr.SGD(0.1), batch_size=250, engine="eager")
    made.fit(x, t, validation=(x[:1000], t[:1000]))
    return made.history["loss"]

x, t = (np.load(name, mmap_mode="r") for name in sys.argv[1:])
train(np.array(x[:2000]), np.array(t[:2000]))  # what all training needs
before = peak()
print(json.dumps({"loss": train(x, t), "grown": peak() - before, "bytes": x.nbytes}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what is mapped counts as memory elsewhere")
def test_data_of_many_times_the_memory_are_trained_on_in_constant_memory(tmp_path):
    """400 MB, most of it a hole in the file; the memory that is needed grows by less than a sixth of that."""
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.uint8, (100_000, 4096))
    x[::1000] = np.random.default_rng(0).integers(0, 256, (100, 4096))
    np.save(tmp_path / "t.npy", np.arange(len(x)) % 10)
    del x
    done = subprocess.run(
        [sys.executable, "-c", LARGE, tmp_path / "x.npy", tmp_path / "t.npy"],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["bytes"] == 100_000 * 4096
    assert found["grown"] < 60, "MB"
    Path(tmp_path / "x.npy").unlink()


def test_a_rank_reads_its_own_rows_and_no_others(tmp_path, monkeypatch):
    """Of an epoch and the measurement after it, in bytes; the numbers are those of all rows in one process."""
    rng = np.random.default_rng(8)
    x, t = rng.normal(size=(96, 2048)).astype(np.float32), rng.integers(0, 4, 96)
    for number, some in enumerate((slice(50), slice(50, 96))):
        np.save(tmp_path / f"train-x-{number}.npy", x[some])
        np.save(tmp_path / f"train-t-{number}.npy", t[some])
    inputs = {file.stat().st_ino for file in tmp_path.glob("train-x-*")}
    read_bytes: dict[int, int] = {}
    read_at = _rows._preadv

    def counted(descriptor, buffers, position):
        if os.fstat(descriptor).st_ino in inputs:
            rank = threading.get_ident()
            read_bytes[rank] = read_bytes.get(rank, 0) + len(buffers[0])
        return read_at(descriptor, buffers, position)

    def trained(comm, data):
        net = cr.Sequential(cr.Affine(2048, 3), cr.Tanh(), cr.Affine(3, 4), dtype=np.float64, seed=0)
        made = cr.Trainer(net, cr.SGD(0.01), batch_size=8, engine="eager", comm=comm)
        made.fit(*data, epochs=1)
        return made.history["train_loss"], net.params["W1"].copy()

    losses, w = trained(None, (x, t))
    monkeypatch.setattr(_rows, "_preadv", counted)
    data = cr.datasets.load_shards(tmp_path)[0]
    for own_losses, own_w in on_ranks(2, lambda comm: trained(comm, data)):
        np.testing.assert_allclose(own_losses, losses, rtol=1e-12)
        np.testing.assert_allclose(own_w, w, rtol=1e-12)
    looked_at = 8  # rows beside those: the forms of the first ones
    half = x.nbytes // 2
    assert len(read_bytes) == 2
    for count in read_bytes.values():
        assert 2 * half <= count <= 2 * half + looked_at * x[0].nbytes
