"""An XML parser reads the drawings, and finds every text and no id twice."""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree

import pytest

from chainrule.explain import Drawing
from tests.explain.parsers._gallery import GALLERY, HOSTILE, hostile

SVG = "{http://www.w3.org/2000/svg}"
DRAWINGS = dict(GALLERY) | {repr(name): lambda name=name: hostile(name) for name in HOSTILE}  # type: ignore[misc]


def texts(drawing: Drawing) -> Counter[str]:
    """All that are shown, blanks as XML keeps them and without what XML cannot hold."""
    picture = drawing.to_dict()
    labels = [label for thing in picture["nodes"] + picture["edges"] for label in thing["labels"]]
    shown = [each["text"] for each in labels if picture["step"] is None or each["since"] <= picture["step"]]
    others = [picture["title"], *picture["legend"].values(), *(frame["title"] for frame in picture["frames"])]
    clean = (re.sub("[\x00-\x08\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text) for text in shown + others)
    return Counter(filter(None, (" ".join(text.split()) for text in clean)))


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_texts_of_a_drawing_are_in_its_svg(name: str) -> None:
    drawing = DRAWINGS[name]()
    root = ElementTree.fromstring(drawing.svg())
    assert root.tag == f"{SVG}svg"
    assert Counter(filter(None, (each.text for each in root.iter(f"{SVG}text")))) == texts(drawing)
    ids = Counter(each.get("id") for each in root.iter() if each.get("id"))
    assert set(ids.values()) == {1}
    assert set(root.get("aria-labelledby", "").split()) <= set(ids)
    used = {each.tag.removeprefix(SVG) for each in root.iter()}
    assert used <= {"svg", "title", "desc", "g", "rect", "path", "polygon", "text"}


def test_no_two_drawings_on_a_page_share_an_id() -> None:
    ids: Counter[str] = Counter()
    for svg in {make().svg() for make in DRAWINGS.values()}:
        ids.update(filter(None, (each.get("id") for each in ElementTree.fromstring(svg).iter())))
    assert set(ids.values()) == {1}
