"""PNG and PDF, drawn by Matplotlib."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ChainruleError, MissingExtraError
from chainrule.explain import _fonts
from chainrule.explain.drawing import draw
from chainrule.graph import Variable
from chainrule.networks import TwoLayerNet
from tests.explain.drawing._graphs import apple


def test_without_matplotlib_an_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(MissingExtraError, match="drawing a png file needs the package matplotlib") as caught:
        draw(apple()).save(tmp_path / "apple.png")
    assert caught.value.fix == "pip install 'chainrule[plot]'"
    assert list(tmp_path.iterdir()) == []


def test_a_png_has_two_dots_for_each_pixel(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    drawing = draw(apple(), step=7)
    drawing.save(tmp_path / "apple.png")
    content = (tmp_path / "apple.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    assert abs(width - 2 * drawing.width) <= 2
    assert abs(height - 2 * drawing.height) <= 2


def test_colours_of_values_and_gradients_are_in_the_png(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    image = pytest.importorskip("PIL.Image")
    draw(apple()).save(tmp_path / "apple.png")
    picture = np.asarray(image.open(tmp_path / "apple.png").convert("RGB")).reshape(-1, 3)
    seen = {tuple(int(c) for c in colour) for colour in np.unique(picture, axis=0)}
    assert {(255, 255, 255), (0xB4, 0x23, 0x18), (0x1F, 0x29, 0x37), (0x64, 0x74, 0x8B)} <= seen


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_the_same_bytes_twice(form: Any, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for name in ("one", "two"):
        draw(TwoLayerNet(4, 3, 2), open="all", title="$50 % ^ _").save(tmp_path / f"{name}.{form}")
    one, two = (tmp_path / f"one.{form}").read_bytes(), (tmp_path / f"two.{form}").read_bytes()
    assert one == two
    assert one.startswith(b"\x89PNG" if form == "png" else b"%PDF")


def test_a_letter_that_no_font_has_is_named_and_never_drawn_as_a_box(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    real = _fonts.charmap
    monkeypatch.setattr(_fonts, "charmap", lambda file: frozenset(c for c in real(file) if c < 0x1100))
    monkeypatch.setattr(_fonts, "_take_up_new_fonts", lambda: False)
    with pytest.raises(
        ChainruleError, match=r"no font on this machine has the letter '사' \(U\+C0AC\)"
    ) as caught:
        draw(Variable(2.0, name="사") * 3, passes="forward").save(tmp_path / "apple.png")
    assert "fonts-nanum" in str(caught.value.fix)
    assert list(tmp_path.iterdir()) == []


def test_a_private_letter_is_in_no_font(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(ChainruleError, match=r"has the letter '\\U0010fffd'"):
        draw(Variable(2.0, name="x\U0010fffd") * 3).save(tmp_path / "x.pdf")
