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
