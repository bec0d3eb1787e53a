"""Training on the xla engine: as eager to rounding, as hand-written JAX, and as itself to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, NonFiniteError, UnsupportedError
from chainrule.training import Callback, Evaluation
from tests.training._digits import digits, network, trained

jax = pytest.importorskip("jax")
OPTIMIZERS = [
    cr.SGD(0.1, weight_decay=0.01), cr.Momentum(0.05), cr.Nesterov(0.05), cr.AdaGrad(0.05), cr.RMSprop(0.01),
    cr.Adam(0.01), cr.AdamW(0.01),
]  # fmt: skip


def assert_same_bits(one: Any, other: Any) -> None:
    for name, w in one.params.items():
        np.testing.assert_array_equal(other.params[name], w)


def assert_agree(engine_net: Any, eager_net: Any, rtol: float = 1e-9) -> None:
    for held in ("params", "state"):
        for name, w in getattr(eager_net, held).items():
            np.testing.assert_allclose(getattr(engine_net, held)[name], w, rtol=rtol, atol=rtol / 100)


def both(make: Any, optimizer: Any, x: Any, t: Any, batches: Any, **settings: Any) -> tuple[Any, Any]:
    """Networks and losses after these mini-batches on xla and on eager."""
    results = []
    for engine in ("xla", "eager"):
        net = make()
        losses = cr.Trainer(net, optimizer, engine=engine, **settings).run(x, t, batches)
        results.append((net, losses))
    return results[0], results[1]


def test_pixels_train_and_are_evaluated_as_on_the_eager_engine():
    (xla, one), (eager, other) = trained("xla"), trained("eager")
    assert_agree(xla, eager)
    for quantity in ("loss", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy"):
        np.testing.assert_allclose(one.history[quantity], other.history[quantity], rtol=1e-9)
    x, _ = digits(700)
    np.testing.assert_allclose(Evaluation(eager, "xla").predict(x), eager.predict(x), rtol=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_120_steps_of_every_optimizer_are_those_of_eager(optimizer, make_net, spirals, rng):
    batches = rng.integers(0, 150, (120, 20))
    settings = {"schedule": cr.training.cosine(150), "clip_norm": 0.3} if type(optimizer) is cr.Adam else {}
    (xla, losses), (eager, wanted) = both(make_net, optimizer, *spirals, batches, **settings)
    np.testing.assert_allclose(losses, wanted, rtol=1e-9)
    assert_agree(xla, eager)


def images(dtype: Any = np.float64) -> cr.Sequential:
    return cr.Sequential(
        cr.Conv2D(1, 4, 3, padding=1), cr.BatchNorm(4), cr.ReLU(), cr.MaxPool(3, stride=2), cr.Dropout(0.3),
        cr.Conv2D(4, 3, (2, 1), stride=(1, 2)), cr.GELU(), cr.AvgPool(2, stride=1), cr.Flatten(),
        cr.Affine(3, 4), cr.LayerNorm(4), input_shape=(1, 7, 7), seed=3, dtype=dtype,
    )  # fmt: skip


def test_100_steps_of_layers_of_images_with_dropout_and_state_are_those_of_eager(rng):
    x, t = digits()
    (xla, losses), (eager, wanted) = both(images, cr.SGD(0.05), x, t, rng.integers(0, 330, (100, 12)))
    np.testing.assert_allclose(losses, wanted, rtol=1e-9)
    assert_agree(xla, eager)


def test_100_steps_of_an_embedding_are_those_of_eager(rng):
    def make() -> Any:
        return cr.Sequential(
            cr.Embedding(11, 5), cr.Flatten(), cr.Affine(15, 3), input_shape=(3,), seed=0, dtype=np.float64
        )

    x = rng.integers(0, 11, (60, 3))  # the same id more than once in a row, and in a mini-batch
    (xla, losses), (eager, wanted) = both(
        make, cr.Adam(0.01), x, x.sum(axis=1) % 3, rng.integers(0, 60, (100, 9))
    )
    np.testing.assert_allclose(losses, wanted, rtol=1e-9)
    assert_agree(xla, eager)


def test_200_steps_are_those_of_hand_written_jax(make_net, spirals, rng):
    import jax.numpy as jnp

    x, t = spirals
    batches = rng.integers(0, 150, (200, 25))
    net = make_net()

    def step(p: Any, rows: Any) -> Any:
        W1, b1, W2, b2 = p
        h = jnp.tanh(jnp.array(x)[rows] @ W1 + b1)
        scores, hot = h @ W2 + b2, jax.nn.one_hot(jnp.array(t)[rows], 3)
        loss = -jnp.mean(jnp.sum(hot * jax.nn.log_softmax(scores), axis=1))
        d = (jax.nn.softmax(scores) - hot) / 25
        da = d @ W2.T * (1 - h * h)
        grads = jnp.array(x)[rows].T @ da, da.sum(axis=0), h.T @ d, d.sum(axis=0)
        return [w - 0.3 * g for w, g in zip(p, grads, strict=True)], loss

    with jax.enable_x64(True):
        p, wanted = jax.jit(lambda p: jax.lax.scan(step, p, batches))(
            [jnp.array(w) for w in net.params.values()]
        )
        p, wanted = [np.array(w) for w in p], np.array(wanted)
    losses = cr.Trainer(net, cr.SGD(0.3), engine="xla").run(x, t, batches)
    np.testing.assert_allclose(losses, wanted, rtol=1e-11)
    for w, found in zip(p, net.params.values(), strict=True):
        np.testing.assert_allclose(found, w, rtol=1e-10, atol=1e-13)


def test_chunks_of_any_length_and_interruptions_give_the_same_bits(monkeypatch, tmp_path, rng):
    x, t = digits()
    batches = rng.integers(0, 330, (150, 16))

    def trainer() -> cr.Trainer:
        return cr.Trainer(network(np.float32), cr.Adam(0.01), engine="xla")

    whole = trainer()
    losses = whole.run(x, t, batches)
    monkeypatch.setattr("chainrule.training._on_devices._MOST_SECONDS", 0)  # a step at a time
    first, second = trainer(), trainer()
    one = first.run(x, t, batches[:70])
    first.save(tmp_path / "run.safetensors")
    second.resume(tmp_path / "run.safetensors")
    np.testing.assert_array_equal(losses, [*one, *second.run(x, t, batches[70:])])
    assert_same_bits(whole.network, second.network)


def test_the_step_that_goes_wrong_in_the_middle_of_a_chunk_is_found_as_on_eager():
    x, t = digits()
    bad = x / 255.0
    bad[17] = np.nan
    batches = np.arange(320).reshape(40, 8)
    said, nets = [], []
    for engine in ("xla", "eager"):
        trainer = cr.Trainer(network(), cr.SGD(0.1), engine=engine)
        trainer._runner._size = 40
        with pytest.raises(NonFiniteError, match="step 3: x holds NaN or inf to begin with") as caught:
            trainer.run(bad, t, batches)
        assert trainer.step == 2
        said.append(str(caught.value))
        nets.append(trainer.network)
    assert said[0] == said[1]
    assert_agree(*nets)


def test_who_looks_at_the_network_between_steps_may_change_it(make_net, spirals, rng):
    class Halve(Callback):
        def on_step(self, trainer: Any, loss: float) -> None:
            for w in trainer.network.params.values():
                w *= 0.5

    (xla, losses), (eager, wanted) = both(
        make_net, cr.SGD(0.1), *spirals, rng.integers(0, 150, (5, 20)), callbacks=[Halve()]
    )
    np.testing.assert_allclose(losses, wanted, rtol=1e-9)
    assert_agree(xla, eager)


def test_float64_stays_float64_and_settings_of_jax_stay_what_they_were(make_net, spirals):
    before = jax.config.jax_enable_x64, jax.config.jax_default_matmul_precision
    net = make_net()
    x, t = spirals
    cr.Trainer(net, cr.SGD(0.1), engine="xla").run(x, t, np.arange(20)[None])
    assert (jax.config.jax_enable_x64, jax.config.jax_default_matmul_precision) == before
    fresh = make_net()
    cr.Trainer(fresh, cr.SGD(0.1), engine="eager").run(x, t, np.arange(20)[None])
    assert {w.dtype for w in net.params.values()} == {np.dtype(np.float64)}
    assert max(np.abs(net.params[name] - w).max() for name, w in fresh.params.items()) < 1e-15


def rounded(x: Any) -> Any:
    """To bfloat16, ties to even: the upper half of a float32."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def test_bfloat16_rounds_the_operands_of_products_and_nothing_else(make_net, spirals):
    x, t = spirals[0][:40].astype(np.float32), spirals[1][:40]
    net = make_net(dtype=np.float32)
    W1, b1, W2, b2 = (w.copy() for w in net.params.values())
    (loss,) = cr.Trainer(net, cr.SGD(0.5), engine="xla", precision="bfloat16").run(x, t, np.arange(40)[None])

    def product(a: Any, b: Any) -> Any:
        return rounded(a) @ rounded(b)

    h = np.tanh(product(x, W1) + b1)
    scores = product(h, W2) + b2
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    d = (p - np.eye(3, dtype=np.float32)[t]) / 40
    da = product(d, W2.T) * (1 - h * h)
    wanted = [
        W1 - 0.5 * product(x.T, da),
        b1 - 0.5 * da.sum(0),
        W2 - 0.5 * product(h.T, d),
        b2 - 0.5 * d.sum(0),
    ]
    assert loss == pytest.approx(-np.log(p[np.arange(40), t]).mean(), rel=1e-5)
    for found, w in zip(net.params.values(), wanted, strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, w, atol=2e-4)  # where a sum falls on the other side of a rounding
    exact = cr.Trainer(make_net(dtype=np.float32), cr.SGD(0.5), engine="eager").run(x, t, np.arange(40)[None])
    assert 1e-6 < abs(loss - exact[0]) < 1e-2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"engine": "eager", "precision": "bfloat16"},
            "precision='bfloat16' is for the xla engine; this is the eager engine",
        ),
        ({"engine": "xla", "precision": "float16"}, "precision is None or 'bfloat16', not 'float16'"),
        (
            {"engine": "xla", "precision": "bfloat16"},
            "precision='bfloat16' is for networks of float32; this one has float64",
        ),
        ({"engine": "eager", "parameters": "split"}, "parameters='split' is for the xla engine"),
        ({"engine": "xla", "parameters": "sharded"}, "parameters is 'replicated' or 'split', not 'sharded'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, said, make_net):
    with pytest.raises(ArgumentError, match=said):
        cr.Trainer(make_net(), cr.SGD(0.1), **settings)


def test_a_gate_that_cannot_be_traced_is_named(spirals):
    def forward(xp: Any, x: Any) -> Any:
        return x * 2 if x[0, 0] > 0 else x * 3

    gate = cr.gates.Gate("fork", "?", "fork", "갈림", forward, wrt={"x": lambda dout: dout * 2})

    class Fork(cr.Layer):
        def compute(self, x: Any) -> Any:
            return cr.apply(gate, x)

    net = cr.Sequential(cr.Affine(2, 3), Fork(), dtype=np.float64)
    x, t = spirals
    with pytest.raises(
        UnsupportedError, match=r"the xla engine cannot run the gate fork \(for Fork1\)"
    ) as caught:
        cr.Trainer(net, cr.SGD(0.1), engine="xla").run(x, t, np.arange(4)[None])
    assert caught.value.fix.startswith("engine='eager'")
