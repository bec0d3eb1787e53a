"""Gates that are not made of primitives run as they are, in the middle of the emitted text."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.gates import Gate
from chainrule.graph import apply, gradients_of
from chainrule.graph import functions as F
from tests.engines.fused._cases import Cases
from tests.engines.fused._plain import check, compile_whole

cases = Cases()


def gate(name, forward, **more):
    return Gate(name, "Σ", name, name, forward=forward, wrt=more.pop("wrt", {}), kind="row-wise", **more)


running_sum_backwards = gate("running_sum_backwards", lambda xp, x: np.cumsum(x[::-1], axis=0)[::-1])
running_sum = gate(
    "running_sum",
    lambda xp, x: np.cumsum(x, axis=0),
    wrt={"x": lambda dout: apply(running_sum_backwards, dout)},
)
spectrum = gate("spectrum", lambda xp, x: np.abs(np.fft.fft(x)).astype(x.dtype))
first = gate("first", lambda xp, x: np.cumsum(np.atleast_1d(x))[0])
in_order = gate(
    "in_order",
    lambda xp, x: (np.sort(x, axis=0), np.sort(x, axis=0) * 2.0),
    wrt={"x": lambda dout, double: dout * double},
    keeps={"double": running_sum},
)
ROWS = np.array([0, 0, 3])


@cases.each
def test_the_text_gives_what_the_eager_engine_gives(case, rng):
    check(case, case.values(rng), **case.options)


def test_they_are_called_once_and_by_one_thread(rng):
    step = compile_whole(lambda v: {"y": F.exp(apply(running_sum, v["x"]))}, {"x": rng.normal(size=(5, 2))})
    for source in (step.alone, step.team):
        assert [node.settings["gate"] for node, _, _ in source.calls] == [running_sum]
        assert source.text.count("call_gate(calls, 0, n)") == 1


@cases(x=(5, 2), z=(5, 2), y=(2, 5))
def amid_others(x, y, z):
    return {
        "a": F.exp(apply(running_sum, x * 2.0)),
        "b": apply(running_sum, z),
        "c": apply(running_sum, y.T),
    }


@cases(x=(5, 2))
def with_a_gradient(x):
    total = F.sum(F.sin(apply(running_sum, x * 2.0)))
    return {
        "y": total,
        "x": x - 0.1 * gradients_of(total, [x], as_graph=True)[0],
    }


@cases(x=(5, 2), y=(5, 2))
def that_replace_inputs(x, y):
    sums = apply(running_sum, y)
    return {
        "x": apply(running_sum, x),
        "y": sums,
        "z": sums,
        "w": sums,
    }


@cases(x=0.5, y=np.array(0.5))
def of_numbers(x, y):
    return {
        "x": apply(first, x * 2.0),
        "z": apply(first, y * 2.0) * y,
    }


@cases(x=np.linspace(-1, 2, 6, dtype=np.float32))
def of_another_precision(x):
    return {"y": F.sum(apply(spectrum, x)) * x}


@cases(x=(5, 2))
def that_keep_something_for_their_rules(x):
    y = apply(in_order, x * 1.5)
    return {
        "y": F.exp(y),
        "g": gradients_of(F.sum(y), [x], as_graph=True)[0],
    }


@cases(x=(5, 2))
def that_keep_what_nobody_reads(x):
    return {"y": F.exp(apply(in_order, x))}


@cases(x=(5, 2), w=(3, 2))
def rows_by_number(x, w):
    chosen = x[ROWS]
    (gradient,) = gradients_of(F.sum(chosen * w), [x], as_graph=True)
    return {
        "y": chosen,
        "g": gradient,
        "x": x - 0.1 * gradient,
        "m": x[np.array([True, False, True, False, False])],
    }


@cases(x=np.array([[1.0, 1, 0], [2, 2, 2], [0, -0.0, -1]]), w=(3,))
def gradients_where_the_largest_is_tied(x, w):
    return {
        "y": F.max(x, axis=1),
        "g": gradients_of(F.sum(F.max(x, axis=1) * w), [x], as_graph=True)[0],
        "h": gradients_of(F.max(x), [x], as_graph=True)[0],
    }


@pytest.mark.parametrize("threads", [1, 2])
def test_a_gradient_that_is_made_row_by_row_is_whole_where_a_gate_is_called_with_it(
    threads: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainrule.engines.fused._team.threads_allowed", lambda count=threads: count)
    ids, t = rng.integers(0, 9, (23, 4)), rng.integers(0, 3, 23)
    losses = []
    for engine in ("eager", "fused"):
        stack = (cr.Embedding(9, 3), cr.LayerNorm(3), cr.Flatten(), cr.Affine(12, 3))
        net = cr.Sequential(*stack, input_shape=(4,), seed=3, dtype=np.float64)
        trainer = cr.Trainer(net, cr.Momentum(0.1), batch_size=7, engine=engine)
        losses.append(trainer.run(ids, t, np.arange(21).reshape(3, 7)))
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-12)
