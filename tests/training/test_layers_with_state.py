"""Training networks whose layers drop, normalise and keep state: PyTorch's numbers, any engine, the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import CheckpointError, NonFiniteError, ShapeError
from chainrule.layers import Affine, BatchNorm, Dropout, LayerNorm, ReLU, Residual, Tanh


def skip_without(engine: str) -> None:
    if reason := cr.engines.available()[engine]:
        pytest.skip(reason)


def network(seed: int = 0) -> cr.Sequential:
    return cr.Sequential(
        Affine(2, 12), BatchNorm(12, momentum=0.8), ReLU(), Dropout(0.25),
        Residual(Affine(12, 12), LayerNorm(12), Tanh(), Dropout(0.5)),
        Affine(12, 3), seed=seed, dtype=np.float64,
    )  # fmt: skip


class Twin:
    """The same network in PyTorch, with the same masks."""

    def __init__(self, net: cr.Sequential) -> None:
        self.torch = torch = pytest.importorskip("torch")
        self.arrays = {name: torch.tensor(value) for name, value in net.params.items()}
        for value in self.arrays.values():
            value.requires_grad_()
        self.keys = {name: net.state[name] for name in ("key1", "key2")}
        self.running = {name: torch.tensor(v) for name, v in net.state.items() if name not in self.keys}

    def loss(self, x: Any, t: Any, step: int) -> Any:
        F, a = self.torch.nn.functional, self.arrays

        def mask(x: Any, key: str, rate: float) -> Any:
            made = cr.dropout_mask(self.keys[key], step, shape=tuple(x.shape), rate=rate, dtype=np.float64)
            return self.torch.tensor(made)

        running = self.running["running_mean2"], self.running["running_var2"]
        norm = F.batch_norm(
            x @ a["W1"] + a["b1"], *running, a["gamma2"], a["beta2"], training=True, momentum=1 - 0.8
        )
        h = F.relu(norm)
        h = h * mask(h, "key1", 0.25)
        g = F.layer_norm(h @ a["W3"] + a["b3"], (12,), a["gamma4"], a["beta4"])
        g = self.torch.tanh(g) * mask(g, "key2", 0.5)
        return F.cross_entropy((h + g) @ a["W5"] + a["b5"], t)


@pytest.mark.parametrize("engine", ["eager", "fused"])
def test_100_steps_are_those_of_pytorch(engine: str, spirals: Any, rng: Any) -> None:
    skip_without(engine)
    (x, t), net = spirals, network()
    twin = Twin(net)
    batches = rng.integers(0, len(x), (100, 20))
    optimizer = twin.torch.optim.SGD(twin.arrays.values(), lr=0.05, momentum=0.9)
    wanted = []
    for step, rows in enumerate(batches, start=1):
        optimizer.zero_grad()
        loss = twin.loss(twin.torch.tensor(x[rows]), twin.torch.tensor(t[rows]), step)
        loss.backward()
        optimizer.step()
        wanted.append(loss.item())
    losses = cr.Trainer(net, cr.Momentum(0.05), engine=engine).run(x, t, batches)
    np.testing.assert_allclose(losses, wanted, rtol=1e-9)
    for name, value in {**twin.arrays, **twin.running}.items():
        # The bias in front of a batch normalisation has no effect, and a gradient of rounding errors alone.
        np.testing.assert_allclose(net.arrays[name], value.detach(), rtol=1e-9, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("engine", ["eager", "fused"])
def test_an_interrupted_run_ends_with_the_same_bits(engine: str, spirals: Any, tmp_path: Path) -> None:
    skip_without(engine)

    def trainer(net: cr.Sequential, *callbacks: cr.Callback) -> cr.Trainer:
        return cr.Trainer(net, cr.Momentum(0.05), batch_size=40, engine=engine, callbacks=callbacks)

    class StopInTheMiddle(cr.Callback):
        def on_step(self, trainer: cr.Trainer, loss: float) -> None:
            if trainer.step == 6:
                trainer.stop("in the middle of the second epoch")

    whole, begun, resumed = network(), network(), network(seed=1)
    trainer(whole).fit(*spirals, epochs=4)
    first = trainer(begun, StopInTheMiddle())
    first.fit(*spirals, epochs=4)
    first.save(tmp_path / "checkpoint")
    again = trainer(resumed)
    again.resume(tmp_path / "checkpoint")
    again.fit(*spirals, epochs=4)
    for name, value in whole.arrays.items():
        assert value.tobytes() == resumed.arrays[name].tobytes(), name
    scores = whole.predict(spirals[0])
    np.testing.assert_allclose(again.predict(spirals[0]), scores, rtol=1e-12, atol=1e-12)

    whole.save(tmp_path / "network")
    loaded = cr.load(tmp_path / "network")
    assert loaded.state.keys() == whole.state.keys()
    np.testing.assert_array_equal(loaded.predict(spirals[0]), scores)
    other = cr.Trainer(
        cr.Sequential(Affine(2, 12), Affine(12, 3)), cr.Momentum(0.05), batch_size=40, engine=engine
    )
    with pytest.raises(CheckpointError, match=r"holds .*running_mean2"):
        other.resume(tmp_path / "checkpoint")


def test_a_loop_of_ones_own_trains_as_the_trainer_does(spirals: Any) -> None:
    (x, t), net, other = spirals, network(), network()
    batches = np.arange(60).reshape(3, 20)
    cr.Trainer(net, cr.SGD(0.1), engine="eager").run(x, t, batches)
    for rows in batches:
        for name, gradient in other.gradient(x[rows], t[rows], training=True).items():
            other.params[name] -= 0.1 * gradient
    for name, value in net.arrays.items():
        np.testing.assert_allclose(other.arrays[name], value, rtol=1e-12, atol=1e-15)


def test_early_stopping_goes_back_to_the_running_means_of_the_best_epoch(spirals: Any) -> None:
    seen = {}

    class Look(cr.Callback):
        def on_epoch(self, trainer: cr.Trainer, epoch: Any) -> None:
            seen[epoch.validation_loss] = {name: v.copy() for name, v in trainer.network.arrays.items()}

    net = network()
    stopping = cr.EarlyStopping(patience=2)
    trainer = cr.Trainer(net, cr.SGD(1.5), batch_size=25, engine="eager", callbacks=[Look(), stopping])
    trainer.fit(*spirals, epochs=30, validation=spirals)
    assert stopping.went_back
    for name, value in seen[min(seen)].items():
        np.testing.assert_array_equal(net.arrays[name], value)


@pytest.mark.parametrize("engine", ["eager", "fused"])
def test_nan_is_found_in_its_layer_and_a_lonely_row_is_refused(engine: str, spirals: Any) -> None:
    skip_without(engine)
    (x, t), net = spirals, network()
    trainer = cr.Trainer(net, cr.Momentum(0.05), batch_size=149, engine=engine)
    with pytest.raises(ShapeError, match="BatchNorm cannot tell a variance from one number a feature"):
        trainer.fit(x, t)
    assert trainer.step == 1
    assert all(np.isfinite(value).all() for value in net.arrays.values())
    net.params["gamma4"][3] = net.params["beta4"][3] = 1.0
    net.params["W5"][3] = 1e308
    with pytest.raises(
        NonFiniteError, match="the gate matmul gave NaN or inf for Affine2 in the forward pass"
    ):
        trainer.run(x, t, np.arange(40).reshape(2, 20))


def test_each_thread_has_its_own_rows_of_the_mask(spirals: Any, monkeypatch: Any) -> None:
    skip_without("fused")
    (x, t), found = spirals, []
    monkeypatch.setattr("chainrule.engines.fused._compiled._FLOPS_FOR_A_TEAM", 0)
    for threads in (1, 2):
        monkeypatch.setattr("chainrule.engines.fused._team.threads_allowed", lambda count=threads: count)
        net = cr.Sequential(Affine(2, 12), Dropout(), Affine(12, 3), dtype=np.float64)
        trainer = cr.Trainer(net, cr.SGD(0.1), engine="fused")
        found.append(trainer.run(x, t, np.arange(150).reshape(3, 50)))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12)
