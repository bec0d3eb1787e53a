"""Machine code: the same numbers as the eager engine's, from steps, functions and training."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import layers
from chainrule.engines import compile_step, eager, trace
from chainrule.engines.fused import CompiledFunction, _compiled, _team, compile
from chainrule.errors import ArgumentError, DTypeError, GraphError, ShapeError
from chainrule.gates import Gate
from chainrule.graph import Variable, apply, gradients_of, value_and_grad
from chainrule.graph import functions as F
from tests.engines.fused._plain import assert_agree

pytest.importorskip("numba")
pytest.importorskip("scipy")

TOLERANCE = {"float32": 2e-5, "float64": 1e-12}


def many_gates(v):
    """Something of everything but functions; large enough to be shared by threads."""
    x, W, b, k = v["x"], v["W"], v["b"], v["k"]
    hidden = F.relu(x @ W + b)
    rows = F.softmax(hidden, axis=1) * F.where(k > 2, x, 1.0)
    lengths = F.sum(rows * rows, axis=1)
    loss = F.mean(lengths) + F.max(x) * 0.1
    dW, db = gradients_of(loss, [W, b], as_graph=True)
    blocks = F.reshape(rows, (8, 10, 80))
    return {
        "loss": loss,
        "W": W - v["lr"] * dW,
        "b": b - v["lr"] * db,
        "turned": 0.9 * x.T - v["lr"] * (x @ hidden),
        "blocks": F.transpose(blocks[:2], (0, 2, 1)) @ blocks[:2],
        "put": F.concatenate([x[:3, ::-1], rows[5:7] * v["lr"]], axis=0),
        "columns": F.sum(rows, axis=0),
        "counts": F.max(k, axis=0),
        "lr": v["lr"] * 0.5,
    }


@pytest.mark.parametrize(("dtype", "threads"), [("float32", 1), ("float64", 2)])
def test_a_step_of_many_gates(dtype, threads, rng, monkeypatch):
    monkeypatch.setattr(_team, "threads_allowed", lambda: threads)
    monkeypatch.setattr(_compiled, "_FLOPS_FOR_A_TEAM", 0)
    values = {n: rng.normal(size=(80, 80)).astype(dtype) * 0.3 for n in ("x", "W")}
    values |= {"b": rng.normal(size=80).astype(dtype), "k": rng.integers(0, 5, (80, 80)), "lr": 0.25}
    before = {name: np.copy(value) for name, value in values.items()}
    step = trace(many_gates, values)
    run = compile_step(step, "fused")
    found = run(values)
    assert_agree(found, eager.build(step)(values), rtol=TOLERANCE[dtype])
    assert all(np.array_equal(values[name], old) for name, old in before.items())  # nothing written into
    again = run(values)
    assert all(np.array_equal(again[name], value) for name, value in found.items())  # the same bits


def test_nan_and_infinity_pass_as_in_the_eager_engine():
    x = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1e308, -745.2, 710.0, 5e-324])
    functions = F.exp, F.log, F.tanh, F.sqrt, F.sigmoid, F.sin

    def function(v):
        x = v["x"]
        return {
            "functions": F.stack([f(x) for f in functions]),
            "most": F.stack([F.max(x), F.min(x), F.sum(x)]),
            "product": F.stack([x, x * 0.0]) @ F.stack([x, x + 1.0]).T,
            "divided": 1.0 / x + x * 0.0,
        }

    step = trace(function, {"x": x})
    with np.errstate(all="ignore"):
        assert_agree(
            compile_step(step, "fused")({"x": x}), eager.build(step)({"x": x}), rtol=1e-14, each=True
        )


def _cumulate(xp, x):
    if np.any(x > 9):
        raise OverflowError("more than 9 came by")
    return np.cumsum(x, axis=0)


running_sum = Gate("running_sum", "Σ", "running sum", "누적합", forward=_cumulate, wrt={}, kind="row-wise")


def test_a_gate_that_nobody_knows_is_called_and_its_exception_arrives(rng):
    step = trace(lambda v: {"y": F.exp(apply(running_sum, v["x"] * 2.0))}, {"x": np.zeros((4, 3))})
    run = compile_step(step, "fused")
    x = rng.uniform(-1, 1, (4, 3))
    wanted = np.exp(np.cumsum(x * 2.0, axis=0))
    np.testing.assert_allclose(run({"x": x})["y"], wanted, rtol=1e-13)
    with pytest.raises(OverflowError, match="more than 9 came by"):
        run({"x": x + 5.0})
    np.testing.assert_allclose(run({"x": x})["y"], wanted, rtol=1e-13)  # and it goes on


# Functions.

SCALES = np.array([[1.0, -2.0, 3.0]])
SHIFT = 0.5


def energy(x, y, n):
    return F.sum(F.exp(-((x * SCALES + SHIFT) ** 2.0)) * n) + F.sum(x @ y) * n


@pytest.fixture
def arguments(rng):
    return rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), 1.5


def test_a_function_with_one_gradient(arguments):
    f = compile(energy)
    assert isinstance(f, CompiledFunction)
    value, gradient = f(*arguments)
    wanted, expected = value_and_grad(energy)(*arguments)
    assert value == pytest.approx(wanted, rel=1e-12)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-12)
    assert f.source.startswith("def step(")
    assert "matmul(" in f.source


def test_a_function_with_several_gradients(arguments):
    value, gradients = compile(energy, (1, 0, 2))(*arguments)
    wanted, expected = value_and_grad(energy, (1, 0, 2))(*arguments)
    assert value == pytest.approx(wanted, rel=1e-12)
    assert isinstance(gradients, tuple)
    for found, right in zip(gradients, expected, strict=True):
        assert np.shape(found) == np.shape(right)
        np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-12)


def test_gradients_that_do_not_depend_on_the_arguments():
    f = compile(lambda x, y: F.sum(x * 2.0), (0, 1))
    value, (dx, dy) = f(np.array([1.0, 2.5]), np.ones(3))
    assert value == 7.0
    assert dx.tolist() == [2.0, 2.0]
    assert dy.tolist() == [0.0, 0.0, 0.0]


def test_a_function_without_gradient_may_return_an_array():
    f = compile(lambda x: F.exp(x) * 2.0, wrt=())
    x = np.array([0.0, 1.0])
    np.testing.assert_allclose(f(x), [2.0, 2.0 * np.e], rtol=1e-15)
    assert f(x.astype(np.float32)).dtype == np.float32  # compiled once more
    np.testing.assert_allclose(f(np.zeros(3)), [2.0, 2.0, 2.0])  # and for another shape


def test_results_stay_when_the_function_runs_again():
    f = compile(lambda x: F.exp(x), wrt=())
    one = f(np.zeros(3))
    f(np.ones(3))
    np.testing.assert_array_equal(one, [1.0, 1.0, 1.0])


def test_wrong_arguments_are_refused():
    with pytest.raises(ArgumentError, match="the function has not run yet"):
        _ = compile(energy).source
    with pytest.raises(DTypeError, match="takes numbers and arrays, not variables"):
        compile(lambda x: F.sum(x))(Variable(np.ones(2)))
    with pytest.raises(GraphError, match=r"the function returned shape \(2,\); a gradient needs one number"):
        compile(lambda x: F.exp(x))(np.ones(2))
    with pytest.raises(
        DTypeError, match=r"a gate takes real numbers, arrays of them and variables, not str \('a'\)"
    ):
        compile(lambda x: F.sum(x))("a")
    with pytest.raises(DTypeError, match="gradient"):
        compile(lambda x: F.sum(x * 2))(np.array([1, 2]))


def test_a_step_refuses_other_inputs():
    step = trace(lambda v: {"y": v["x"] + 1.0}, {"x": np.ones(2)})
    run = compile_step(step, "fused")
    with pytest.raises(ShapeError, match=r"recorded for x of shape \(2,\); it has shape \(3,\)"):
        run({"x": np.ones(3)})
    with pytest.raises(ArgumentError, match="of what was given, x missing and z unknown"):
        run({"z": np.ones(2)})


# Training.


def test_training_gives_what_the_eager_engine_gives(rng):
    x, t = rng.normal(size=(45, 6)), rng.integers(0, 3, 45)

    def trained(engine):
        stack = layers.Affine(6, 8), layers.ReLU(), layers.Affine(8, 3)
        net = cr.Sequential(*stack, loss=layers.SoftmaxWithLoss(), dtype="float64", seed=1)
        trainer = cr.Trainer(net, cr.Momentum(0.1), batch_size=20, engine=engine, seed=1)
        trainer.fit(x, t, epochs=3)  # each with a last mini-batch of 5
        return net.params

    found = trained("fused")
    wanted = trained("eager")
    assert_agree(found, wanted, rtol=1e-11)
