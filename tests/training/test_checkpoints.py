"""`Checkpoints`: when it saves, what it refuses to save, and that a resumed run ends where it should."""

from __future__ import annotations

import errno
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import warnings

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, CheckpointError, CheckpointWarning, NonFiniteError
from chainrule.storage import earlier
from chainrule.training import Callback, Checkpoints, EarlyStopping, TargetAccuracy


class Saving(Checkpoints):
    """Remembers at which step it saved."""

    def __init__(self, path, **settings):
        super().__init__(path, **settings)
        self.steps = []

    def _save(self, trainer):
        before = self.path.stat().st_mtime_ns if self.path.exists() else None
        super()._save(trainer)
        if self.path.exists() and self.path.stat().st_mtime_ns != before:
            self.steps.append(trainer.step)


class Interrupt(Callback):
    """Ctrl-C at a step."""

    def __init__(self, step):
        self.step = step

    def on_step(self, trainer, loss):
        if trainer.step == self.step:
            trainer.stop("interrupted")


def fit(net, data, *callbacks, epochs=2, **settings):
    trainer = cr.Trainer(
        net, cr.SGD(**settings.pop("sgd", {"lr": 0.1})), batch_size=50, callbacks=callbacks, **settings
    )
    trainer.fit(*data, epochs=epochs, validation=data)
    return trainer


@pytest.mark.parametrize(("seconds", "steps"), [(0.0, [1, 2, 3, 3, 4, 5, 6, 6]), (1000.0, [3, 6])])
def test_after_each_epoch_and_every_so_many_seconds(tmp_path, spirals, make_net, seconds, steps):
    class EachStep(Callback):
        """Who looks at every step makes it come by itself, on every engine."""

        def on_step(self, trainer, loss):
            pass

    saving = Saving(tmp_path / "c", every_seconds=seconds)
    fit(make_net(), spirals, saving, EachStep())
    assert saving.steps == steps


def test_after_every_so_many_steps(tmp_path, spirals, make_net):
    saving = Saving(tmp_path / "c", every_steps=7, every_seconds=None)
    trainer = cr.Trainer(make_net(), cr.Adam(), batch_size=5, engine="eager", callbacks=[saving])
    trainer.fit(*spirals, epochs=2)
    assert saving.steps == [7, 14, 21, 28, 30, 35, 42, 49, 56, 60]
    kept = [trainer_at(earlier(saving.path, number), make_net).step for number in range(3)]
    assert kept == [60, 56, 49]
    assert sorted(os.listdir(tmp_path)) == ["c", "c.before-1", "c.before-2"]


def trainer_at(path, make_net):
    trainer = cr.Trainer(make_net(seed=9), cr.Adam(), batch_size=5, engine="eager")
    trainer.resume(path)
    return trainer


@pytest.fixture
def three(tmp_path, spirals, make_net):
    """Checkpoints of steps 50, 56 and 60."""
    trainer = cr.Trainer(
        make_net(),
        cr.Adam(),
        batch_size=5,
        engine="eager",
        callbacks=[Checkpoints(tmp_path / "c", every_steps=28, every_seconds=None)],
    )
    trainer.fit(*spirals, epochs=2)
    return tmp_path / "c"


def test_a_changed_byte_is_noticed_wherever_it_is(three, make_net):
    """The state is then that of the checkpoint before, which is said; or, where the byte says nothing, the same."""
    whole, newest = three.read_bytes(), trainer_at(three, make_net)
    rng = random.Random(8)
    for position in [0, 8, len(whole) - 1, *(rng.randrange(len(whole)) for _ in range(40))]:
        damaged = bytearray(whole)
        damaged[position] ^= 1 << rng.randrange(8)
        three.write_bytes(damaged)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            trainer = trainer_at(three, make_net)
        if said:
            assert re.search(
                rf"^{three} .*\. Training goes on from {three}.before-1, after step 56$", str(said[0].message)
            )
        for name, w in (newest.held if not said else {}).items():
            np.testing.assert_array_equal(trainer.held[name], w, err_msg=f"{position} of {len(whole)}")
        assert trainer.step == (56 if said else 60)


def test_the_newest_whole_one_is_taken_or_none(three, make_net):
    three.unlink()
    earlier(three, 1).write_bytes(b"half")
    with pytest.warns(
        CheckpointWarning, match=r"c cannot be loaded: there is no such file; .*before-1 cannot be"
    ):
        assert trainer_at(three, make_net).step == 30
    earlier(three, 2).write_bytes(b"")
    with pytest.raises(
        CheckpointError, match=r"no checkpoint is left that can be used: .*c cannot .*; .*before-2 "
    ):
        trainer_at(three, make_net)


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path, spirals, make_net):
    others = [".chainrule-d-0123456789abcdef.tmp", ".chainrule-0123456789abcdef.tmp", "c.tmp"]
    for name in (*others, ".chainrule-c-0123456789abcdef.tmp"):
        (tmp_path / name).write_bytes(b"half")
    fit(make_net(), spirals, Checkpoints(tmp_path / "c"), epochs=1)
    assert sorted(os.listdir(tmp_path)) == sorted([*others, "c"])


class At(Callback):
    """Does something after steps."""

    def __init__(self, **what):
        self.what = {int(step.removeprefix("step")): do for step, do in what.items()}

    def on_step(self, trainer, loss):
        self.what.get(trainer.step, lambda: None)()


def test_what_cannot_be_written_is_said_once_and_training_goes_on(tmp_path, spirals, make_net, monkeypatch):
    undisturbed = fit(make_net(), spirals, epochs=8)
    fsync = os.fsync

    def broken(code):
        def fail(descriptor):
            raise OSError(code, os.strerror(code))

        return lambda: monkeypatch.setattr(os, "fsync", fail)

    saving = Saving(tmp_path / "c", every_steps=2, every_seconds=None)
    problems = []
    at = At(
        step11=lambda: problems.append(saving.problem is None),
        step16=lambda: problems.append(saving.problem is None),
        step3=broken(errno.ENOSPC),
        step9=broken(errno.EROFS),
        step13=lambda: monkeypatch.setattr(os, "fsync", fsync),
        step17=lambda: shutil.rmtree(tmp_path),
    )
    with pytest.warns(CheckpointWarning) as said:
        trainer = fit(make_net(), spirals, saving, at, epochs=8)
    assert [str(one.message) for one in said] == [
        f"{tmp_path}/c cannot be written: {os.strerror(code)}; "
        "training goes on, and the next checkpoint tries again"
        for code in (errno.ENOSPC, errno.EROFS, errno.ENOENT)
    ]
    assert saving.steps == [2, 14, 15, 16]
    assert problems == [False, True], "one that was overcome is none"
    assert os.strerror(errno.ENOENT) in saving.problem.what
    for name, w in undisturbed.network.params.items():
        np.testing.assert_array_equal(trainer.network.params[name], w)


def test_a_file_that_the_system_lets_grow_no_further_leaves_nothing_half(tmp_path, spirals, make_net):
    resource = pytest.importorskip("resource")
    fit(make_net(), spirals, Checkpoints(tmp_path / "c"), epochs=1)
    whole = (tmp_path / "c").read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) // 2, before[1]))
    try:
        with pytest.warns(CheckpointWarning, match="c cannot be written: File too large; training goes on"):
            fit(make_net(), spirals, Checkpoints(tmp_path / "c"), epochs=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (os.listdir(tmp_path), (tmp_path / "c").read_bytes()) == (["c"], whole)


def test_a_folder_that_was_never_there_is_refused_before_the_first_step(tmp_path, spirals, make_net):
    net = make_net()
    before = net.params["W1"].copy()
    with pytest.raises(CheckpointError, match="c cannot be written: there is no folder .*typo"):
        fit(net, spirals, Checkpoints(tmp_path / "typo" / "c"))
    np.testing.assert_array_equal(net.params["W1"], before)


@pytest.mark.parametrize(
    ("name", "code", "word"), [("SIGTERM", 143, "terminated"), ("SIGHUP", 129, "hung up")]
)
def test_a_signal_that_ends_the_process_ends_the_step_first(tmp_path, spirals, make_net, name, code, word):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    saving = Saving(tmp_path / "c", every_seconds=1000)
    trainer = cr.Trainer(
        make_net(),
        cr.SGD(0.1),
        batch_size=50,
        callbacks=[saving, At(step5=lambda: signal.raise_signal(number))],
    )
    with pytest.raises(SystemExit) as end:
        trainer.fit(*spirals, epochs=9)
    assert (end.value.code, trainer.history.stopped, saving.steps) == (code, word, [3, 5])
    assert signal.getsignal(number) is before


KILLED = """
import os, random, signal, sys, time, warnings
import numpy as np
import chainrule as cr

warnings.simplefilter("error")  # one would say that a checkpoint is damaged
rng = np.random.default_rng(3)
x, t = rng.normal(size=(150, 16)), rng.integers(0, 3, 150)

def train(folder, epochs):
    layers = cr.Affine(16, 64), cr.Tanh(), cr.Affine(64, 64), cr.Tanh(), cr.Affine(64, 3)
    checkpoints = cr.Checkpoints(folder + "/c", every_steps=1)
    trainer = cr.Trainer(
        cr.Sequential(*layers, dtype=np.float64), cr.Adam(), batch_size=20, engine="eager", callbacks=[checkpoints]
    )
    if checkpoints.path.exists():
        trainer.resume(checkpoints.path)
    os.write(1, b"%d\\n" % trainer.step)  # in one piece, or not at all
    if epochs is None:
        epochs = len(trainer.history) + 1
    trainer.fit(x, t, epochs=epochs)
    trainer.network.save(folder + "/net")
    return epochs

train("warm", 1)  # so that victims have everything imported
random = random.Random(12)
for kill in range(12):
    victim = os.fork()
    if victim == 0:
        train("disturbed", 1_000_000)
    time.sleep(random.uniform(0.01, 0.15))
    os.kill(victim, signal.SIGKILL)
    assert os.waitpid(victim, 0)[1] == signal.SIGKILL
train("undisturbed", train("disturbed", None))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="victims are forked")
def test_twelve_kills_at_random_moments_leave_the_bits_of_an_undisturbed_run(tmp_path):
    """Nearly all of the time goes into writing checkpoints."""
    folders = [tmp_path / "undisturbed", tmp_path / "disturbed", tmp_path / "warm"]
    for folder in folders:
        folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", KILLED],
        cwd=tmp_path,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # threads do not survive a fork
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    _, *steps, undisturbed = map(int, done.stdout.split())
    assert (undisturbed, steps) == (0, sorted(steps)), "nothing that was saved was lost"
    assert len(set(steps)) > 6, steps
    assert (folders[1] / "net").read_bytes() == (folders[0] / "net").read_bytes()
    assert sorted(os.listdir(folders[1])) == ["c", "c.before-1", "c.before-2", "net"]


def test_when_training_is_interrupted(tmp_path, spirals, make_net):
    saving = Saving(tmp_path / "c", every_seconds=1000)
    fit(make_net(), spirals, saving, Interrupt(5))
    assert saving.steps == [3, 5]


def test_never_with_numbers_that_are_not_finite(tmp_path, spirals, make_net):
    """The loss of a step is still finite when its update is not."""
    saving = Saving(tmp_path / "c", every_seconds=0)
    x, t = spirals
    with pytest.raises(NonFiniteError, match="step 1: .* in the update pass"):
        fit(make_net(dtype=np.float32), (1000 * x, t), saving, sgd={"lr": 3e38})
    assert not saving.path.exists()


def test_a_negative_time_is_refused():
    for seconds in (-1.0, float("nan")):
        with pytest.raises(ArgumentError, match="every_seconds must be ≥ 0 or None; it is"):
            Checkpoints("c", every_seconds=seconds)


def test_callbacks_without_memory_may_change_when_a_run_is_resumed(tmp_path, spirals, make_net):
    fit(make_net(), spirals, Checkpoints(tmp_path / "c"))
    trainer = cr.Trainer(
        make_net(), cr.SGD(0.1), batch_size=50, callbacks=[Interrupt(99), TargetAccuracy(1.0)]
    )
    trainer.resume(tmp_path / "c")
    assert trainer.step == 6


def test_a_target_that_was_reached_before_the_kill_is_not_passed(tmp_path, spirals, make_net):
    target = TargetAccuracy(0.3)
    trainer = fit(make_net(), spirals, target, Checkpoints(tmp_path / "c"), epochs=50)
    resumed = cr.Trainer(make_net(), cr.SGD(0.1), batch_size=50, callbacks=[target])
    resumed.resume(tmp_path / "c")
    history = resumed.fit(*spirals, epochs=50, validation=spirals)
    assert len(history) == len(trainer.history) < 50
    assert history.stopped == trainer.history.stopped
    assert history.stopped.startswith("reached ")


def test_a_lower_target_is_not_met_in_the_middle_of_an_epoch(tmp_path, spirals, make_net):
    """What the network is then was never measured."""
    fit(make_net(), spirals, Checkpoints(tmp_path / "c"), Interrupt(5))
    resumed = cr.Trainer(make_net(), cr.SGD(0.1), batch_size=50, callbacks=[TargetAccuracy(0.01)])
    resumed.resume(tmp_path / "c")
    assert len(resumed.fit(*spirals, epochs=9, validation=spirals)) == 2


def test_early_stopping_that_was_due_before_the_kill_is_not_passed(tmp_path, spirals, make_net):
    def stopping():
        return EarlyStopping("validation_accuracy", patience=1, min_delta=1.0)  # nothing improves that much

    trainer = fit(make_net(), spirals, stopping(), Checkpoints(tmp_path / "c"), epochs=50)
    assert len(trainer.history) == 2
    resumed = cr.Trainer(make_net(seed=1), cr.SGD(0.1), batch_size=50, callbacks=[stopping()])
    resumed.resume(tmp_path / "c")
    assert len(resumed.fit(*spirals, epochs=50, validation=spirals)) == 2
    for name, w in trainer.network.params.items():
        np.testing.assert_array_equal(resumed.network.params[name], w)


def test_early_stopping_leaves_what_another_callback_stopped_at(spirals, make_net):
    stopping = EarlyStopping(patience=9)
    trainer = fit(make_net(), spirals, stopping, Interrupt(2), sgd={"lr": 50.0})
    assert not stopping.went_back
    stopping = EarlyStopping(patience=9)
    trainer = fit(make_net(), spirals, stopping, sgd={"lr": 50.0}, epochs=5)
    assert stopping.went_back
    best = min(trainer.history["validation_loss"])
    assert trainer.network.loss(*spirals) == pytest.approx(best, rel=1e-12)
