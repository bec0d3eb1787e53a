"""Lengths that follow the number of rows: arithmetic on them is arithmetic on the lengths for every number of rows."""

from __future__ import annotations

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.graph import Dimension, fitted, length_at, shape_at
from chainrule.graph._dimension import ROWS

WHOLE = st.integers(-50, 50)
LENGTHS = st.one_of(WHOLE, st.builds(Dimension, st.integers(1, 9), WHOLE))


def test_it_is_a_whole_number_that_says_what_it_is_made_of():
    n = Dimension(1, 0)
    assert isinstance(n, int)
    assert (str(n), repr(3 * n), f"{2 * n - 1}") == ("n", "3 * n", "2 * n - 1")
    assert (2 * n + 1).at(10) == 21
    assert n == ROWS


@pytest.mark.parametrize("operation", [operator.add, operator.sub, operator.mul], ids=lambda f: f.__name__)
@given(x=LENGTHS, y=LENGTHS, rows=st.integers(0, 1000))
def test_arithmetic_holds_for_every_number_of_rows(operation, x, y, rows):
    found = operation(x, y)
    assert int(found) == operation(int(x), int(y))
    if isinstance(x, Dimension) and isinstance(y, Dimension) and operation is operator.mul:
        assert not isinstance(found, Dimension)  # n · n is no length of this kind
        return
    assert length_at(found, rows) == operation(length_at(x, rows), length_at(y, rows))


@given(scale=st.integers(1, 9), offset=WHOLE, divisor=st.integers(1, 9), rows=st.integers(0, 1000))
def test_a_quotient_is_a_dimension_only_where_it_is_one_for_every_number_of_rows(
    scale, offset, divisor, rows
):
    length = Dimension(scale, offset)
    found = length // divisor
    assert int(found) == int(length) // divisor
    if isinstance(found, Dimension):
        assert found.at(rows) * divisor == length.at(rows)
    assert isinstance(found, Dimension) == (scale % divisor == 0 and offset % divisor == 0)


@given(scale=st.integers(1, 9), offset=WHOLE, factor=st.integers(1, 9), rows=st.integers(0, 1000))
def test_one_dimension_goes_into_another_as_often_for_every_number_of_rows(scale, offset, factor, rows):
    length = Dimension(scale, offset)
    found = (length * factor) // length
    assert found == factor
    assert not isinstance(found, Dimension)
    assert length.at(rows) * found == (length * factor).at(rows)


def test_what_does_not_follow_the_rows_any_more_is_a_plain_number():
    n = Dimension(1, 0)
    for plain in (n - n, n * 0, n % 7, n // 7, -n, abs(n), n * 1.5, n**2):
        assert not isinstance(plain, Dimension)


@given(scale=st.integers(-9, 9), offset=WHOLE, rows=st.integers(0, 1000))
def test_two_lengths_tell_the_dimension(scale, offset, rows):
    found = fitted(2 * scale + offset, 3 * scale + offset)
    assert length_at(found, rows) == scale * rows + offset
    assert isinstance(found, Dimension) == (scale != 0)


def test_a_shape_at_some_rows_has_plain_numbers():
    n = Dimension(1, 0)
    assert shape_at((n, 784, 2 * n + 1), 3) == (3, 784, 7)
    assert all(type(length) is int for length in shape_at((n, 784, 2 * n), 3))


def test_another_count_of_rows_is_another_number():
    assert Dimension(1, 0, 5) == 5
    assert Dimension(2, 1, 5) * 3 == 33
    assert repr(Dimension(2, 1, 5) * 3) == "6 * n + 3"
