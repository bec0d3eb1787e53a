"""The place for one run: who may start, who is refused, and how it all ends."""

from __future__ import annotations

import time
from threading import Thread

import numpy as np
import pytest

from chainrule.runs import checked_settings, load_data
from chainrule.storage import load_arrays
from chainrule.training import RunFolder
from chainrule.web._problem import Problem
from chainrule.web._state import State
from chainrule.web._training import Worker, _worker
from chainrule.web._training._worker import NO_RUN
from tests.web.training.conftest import wait_for, wait_for_status


def test_at_first_there_is_no_run(state):
    assert state.worker.told()["status"] == "none"
    assert state.worker.run is None
    for ask in (
        state.worker.network_snapshot,
        lambda: state.worker.order("x", "stop"),
        lambda: state.worker.reset("x"),
    ):
        with pytest.raises(Problem) as problem:
            ask()
        assert (problem.value.code, problem.value.status) == ("run_none", 404)


def test_no_run_is_told_as_a_run_is(start):
    run = start(paused=True)
    assert NO_RUN.keys() == run.to_json().keys()
    assert {name for name, value in NO_RUN.items() if value is not None} == {"status"}


def test_a_second_start_is_refused(state, start):
    run = start(epochs=100_000)
    with pytest.raises(Problem) as problem:
        start()
    assert (problem.value.code, problem.value.status, problem.value.facts) == (
        "run_alive",
        409,
        {"id": run.id},
    )
    assert run.id in problem.value.to_json("ko")["error"]["message"]
    assert len(list(state.folder.iterdir())) == 1
    state.worker.order(run.id, "pause")
    with pytest.raises(Problem, match="run_alive"):
        start()
    state.worker.order(run.id, "stop")
    wait_for_status(start(), "finished")


def test_of_many_starts_at_once_one_is_made(state, start):
    done = []

    def begin():
        try:
            done.append(start(epochs=100_000).id)
        except Problem as problem:
            done.append(problem.code)

    threads = [Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done)[1:] == ["run_alive"] * 7
    assert len(list(state.folder.iterdir())) == 1


def test_orders_for_another_run_are_refused(state, start):
    run = start(epochs=100_000)
    for ask in (lambda: state.worker.order("mnist-1", "stop"), lambda: state.worker.reset(None)):
        with pytest.raises(Problem) as problem:
            ask()
        assert (problem.value.code, problem.value.status) == ("run_other", 409)
    assert run.is_alive


def test_reset_forgets_the_run_and_leaves_its_folder(state, start):
    run = start(epochs=100_000)
    wait_for_status(run, "running")
    number = state.worker.log.since(0)[-1]["n"]
    state.worker.reset(run.id)
    assert state.worker.told()["status"] == "none"
    assert run.status == "stopped"
    assert run.folder.checkpoint.exists()
    (event,) = state.worker.log.since(0)
    assert event["status"] == "none"
    assert event["n"] > number
    assert start(paused=True).id != run.id


def test_a_run_that_cannot_end_yet_is_not_forgotten(state, start, monkeypatch):
    monkeypatch.setattr(_worker, "_SECONDS_TO_RESET", 0.01)
    run = start(epochs=100_000)
    wait_for_status(run, "running")
    monkeypatch.setattr(type(run), "is_alive", True)  # as if it were measuring still
    with pytest.raises(Problem) as problem:
        state.worker.reset(run.id)
    assert (problem.value.code, problem.value.status) == ("run_busy", 503)
    assert state.worker.run is run


def test_the_snapshot_is_a_copy(state, start):
    run = start(paused=True)
    wait_for_status(run, "paused")
    snapshot = state.worker.network_snapshot()
    snapshot.params["W1"][...] = 0
    assert state.worker.between_steps(lambda network: bool(network.params["W1"].any()))
    state.worker.order(run.id, "step")
    network, step = run.snapshot()
    assert step == 1
    checkpoint, _ = load_arrays(run.folder.checkpoint)
    for name, w in network.params.items():
        np.testing.assert_array_equal(w, checkpoint[f"param/{name}"])
        assert not np.shares_memory(w, run._network.params[name])


def test_closing_saves_and_ends_within_a_second(state, start):
    run = start(epochs=100_000)
    wait_for(lambda: run.step > 5)
    begin = time.perf_counter()
    state.worker.close()
    assert time.perf_counter() - begin < 1.5
    wait_for_status(run, "stopped")
    assert run.folder.checkpoint.exists()
    assert state.worker.log.closed
    with pytest.raises(Problem) as problem:
        start()
    assert (problem.value.code, problem.value.status) == ("closing", 503)
    state.worker.close()  # once more does no harm


def test_closing_does_not_wait_for_what_takes_long(state, start, monkeypatch):
    evaluates, done = [], []

    def slow(*arguments):
        evaluates.append(True)
        wait_for(lambda: done)
        return 0.0, 0.0

    monkeypatch.setattr("chainrule.Trainer.evaluate", slow)
    run = start(epochs=100_000)
    wait_for(lambda: evaluates)
    begin = time.perf_counter()
    state.worker.close()
    assert time.perf_counter() - begin < 5  # the evaluation goes on until it is let go
    done.append(True)
    wait_for_status(run, "stopped")


def test_closing_without_a_run(state):
    state.worker.close()
    assert state.worker.log.closed


def test_numbers_that_are_no_pixels_are_read_as_the_settings_ask(tmp_path, rng):
    """So that the command, which reads them so too, knows the data of the run again."""
    x, t = rng.normal(size=(30, 4)), rng.integers(0, 2, 30)
    np.savez(tmp_path / "points.npz", x_train=x, t_train=t, x_test=x, t_test=t)
    worker = Worker(State(str(tmp_path / "points.npz"), tmp_path / "runs"))
    for dtype in ("float32", "float64"):
        run = worker.start(checked_settings({"dtype": dtype, "hidden": [2], "epochs": 1, "engine": "eager"}))
        wait_for_status(run, "finished")
        had = RunFolder(run.folder.path).read_about()["data"]["sha256"]
        assert had == load_data(str(tmp_path / "points.npz"), dtype).sha256
    run._thread.join()
