"""Several processes train as one does: the same losses, the same parameters, the same end."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.engines import resolve
from tests._threads import Killed, on_ranks


@pytest.fixture(autouse=True)
def _not_on_xla() -> None:
    if resolve("auto") == "xla":
        pytest.skip("the xla engine shares mini-batches itself, among processes and not threads")


ROWS, INPUTS = 23, 6
rng = np.random.default_rng(20)
X = rng.normal(size=(ROWS, INPUTS))
LABELS = rng.integers(0, 3, ROWS)
IDS = rng.integers(0, 9, (ROWS, 4))


def sequential(*layers: Any, **options: Any) -> cr.Network:
    return cr.Sequential(*layers, seed=3, dtype=np.float64, **options)


NETWORKS: dict[str, tuple[Callable[[], Any], Any, Any]] = {
    "two layers": (lambda: cr.TwoLayerNet(INPUTS, 5, 3, seed=3, dtype=np.float64), X, LABELS),
    "dropout and batch norm": (
        lambda: sequential(
            cr.Affine(INPUTS, 5), cr.BatchNorm(5), cr.Dropout(0.4), cr.Tanh(), cr.Affine(5, 3)
        ),
        X, LABELS,
    ),
    "images": (
        lambda: sequential(
            cr.Conv2D(1, 2, 2), cr.BatchNorm(2), cr.ReLU(), cr.Flatten(), cr.Affine(4, 3),
            input_shape=(1, 2, 3),
        ),
        X.reshape(-1, 1, 2, 3), LABELS,
    ),
    "numbers": (
        lambda: sequential(cr.Affine(INPUTS, 4), cr.Sigmoid(), cr.Affine(4, 2), loss=cr.MeanSquaredError()),
        X, X[:, :2],
    ),
    "ids": (
        lambda: sequential(cr.Embedding(9, 3), cr.LayerNorm(3), cr.Flatten(), cr.Affine(12, 3), input_shape=(4,)),
        IDS, LABELS,
    ),
}  # fmt: skip


def trained(name: str, comm: cr.Comm | None, batch_size: int, **options: Any) -> tuple[Any, cr.Trainer]:
    make, x, t = NETWORKS[name]
    network = make()
    trainer = cr.Trainer(network, cr.Momentum(0.05), batch_size=batch_size, comm=comm, **options)
    trainer.fit(x, t, epochs=2, validation=(x[:2], t[:2]))
    return network, trainer


def check_same(name: str, ranks: int, batch_size: int, **options: Any) -> None:
    alone, one = trained(name, None, batch_size, **options)
    for network, trainer in on_ranks(ranks, lambda comm: trained(name, comm, batch_size, **options)):
        assert trainer.step == one.step
        for key in ("loss", "train_loss", "validation_loss"):
            np.testing.assert_allclose(trainer.history[key], one.history[key], rtol=1e-12)
        for key in ("train_accuracy", "validation_accuracy"):
            assert trainer.history[key] == one.history[key]
        for key, w in {**alone.params, **alone.state}.items():
            np.testing.assert_allclose({**network.params, **network.state}[key], w, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", NETWORKS)
def test_ranks_train_as_one_process_does(name: str) -> None:
    check_same(name, 3, 7, clip_norm=0.5)  # 7, 7, 7 and 2 rows among 3 ranks, of which one then has none


@pytest.mark.auto_engine
def test_ranks_of_the_fused_engine_train_as_one_process_does() -> None:
    pytest.importorskip("numba")
    check_same("dropout and batch norm", 3, 7, engine="fused")


@given(ranks=st.integers(1, 5), batch_size=st.integers(2, ROWS + 3))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_any_number_of_ranks_shares_any_mini_batch(ranks: int, batch_size: int) -> None:
    check_same("two layers", ranks, batch_size)


def test_ranks_end_after_the_same_step_whoever_asks() -> None:
    class AfterFive(cr.Callback):
        def on_step(self, trainer: cr.Trainer, loss: float) -> None:
            if trainer.comm.rank == 1 and trainer.step == 5:
                trainer.stop("enough")

    results = on_ranks(3, lambda comm: trained("two layers", comm, 4, callbacks=[AfterFive()])[1])
    assert [(t.step, t.history.stopped) for t in results] == [(5, "enough")] * 3


def test_ranks_begin_with_the_parameters_of_the_first() -> None:
    def fit(comm: cr.Comm) -> Any:
        network = cr.TwoLayerNet(INPUTS, 5, 3, seed=comm.rank, dtype=np.float64)
        cr.Trainer(network, cr.SGD(0.1), batch_size=4, comm=comm).fit(X, LABELS)
        return network.params["W1"].tobytes()

    assert len(set(on_ranks(3, fit))) == 1


def test_a_run_goes_on_with_another_number_of_ranks(tmp_path: Path) -> None:
    """Two ranks end in the middle of an epoch, three go on from what rank 0 has saved."""
    file = tmp_path / "checkpoint.safetensors"

    class Stop(cr.Callback):
        def on_step(self, trainer: cr.Trainer, loss: float) -> None:
            if trainer.step == 4 and trainer.comm.size == 2:
                trainer.stop("here")

    def fit(comm: cr.Comm) -> Any:
        network = NETWORKS["dropout and batch norm"][0]()
        callbacks = [Stop(), cr.Checkpoints(file)]
        trainer = cr.Trainer(network, cr.Momentum(0.05), batch_size=4, comm=comm, callbacks=callbacks)
        if file.exists():
            trainer.resume(file)
        trainer.fit(X, LABELS, epochs=2)
        return network

    on_ranks(2, fit)
    alone, _ = trained("dropout and batch norm", None, 4)
    for network in on_ranks(3, fit):
        for name, w in alone.arrays.items():
            np.testing.assert_allclose(network.arrays[name], w, rtol=1e-12, atol=1e-14)


def test_callbacks_that_write_are_called_on_rank_0_alone() -> None:
    class Writer(cr.Callback):
        writes = True

        def __init__(self) -> None:
            self.calls = 0

        def on_epoch(self, trainer: cr.Trainer, epoch: Any) -> None:
            self.calls += 1

    results = on_ranks(3, lambda comm: trained("two layers", comm, 4, callbacks=[Writer()])[1])
    assert [t.callbacks[0].calls for t in results] == [2, 0, 0]


@pytest.mark.parametrize(
    ("options", "rows", "what"),
    [
        (lambda rank: {"batch_size": 4 + (rank == 2)}, lambda rank: ROWS, "rank 2 has other settings than rank 0"),
        (lambda rank: {}, lambda rank: ROWS - (rank == 1), "rank 1 has other data than rank 0"),
    ],
)  # fmt: skip
def test_ranks_that_differ_are_refused_on_all(options: Any, rows: Any, what: str) -> None:
    def fit(comm: cr.Comm) -> None:
        network, n = NETWORKS["two layers"][0](), rows(comm.rank)
        cr.Trainer(network, cr.SGD(0.1), comm=comm, **options(comm.rank)).fit(X[:n], LABELS[:n])

    errors = on_ranks(3, fit)
    assert [(type(e), e.what, e.lost) for e in errors] == [(cr.errors.RankError, what, False)] * 3


def test_ranks_that_drift_apart_are_told() -> None:
    class Cosmic(cr.Callback):
        def on_step(self, trainer: cr.Trainer, loss: float) -> None:
            if trainer.comm.rank == 2:
                trainer.network.params["b1"][0] += 1e-15

    errors = on_ranks(3, lambda comm: trained("two layers", comm, 4, callbacks=[Cosmic()]))
    assert {e.what for e in errors} == {"rank 2 has other parameters than rank 0"}


def test_nan_is_refused_with_the_same_words_as_by_one_process() -> None:
    x = X.copy()
    x[17, 2] = np.nan

    def fit(comm: cr.Comm | None) -> str:
        trainer = cr.Trainer(NETWORKS["two layers"][0](), cr.SGD(0.1), batch_size=6, comm=comm)
        with pytest.raises(cr.errors.NonFiniteError) as caught:
            trainer.fit(x, LABELS)
        return caught.value.what

    assert on_ranks(3, fit) == [fit(None)] * 3


@given(data=st.data(), ranks=st.integers(2, 4))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_survivors_go_on_whenever_others_die(data: st.DataObject, ranks: int) -> None:
    """Whichever ranks die at whichever sum, the others end with what nobody's death would have changed."""
    number = st.integers(25, 160)  # of a sum; those before it are the beginning, which all must live to see
    dying = data.draw(st.dictionaries(st.integers(0, ranks - 1), number, max_size=ranks - 1), label="dies")
    alone, one = trained("two layers", None, 4)
    with warnings.catch_warnings(action="ignore"), pytest.MonkeyPatch.context() as patch:
        patch.setattr("chainrule.training._survivors._SECONDS", 0.0)  # a moment after each step
        results = on_ranks(ranks, lambda comm: trained("two layers", comm, 4), dying)
    survivors = [result for result in results if not isinstance(result, BaseException)]
    assert survivors
    for network, trainer in survivors:
        assert (trainer.step, trainer.history.stopped) == (one.step, "finished")
        np.testing.assert_allclose(trainer.history["loss"], one.history["loss"], rtol=1e-12)
        np.testing.assert_allclose(network.params["W1"], alone.params["W1"], rtol=1e-12, atol=1e-14)
    assert all(isinstance(result, Killed) for result in results if isinstance(result, BaseException))


def test_another_comm_than_there_is_is_refused() -> None:
    with pytest.raises(cr.errors.ArgumentError, match="comm must be None, 'mpi' or a Comm; it is 'nccl'"):
        cr.Trainer(NETWORKS["two layers"][0](), cr.SGD(0.1), comm="nccl")
