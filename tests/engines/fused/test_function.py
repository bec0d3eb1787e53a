"""Compiled functions return what `value_and_grad` returns, and take their arguments in any form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")
pytest.importorskip("scipy")

import chainrule as cr
from chainrule import engines
from chainrule.engines import fused, trace
from chainrule.errors import ArgumentError, DTypeError, GraphError

SINGLE = np.ones(2, np.float32)
SCALES = np.array([1.0, 2.0, 3.0])


def assert_same(found: Any, wanted: Any) -> None:
    assert type(found) is type(wanted)
    if isinstance(wanted, tuple):
        for one, other in zip(found, wanted, strict=True):
            assert_same(one, other)
        return
    assert np.shape(found) == np.shape(wanted)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert getattr(found, "dtype", None) == getattr(wanted, "dtype", None)


@pytest.mark.parametrize(
    ("f", "wrt", "args"),
    [
        (
            lambda x, m: np.sum(np.tanh(x * SCALES) * m) + np.sum((x @ x.T) ** 2),
            (1, 0),
            (np.ones((2, 3)), 2.0),
        ),
        (lambda x, y: np.sum(x * y * 3.0), (1, 0), (2.0, SINGLE)),
        (lambda x: np.sum(x), 0, (SINGLE,)),  # the same gradient everywhere
        (lambda x: x * 3.0, 0, (2.0,)),
        (lambda x, y: np.sum(x * x), (0, 1), (np.ones(3), np.ones((2, 2)))),  # none at all
        (lambda x: x * x, 0, (np.array(3.0),)),
    ],
)
def test_values_and_gradients_are_those_of_value_and_grad(f, wrt, args):
    assert_same(fused.compile(f, wrt)(*args), cr.value_and_grad(f, wrt)(*args))


@pytest.mark.parametrize(
    ("f", "wrt", "args", "error"),
    [
        (lambda x: x * 2.0, 0, (np.ones(3),), GraphError),
        (lambda x: np.sum(x), 0, (np.ones(3, int),), DTypeError),
        (lambda x: np.sum(x), -1, (np.ones(3),), ArgumentError),
        (lambda x: np.sum(x), 2, (np.ones(3),), ArgumentError),
    ],
)
def test_what_value_and_grad_refuses_is_refused_in_the_same_words(f, wrt, args, error):
    with pytest.raises(error) as wanted:
        cr.value_and_grad(f, wrt)(*args)
    with pytest.raises(error) as found:
        fused.compile(f, wrt)(*args)
    assert str(found.value).splitlines()[0] == str(wanted.value).splitlines()[0]


def test_it_is_compiled_anew_for_other_shapes_and_dtypes_alone():
    recorded = []

    def f(x: Any) -> Any:
        recorded.append(np.shape(x))
        return np.sum(x * x)

    compiled = fused.compile(f)
    for x in (np.ones(2), np.full(2, 3.0), np.ones(3), SINGLE, 3.0, 5.0, np.ones(2)):
        assert_same(compiled(x), cr.value_and_grad(lambda x: np.sum(x * x))(x))
    assert recorded == [(2,), (3,), (2,), ()]


@pytest.fixture(scope="module")
def step() -> Any:
    graph = trace(lambda v: {"y": v["x"] * v["n"], "x": v["x"] + 1.0}, {"x": np.ones((3, 2)), "n": 2.0})
    return engines.compile_step(graph, "fused")


def _layouts() -> dict[str, Any]:
    whole = np.random.default_rng(0).normal(size=(6, 4))
    bytes_off = np.frombuffer(b"." + whole[:3, :2].tobytes(), np.uint8)[1:]
    read_only = whole[:3, :2].copy()
    read_only.flags.writeable = False
    return {
        "every second": whole[::2, ::2],
        "transposed": whole[:2, :3].T,
        "by columns": np.asfortranarray(whole[:3, :2]),
        "unaligned": bytes_off.view(np.float64).reshape(3, 2),
        "read-only": read_only,
        "broadcast": np.broadcast_to(whole[0, :2], (3, 2)),
        "of whole numbers": np.arange(6).reshape(3, 2),
    }


@pytest.mark.parametrize("layout", _layouts())
def test_arrays_may_lie_in_memory_in_any_way_and_stay_as_they_are(step, layout):
    x = _layouts()[layout]
    before = x.copy()
    found = step({"x": x, "n": 3.0})
    np.testing.assert_array_equal(found["y"], before * 3.0)
    np.testing.assert_array_equal(found["x"], before + 1.0)
    np.testing.assert_array_equal(x, before)
