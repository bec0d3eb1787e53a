"""What the tests of figures share."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from chainrule.errors import ChainruleError
from chainrule.explain import _fonts


def new_axes(**layout: Any) -> Any:
    """Axes in a figure of their own, as a user makes them."""
    from matplotlib.figure import Figure

    return Figure(**layout).add_subplot()


def png(axes: Any) -> bytes:
    """The figure of some axes, really drawn: only then does Matplotlib look for letters and places."""
    file = io.BytesIO()
    axes.figure.savefig(file, format="png")
    return file.getvalue()


def needs_hangul() -> None:
    try:
        _fonts.families(["가"], otherwise="")
    except ChainruleError:
        pytest.skip("no font with Hangul on this machine")


def texts_of(axes: Any) -> list[Any]:
    """All texts with words in them, of the whole figure: not the numbers at ticks."""
    from matplotlib.text import Text

    texts = [text for text in axes.figure.findobj(match=Text) if "mathdefault" not in text.get_text()]
    return [text for text in texts if re.search("[A-Za-z]{2}|[가-힣]", text.get_text())]
