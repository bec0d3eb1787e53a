"""Numbers as people write them: to so many digits, with no zeros that say nothing."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ...graph import number_text

DIGITS = 6
_WHOLE = 2.0**53  # below it a whole float is that whole number and no other
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: Any, digits: int = DIGITS) -> str:
    """A number as text: whole ones in full, others rounded.

    value   a number of Python's or NumPy's, or a truth value
    digits  how many count

    >>> number(219.0), number(2.2 / 3), number(-1.25e-7), number(-0.0), number(float("inf"))
    ('219', '0.733333', '−1.25×10⁻⁷', '0', '∞')
    """
    mantissa, exponent = parts(value, digits)
    return mantissa + (f"×10{superscript(exponent)}" if exponent else "")


def superscript(whole: str) -> str:
    return whole.translate(_SUPERSCRIPT)


def parts(value: Any, digits: int = DIGITS) -> tuple[str, str]:
    """What stands before and above the ten, the latter empty for a number that needs no power of ten.

    The minus before it is the sign of text, −; that of the exponent is plain.
    """
    if not isinstance(value, int | float | np.generic):  # an array of no axes, of whatever library
        value = np.asarray(value)[()]
    return _parts(value, digits)


@lru_cache(maxsize=4096, typed=True)  # a report says each number many times; True is not 1
def _parts(value: Any, digits: int) -> tuple[str, str]:
    if isinstance(value, float | np.floating) and abs(float(value)) < _WHOLE and value == int(value):
        value = int(value)
    written = number_text(value, digits)
    if not written[-1].isdigit():  # inf, nan, True and False
        sign, word = written[: written.startswith("-")], written.removeprefix("-")
        written, exponent = sign + {"inf": "∞", "nan": "NaN"}.get(word, word), ""
    else:
        written, _, exponent = written.partition("e")
    return written.replace("-", "−"), exponent.removeprefix("+")
