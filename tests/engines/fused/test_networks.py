"""Whole training steps of random networks: the emitted text gives what the eager engine gives, for any mini-batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule import layers
from chainrule.engines import eager
from chainrule.engines.fused import Compiled, Stepper
from chainrule.training._step import initial_state, trace_step
from tests.engines.fused._plain import assert_agree, run

ACTIVATIONS = (
    layers.ReLU, layers.Sigmoid, layers.Tanh, layers.GELU, layers.ELU, layers.LeakyReLU, layers.Softplus, layers.SiLU,
    layers.Softmax,
)  # fmt: skip
LOSSES = {
    "softmax": layers.SoftmaxWithLoss,
    "soft labels": layers.SoftmaxWithLoss,
    "mean squared": layers.MeanSquaredError,
    "squared": layers.SquaredError,
    "binary": layers.BinaryCrossEntropyWithLogits,
}
OPTIMIZERS = (
    cr.SGD(0.05), cr.Momentum(0.05), cr.Nesterov(0.05), cr.AdaGrad(0.05), cr.RMSprop(0.05), cr.Adam(0.05),
    cr.AdamW(0.05), cr.SGD(0.05, weight_decay=0.01), cr.Momentum(0.05, weight_decay=0.01),
    cr.Nesterov(0.05, weight_decay=0.01),
)  # fmt: skip
TOLERANCE = {"float64": 1e-9, "float32": 2e-4}


@st.composite
def networks(draw: Any) -> Any:
    depth = draw(st.integers(1, 4))
    widths = draw(st.lists(st.integers(1, 6), min_size=depth + 1, max_size=depth + 1))
    stack: list[Any] = []
    for before, behind in zip(widths, widths[1:], strict=False):
        stack += [layers.Affine(before, behind), draw(st.sampled_from(ACTIVATIONS))()]
    stack.pop()
    kind = draw(st.sampled_from(list(LOSSES)))
    dtype = draw(st.sampled_from(["float32", "float64"]))
    net = cr.Sequential(*stack, loss=LOSSES[kind](), dtype=dtype, seed=draw(st.integers(0, 99)))
    return net, kind, widths[0], widths[-1]


def mini_batch(kind: str, rows: int, width: int, outputs: int, dtype: Any, rng: Any) -> tuple[Any, Any]:
    x = rng.normal(size=(rows, width)).astype(dtype)
    if kind == "softmax":
        return x, rng.integers(0, outputs, rows)
    t = rng.uniform(0, 1, (rows, outputs))
    if kind == "soft labels":
        t /= t.sum(axis=1, keepdims=True)
    return x, t.astype(dtype)


def state_of(net: Any, optimizer: Any, rng: Any) -> dict[str, Any]:
    """Parameters, and an optimizer's state as some steps might have left it."""
    state = initial_state(net.params, optimizer)
    state = {name: rng.uniform(0, 1, np.shape(value)).astype(value.dtype) for name, value in state.items()}
    return {**net.params, **state, "lr": 0.05, "step": 3.0}


def stepper_of(net: Any, optimizer: Any, clip_norm: Any, values: Any) -> Stepper:
    return Stepper(
        lambda v: trace_step(net, optimizer, clip_norm, v), values, gathered=("x", "t"), dtype=net.dtype
    )


def small_step(optimizer: Any, clip_norm: Any = None) -> tuple[Compiled, dict[str, Any]]:
    """A step of 4-5-3 for softmax with loss, and values of its inputs with 8 rows of data."""
    rng = np.random.default_rng(0)
    stack = layers.Affine(4, 5), layers.ReLU(), layers.Affine(5, 3)
    net = cr.Sequential(*stack, loss=layers.SoftmaxWithLoss(), dtype="float64", seed=0)
    x, t = mini_batch("softmax", 8, 4, 3, net.dtype, rng)
    values = {**state_of(net, optimizer, rng), "x": x, "t": t}
    return stepper_of(net, optimizer, clip_norm, values).compiled(6), values


def steps_eagerly(net: Any, optimizer: Any, clip_norm: Any, values: Any, batches: Any) -> dict[str, Any]:
    """The outputs of the last of some steps, each with its rows of the data."""
    values = dict(values)
    for rows in batches:
        batch = {**values, "x": values["x"][rows], "t": values["t"][rows]}
        outputs = eager.build(trace_step(net, optimizer, clip_norm, batch))(batch)
        values.update((name, value) for name, value in outputs.items() if name in values)
    return outputs


@given(
    networks(),
    st.sampled_from(OPTIMIZERS),
    st.sampled_from([None, 0.1, 1e3]),
    st.integers(1, 7),
    st.integers(0, 99),
)
def test_a_step_agrees_with_the_eager_engine(made, optimizer, clip_norm, rows, seed):
    net, kind, width, outputs = made
    rng = np.random.default_rng(seed)
    x, t = mini_batch(kind, 8, width, outputs, net.dtype, rng)
    values = {**state_of(net, optimizer, rng), "x": x, "t": t}
    step = stepper_of(net, optimizer, clip_norm, values).compiled(rows)
    for n, teams in ((rows, (1, 2)), (1, (3,))):
        batches = rng.integers(0, 8, (2, n))
        wanted = steps_eagerly(net, optimizer, clip_norm, values, batches)
        for threads in teams:
            found = run(step, values, rows=n, batches=batches, threads=threads, watch=threads > 1)
            assert_agree(found, wanted, rtol=TOLERANCE[net.dtype.name])
