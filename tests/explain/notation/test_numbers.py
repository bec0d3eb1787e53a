"""Numbers as people write them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.explain.notation import number

NORMAL = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (2.2, "2.2"),
        (1.1 * 2, "2.2"),
        (100.0, "100"),
        (6160.5, "6160.5"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.333333"),
        (-0.5, "−0.5"),
        (0.0, "0"),
        (-0.0, "0"),
        (0, "0"),
        (7, "7"),
        (-7, "−7"),
        (123456789.0, "123456789"),
        (10**20, "100000000000000000000"),
        (1234567.25, "1.23457×10⁶"),
        (1.2e-7, "1.2×10⁻⁷"),
        (-1e-300, "−1×10⁻³⁰⁰"),
        (1e300, "1×10³⁰⁰"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "NaN"),
        (True, "True"),
        (np.float32(0.1), "0.1"),
        (np.int64(-3), "−3"),
        (np.True_, "True"),
        (np.float32(np.inf), "∞"),
        (4e9 + 0.5, "4×10⁹"),
        (0.99999999, "1"),
        (-999999.9999, "−1000000"),
        (9.9999999e-9, "1×10⁻⁸"),
    ],
)
def test_numbers_that_people_would_write_so(value: float, written: str) -> None:
    assert number(value) == written


def test_as_many_digits_as_are_wanted() -> None:
    assert [number(math.pi, digits) for digits in (1, 3, 9)] == ["3", "3.14", "3.14159265"]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_right_to_its_last_digit(value: float) -> None:
    mantissa, _, exponent = number(value).partition("×10")
    back = float(f"{mantissa.translate(NORMAL)}e{exponent.translate(NORMAL) or 0}")
    assert back == pytest.approx(value, rel=5.01e-6, abs=0)
