"""Networks of images: the emitted text gives what the eager engine gives, and works on one image at a time."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule import layers
from chainrule.errors import ShapeError
from tests.engines.fused._plain import assert_agree, check, run
from tests.engines.fused.test_networks import TOLERANCE, state_of, stepper_of, steps_eagerly

KINDS = (
    layers.Conv2D,
    layers.MaxPool,
    layers.AvgPool,
    layers.ReLU,
    layers.Tanh,
    layers.LeakyReLU,
)


@st.composite
def networks(draw: Any) -> cr.Network:
    """Convolutions, pools and activations as they come, an affine layer at the end."""
    channels, height, width = (draw(st.integers(1, most)) for most in (2, 7, 7))
    shape, stack = (channels, height, width), []
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    for _ in range(draw(st.integers(1, 4))):
        size, stride = draw(pairs), draw(pairs)
        padding = tuple(draw(st.integers(0, n // 2)) for n in size)
        filters = draw(st.integers(1, 3))
        maker = draw(st.sampled_from(KINDS))
        if maker is layers.Conv2D:
            layer = maker(shape[0], filters, size, stride=stride, padding=padding)
        elif issubclass(maker, layers.Pool):
            layer = maker(size, draw(st.sampled_from([None, stride])), padding)
        else:
            layer = maker()
        try:
            shape = layer.output_shape(shape)
        except ShapeError:
            continue
        stack.append(layer)
    stack += [layers.Flatten(), layers.Affine(int(np.prod(shape)), 3)]
    dtype = draw(st.sampled_from(["float32", "float64"]))
    return cr.Sequential(
        *stack, input_shape=(channels, height, width), dtype=dtype, seed=draw(st.integers(0, 9))
    )


@given(networks(), st.integers(1, 4), st.booleans(), st.integers(0, 99))
@settings(max_examples=25)
def test_a_step_agrees_with_the_eager_engine(net: Any, rows: int, pixels: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 256, (6, net.input_size)).astype(np.uint8)
    numbers = (x / 255).astype(net.dtype)
    t = rng.integers(0, 3, 6)
    optimizer = cr.Momentum(0.05)
    values = {**state_of(net, optimizer, rng), "x": x if pixels else numbers, "t": t}
    step = stepper_of(net, optimizer, None, values).compiled(rows)
    batches = rng.integers(0, 6, (2, rows))
    wanted = steps_eagerly(net, optimizer, None, {**values, "x": numbers}, batches)
    for threads in (1, 2, 3):
        found = run(step, values, rows=rows, batches=batches, threads=threads, watch=threads > 1)
        assert_agree(found, wanted, rtol=TOLERANCE[net.dtype.name])


@pytest.mark.parametrize("shape", [(1, 1, 4, 5), (1, 2, 4, 5), (2, 1, 4, 5)])
@pytest.mark.parametrize(
    "pool", [{"size": 2}, {"size": 3, "stride": 1, "padding": 1}, {"size": (1, 2), "stride": 2}]
)
def test_gradients_of_gradients_of_images_of_any_number(shape: Any, pool: Any) -> None:
    rng = np.random.default_rng(1)
    values = {"x": rng.normal(size=shape), "W": rng.normal(size=(2, shape[1], 2, 2))}

    def function(v: dict[str, Any]) -> dict[str, Any]:
        loss = lambda x, W: cr.sum(cr.max_pool(cr.conv2d(x, W, padding=1), **pool) ** 3)  # noqa: E731
        slope = lambda x, W: cr.sum(cr.grad(loss, wrt=1)(x, W) ** 2)  # noqa: E731
        value, (dx, dW) = cr.value_and_grad(slope, wrt=(0, 1))(v["x"], v["W"])
        return {"value": value, "dx": dx, "dW": dW}

    check(function, values, steps=1, rtol=1e-10)


def test_what_is_done_to_an_image_is_one_loop() -> None:
    net = cr.SimpleConvNet((1, 8, 8), {"filter_num": 3, "filter_size": 3}, 6, 4, dtype=np.float32, seed=0)
    source = cr.Trainer(net, cr.SGD(0.1), batch_size=4).source
    loops = re.split(r"\n    (?=\S)", source)
    there = next(loop for loop in loops if "Conv1_product[" in loop)
    assert there.startswith("for i in range(n):")
    assert all(text in there for text in ("x[r, j]", "# Conv1: add; Relu1: relu", "Pool1[i, j, k, l] = "))
    back = next(loop for loop in loops if "dW1_total[0], " in loop)
    assert all(text in back for text in ("# dRelu1: ", "dConv1[0, ", "# dW1_total = Σ dConv1"))
    # The gradient of the filters is added up over the images, and never kept for each.
    assert "dW1_product" not in source
