"""A step graph as one compiled function: what comes out, and what is never touched."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import compile_step, eager, trace
from chainrule.engines.xla import Stepper, build
from chainrule.engines.xla._bfloat16 import (
    with_rounded_products,
)
from chainrule.errors import ArgumentError, ShapeError
from chainrule.graph import functions as F


def test_numbers_stay_numbers_and_take_the_precision_of_what_they_meet():
    def function(v: dict[str, Any]) -> dict[str, Any]:
        number = 1.0 - 0.9 ** v["step"]  # in float64, whatever the arrays are
        return {
            "number": number,
            "w": v["w"] / number,
            "less": v["step"] < 3.0,
            "wide": v["w"] * v["whole"],
        }

    values = {
        "w": np.float32([1.0, 3.0]),
        "step": 2.0,
        "whole": np.array([1, 2]),
    }
    step = trace(function, values)
    found, wanted = (
        compile_step(step, "xla")(values),
        eager.build(step)(values),
    )
    for name, value in wanted.items():
        assert type(found[name]) is type(value), name
        np.testing.assert_allclose(
            found[name],
            value,
            rtol=1e-15 if name == "number" else 1e-7,
        )
        assert np.asarray(found[name]).dtype == np.asarray(value).dtype, name


def test_inputs_that_do_not_fit_are_refused():
    run = build(trace(lambda v: {"y": v["x"] * 2.0}, {"x": np.ones(3)}))
    with pytest.raises(
        ShapeError,
        match=r"recorded for x of shape \(3,\); it has shape \(4,\)",
    ):
        run({"x": np.ones(4)})
    with pytest.raises(
        ArgumentError,
        match="of what was given, x missing and z unknown",
    ):
        run({"z": np.ones(3)})


def test_numbers_out_of_range_of_rows_are_seen_and_not_read_from_elsewhere():
    step = trace(
        lambda v: {"y": F.take_rows(v["x"], v["ids"])},
        {"x": np.ones((3, 2)), "ids": np.zeros(2, int)},
    )
    found = build(step)({"x": np.ones((3, 2)), "ids": np.array([1, 7])})["y"]
    np.testing.assert_array_equal(found, [[1, 1], [np.nan, np.nan]])


def stepper_and_arrays() -> tuple[Stepper, dict[str, Any], dict[str, Any]]:
    def add(values: Any) -> Any:
        return trace(
            lambda v: {
                "w": v["w"] + F.sum(v["x"], axis=0),
                "loss": F.sum(v["w"]),
            },
            values,
        )

    arrays, data = (
        {"w": np.zeros(1024)},
        {"x": np.ones((8, 1024))},
    )  # aligned, and so JAX might look at them
    return (
        Stepper(add, {**arrays, **data}, gathered=["x"]),
        arrays,
        data,
    )


def test_memory_of_numpy_is_never_shared_with_the_devices():
    stepper, arrays, data = stepper_and_arrays()
    held, kept = stepper.hold(arrays), stepper.keep(data)
    arrays["w"][:] = np.nan
    data["x"][:] = np.nan
    results = stepper.run(held, kept, np.arange(8).reshape(4, 2), {})
    assert results.good
    np.testing.assert_array_equal(stepper.read(results.held["w"]), np.full(1024, 8.0))
    np.testing.assert_array_equal(results.losses, [0, 2048, 4096, 6144])


def test_memory_of_parameters_is_taken_over_from_step_to_step():
    stepper, arrays, data = stepper_and_arrays()
    held, kept = stepper.hold(arrays), stepper.keep(data)
    held = stepper.run(held, kept, np.zeros((1, 2), int), {}).held
    place = held["w"].unsafe_buffer_pointer()
    stepper.read(held["w"])  # which must not keep it
    again = stepper.run(held, kept, np.zeros((1, 2), int), {}).held
    assert held["w"].is_deleted()
    assert again["w"].unsafe_buffer_pointer() == place


def test_a_loss_that_is_not_finite_is_told():
    stepper, arrays, data = stepper_and_arrays()
    data["x"][3, 5] = np.inf
    results = stepper.run(
        stepper.hold(arrays),
        stepper.keep(data),
        np.array([[0, 1], [2, 3]]),
        {},
    )
    assert not results.good
    assert np.isfinite(results.losses).all()


def test_products_are_rounded_in_whatever_calls_them():
    x = np.float32([[1 + 2**-9, 3.0]])  # 9 binary places, of which bfloat16 keeps 7

    def function(x: Any) -> Any:
        return {
            "inside": jax.jit(lambda x: jnp.matmul(x, x.T))(x),
            "beside": jax.nn.relu(x) + x.sum(),
        }

    found = with_rounded_products(function)(x)
    assert found["inside"] == 10.0
    np.testing.assert_array_equal(found["beside"], function(x)["beside"])
    assert found["inside"].dtype == jnp.float32
    with jax.enable_x64(True):  # float64 is left alone
        wide = with_rounded_products(function)(x.astype(np.float64))["inside"].item()
    assert wide == (1 + 2**-9) ** 2 + 9


def test_a_mini_batch_of_images_pads_and_folds_like_numpy(rng):
    x, W = (
        rng.normal(size=(2, 2, 5, 6)),
        rng.normal(size=(3, 2, 3, 2)),
    )

    def function(v: dict[str, Any]) -> dict[str, Any]:
        y = cr.conv2d(v["x"], v["W"], stride=(2, 1), padding=1)
        loss = F.sum(cr.max_pool(y, size=2, stride=1, padding=1) ** 3)
        dx, dW = cr.graph.gradients_of(loss, [v["x"], v["W"]], as_graph=True)
        return {"loss": loss, "dx": dx, "dW": dW}

    step = trace(function, {"x": x, "W": W})
    for name, wanted in eager.build(step)({"x": x, "W": W}).items():
        np.testing.assert_allclose(
            build(step)({"x": x, "W": W})[name],
            wanted,
            rtol=1e-11,
            err_msg=name,
        )
