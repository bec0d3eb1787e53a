"""Training on the fused engine: the same as eager to rounding, as PyTorch, and as itself to the bit."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import NonFiniteError
from chainrule.training import Callback, Evaluation
from tests.training._digits import digits, network, trained

pytest.importorskip("numba")
pytest.importorskip("scipy")


def test_pixels_train_as_on_the_eager_engine():
    (fused, one), (eager, other) = trained("fused"), trained("eager")
    for name, w in eager.params.items():
        np.testing.assert_allclose(fused.params[name], w, rtol=1e-9, atol=1e-12)
    for quantity in ("loss", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy"):
        np.testing.assert_allclose(one.history[quantity], other.history[quantity], rtol=1e-9)


def test_a_chunk_ends_where_a_checkpoint_is_due_and_any_of_them_goes_on_to_the_same_bits(tmp_path):
    """11 steps an epoch."""
    steps = []

    class Saving(cr.Checkpoints):
        def _save(self, trainer):
            super()._save(trainer)
            steps.append(trainer.step)
            trainer.save(tmp_path / f"{trainer.step}")

    whole, _ = trained("fused", callbacks=[Saving(tmp_path / "c", every_steps=4, every_seconds=None)])
    assert steps == [4, 8, 11, 12, 16, 20, 22, 24, 28, 32, 33]
    for step in np.random.default_rng(1).choice(steps, 4, replace=False):
        resumed = cr.Trainer(network(seed=7), cr.SGD(0.5), batch_size=32, engine="fused")
        resumed.resume(tmp_path / f"{step}")
        x, t = digits()
        resumed.fit(x, t, epochs=3, validation=(x[:77], t[:77]))
        for name, w in whole.params.items():
            np.testing.assert_array_equal(resumed.network.params[name], w, err_msg=f"from step {step}")


@pytest.mark.parametrize("threads", [1, 2])
def test_losses_of_500_steps_agree_with_pytorch(rng, monkeypatch, threads):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr("chainrule.engines.fused._team.threads_allowed", lambda: threads)
    monkeypatch.setattr("chainrule.engines.fused._compiled._FLOPS_FOR_A_TEAM", 0)
    x, t = digits()
    net = network()
    weights = [torch.tensor(w, requires_grad=True) for w in net.params.values()]
    batches = rng.integers(0, len(x), (500, 20))
    trainer = cr.Trainer(net, cr.Momentum(0.1, momentum=0.8), engine="fused")
    losses = trainer.run(x, t, batches)

    optimizer = torch.optim.SGD(weights, lr=0.1, momentum=0.8)
    xs, ts = torch.tensor(x / 255), torch.tensor(t)
    expected = []
    for rows in batches:
        h = torch.sigmoid(xs[rows] @ weights[0] + weights[1])
        h = torch.relu(h @ weights[2] + weights[3])
        loss = torch.nn.functional.cross_entropy(h @ weights[4] + weights[5], ts[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        expected.append(loss.item())
    np.testing.assert_allclose(losses, expected, rtol=1e-9)


def test_the_same_seed_gives_the_same_bits_in_chunks_of_any_length(monkeypatch):
    first, _ = trained("fused", cr.Adam(0.01), dtype=np.float32)
    monkeypatch.setattr("chainrule.training._in_chunks._SECONDS", 0)  # a step at a time
    second, _ = trained("fused", cr.Adam(0.01), dtype=np.float32)
    for name, w in first.params.items():
        np.testing.assert_array_equal(second.params[name], w)


def test_a_run_that_was_interrupted_ends_in_the_same_bits(tmp_path):
    class StopAt(Callback):
        def on_step(self, trainer, loss):
            if trainer.step == 14:
                trainer.stop("here")

    whole, full = trained("fused", cr.Adam(0.01))
    _, trainer = trained("fused", cr.Adam(0.01), callbacks=[StopAt()])
    trainer.save(tmp_path / "run.safetensors")
    net = network(seed=9)
    other = cr.Trainer(net, cr.Adam(0.01), batch_size=32, engine="fused")
    other.resume(tmp_path / "run.safetensors")
    x, t = digits()
    other.fit(x, t, epochs=3, validation=(x[:77], t[:77]))
    for name, w in whole.params.items():
        np.testing.assert_array_equal(net.params[name], w)
    assert other.history["loss"] == full.history["loss"]


def test_the_step_that_goes_wrong_in_the_middle_of_a_chunk_is_found_and_those_before_it_stay():
    x, t = digits()
    x = x / 255.0
    bad = x.copy()
    bad[17] = np.nan
    batches = np.arange(330)[:320].reshape(40, 8)
    net, other = network(), network()
    trainer = cr.Trainer(net, cr.SGD(0.1), engine="fused")
    trainer._runner._size = 40
    with pytest.raises(NonFiniteError, match="step 3: x holds NaN or inf to begin with"):
        trainer.run(bad, t, batches)
    assert trainer.step == 2
    cr.Trainer(other, cr.SGD(0.1), engine="fused").run(x, t, batches[:2])
    for name, w in other.params.items():
        np.testing.assert_array_equal(net.params[name], w)


def test_two_trainers_in_two_threads_do_not_disturb_each_other():
    alone = trained("fused", epochs=6)[0]
    results = {}

    def work(number: int) -> None:
        results[number] = trained("fused", epochs=6)[0]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for net in results.values():
        for name, w in alone.params.items():
            np.testing.assert_array_equal(net.params[name], w)


def test_arrays_in_any_memory_order_are_trained_in_place():
    x, t = digits()
    nets = [network(), network()]
    turned = np.asfortranarray(nets[1].params["W1"])
    nets[1].params["W1"] = turned
    for net in nets:
        cr.Trainer(net, cr.SGD(0.5), engine="fused", batch_size=32).fit(x, t)
    assert nets[1].params["W1"] is turned
    np.testing.assert_array_equal(nets[0].params["W1"], turned)


def test_a_schedule_and_clipping_work_as_on_the_eager_engine():
    settings = {"schedule": cr.training.cosine(30), "clip_norm": 0.2}
    fused, eager = trained("fused", **settings)[0], trained("eager", **settings)[0]
    for name, w in eager.params.items():
        np.testing.assert_allclose(fused.params[name], w, rtol=1e-9, atol=1e-12)


def test_evaluation_agrees_with_the_network():
    net, _ = trained("eager")
    x, t = digits(2000)
    evaluation = Evaluation(net, "fused")
    np.testing.assert_allclose(evaluation.predict(x), net.predict(x), rtol=1e-12)
    assert evaluation.accuracy(x, t) == net.accuracy(x, t)
    assert evaluation.loss(x, t) == pytest.approx(net.loss(x, t), rel=1e-12)
    single = Evaluation(network(np.float32), "fused").predict(x / 255.0)
    assert single.dtype == np.float32


def test_the_source_is_one_function_with_the_names_of_the_lesson():
    source = cr.Trainer(network(), cr.SGD(0.1), engine="eager").source
    assert source.startswith("def step(")
    for name in (
        "Affine1",
        "Sigmoid1",
        "dW1" if "dW1" in source else "W1",
        "# forward pass",
        "# backward pass",
    ):
        assert name in source
    compile(source, "<step>", "exec")
