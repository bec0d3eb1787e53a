"""Looking at a network that learns: always between two steps, and never in vain."""

from __future__ import annotations

import time

import numpy as np
import pytest

import chainrule as cr
from chainrule.runs import checked_settings, load_data, trainer_of
from chainrule.training import Callback
from chainrule.web._problem import Problem
from chainrule.web._training import _run, _watcher
from tests.web.training.conftest import wait_for, wait_for_status


def test_who_looks_at_the_network_sees_it_between_two_steps(start, pictures):
    run = start(epochs=100_000, batch_size=20)
    wait_for_status(run, "running")
    seen = []
    for _ in range(25):
        time.sleep(0.005)
        seen.append(
            run.between_steps(lambda network: (run.step, {k: w.copy() for k, w in network.params.items()}))
        )
    run.order("stop")
    wanted = {step for step, _ in seen}
    assert len(wanted) > 3

    class Remember(Callback):
        def on_step(self, trainer, loss):
            if trainer.step in wanted:
                known[trainer.step] = {k: w.copy() for k, w in trainer.network.params.items()}
            if trainer.step == max(wanted):
                trainer.stop("enough")

    known = {}
    data = load_data(str(pictures), "float32")
    settings = checked_settings({**run.settings.to_json(), "hidden": list(run.settings.hidden)})
    network = settings.network(data.inputs, data.classes)
    trainer = cr.Trainer(
        network, settings.update_rule(), batch_size=20, seed=0, engine="eager", callbacks=[Remember()]
    )
    trainer.fit(data.x_train, data.t_train, epochs=100_000)
    for step, params in seen:
        for name, w in params.items():
            np.testing.assert_array_equal(w, known[step][name], err_msg=f"step {step}, {name}")


def test_who_looks_in_the_middle_of_an_epoch_is_answered_after_the_step(start, monkeypatch):
    steady, answered = [], []

    class Look(_watcher.Watcher):
        def on_steps(self, trainer, losses):
            steady.append(self._run._is_steady)
            question = _run._Question(lambda network: trainer.step)
            self._run._questions.append(question)
            super().on_steps(trainer, losses)
            answered.append(question.answer.result(timeout=0))

    monkeypatch.setattr(_run, "Watcher", Look)
    run = start(epochs=2)
    wait_for_status(run, "finished")
    assert answered == list(range(1, 31))
    assert not any(steady), "a step may be under way, so nobody may look by themselves"
    assert run._is_steady


def test_the_network_can_be_seen_while_an_epoch_is_evaluated(start, monkeypatch):
    evaluates, done = [], []
    evaluate = cr.Trainer.evaluate

    def slow(self, x, t):
        evaluates.append(True)
        while not done:
            time.sleep(0.001)
        return evaluate(self, x, t)

    monkeypatch.setattr(cr.Trainer, "evaluate", slow)
    run = start(epochs=1)
    wait_for(lambda: evaluates)
    try:
        assert run.between_steps(lambda network: network.params["W1"].shape) == (16, 6)
    finally:
        done.append(True)
    wait_for_status(run, "finished")


def test_looking_fails_as_what_looks_fails(start):
    for paused in (False, True):
        run = start(epochs=100_000, paused=paused)
        wait_for_status(run, "running", "paused")
        with pytest.raises(ZeroDivisionError):
            run.between_steps(lambda network: 1 / 0)
        run.order("stop")
        assert run.between_steps(lambda network: network.params["b2"].shape) == (3,)


def test_who_waits_for_a_run_that_cannot_begin_is_told_so(start, monkeypatch):
    def fail(*arguments):
        time.sleep(0.05)
        raise cr.errors.CheckpointError("there is no room")

    monkeypatch.setattr(_run, "trainer_of", fail)
    run = start()
    for _ in range(2):
        with pytest.raises(Problem, match="run_none"):
            run.between_steps(lambda network: network)
    wait_for_status(run, "failed")


def test_who_looks_does_not_wait_for_ever(start, monkeypatch):
    monkeypatch.setattr(_run, "_SECONDS", 0.05)
    begin, make = [], trainer_of
    monkeypatch.setattr(_run, "trainer_of", lambda *a: (wait_for(lambda: begin), make(*a))[1])
    run = start(paused=True)
    with pytest.raises(Problem, match="too_slow"):
        run.between_steps(lambda network: network)
    begin.append(True)
    wait_for_status(run, "paused")
