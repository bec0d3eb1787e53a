"""A step is taken whole or not at all, by the settings of now, and never one that is not finite."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import NonFiniteError
from chainrule.training import Callback


def test_a_rate_that_explodes_is_named_with_step_gate_and_variable(spirals):
    x, t = spirals
    net = cr.Sequential(
        cr.Affine(2, 8), cr.ReLU(), cr.Affine(8, 1), loss=cr.MeanSquaredError(), dtype=np.float64
    )
    with pytest.raises(NonFiniteError) as problem:
        cr.Trainer(net, cr.SGD(1e30), batch_size=50).fit(1e5 * x, t[:, None].astype(float), epochs=20)
    error = problem.value
    assert error.step > 1
    assert error.phase in ("forward", "backward", "update")
    assert f"step {error.step}: the gate {error.gate} gave NaN or inf for {error.variable}" in error.what
    assert "smaller learning rate" in error.fix


def test_the_layer_where_it_arose_is_named(spirals):
    x, t = spirals
    net = cr.Sequential(cr.Affine(2, 8), cr.ReLU(), cr.Affine(8, 3))
    net.params["W1"][...] = 3e38
    with pytest.raises(NonFiniteError) as problem:
        cr.Trainer(net, cr.SGD(0.1)).fit((100 * x).astype(np.float32), t)
    assert problem.value.what == "step 1: the gate matmul gave NaN or inf for Affine1 in the forward pass"


def test_nan_in_the_data_is_named(spirals, make_net):
    x, t = spirals
    x[7, 1] = np.nan
    with pytest.raises(NonFiniteError, match="x holds NaN or inf to begin with") as problem:
        cr.Trainer(make_net(), cr.SGD(0.1), batch_size=150).fit(x, t)
    assert (problem.value.step, problem.value.variable) == (1, "x")


def test_an_update_that_overflows_is_found_although_its_loss_was_finite(spirals, make_net):
    net = make_net(dtype=np.float32)
    before = {name: w.copy() for name, w in net.params.items()}
    trainer = cr.Trainer(net, cr.SGD(3e38, weight_decay=1e3), batch_size=150)
    with pytest.raises(NonFiniteError) as problem:
        trainer.fit(*spirals, epochs=1)
    assert problem.value.phase == "update"
    assert problem.value.step == 1
    assert trainer.step == 0
    for name, w in net.params.items():  # the last finished step, here none
        np.testing.assert_array_equal(w, before[name])


def test_run_works_after_a_fit_that_was_stopped(spirals, make_net):
    x, t = spirals
    trainer = cr.Trainer(make_net(), cr.SGD(0.1), callbacks=[cr.TargetAccuracy(0.0)])
    trainer.fit(x, t, epochs=5)
    assert len(trainer.run(x, t, np.zeros((7, 4), int))) == 7


def test_what_a_callback_does_to_the_network_in_a_step_counts(spirals, make_net):
    class Zero(Callback):
        def on_step(self, trainer, loss):
            for w in trainer.network.params.values():
                w[...] = 0

    x, t = spirals
    losses = cr.Trainer(make_net(), cr.SGD(0.1), callbacks=[Zero()]).run(x, t, np.zeros((3, 4), int))
    np.testing.assert_allclose(losses[1:], np.log(3))


def test_a_rate_of_another_precision_leaves_float32_alone(spirals, make_net):
    trainer = cr.Trainer(make_net(dtype=np.float32), cr.Momentum(0.1), schedule=lambda step: np.float64(0.5))
    trainer.fit(*spirals)
    assert {value.dtype for value in trainer.state.values()} == {np.dtype(np.float32)}


def test_settings_that_change_between_steps_are_used(spirals, make_net):
    x, t = spirals
    net, optimizer = make_net(), cr.SGD(0.1)
    trainer = cr.Trainer(net, optimizer)
    trainer.run(x, t, np.zeros((1, 4), int))
    optimizer.weight_decay = 10.0  # times lr: exactly 1, so that nothing but the gradient is left
    before = {name: w.copy() for name, w in net.params.items()}
    grads = net.gradient(x[np.zeros(4, int)], t[np.zeros(4, int)])
    trainer.run(x, t, np.zeros((1, 4), int))
    for name, w in net.params.items():
        np.testing.assert_allclose(
            w, before[name] - 0.1 * (grads[name] + 10 * before[name]), rtol=1e-9, atol=1e-12
        )


def test_ctrl_c_ends_run_with_the_losses_so_far(spirals, make_net):
    class Press(Callback):
        def on_step(self, trainer, loss):
            if trainer.step == 3:
                os.kill(os.getpid(), signal.SIGINT)

    x, t = spirals
    trainer = cr.Trainer(make_net(), cr.SGD(0.1), callbacks=[Press()])
    assert len(trainer.run(x, t, np.zeros((10, 4), int))) == 3


def test_a_step_that_cannot_be_written_is_not_written_at_all(spirals, make_net):
    class Protect(Callback):
        def on_step(self, trainer, loss):
            trainer.network.params["b2"].setflags(write=False)

    net = make_net()
    trainer = cr.Trainer(net, cr.SGD(0.1), callbacks=[Protect()])
    first = make_net()
    cr.Trainer(first, cr.SGD(0.1)).run(*spirals, np.zeros((1, 4), int))
    with pytest.raises(ValueError, match="read-only"):
        trainer.run(*spirals, np.zeros((2, 4), int))
    assert trainer.step == 1
    for name, w in net.params.items():
        np.testing.assert_array_equal(w, first.params[name])


def test_going_on_after_the_end_is_the_same_as_one_long_fit(spirals, make_net):
    nets = [make_net(), make_net()]
    for net, ends in zip(nets, ([4, 6], [6]), strict=True):
        stopping = cr.EarlyStopping("train_accuracy", patience=50)
        trainer = cr.Trainer(net, cr.Adam(0.05), batch_size=20, callbacks=[stopping])
        for end in ends:
            trainer.fit(*spirals, epochs=end)
    for name, w in nets[0].params.items():
        assert w.tobytes() == nets[1].params[name].tobytes()


def test_no_grad_around_fit_does_not_keep_it_from_training(spirals, make_net):
    outside, within = make_net(), make_net()
    cr.Trainer(outside, cr.Adam(0.02), batch_size=50).fit(*spirals, epochs=2)
    with cr.no_grad():
        cr.Trainer(within, cr.Adam(0.02), batch_size=50).fit(*spirals, epochs=2)
    for name, w in make_net().params.items():
        assert not np.array_equal(within.params[name], w)
        np.testing.assert_array_equal(within.params[name], outside.params[name])
