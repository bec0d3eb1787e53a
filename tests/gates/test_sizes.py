"""The contract on sizes: single numbers, one element, none at all."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ShapeError
from chainrule.gates import ALL, Gate
from chainrule.graph import apply
from tests.gates._examples import ELEMENTWISE, EXAMPLES, Example
from tests.gates._run import differentiated, run

SIZES = [(), (0,), (1,), (1, 1), (0, 3), (2, 0, 1)]
NOTHING = np.zeros((0, 3))
NO_COLUMNS = np.zeros((2, 0))
NO_NUMBERS = np.array([], dtype=int)


def run_on(name: str, inputs: list[Any], **options: Any) -> Any:
    """The value, after a look at the shapes of the gradients."""
    gate = ALL[name]
    given = Example(tuple(inputs), options)
    value = apply(gate, *inputs, **options)
    result = run(gate, given, np.ones_like(value))
    shapes = map(np.shape, differentiated(gate, given))
    assert list(map(np.shape, result.gradients)) == list(shapes)
    return result.value


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_gates_take_any_shape(name: str, rng: np.random.Generator) -> None:
    settings = EXAMPLES[name][0].settings
    for shape in SIZES:
        inputs = [np.asarray(sample(rng, shape)) for sample in ELEMENTWISE[name]]
        assert np.shape(run_on(name, inputs, **settings)) == shape


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("mean", [NOTHING]),
        ("mean_squared_error", [NOTHING, NOTHING]),
        ("binary_cross_entropy_with_logits", [NOTHING, NOTHING]),
        ("softmax_with_loss", [NOTHING, NO_NUMBERS]),
        ("cross_entropy_error", [NOTHING, NOTHING]),
    ],
)
def test_the_mean_of_nothing_is_nan(name: str, inputs: list[Any]) -> None:
    assert np.isnan(run_on(name, inputs))


def test_means_of_nothing_are_nan_each() -> None:
    value = run_on("mean", [NOTHING], axis=0, keepdims=True)
    np.testing.assert_array_equal(value, [[np.nan] * 3])


@pytest.mark.parametrize(
    ("name", "inputs", "options", "shape"),
    [
        ("sum", [NOTHING], {}, ()),
        ("sum", [NOTHING], {"axis": 0}, (3,)),
        ("squared_error", [NOTHING, NOTHING], {}, ()),
        ("matmul", [NO_COLUMNS, NOTHING], {}, (2, 3)),
        ("scatter", [NOTHING], {"index": NO_NUMBERS, "shape": (2, 3)}, (2, 3)),
    ],
)
def test_the_sum_of_nothing_is_zero(
    name: str,
    inputs: list[Any],
    options: dict[str, Any],
    shape: tuple[int, ...],
) -> None:
    np.testing.assert_array_equal(run_on(name, inputs, **options), np.zeros(shape))


@pytest.mark.parametrize("name", ["max", "min", "mean", "logsumexp", "softmax", "log_softmax"])
def test_no_rows_give_no_rows(name: str) -> None:
    assert len(run_on(name, [NOTHING], axis=1)) == 0


@pytest.mark.parametrize("name", ["max", "min", "logsumexp", "softmax", "log_softmax"])
def test_the_largest_of_nothing_is_refused(name: str) -> None:
    what = rf"^the gate {name} cannot take an array of shape \(2, 0\) with axis=1: "
    with pytest.raises(ShapeError, match=what):
        apply(ALL[name], NO_COLUMNS, axis=1)


REDUCTIONS = [gate for gate in ALL.values() if gate.kind == "reduction"]


@pytest.mark.parametrize("gate", REDUCTIONS, ids=attrgetter("name"))
def test_a_reduction_of_one_number_is_that_number(gate: Gate) -> None:
    for x in (2.0, np.array(2.0), np.array([2.0]), np.array([[2.0]])):
        result = run(gate, Example((x,), {}))
        assert result.value == 2
        assert np.shape(result.value) == ()
        assert np.shape(result.gradients[0]) == np.shape(x)
        assert result.gradients[0] == 1


@pytest.mark.parametrize("gate", REDUCTIONS, ids=attrgetter("name"))
def test_a_single_number_has_an_axis_0_as_in_numpy(gate: Gate) -> None:
    result = run(gate, Example((np.array(2.0),), {"axis": 0}))
    assert result.value == 2
    assert result.gradients == [1]
