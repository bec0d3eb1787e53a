"""One run: what is wanted of it happens, and however it was paused, the bits are those of one that was not."""

from __future__ import annotations

import json
import shlex
import time
from contextlib import suppress
from threading import Thread

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli import main
from chainrule.storage import load_arrays
from chainrule.training import RunFolder
from chainrule.web._problem import Problem
from chainrule.web._training import _run, _watcher
from tests.web.training.conftest import wait_for, wait_for_status


def bytes_of(folder, name="network.safetensors"):
    return (folder.path / name).read_bytes()


@pytest.fixture
def uninterrupted(pictures, tmp_path):
    """The folder of a run that the command trained with the same settings."""

    def train(run, name="uninterrupted", engine="eager"):
        settings = run.settings
        words = [
            "--hidden",
            *map(str, settings.hidden),
            "--batch-size",
            settings.batch_size,
            "--engine",
            engine,
        ]
        words += ["--epochs", settings.epochs, "--optimizer", settings.optimizer, "--lr", settings.lr]
        assert main(["train", str(pictures), *map(str, words), "--out", str(tmp_path / name)]) == 0
        return RunFolder(tmp_path / name)

    return train


def assert_same_network(folder, other):
    assert bytes_of(folder) == bytes_of(other)


def test_a_run_ends_as_the_command_would_have_ended_it(start, uninterrupted):
    run = start()
    wait_for_status(run, "finished")
    folder = uninterrupted(run)
    assert_same_network(run.folder, folder)
    assert sorted(file.name for file in run.folder.path.iterdir()) == sorted(
        file.name for file in folder.path.iterdir()
    )
    assert (run.step, run.epoch, run.ended, run.error) == (45, 3, "epochs", None)


def test_it_tells_what_happens(start):
    run = start()
    wait_for_status(run, "finished")
    events = run.log.since(0)
    assert [e["status"] for e in events if e["kind"] == "status"] == ["preparing", "running", "finished"]
    assert [e["epoch"] for e in events if e["kind"] == "epoch"] == [1, 2, 3]
    epoch = next(e for e in events if e["kind"] == "epoch")
    told = {name: value for name, value in epoch.items() if name not in ("n", "kind")}
    assert told == cr.History.from_dicts([told]).to_dicts()[0]
    steps = [e for e in events if e["kind"] == "steps"]
    assert steps[0]["step"] == 1
    assert steps[-1]["step"] == 45
    flows = [e for e in events if e["kind"] == "flow"]
    assert (flows[0]["step"], flows[-1]["step"]) == (0, 45)
    assert [layer["name"] for layer in flows[0]["layers"]] == ["Affine1", "ReLU1", "Affine2"]


def test_the_loss_that_is_told_is_the_mean_of_the_steps_since(start, monkeypatch):
    monkeypatch.setattr(_watcher, "SECONDS_BETWEEN_STEPS", 0.0)
    run = start(epochs=1)
    wait_for_status(run, "finished")
    steps = [e for e in run.log.since(0) if e["kind"] == "steps"]
    assert [e["step"] for e in steps] == list(range(1, 16))
    (epoch,) = (e for e in run.log.since(0) if e["kind"] == "epoch")
    assert np.mean([e["loss"] for e in steps]) == pytest.approx(epoch["loss"])


def test_the_last_steps_are_told_together_when_the_run_ends(start, monkeypatch):
    monkeypatch.setattr(_watcher, "SECONDS_BETWEEN_STEPS", 1000.0)
    run = start(epochs=1)
    wait_for_status(run, "finished")
    events = run.log.since(0)
    (first, last), (epoch,) = ([e for e in events if e["kind"] == kind] for kind in ("steps", "epoch"))
    assert (first["step"], last["step"]) == (1, 15)
    assert (first["loss"] + 14 * last["loss"]) / 15 == pytest.approx(epoch["loss"])


def test_the_first_steps_have_their_flow_however_long_that_of_the_start_took(start, monkeypatch):
    def slow(*given):
        time.sleep(0.2)  # of which the share that may go into measuring allows one in 10 s
        return measured(*given)

    measured = _watcher.flow_of
    monkeypatch.setattr(_watcher, "flow_of", slow)
    run = start(epochs=10_000)
    wait_for(lambda: sum(e["kind"] == "flow" for e in run.log.since(0)) > 1, 5)
    assert run.is_alive


def test_steps_are_told_ten_times_a_second_and_flow_twice(start):
    run = start(epochs=100_000)
    wait_for_status(run, "running")
    time.sleep(1.1)
    run.order("stop")
    events = run.log.since(0)
    assert 4 <= sum(e["kind"] == "steps" for e in events) <= 15
    assert 2 <= sum(e["kind"] == "flow" for e in events) <= 5


def test_a_paused_run_is_all_in_its_folder_and_goes_on(start, uninterrupted):
    run = start(epochs=15, optimizer="adam", lr=0.01)
    wait_for_status(run, "running")
    for _ in range(4):
        time.sleep(0.01)
        if run.status == "running":
            run.order("pause")
        if run.status == "paused":
            checkpoint, _ = load_arrays(run.folder.checkpoint)
            paused = run.between_steps(lambda network: {k: w.copy() for k, w in network.params.items()})
            for name, w in paused.items():
                np.testing.assert_array_equal(checkpoint[f"param/{name}"], w)
            run.order("go")
    wait_for_status(run, "finished")
    assert_same_network(run.folder, uninterrupted(run))


def test_one_step_at_a_time(start, uninterrupted):
    run = start(paused=True, epochs=2)
    wait_for_status(run, "paused")
    assert run.step == 0
    for step in range(1, 17):  # over the end of an epoch, which has 15
        run.order("step")
        assert (run.status, run.step, run.epoch) == ("paused", step, step // 15)
    flows = [e["step"] for e in run.log.since(0) if e["kind"] == "flow"]
    assert flows[-3:] == [14, 15, 16]
    run.order("go")
    wait_for_status(run, "finished")
    flows = [e["step"] for e in run.log.since(0) if e["kind"] == "flow" and e["step"] > 16]
    assert len(flows) <= 3, "the other steps were not taken one by one"
    assert_same_network(run.folder, uninterrupted(run))


def test_the_last_single_step_finishes_the_run(start):
    run = start(paused=True, epochs=1, batch_size=60)
    wait_for_status(run, "paused")
    run.order("step")
    assert run.status == "paused"
    run.order("step")
    wait_for_status(run, "finished")
    assert (run.step, run.epoch) == (2, 1)


def test_a_run_that_was_paused_behind_its_last_step_is_finished(start, monkeypatch):
    """As it is when somebody pauses it while its last epoch is evaluated."""

    class PauseAtTheEnd(_watcher.Watcher):
        def on_steps(self, trainer, losses):
            if trainer.step == 30:
                self._run.wanted = "pause"
            super().on_steps(trainer, losses)

    monkeypatch.setattr(_run, "Watcher", PauseAtTheEnd)
    run = start(epochs=2)
    wait_for_status(run, "finished", "paused")
    assert (run.status, run.step, run.ended) == ("finished", 30, "epochs")


@pytest.mark.parametrize("wait_until", ["preparing", "running", "paused"])
def test_a_stopped_run_goes_on_with_the_command(start, uninterrupted, wait_until):
    run = start(epochs=8, paused=wait_until == "paused")
    wait_for_status(run, wait_until, "running", "paused")
    run.order("stop")
    assert run.status == "stopped"
    assert main(["train", "--resume", "--out", str(run.folder.path)]) == 0
    assert_same_network(run.folder, uninterrupted(run))


def test_it_stops_in_the_middle_of_an_epoch(start):
    run = start(epochs=100_000, batch_size=1)
    wait_for(lambda: run.step > 10)
    begin = time.perf_counter()
    run.order("stop")
    assert time.perf_counter() - begin < 2
    assert run.status == "stopped"
    _, about = load_arrays(run.folder.checkpoint)
    assert f'"step": {run.step},' in about["trainer"]


def test_with_the_fused_engine_the_bits_are_the_same_too(start, uninterrupted):
    pytest.importorskip("numba")
    pytest.importorskip("scipy")
    run = start(engine="fused", epochs=6, paused=True)
    wait_for_status(run, "paused")
    run.order("step", 60)
    run.order("step", 60)
    assert run.step == 2
    run.order("go")
    wait_for_status(run, "finished")
    assert_same_network(run.folder, uninterrupted(run, engine="fused"))


@pytest.mark.filterwarnings("ignore::chainrule.errors.CheckpointWarning")
def test_what_cannot_be_saved_is_said_on_the_page_and_ends_no_run(start, monkeypatch):
    run = start(epochs=3, paused=True)
    wait_for_status(run, "paused")

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    run.order("go")
    wait_for_status(run, "finished", "failed")
    assert run.status == "finished"
    why = f"{run.folder.network} cannot be written: No space left on device"
    assert run.to_json()["note"] == {
        "en": f"What was learned last is not saved: {why}.",
        "ko": f"마지막으로 학습한 내용을 저장하지 못했습니다: {why}.",
    }


def test_where_the_fused_engine_fails_the_other_one_trains(start, uninterrupted, monkeypatch):
    pytest.importorskip("numba")
    pytest.importorskip("scipy")
    from chainrule.engines.fused import Compiled

    def fail(self, threads, *, profile=False):
        raise RuntimeError("no linker")

    monkeypatch.setattr(Compiled, "native", fail)
    monkeypatch.setattr("chainrule.engines._choice._broken", {})
    run = start(engine="fused")
    wait_for_status(run, "finished", "failed")
    assert (run.status, run.settings.engine) == ("finished", "eager")
    assert run.folder.read_about()["settings"]["engine"] == "eager"
    assert run.to_json()["note"]["ko"].startswith("여기서는 fused 엔진을 쓸 수 없어")
    assert_same_network(run.folder, uninterrupted(run))


@pytest.mark.parametrize(
    ("chosen", "ended"), [({"target_accuracy": 0.5}, "target"), ({"patience": 1, "lr": 3.0}, "patience")]
)
def test_it_says_why_it_ended(start, chosen, ended):
    run = start(epochs=500, **chosen)
    wait_for_status(run, "finished")
    assert run.to_json()["ended"] == ended
    assert run.epoch < 500


ORDERS = ("go", "step", "pause", "stop")


@pytest.mark.parametrize(
    ("status", "possible"),
    [("running", {"pause", "stop"}), ("paused", set(ORDERS)), ("finished", set()), ("stopped", set())],
)
def test_what_makes_no_sense_is_refused(start, status, possible):
    for wanted in ORDERS:
        run = start(epochs=1 if status == "finished" else 100_000, paused=status == "paused")
        wait_for_status(run, "running", "paused", "finished")
        if status == "stopped":
            run.order("stop")
        wait_for_status(run, status)
        if wanted in possible:
            run.order(wanted)
        else:
            with pytest.raises(Problem) as problem:
                run.order(wanted)
            assert (problem.value.status, problem.value.code) == (409, f"run_cannot_{wanted}")
            assert problem.value.to_json("ko")["error"]["message"]
        if run.is_alive:
            run.order("stop")


def test_many_orders_at_once_leave_one_run_in_a_known_state(start, uninterrupted, rng):
    run = start(epochs=25, batch_size=4)
    orders = [[ORDERS[n] for n in rng.integers(0, 3, 12)] for _ in range(4)]

    def give(orders):
        for wanted in orders:
            with suppress(Problem):  # what makes no sense any more
                run.order(wanted, 1.0)

    threads = [Thread(target=give, args=(some,)) for some in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for_status(run, "paused", "running", "finished")
    while run.status != "finished":
        if run.status == "paused":
            run.order("go")
        time.sleep(0.01)
    assert_same_network(run.folder, uninterrupted(run))


def test_numbers_that_burst_are_told_in_both_languages(start):
    run = start(lr=1e30)
    wait_for_status(run, "failed")
    error = run.to_json()["error"]
    assert error["code"] == "nonfinite_forward"
    assert error["message"]["en"].startswith("Step 2: the gate matmul gave NaN or infinity for ")
    assert error["message"]["ko"].startswith("2번째 갱신: 순전파에서 게이트 matmul이 계산한 ")
    assert error["fix"]["ko"] == "학습률을 1e+30보다 작게 하십시오."
    assert run.log.since(0)[-1]["error"] == error
    assert "there is no" not in error["message"]["en"]


def test_an_error_of_ours_ends_the_run_and_nothing_else(start, monkeypatch, capfd):
    def broken(*arguments):
        raise KeyError("a bug")

    monkeypatch.setattr(_watcher, "flow_of", broken)
    run = start()
    wait_for_status(run, "failed")
    assert run.error["code"] == "bug"
    assert run.error["message"]["ko"].startswith("chainrule 안에서 문제가 생겼습니다")
    wait_for(lambda: not run._thread.is_alive())
    assert "KeyError: 'a bug'" in capfd.readouterr().err


def test_what_is_told_says_how_to_go_on(start, tmp_path):
    run = start(paused=True)
    wait_for_status(run, "paused")
    told = run.to_json()
    assert told["resume"] == f"chainrule train --resume --out {run.folder.path}"
    assert (told["steps_per_epoch"], told["epochs"], told["step"], told["rate"]) == (15, 3, 0, None)
    assert run.folder.path.parent == tmp_path / "runs"
    assert told["id"] == run.folder.path.name


def test_what_is_told_of_a_finished_run_trains_it_for_more_epochs(start):
    run = start()
    wait_for_status(run, "finished")
    told = run.to_json()
    assert (
        told["resume"]
        == f"chainrule train --resume --out {run.folder.path} --epochs {2 * run.settings.epochs}"
    )
    assert main(shlex.split(told["resume"])[1:]) == 0
    assert len(json.loads(run.folder.history.read_text("utf-8"))["epochs"]) == 2 * run.settings.epochs
