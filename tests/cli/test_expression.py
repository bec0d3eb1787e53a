"""Expressions and values as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.cli._expression import changes_of, element_of, graph_of
from chainrule.errors import ArgumentError

numbers = st.floats(-1e9, 1e9) | st.integers(-(10**6), 10**6)


@given(numbers)
@settings(max_examples=50, deadline=None)
def test_numbers_are_read_to_the_last_bit(x: Any) -> None:
    output = graph_of("x * 1", [f"x={json.dumps(x)}"])
    (given_x, _) = output.inputs
    assert type(given_x.value) is float
    assert given_x.value == float(x)


@given(st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=1, max_size=3))
@settings(max_examples=50, deadline=None)
def test_arrays_are_read_in_their_shape(rows: Any) -> None:
    output = graph_of("sum(X * 1)", [f" X = {json.dumps(rows)} "])
    (product,) = output.inputs
    np.testing.assert_array_equal(product.inputs[0].value, np.array(rows, dtype=float))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["x=1"], "no value given for y"),
        ([], "no value given for x, y"),
        (["x=1", "y=2", "x=3"], "x is given twice"),
        (["x=1", "y="], "'y=' is no NAME=VALUE"),
        (["x=1", "=2"], "'=2' is no NAME=VALUE"),
        (["x=1", "y==2"], "neither a number nor an array: '=2'"),
        (["x=1", "y=null"], "no finite number"),
        (["x=1", "y={}"], "neither a number nor an array"),
        (["x=1", "y=1_0"], "neither a number nor an array"),
        (["x=1", "y=Infinity"], "neither a number nor an array"),
        (["x=1", "y=[1, true]"], "no finite number"),
        (["x=1", 'y=["2"]'], "no finite number"),
        (["x=1", "y=1e400"], "no finite number"),
        (["x=1", "y=" + "9" * 400], "neither a number nor an array"),
        (["x=1", "y=" + "[" * 100_000], "neither a number nor an array"),
        (["x=1", "y=" + "[" * 80 + "1" + "]" * 80], "neither a number nor an array"),
        (["x=1", "y=[1, [2]]"], "neither a number nor an array"),
    ],
)
def test_values_that_are_none_are_refused(values: list[str], words: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        graph_of("x * y", values)
    assert words in str(refused.value)


def test_what_is_missing_is_shown_as_it_is_typed() -> None:
    with pytest.raises(ArgumentError) as refused:
        graph_of("x * y", ["y=1"])
    assert "write it behind the expression: x=… y=…" in str(refused.value)


def test_changes_keep_their_signs() -> None:
    assert changes_of(["x=+1", " t = *1.1", "m==3", "각=-2"]) == {
        "x": "+1",
        "t": "*1.1",
        "m": "=3",
        "각": "-2",
    }
    assert changes_of([]) == {}
    with pytest.raises(ArgumentError, match="x is given twice"):
        changes_of(["x=+1", "x=+2"])
    with pytest.raises(ArgumentError, match="'x' is no NAME=VALUE"):
        changes_of(["x"])


@given(st.sampled_from(["W1", "x", "총액", "dW"]), st.lists(st.integers(-99, 99), min_size=1, max_size=3))
@settings(max_examples=50, deadline=None)
def test_elements_are_read_as_python_writes_them(name: str, index: list[int]) -> None:
    assert element_of(f"{name}{index}") == (name, tuple(index))
    assert element_of(f" {name} [{','.join(map(str, index))} ]") == (name, tuple(index))


@pytest.mark.parametrize(
    "text", ["W1", "W1[]", "W1[,]", "W1[1,]", "W1[1 2]", "W1[1.5]", "[1]", "W1[1][2]", "W1[1:2]"]
)
def test_what_is_no_element_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match="is no element of an array"):
        element_of(text)


def test_names_typed_in_parts_are_the_same_names() -> None:
    parts = "\u1100\u1161\u11a8"  # 각, as macOS spells it
    assert graph_of("각 * 2", [f"{parts}=3"]).value == 6.0
    assert changes_of([f"{parts}=+1"]) == {"각": "+1"}
    assert element_of(f"{parts}[0]") == ("각", (0,))


def test_a_file_is_no_expression_and_no_value(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"'apple\.svg' is no NAME=VALUE") as refused:
        graph_of("x * m", ["x=1", "m=2", "apple.svg"])
    assert refused.value.fix == "--out apple.svg"
    (file := tmp_path / "net.onnx").touch()
    with pytest.raises(ArgumentError, match=r"net\.onnx is a file, and no expression"):
        graph_of(str(file), ["x=1"])
