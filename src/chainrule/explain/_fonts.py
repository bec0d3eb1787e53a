"""Which fonts of this machine have the letters of a text, for what Matplotlib draws."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache

from ..errors import ChainruleError

# The first ones that are there and have the letter are taken.
_FAMILIES = (
    "Noto Sans KR", "Noto Sans CJK KR", "Apple SD Gothic Neo", "Malgun Gothic", "NanumGothic", "Nanum Gothic",
    "NanumBarunGothic", "Segoe UI", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans",
    "Noto Sans Math", "Segoe UI Symbol", "Apple Symbols", "Noto Sans Symbols 2", "Noto Emoji",
)  # fmt: skip


def families(texts: Iterable[str], *, otherwise: str) -> tuple[str, ...]:
    """Fonts that together have all letters of the texts, the preferred ones first.

    otherwise  what else helps whoever has no such font, for the message
    raises     ChainruleError, naming a letter that no font here has
    """
    wanted = letters_of(texts)
    chosen, missing = _choose(wanted)
    if missing and _take_up_new_fonts():
        chosen, missing = _choose(wanted)
    if missing:
        letter = min(missing)
        raise ChainruleError(
            f"no font on this machine has the letter {letter!r} (U+{ord(letter):04X}), so it cannot be drawn",
            fix=f"install a font that has it, for Korean fonts-nanum or fonts-noto-cjk, or {otherwise}",
        )
    return chosen


def letters_of(texts: Iterable[str]) -> set[str]:
    """What must be in a font: all but spaces and the ends of lines."""
    return {letter for text in texts for letter in text if not letter.isspace()}


@lru_cache(maxsize=1024)
def charmap(file: str) -> frozenset[int]:
    """The letters that a font file has, by their numbers in Unicode."""
    from matplotlib.font_manager import get_font

    try:
        return frozenset(get_font(file).get_charmap())
    except (OSError, RuntimeError):  # a font that cannot be read has no letters
        return frozenset()


def _choose(letters: set[str]) -> tuple[tuple[str, ...], set[str]]:
    """Fonts that have most of the letters, and the letters that none has."""
    from matplotlib.font_manager import fontManager

    # Last Resort has a box for every letter, which says only what kind of letter is missing.
    fonts = {f.name: f.fname for f in reversed(fontManager.ttflist) if not f.name.startswith("Last Resort")}
    order = [name for name in _FAMILIES if name in fonts]
    chosen: list[str] = []
    for name in [*order, *sorted(fonts.keys() - set(order))]:
        found = {letter for letter in letters if ord(letter) in charmap(fonts[name])}
        if found:
            chosen.append(name)
            letters = letters - found
        if not letters:
            break
    return tuple(chosen), letters


def _take_up_new_fonts() -> bool:
    """Whether there are fonts that were installed after Matplotlib listed them; it lists them once and for all."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    known = {font.fname for font in fontManager.ttflist}
    new = [file for file in sorted(findSystemFonts()) if file not in known]
    for file in new:
        with suppress(OSError, RuntimeError):  # one that cannot be read is of no use
            fontManager.addfont(file)
    return bool(new)
