"""`Checkpoints`: when it saves, what it refuses to save, and that a resumed run ends where it should."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, NonFiniteError
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

    saving = Saving(tmp_path / "c", seconds=seconds)
    fit(make_net(), spirals, saving, EachStep())
    assert saving.steps == steps


def test_when_training_is_interrupted(tmp_path, spirals, make_net):
    saving = Saving(tmp_path / "c", seconds=1000)
    fit(make_net(), spirals, saving, Interrupt(5))
    assert saving.steps == [3, 5]


def test_never_with_numbers_that_are_not_finite(tmp_path, spirals, make_net):
    """The loss of a step is still finite when its update is not."""
    saving = Saving(tmp_path / "c", seconds=0)
    x, t = spirals
    with pytest.raises(NonFiniteError, match="step 1: .* in the update pass"):
        fit(make_net(dtype=np.float32), (1000 * x, t), saving, sgd={"lr": 3e38})
    assert not saving.path.exists()


def test_a_negative_time_is_refused():
    for seconds in (-1.0, float("nan")):
        with pytest.raises(ArgumentError, match="seconds must be ≥ 0; it is"):
            Checkpoints("c", seconds=seconds)


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
    assert trainer.network.loss(*spirals) == min(trainer.history["validation_loss"])
