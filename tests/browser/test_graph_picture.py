"""The picture of a graph: all of it is seen, and what is not finite too."""

from __future__ import annotations

import re

from tests.browser._graph import expect, graph_at, where


def test_no_text_of_a_drawing_is_cut_at_its_edge(page_at):
    """The gradient of three numbers under the first circle is wider than all that is drawn on its left."""
    page = graph_at(page_at, lang="en")
    page.get_by_role("button", name="Batch normalisation").click()
    total = page.locator("svg.drawing .label.total").first
    expect(total).to_contain_text("[")
    drawing = page.locator("svg.drawing").bounding_box()
    for label in page.locator("svg.drawing .label").all():
        box = label.bounding_box()
        assert box["x"] >= drawing["x"]
        assert box["x"] + box["width"] <= drawing["x"] + drawing["width"]


def test_what_is_not_finite_is_a_gradient_where_a_gradient_stood(page_at):
    """And nothing is said about how far it is off."""
    page = graph_at(page_at, lang="en")
    page.get_by_role("textbox", name="Expression").fill("log(0 * x)")
    numbers = page.locator(".rule .formula .of-gradient", has_text=re.compile("^(∞|NaN)$"))
    expect(numbers).to_have_text(["∞", "NaN"])
    expect(page.locator(".plus-one")).to_be_visible()
    expect(page.locator(".plus-one small")).to_have_count(0)


def test_a_tall_graph_scrolls_in_its_own_box(page_at):
    """The buttons stay below it, and the gate whose turn it is stays in sight."""
    page = graph_at(page_at, "?step=1", lang="en", reduced_motion="reduce")
    page.get_by_role("textbox", name="Expression").fill("*".join(["x"] * 40))
    expect(where(page)).to_contain_text("/ 78")
    stage = page.locator(".stage").bounding_box()
    assert stage["height"] <= 0.65 * 800
    for key in ("Home", "ArrowRight", "End"):
        page.locator("#main").focus()
        page.keyboard.press(key)
    gate = page.locator("svg.drawing .node.current")
    expect(gate).to_be_in_viewport()
    box = gate.bounding_box()
    assert stage["y"] <= box["y"] + 1
    assert box["y"] + box["height"] <= stage["y"] + stage["height"] + 1
