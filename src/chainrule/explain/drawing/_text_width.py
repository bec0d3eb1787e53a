"""How wide a text is, without a font: the widths of common sans-serif fonts, rounded up."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_BOLD = 1.07  # bold letters are wider than others by about this


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a line of text in pixels.

    size   of the font, in pixels
    source Unicode Standard Annex 11, East Asian Width: letters that are wide take a whole em

    >>> text_width("사과", 10), text_width("", 10)
    (20.0, 0.0)
    """
    return sum(map(_em, text)) * size * (_BOLD if bold else 1.0)


def shortened(text: str, size: float, most: float) -> str:
    """The text, cut with … where it is wider than `most`."""
    if text_width(text, size) <= most:
        return text
    width = text_width("…", size)
    for end, letter in enumerate(text):
        width += _em(letter) * size
        if width > most:
            return text[:end].rstrip() + "…"
    return text


@lru_cache(maxsize=4096)
def _em(letter: str) -> float:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Cf", "Mn", "Me"):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0 if "가" <= letter <= "힣" or letter.isalnum() else 1.3  # emoji are wider than letters
    if letter in "ijlI.,:;'|![]()‖ ·ᵀ²³¹⁻":
        return 0.36
    if letter in 'frt"/-⁰⁴⁵⁶⁷⁸⁹ʸˣ':
        return 0.44
    if letter in "mwMW%@←→…½Σ√∂":
        return 0.98
    if letter.isupper() or letter in "+−×÷=<>&~_≠≤≥∧∨¬":
        return 0.7
    return 0.6 if ord(letter) < 0x250 else 0.75
