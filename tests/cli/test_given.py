"""Values behind ``--input`` and ``--argument``."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.cli._given import read_given
from chainrule.errors import ArgumentError


def read_one(text: str):
    in_order, by_name, _ = read_given([text], "--input", 0)
    (value,) = [*in_order, *by_name.values()]
    return value


@pytest.mark.parametrize("text", ["x=(3,4)", "x=( 3, 4, )", " x = (3 ,4)", "(3,4)"])
def test_a_shape_gives_random_numbers(text):
    value = read_one(text)
    assert (value.shape, value.dtype) == ((3, 4), np.float64)
    assert len(set(value.ravel())) == 12


@pytest.mark.parametrize(("text", "shape"), [("()", ()), ("(3)", (3,)), ("(3,)", (3,)), ("(2,0)", (2, 0))])
def test_shapes_are_written_as_in_python(text, shape):
    assert np.shape(read_one(text)) == shape
    assert isinstance(read_one("()"), float)


def test_labels_are_whole_numbers_below_one():
    labels = read_one("t=(500,):int3")
    assert labels.dtype.kind == "i"
    assert set(labels) == {0, 1, 2}
    assert type(read_one("t=():int3")) is int


def test_one_hot_rows_are_floats_that_are_no_inputs_to_be_checked():
    _, values, one_hot = given = read_given(["x=(2,3)", "t=(500,) : onehot3", "n=(500,):int3"], "--input", 0)
    rows = values["t"]
    assert (rows.shape, rows.dtype) == ((500, 3), np.float64)
    assert set(rows.ravel()) == {0.0, 1.0}
    assert set(rows.argmax(axis=1)) == {0, 1, 2}
    np.testing.assert_array_equal(rows.sum(axis=1), 1.0)
    assert [rows is target for target in one_hot] == [True]
    assert [given.is_one_hot(values[name]) for name in "xtn"] == [False, True, False]
    assert not given.is_one_hot(rows.copy())


@pytest.mark.parametrize(("text", "shape"), [("():onehot4", (4,)), ("(2,3):onehot4", (2, 3, 4))])
def test_one_hot_rows_have_one_axis_more(text, shape):
    assert read_one(text).shape == shape


@pytest.mark.parametrize(
    ("text", "value"),
    [("n=5", 5), ("n=1.5", 1.5), ("n=-2e3", -2000.0), ('n="relu"', "relu"), ("n=true", True), ("n=null", None),
     ('"a=b"', "a=b"), ('n=["a", "b"]', ["a", "b"]), ("n=[[1], [2, 3]]", [[1], [2, 3]])],
)  # fmt: skip
def test_json_is_taken_as_it_is(text, value):
    found = read_one(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[[1, 2], [3, 4]]", np.array([[1.0, 2.0], [3.0, 4.0]])),
        ("[0, 2]:int", np.array([0, 2])),
        ("[]", np.zeros(0)),
    ],
)
def test_lists_of_numbers_are_arrays(text, value):
    found = read_one(text)
    assert found.dtype.kind == value.dtype.kind
    np.testing.assert_array_equal(found, value)


def test_values_have_names_in_every_language_or_none():
    in_order, by_name, _ = read_given(["사과=1", "2", "ﬁ=3", "4"], "--input", 0)
    assert (in_order, by_name) == ([2, 4], {"사과": 1, "fi": 3})  # Python reads ﬁ as fi


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**64), st.permutations(["a=(3,)", "b=(2,2)", "c=(4,):int9", "d=(4,):onehot9"]))
def test_random_values_are_the_same_whatever_else_is_given(seed, texts):
    _, together, _ = read_given(texts, "--input", seed)
    for text in texts:
        _, alone, _ = read_given([text], "--input", seed)
        ((name, value),) = alone.items()
        np.testing.assert_array_equal(value, together[name])


def test_random_values_depend_on_seed_name_and_flag():
    def numbers(text, flag, seed):
        in_order, by_name, _ = read_given([text], flag, seed)
        return tuple([*in_order, *by_name.values()][0])

    found = [
        numbers("x=(3,)", "--input", 0),
        numbers("x=(3,)", "--input", 1),
        numbers("y=(3,)", "--input", 0),
        numbers("x=(3,)", "--argument", 0),
        numbers("(3,)", "--input", 0),
    ]
    assert len(set(found)) == len(found)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_keep_every_bit(numbers):
    assert read_one(f"x={numbers}").tolist() == numbers
    assert math.copysign(1, read_one("-0.0")) == -1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x=relu", "the value of x cannot be read: 'relu'"),
        ("x=", "the value of x cannot be read: ''"),
        ("x=NaN", "the value of x cannot be read: 'NaN'"),
        ("x=(3,4", "the value of x cannot be read: '(3,4'"),
        ("x=(-3,)", "the value of x cannot be read: '(-3,)'"),
        ("x=(3,):int", "the value of x cannot be read: '(3,):int'"),
        ("x=(3,,4)", "'(3,,4)' is no shape"),
        ("x=(3 4)", "'(3 4)' is no shape"),
        ("x=1e999", "the value of x holds something that is no finite number: '1e999'"),
        ("x=[1, 1e999]", "the value of x holds something that is no finite number: '[1, 1e999]'"),
        ("x=[0, 0.5]:int", "the value of x holds something that is no whole number: '[0, 0.5]:int'"),
        ("x=(3,):int0", "there is no random array (3,):int0: "),
        ("x=(3,):onehot", "the value of x cannot be read: '(3,):onehot'"),
        ("x=(3,):onehot0", "there is no random array (3,):onehot0: "),
        ("x=[0, 2]:onehot3", "the value of x cannot be read: '[0, 2]:onehot3'"),
        ("x=(999999,999999,999999)", "there is no random array (999999,999999,999999): "),
        ("x=" + "[" * 100_000, "the value of x cannot be read: "),
    ],
)  # fmt: skip
def test_what_cannot_be_read_gets_a_sentence(text, sentence):
    with pytest.raises(ArgumentError) as caught:
        read_one(text)
    assert caught.value.what.startswith(sentence)


def test_a_name_stands_once():
    with pytest.raises(ArgumentError, match="--input gives x twice"):
        read_given(["x=1", "x=2"], "--input", 0)
