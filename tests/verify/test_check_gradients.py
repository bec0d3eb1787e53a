"""`check_gradients` as people use it: what it takes, what it leaves alone, what it says."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided
from rich.console import Console

import chainrule as cr
from chainrule import gates
from chainrule.errors import ArgumentError, DTypeError, GradientError, GraphError, UnsupportedError
from chainrule.graph import apply
from chainrule.graph import functions as F
from chainrule.verify import GradientReport, assert_gradients, check_gradients
from tests.verify._mutants import mutant


def apples(x: Any, m: Any, t: Any) -> Any:
    return 0.5 * (x * m * t - 219) ** 2


def affine_tanh(x: Any, W: Any, b: Any) -> Any:
    return np.tanh(x @ W + b)


@pytest.fixture
def affine_inputs() -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), rng.normal(size=4)


def test_the_apples_with_whole_numbers() -> None:
    report = check_gradients(apples, 100, 2, 1.1)
    assert report.ok
    upstream = report.inputs[0].backprop / 2.2
    for check, local in zip(report.inputs, [2.2, 110.0, 200.0], strict=True):  # times L' = 1
        assert check.backprop == pytest.approx(local * upstream)
        assert check.numerical == pytest.approx(local * upstream, rel=1e-9)
        assert (check.shape, check.dtype, check.checked, check.index) == ((), "float64", "1 of 1", ())


def test_numbers_that_stay_whole_are_constants_if_they_are_not_asked_for() -> None:
    report = check_gradients(cr.power, -2.0, 3, wrt=0)
    assert [(i.verdict, i.name) for i in report.inputs] == [("ok", "x"), ("not checked", "y")]
    assert report.ok


def test_an_array_function_is_checked_in_every_element(affine_inputs: tuple[Any, ...]) -> None:
    report = check_gradients(affine_tanh, *affine_inputs)
    assert report.ok
    assert [i.name for i in report.inputs] == ["x", "W", "b"]
    assert [i.checked for i in report.inputs] == ["6 of 6", "12 of 12", "4 of 4"]
    assert all(i.max_relative < 1e-8 for i in report.inputs)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_each_precision_has_its_tolerance(affine_inputs: tuple[Any, ...], dtype: Any) -> None:
    inputs = [x.astype(dtype) for x in affine_inputs]
    report = check_gradients(affine_tanh, *inputs)
    assert report.ok
    assert {i.dtype for i in report.inputs} == {np.dtype(dtype).name}
    assert max(i.max_relative for i in report.inputs) < {np.float64: 1e-7, np.float32: 1e-4}[dtype]


def test_a_tolerance_of_ones_own() -> None:
    nearly = mutant(gates.exp, "x", lambda g: g * (1 + 1e-5))
    x = np.array([0.5, -1.0])
    assert not check_gradients(lambda x: apply(nearly, x), x).ok
    assert check_gradients(lambda x: apply(nearly, x), x, tolerance=1e-4).ok
    assert not check_gradients(lambda x: apply(nearly, x), x, tolerance=1e-6).ok


def test_a_float32_input_among_float64_sets_the_tolerance(affine_inputs: tuple[Any, ...]) -> None:
    x, W, b = affine_inputs
    assert check_gradients(affine_tanh, x.astype(np.float32), W, b.astype(np.float32)).ok
    assert check_gradients(lambda x: F.astype(np.exp(x), np.float32), x).ok


def test_the_differences_are_taken_in_float64_whatever_the_inputs_are() -> None:
    seen = []

    def f(x: Any, c: Any) -> Any:
        seen.append((x.dtype, c.dtype))
        return x * c

    check_gradients(f, np.array([1, 2], np.float32), np.array([3, 4], np.float32), wrt=0)
    assert seen[0] == (np.float32, np.float32)
    assert set(seen[1:]) == {(np.dtype(np.float64), np.dtype(np.float64))}


def test_labels_are_constants_and_are_listed_as_such() -> None:
    report = check_gradients(
        cr.softmax_with_loss, np.random.default_rng(0).normal(size=(3, 4)), np.array([0, 1, 3])
    )
    assert [i.verdict for i in report.inputs] == ["ok", "not checked"]
    assert "t      (3,)    int64" in str(report)


@pytest.mark.parametrize("bad", [np.array([3, 4]), np.array([True])], ids=["integers", "booleans"])
def test_an_input_without_a_gradient_is_refused_when_asked_for(bad: Any) -> None:
    with pytest.raises(DTypeError, match="no input has a gradient: an array of") as caught:
        check_gradients(lambda x: x * x, bad)
    assert caught.value.fix == "x.astype(float)"
    with pytest.raises(DTypeError, match="real numbers"):
        check_gradients(lambda x, y: x * y, bad, np.ones(2), wrt=0)


def test_bad_arguments_get_a_sentence() -> None:
    with pytest.raises(ArgumentError, match="wrt=2, but there are 1 inputs"):
        check_gradients(F.exp, 1.0, wrt=2)
    with pytest.raises(ArgumentError, match="variable already"):
        check_gradients(F.exp, cr.Variable(1.0))
    with pytest.raises(GraphError, match="returned tuple"):
        check_gradients(lambda x: (x, x, x), 1.0)
    with pytest.raises(UnsupportedError, match="float is nothing whose gradients can be checked"):
        check_gradients(lambda: 1.0)


def test_a_random_function_is_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ArgumentError, match="two answers to one question"):
        check_gradients(lambda x: x * rng.normal(), np.ones(2))


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "C": lambda x: x.copy(),
    "Fortran": np.asfortranarray,
    "transposed": lambda x: x.T.copy().T,
    "reversed": lambda x: x[::-1].copy()[::-1],
    "strided": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "overlapping": lambda x: as_strided(x.copy(), x.shape, (8, 8)),
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
    "read-only": lambda x: _read_only(x.copy()),
}


def _read_only(x: Any) -> Any:
    x.setflags(write=False)
    return x


@pytest.mark.parametrize("layout", LAYOUTS)
def test_inputs_of_every_layout_are_checked_and_left_alone(layout: str) -> None:
    x = LAYOUTS[layout](np.random.default_rng(0).normal(size=(3, 4)))
    before = x.copy()
    report = check_gradients(lambda x, y: x * np.exp(y), x, x)  # and one is an alias of the other
    assert report.ok
    assert np.array_equal(x, before)


def test_inputs_are_left_alone_when_f_raises() -> None:
    x = np.array([1.0, -0.0, np.nan])
    before, calls = x.tobytes(), 0

    def f(x: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise ZeroDivisionError
        return x * 2.0

    with pytest.raises(ZeroDivisionError):
        check_gradients(f, x)
    assert x.tobytes() == before


def test_empty_arrays_are_right() -> None:
    [report] = check_gradients(F.exp, np.ones((0, 3))).inputs
    assert (report.ok, report.checked, report.index) == (True, "0 of 0", None)


def test_a_result_that_does_not_depend_on_an_input_has_gradient_0() -> None:
    report = check_gradients(lambda x, y: 2 * x, np.ones(2), np.ones(3))
    assert report.ok
    assert report.inputs[1].backprop == 0
    assert check_gradients(lambda x: np.ones(3), np.ones(2)).ok


def test_seeds_make_the_upstream_gradient_and_none_of_it_is_all_ones() -> None:
    first, again, other = (check_gradients(F.exp, np.zeros(3), seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.inputs[0].backprop != other.inputs[0].backprop
    assert abs(first.inputs[0].backprop) != 1.0
    assert "seed 1" in str(first)


def test_large_inputs_are_checked_in_random_directions() -> None:
    x = np.random.default_rng(0).normal(size=(101, 100))
    [report] = check_gradients(lambda x: np.tanh(x), x).inputs
    assert (report.ok, report.checked, report.index) == (True, "16 directions", None)


def test_the_limit_for_every_element_is_ten_thousand() -> None:
    x = np.random.default_rng(0).normal(size=10_000)
    [report] = check_gradients(lambda x: np.sum(x * x), x).inputs
    assert report.checked == "10000 of 10000"


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_the_unit_of_an_input_does_not_matter(scale: float) -> None:
    x = scale * np.array([0.3, -2.0, 5.0])
    assert check_gradients(lambda x: np.sin(x / scale), x).ok == (
        scale >= 1
    )  # steps are made for numbers about 1


def test_gradients_with_weight_decay_in_the_loss() -> None:
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(4, 3)), np.array([0, 1, 1, 0])
    report = check_gradients(
        lambda W: F.softmax_with_loss(x @ W, t) + 0.5 * 0.1 * np.sum(W * W), rng.normal(size=(3, 2))
    )
    assert report.ok


@given(st.integers(0, 2**32 - 1), st.sampled_from(["add", "multiply", "maximum", "subtract"]), st.data())
def test_all_shapes_that_broadcast(seed: int, name: str, data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(0, 3), max_size=3).map(tuple))
    part = data.draw(st.integers(0, len(shape)))
    ones = data.draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)))
    other = tuple(1 if one else n for n, one in zip(shape[part:], ones, strict=False))
    rng = np.random.default_rng(seed)
    assert check_gradients(getattr(F, name), rng.normal(size=shape), rng.normal(size=other)).ok


# The report ---------------------------------------------------------------------------------------


@pytest.fixture
def mixed() -> GradientReport:
    return check_gradients(
        lambda x, y, n: F.abs(x) + y.value * y + n,
        np.array([0.0, 2.0]),
        np.array([3.0, 4.0]),
        np.array([1, 2]),
    )


def test_it_prints_as_a_table(mixed: GradientReport) -> None:
    title, header, *rows = str(mixed).splitlines()
    assert title == "gradients of <lambda>, seed 0: NOT ok"
    assert (
        header.split()
        == (
            "input shape dtype checked max error relative worst at numerical backprop step tolerance verdict"
        ).split()
    )
    assert [row.split()[0] for row in rows] == ["x", "y", "n"]
    assert "at a kink (slopes" in rows[0]
    assert rows[1].endswith("wrong")
    assert rows[2].endswith("not checked: whole numbers have no gradient")


def test_rich_prints_the_same_cells(mixed: GradientReport) -> None:
    screen = io.StringIO()
    Console(file=screen, width=250).print(mixed)
    text = screen.getvalue()
    for word in ("NOT ok", "at a kink", "not checked", "wrong", "int64", "tolerance"):
        assert word in text


def test_json_holds_everything_even_what_is_not_finite(mixed: GradientReport) -> None:
    held = json.loads(json.dumps(mixed.to_dict(), allow_nan=False))
    assert (held["ok"], held["seed"]) == (False, 0)
    assert [i["verdict"] for i in held["inputs"]] == ["at a kink", "wrong", "not checked"]
    assert held["inputs"][0]["index"] == [0]
    infinite = check_gradients(F.sqrt, np.array([0.0])).to_dict()["inputs"][0]
    assert infinite["backprop"] in ("inf", "-inf")
    json.dumps(infinite, allow_nan=False)


def test_assert_gradients_raises_with_the_table(mixed: GradientReport) -> None:
    assert_gradients(apples, 100, 2, 1.1)
    with pytest.raises(GradientError) as caught:
        assert_gradients(lambda y: y.value * y, np.array([3.0, 4.0]))
    assert isinstance(caught.value, AssertionError)
    text = str(caught.value)
    assert text.startswith("the gradient of y differs at [")
    assert "gradients of <lambda>, seed 0: NOT ok" in text
    assert caught.value.report.wrong[0].name == "y"


def test_several_inputs_of_one_name_are_numbered() -> None:
    report = check_gradients(lambda *arrays: F.concatenate(arrays), np.ones(2), np.ones(1))
    assert [i.name for i in report.inputs] == ["arrays[0]", "arrays[1]"]
    assert [i.name for i in check_gradients(np.maximum, 1.0, 2.0).inputs][0] in ("input[0]", "x1")
