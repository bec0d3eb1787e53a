"""The loop: what it learns, what it computes, in which order, and how it ends."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, LabelError, NonFiniteError, ShapeError
from chainrule.training import Callback


def test_it_learns(spirals, make_net):
    net = make_net()
    history = cr.Trainer(net, cr.Adam(0.02), batch_size=25).fit(*spirals, epochs=60)
    assert net.accuracy(*spirals) > 0.95
    assert history["train_loss"][-1] < history["train_loss"][0] / 4
    assert history.stopped == "finished"


@pytest.mark.parametrize(
    "optimizer", [cr.SGD(0.1), cr.Momentum(0.1), cr.Adam(0.01), cr.AdamW(0.01)], ids=repr
)
def test_a_step_equals_the_gradient_and_the_book_update(spirals, make_net, optimizer):
    """The step graph against layers that go backward one by one."""
    x, t = spirals
    batches = np.random.default_rng(0).integers(0, 150, (5, 20))
    net, by_hand = make_net(), make_net()
    losses = cr.Trainer(net, type(optimizer)(**optimizer.config())).run(x, t, batches)
    for rows, loss in zip(batches, losses, strict=True):
        np.testing.assert_allclose(by_hand.loss(x[rows], t[rows]), loss, rtol=1e-12)
        optimizer.update(by_hand.params, by_hand.gradient(x[rows], t[rows]))
    for name in net.params:
        np.testing.assert_allclose(net.params[name], by_hand.params[name], rtol=1e-10, atol=1e-14)


def test_losses_and_parameters_agree_with_pytorch(spirals, make_net):
    torch = pytest.importorskip("torch")
    x, t = spirals
    batches = np.random.default_rng(1).integers(0, 150, (100, 30))
    net = make_net()
    params = [torch.tensor(net.params[k].copy(), requires_grad=True) for k in ("W1", "b1", "W2", "b2")]
    losses = cr.Trainer(net, cr.Momentum(0.1, weight_decay=1e-3), clip_norm=0.5).run(x, t, batches)

    peer = torch.optim.SGD(params, lr=0.1, momentum=0.9, weight_decay=1e-3)
    for rows, loss in zip(batches, losses, strict=True):
        peer.zero_grad()
        W1, b1, W2, b2 = params
        scores = torch.tanh(torch.tensor(x[rows]) @ W1 + b1) @ W2 + b2
        theirs = torch.nn.functional.cross_entropy(scores, torch.tensor(t[rows]))
        theirs.backward()
        torch.nn.utils.clip_grad_norm_(params, 0.5)
        peer.step()
        np.testing.assert_allclose(loss, theirs.item(), rtol=1e-9)


def test_run_returns_the_loss_before_each_update(spirals, make_net):
    x, t = spirals
    net = make_net()
    expected = net.loss(x[:10], t[:10])
    losses = cr.Trainer(net, cr.SGD(0.1)).run(x, t, np.arange(10)[None, :])
    assert losses.dtype == np.float64
    np.testing.assert_allclose(losses, [expected], rtol=1e-12)


@settings(max_examples=20)
@given(rows=st.integers(1, 40), batch_size=st.integers(1, 45))
def test_every_row_is_seen_once_in_an_epoch(rows, batch_size):
    """With a loss that is linear in the parameter, an epoch of SGD adds up what each row asks for."""

    class Sum:
        def __init__(self):
            self.params = {"w": np.zeros(rows)}

        def predict(self, x):
            return x @ self.params["w"]

        def compute_loss(self, parameters, x, t):
            return cr.sum(x @ parameters["w"])

        def evaluate(self, x, t):
            return float(np.sum(self.predict(x))), None

        def check_targets(self, x, t):
            pass

    net = Sum()
    cr.Trainer(net, cr.SGD(1.0), batch_size=batch_size).fit(np.eye(rows), np.zeros(rows), epochs=1)
    np.testing.assert_array_equal(net.params["w"], -1.0)


def test_the_mean_loss_of_an_epoch_weighs_the_last_smaller_batch(spirals, make_net):
    x, t = spirals[0][:7], spirals[1][:7]
    net = make_net()
    expected = net.loss(x, t)
    history = cr.Trainer(net, cr.SGD(1e-12), batch_size=4).fit(x, t)  # 4 + 3 rows; the parameters hardly move
    np.testing.assert_allclose(history["loss"], [expected], rtol=1e-9)


def test_the_same_seed_gives_the_same_bits(spirals, make_net):
    nets = [make_net(), make_net()]
    for net in nets:
        cr.Trainer(net, cr.Adam(), batch_size=20, seed=5).fit(*spirals, epochs=3)
    for name, w in nets[0].params.items():
        assert w.tobytes() == nets[1].params[name].tobytes()


def test_another_seed_gives_another_order(spirals, make_net):
    nets = [make_net(), make_net()]
    for seed, net in enumerate(nets):
        cr.Trainer(net, cr.SGD(0.1), batch_size=20, seed=seed).fit(*spirals, epochs=1)
    assert nets[0].params["W1"].tobytes() != nets[1].params["W1"].tobytes()


def test_one_thread_gives_the_same_bits_as_itself(spirals, make_net):
    from threadpoolctl import threadpool_limits

    results = []
    for cores in (1, 2):
        net = make_net()
        with threadpool_limits(cores, user_api="blas"):
            cr.Trainer(net, cr.SGD(0.1), deterministic=True).fit(*spirals)
        results.append(net.params["W1"].tobytes())
    assert results[0] == results[1]


def test_data_and_labels_are_never_written_to(spirals, make_net):
    x, t = spirals
    x.setflags(write=False)
    t.setflags(write=False)
    cr.Trainer(make_net(), cr.SGD(0.1)).fit(x, t)


def test_the_networks_arrays_stay_the_same_objects(spirals, make_net):
    net = make_net()
    w = net.params["W1"]
    before = w.copy()
    cr.Trainer(net, cr.SGD(0.1)).fit(*spirals)
    assert net.params["W1"] is w
    assert not np.array_equal(w, before)


def test_one_hot_labels_train_as_class_numbers_do(spirals, make_net):
    x, t = spirals
    nets = [make_net(), make_net()]
    for net, labels in zip(nets, (t, np.eye(3)[t]), strict=True):
        cr.Trainer(net, cr.SGD(0.1), batch_size=30).fit(x, labels, epochs=2)
    np.testing.assert_allclose(nets[0].params["W1"], nets[1].params["W1"], rtol=1e-10)


def test_a_schedule_scales_the_rate(spirals, make_net):
    x, t = spirals
    seen = []

    def schedule(step):
        seen.append(step)
        return 0.0

    net = make_net()
    before = {name: w.copy() for name, w in net.params.items()}
    cr.Trainer(net, cr.SGD(0.1), batch_size=50, schedule=schedule).fit(x, t)
    assert seen == [1, 2, 3]
    for name, w in net.params.items():
        np.testing.assert_array_equal(w, before[name])


def test_ctrl_c_ends_after_the_current_step(spirals, make_net):
    class Press(Callback):
        def on_step(self, trainer, loss):
            if trainer.step == 4:
                os.kill(os.getpid(), signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    net = make_net()
    trainer = cr.Trainer(net, cr.SGD(0.1), batch_size=10, callbacks=[Press()])
    history = trainer.fit(*spirals, epochs=5)
    assert (trainer.step, history.stopped, len(history)) == (4, "interrupted", 0)
    assert signal.getsignal(signal.SIGINT) is handler
    trainer.callbacks.clear()
    assert len(trainer.fit(*spirals, epochs=5)) == 5  # and goes on where it was


def test_it_trains_in_another_thread(spirals, make_net):
    nets = [make_net(), make_net()]
    threads = [
        threading.Thread(
            target=cr.Trainer(net, cr.Adam(), batch_size=10).fit, args=spirals, kwargs={"epochs": 3}
        )
        for net in nets
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = make_net()
    cr.Trainer(alone, cr.Adam(), batch_size=10).fit(*spirals, epochs=3)
    for net in nets:
        assert net.params["W2"].tobytes() == alone.params["W2"].tobytes()


# --- NaN and inf -----------------------------------------------------------------------------------------------


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


# --- what must not disturb a run -------------------------------------------------------------------------------


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


# --- bad input -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1; it is 0"),
        ({"batch_size": 2.5}, "batch_size must be a whole number; it is 2.5"),
        ({"seed": -1}, "seed must be at least 0; it is -1"),
        ({"schedule": 0.1}, "a schedule is a function of the step's number; 0.1 is not one"),
        ({"callbacks": ["x"]}, "callbacks is a list of Callback objects"),
        ({"clip_norm": -1.0}, "clip_norm must be a positive number or None; it is -1.0"),
        ({"engine": "warp"}, "there is no engine 'warp'"),
    ],
)
def test_settings_out_of_range_are_refused(make_net, settings, text):
    with pytest.raises(ArgumentError) as problem:
        cr.Trainer(make_net(), cr.SGD(0.1), **settings)
    assert problem.value.what == text


def test_integer_images_are_refused_with_the_way_out(make_net):
    with pytest.raises(DTypeError, match="x must be float32 or float64; it is uint8") as problem:
        cr.Trainer(make_net(), cr.SGD(0.1)).fit(np.zeros((4, 2), np.uint8), np.zeros(4, int))
    assert "/ 255" in problem.value.fix


def test_what_is_no_optimizer_is_refused(make_net):
    with pytest.raises(ArgumentError, match="'sgd' is no optimizer"):
        cr.Trainer(make_net(), "sgd")


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"epochs": 1.5}, "epochs must be a whole number; it is 1.5"),
        ({"epochs": -1}, "epochs must be at least 0; it is -1"),
        ({"validation": np.zeros((3, 2))}, "validation must be a pair of arrays"),
    ],
)
def test_fit_refuses_what_it_cannot_use(spirals, make_net, settings, text):
    with pytest.raises(ArgumentError) as problem:
        cr.Trainer(make_net(), cr.SGD(0.1)).fit(*spirals, **settings)
    assert problem.value.what == text


def test_a_read_only_parameter_is_refused(spirals, make_net):
    net = make_net()
    net.params["W1"].setflags(write=False)
    with pytest.raises(ArgumentError, match="the parameter W1 is read-only, so it cannot learn"):
        cr.Trainer(net, cr.SGD(0.1)).fit(*spirals)


def test_labels_of_sequences_are_checked_too():
    net = cr.Sequential(cr.Affine(4, 3))
    x, t = np.zeros((20, 5, 4), np.float32), np.zeros((20, 5), int)
    t[17, 2] = 99
    with pytest.raises(LabelError, match="label 99 names no class"):
        cr.Trainer(net, cr.SGD(0.1), batch_size=2).fit(x, t)


def test_rows_that_do_not_match_are_refused(make_net):
    with pytest.raises(ShapeError, match=r"their shapes are \(4, 2\) and \(3,\)"):
        cr.Trainer(make_net(), cr.SGD(0.1)).fit(np.zeros((4, 2)), np.zeros(3, int))


def test_a_label_out_of_range_is_refused_before_the_first_step(spirals, make_net):
    x, t = spirals
    t[99] = 3
    net = make_net()
    before = net.params["W1"].copy()
    with pytest.raises(LabelError, match="label 3 names no class: there are 3 classes, 0 to 2"):
        cr.Trainer(net, cr.SGD(0.1), batch_size=10).fit(x, t)
    np.testing.assert_array_equal(net.params["W1"], before)


@pytest.mark.parametrize(
    ("batches", "text"),
    [
        (np.zeros((2, 3)), "batches must be integers of shape"),
        (np.zeros((2, 0), int), "batches must be integers of shape"),
        (np.zeros(3, int), "batches must be integers of shape"),
        (np.full((2, 3), 150), "batches names rows 150 to 150; the data has rows 0 to 149"),
        (np.full((2, 3), -1), "batches names rows -1 to -1"),
    ],
)
def test_batches_that_are_no_row_numbers_are_refused(spirals, make_net, batches, text):
    with pytest.raises(ArgumentError, match=text):
        cr.Trainer(make_net(), cr.SGD(0.1)).run(*spirals, batches)
