"""Early stopping, targets, schedules and clipping."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, NonFiniteError
from chainrule.training import (
    Callback,
    EarlyStopping,
    Epoch,
    TargetAccuracy,
    clip,
    constant,
    cosine,
    step_decay,
)


def epoch(number, **quantities):
    values = {
        "loss": 1.0,
        "train_loss": 1.0,
        "train_accuracy": 0.5,
        "validation_loss": None,
        "validation_accuracy": None,
    }
    return Epoch(epoch=number, step=number, seconds=0.0, **{**values, **quantities})


def test_early_stopping_waits_and_goes_back_to_the_best(make_net):
    net = make_net()
    stopping = EarlyStopping(patience=2)
    trainer = cr.Trainer(net, cr.SGD(0.1), callbacks=[stopping])
    best = None
    for number, loss in enumerate([1.0, 0.5, 0.6, 0.55], start=1):
        net.params["W1"][...] = number
        stopping.on_epoch(trainer, epoch(number, validation_loss=loss))
        best = 2
    assert trainer._stop_reason == "no better validation_loss than 0.5 of epoch 2"
    trainer.history.stopped = trainer._stop_reason
    stopping.on_end(trainer)
    np.testing.assert_array_equal(net.params["W1"], best)


def test_an_improvement_smaller_than_min_delta_does_not_count(make_net):
    stopping = EarlyStopping(patience=1, min_delta=0.1)
    trainer = cr.Trainer(make_net(), cr.SGD(0.1))
    stopping.on_epoch(trainer, epoch(1, validation_loss=1.0))
    stopping.on_epoch(trainer, epoch(2, validation_loss=0.95))
    assert trainer._stop_reason is not None


def test_more_accuracy_is_better(make_net):
    stopping = EarlyStopping("validation_accuracy", patience=1)
    trainer = cr.Trainer(make_net(), cr.SGD(0.1))
    stopping.on_epoch(trainer, epoch(1, validation_accuracy=0.5))
    stopping.on_epoch(trainer, epoch(2, validation_accuracy=0.6))
    assert trainer._stop_reason is None


def test_early_stopping_without_what_it_watches_is_refused(spirals, make_net):
    with pytest.raises(
        ArgumentError, match="EarlyStopping watches validation_loss, which this run does not have"
    ):
        cr.Trainer(make_net(), cr.SGD(0.1), callbacks=[EarlyStopping()]).fit(*spirals)


def test_a_nan_score_is_an_error_and_no_improvement(make_net):
    with pytest.raises(NonFiniteError, match="validation_loss is NaN after epoch 3"):
        EarlyStopping().on_epoch(cr.Trainer(make_net(), cr.SGD(0.1)), epoch(3, validation_loss=math.nan))


def test_a_target_ends_training(spirals, make_net):
    trainer = cr.Trainer(make_net(), cr.Adam(0.02), batch_size=25, callbacks=[TargetAccuracy(0.8)])
    history = trainer.fit(*spirals, epochs=100, validation=spirals)
    assert len(history) < 100
    assert history["validation_accuracy"][-1] >= 0.8 > history["validation_accuracy"][-2]
    assert history.stopped.startswith("reached ")


def test_callbacks_are_called_in_their_places(spirals, make_net):
    calls = []

    class Watch(Callback):
        def on_start(self, trainer):
            calls.append("start")

        def on_step(self, trainer, loss):
            calls.append(trainer.step)

        def on_epoch(self, trainer, epoch):
            calls.append(f"epoch {epoch.epoch}")

        def on_end(self, trainer):
            calls.append("end")

    cr.Trainer(make_net(), cr.SGD(0.1), batch_size=75, callbacks=[Watch()]).fit(*spirals, epochs=2)
    assert calls == ["start", 1, 2, "epoch 1", 3, 4, "epoch 2", "end"]


def test_gradients_are_clipped_together():
    clipped = clip({"a": np.array([3.0, 0.0]), "b": np.array([4.0])}, 1.0)
    np.testing.assert_allclose(np.concatenate([clipped["a"], clipped["b"]]), [0.6, 0.0, 0.8], rtol=1e-6)
    np.testing.assert_array_equal(clip({"a": np.array([0.3])}, 1.0)["a"], [0.3])


def test_schedules_by_hand():
    assert [constant()(step) for step in (1, 1000)] == [1.0, 1.0]
    assert [step_decay(10, 0.5)(step) for step in (1, 10, 11, 21)] == [1, 1, 0.5, 0.25]
    schedule = cosine(100, warmup=10, last=0.1)
    assert schedule(1) == 0.1
    assert schedule(10) == 1.0
    assert schedule(55) == pytest.approx(0.55)
    assert schedule(100) == schedule(500) == pytest.approx(0.1)


def test_numbers_instead_of_classes_have_no_accuracy(spirals):
    x, t = spirals
    net = cr.Sequential(cr.Affine(2, 1), loss=cr.MeanSquaredError(), dtype=np.float64)
    target = t[:, None].astype(float)
    history = cr.Trainer(net, cr.SGD(0.1)).fit(x, target, validation=(x, target))
    assert history["train_accuracy"] == history["validation_accuracy"] == [None]
    with pytest.raises(
        ArgumentError, match="a target accuracy is for classes; this network predicts numbers"
    ):
        cr.Trainer(net, cr.SGD(0.1), callbacks=[TargetAccuracy(0.5)]).fit(x, target)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: EarlyStopping("accuracy"), "monitor must be one of loss, train_loss, validation_loss"),
        (lambda: EarlyStopping(patience=0), "patience must be ≥ 1"),
        (lambda: TargetAccuracy(97), "the target accuracy must be from 0 to 1; it is 97"),
        (lambda: step_decay(0), "step_decay needs every ≥ 1"),
        (lambda: cosine(10, warmup=10), "cosine needs 0 ≤ warmup < steps"),
    ],
)
def test_settings_out_of_range_are_refused(make, text):
    with pytest.raises(ArgumentError, match=text):
        make()
