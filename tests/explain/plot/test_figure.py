"""What all figures share: axes, fonts, languages, files, and that nothing global is touched."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, ChainruleError, CheckpointError, MissingExtraError
from chainrule.explain import _fonts, plot
from chainrule.explain.plot import save
from chainrule.training import Epoch, History
from tests.explain.plot._axes import needs_hangul, new_axes, png, texts_of

matplotlib = pytest.importorskip("matplotlib")

Plot = Callable[..., Any]

NET = cr.TwoLayerNet(9, 5, 3, seed=0)
X = np.random.default_rng(0).normal(size=(20, 9))
FLOW = cr.gradient_flow(NET, X, np.arange(20) % 3)
HISTORY = History([Epoch(n, 600 * n, 0.5, 0.3 / n, 0.9, 0.4 / n, 0.8, 1.0) for n in (1, 2, 3)])

PLOTS: dict[str, Plot] = {
    "learning_curve": lambda ax=None, **other: plot.learning_curve(HISTORY, ax, **other),
    "weights": lambda ax=None, **other: plot.weights(NET, ax=ax, **other),
    "gradient_flow": lambda ax=None, **other: plot.gradient_flow(FLOW, ax, **other),
    "activations": lambda ax=None, **other: plot.activations(NET, X, ax, **other),
}
every_plot = pytest.mark.parametrize("draw", PLOTS.values(), ids=PLOTS.keys())


def test_all_plots_are_tested_here() -> None:
    assert sorted([*PLOTS, "save"]) == plot.__all__
    assert cr.plot is plot


@every_plot
@pytest.mark.parametrize("layout", [{}, {"layout": "constrained"}, {"layout": "tight"}])
def test_axes_that_are_given_are_drawn_in_and_returned(draw: Plot, layout: dict[str, str]) -> None:
    ax = new_axes(**layout)
    assert draw(ax) is ax
    assert png(ax).startswith(b"\x89PNG")


@every_plot
def test_axes_without_a_grid_are_taken_as_well(draw: Plot) -> None:
    from matplotlib.figure import Figure

    ax = Figure().add_axes((0.2, 0.3, 0.6, 0.5))
    assert draw(ax) is ax
    png(ax)
    for axes in ax.figure.axes:  # those beside it stay in its place
        box = axes.get_position()
        assert box.x0 > 0.19
        assert box.x1 < 0.81


@every_plot
def test_axes_are_made_with_a_figure_of_their_own(draw: Plot) -> None:
    one, two = draw(), draw()
    assert one.figure is not two.figure
    assert png(one) == png(two)


@every_plot
def test_settings_of_matplotlib_stay_as_they_are(draw: Plot, tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    save(draw(), tmp_path / "plot.svg")
    assert dict(matplotlib.rcParams) == before


def test_neither_pyplot_nor_at_import_matplotlib_is_loaded() -> None:
    script = (
        "import io, sys, chainrule as cr, numpy as np\n"
        "cr.plot\n"
        "assert 'matplotlib' not in sys.modules\n"
        "cr.plot.weights(np.eye(4)).figure.savefig(io.BytesIO())\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@every_plot
def test_korean_is_written_in_a_font_that_has_it(draw: Plot) -> None:
    needs_hangul()
    axes = draw(lang="ko")
    png(axes)  # a letter that is missing would be a warning, and so an error
    assert any("가" <= letter <= "힣" for text in texts_of(axes) for letter in text.get_text())


@every_plot
def test_where_no_font_has_hangul_an_error_says_so(draw: Plot, monkeypatch: pytest.MonkeyPatch) -> None:
    real = _fonts.charmap
    poor: Any = lambda file: frozenset(c for c in real(file) if c < 0x1100)  # noqa: E731
    monkeypatch.setattr(_fonts, "charmap", poor)
    monkeypatch.setattr(plot._figure, "charmap", poor)
    monkeypatch.setattr(_fonts, "_take_up_new_fonts", lambda: False)
    with pytest.raises(ChainruleError, match="no font on this machine has the letter") as caught:
        draw(lang="ko")
    assert "lang='en'" in str(caught.value.fix)
    draw(lang="en")


@every_plot
def test_texts_are_never_read_as_formulas(draw: Plot) -> None:
    texts = texts_of(draw())
    assert len(texts) >= 2
    for text in texts:
        assert not text.get_parse_math()
        assert not text.get_usetex()


@every_plot
def test_other_languages_are_refused(draw: Plot) -> None:
    with pytest.raises(ArgumentError, match="lang is 'en' or 'ko', not 'de'"):
        draw(lang="de")


@every_plot
def test_what_is_no_axes_is_refused(draw: Plot) -> None:
    with pytest.raises(ArgumentError, match=r"ax is the axes to draw in, .*; this is a Figure") as caught:
        draw(new_axes().figure)
    assert "add_subplot" in str(caught.value.fix)
    with pytest.raises(ArgumentError, match="drawn in axes with x and y; these are polar"):
        draw(new_axes().figure.add_subplot(projection="polar"))


@every_plot
def test_without_matplotlib_an_error_says_what_to_install(
    draw: Plot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match="plotting needs the package matplotlib") as caught:
        draw()
    assert caught.value.fix == "pip install 'chainrule[plot]'"


FIRST_BYTES = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}


@pytest.mark.parametrize(  # each plot as SVG, in which names are made up; each other form with some plot
    ("plot_name", "suffix"), [*((name, "svg") for name in PLOTS), ("weights", "png"), ("activations", "pdf")]
)
def test_files_hold_the_same_bytes_twice(plot_name: str, suffix: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        save(PLOTS[plot_name](), tmp_path / f"{name}.{suffix}")
    one, two = (tmp_path / f"{name}.{suffix}" for name in ("one", "two"))
    assert one.read_bytes().startswith(FIRST_BYTES[suffix])
    assert one.read_bytes() == two.read_bytes()
    assert b"Matplotlib v" not in one.read_bytes()


def test_other_files_are_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"saved as \.png, \.pdf or \.svg, not as 'flow\.gif'"):
        save(plot.gradient_flow(FLOW), tmp_path / "flow.gif")
    with pytest.raises(CheckpointError, match="No such file or directory"):
        save(plot.gradient_flow(FLOW), tmp_path / "nowhere" / "flow.png")
    assert list(tmp_path.iterdir()) == []
