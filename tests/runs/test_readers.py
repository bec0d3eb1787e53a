"""How a setting is read from its text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.runs import number, one_of, whole


@given(st.integers(-(10**6), 10**6), st.integers(0, 10))
def test_whole_numbers_are_read_from_the_least_up(value: int, least: int) -> None:
    if value >= least:
        assert whole(least)(f" {value}") == value
    else:
        with pytest.raises(ValueError, match=f"at least {least}; it is '{value}'"):
            whole(least)(str(value))


@given(st.floats())
def test_numbers_are_read_when_they_are_finite_and_inside(value: float) -> None:
    read = number(lambda v: v > 0, "a number above 0")
    if 0 < value < float("inf"):
        assert read(repr(value)) == value
    else:
        with pytest.raises(ValueError, match="must be a number above 0"):
            read(repr(value))


def test_names_are_known_names() -> None:
    assert one_of(["sgd", "adam"])("adam") == "adam"
    with pytest.raises(ValueError, match="must be one of sgd, adam; it is 'lion'"):
        one_of(["sgd", "adam"])("lion")
