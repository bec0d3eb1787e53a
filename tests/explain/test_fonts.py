"""Which fonts have the letters of a text."""

from __future__ import annotations

import pytest

from chainrule.errors import ChainruleError
from chainrule.explain import _fonts

pytest.importorskip("matplotlib")


def test_spaces_and_ends_of_lines_need_no_font() -> None:
    assert _fonts.letters_of(["a b\n", "b\tc"]) == {"a", "b", "c"}


def test_the_fonts_have_every_letter_between_them() -> None:
    from matplotlib.font_manager import fontManager

    texts = ["Affine1 ∂L/∂x = 2.2", "−×"]
    chosen = _fonts.families(texts, otherwise="")
    files = [font.fname for font in fontManager.ttflist if font.name in chosen]
    known = frozenset().union(*map(_fonts.charmap, files))
    assert {ord(letter) for letter in _fonts.letters_of(texts)} <= known


def test_a_font_that_cannot_be_read_has_no_letters(tmp_path: object) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")  # type: ignore[operator]
    assert _fonts.charmap(f"{tmp_path}/broken.ttf") == frozenset()


def test_a_letter_that_no_font_has_is_named_with_what_else_helps() -> None:
    with pytest.raises(ChainruleError, match=r"has the letter '\\U0010fffd' \(U\+10FFFD\)") as caught:
        _fonts.families(["x\U0010fffd"], otherwise="ask for lang='en'")
    assert str(caught.value.fix).endswith("fonts-nanum or fonts-noto-cjk, or ask for lang='en'")
