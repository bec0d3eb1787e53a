"""The graph view: stepping, changing, pointing, predicting and taking along, as a reader does them."""

from __future__ import annotations

import json
import re

import pytest

from tests.browser._graph import edge, expect, gradient, graph_at, where
from tests.browser.conftest import found

ENDINGS = {
    "SVG picture": "svg",
    "PNG picture": "png",
    "Python program": "py",
    "LaTeX": "tex",
    "TikZ": "tex",
    "Mermaid": "mmd",
    "DOT": "dot",
}


def test_the_apples_are_there_at_once_with_their_gradients(page_at):
    page = graph_at(page_at, lang="en")
    expect(gradient(page, "apple", "multiply1")).to_have_text("← 2.2")
    expect(gradient(page, "count", "multiply1")).to_have_text("← 110")
    expect(gradient(page, "tax", "total")).to_have_text("← 200")
    expect(where(page)).to_have_text("4 / 4")


def test_stepping_by_keyboard_alone_computes_one_gate_at_a_time(page_at):
    page = graph_at(page_at, "?step=0", lang="ko")
    expect(page.locator("svg.drawing .label.gradient")).to_have_count(0)
    expect(page.locator(".edge .label.value")).to_have_text(["100", "2", "1.1"])
    page.keyboard.press("ArrowRight")
    expect(edge(page, "multiply1", "총액").locator(".label.value")).to_have_text("200")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".edge .label.value")).to_have_text(["100", "2", "200", "1.1", "220"])
    expect(page.locator("svg.drawing .label.gradient")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(gradient(page, "세금", "총액")).to_have_text("← 200")
    expect(gradient(page, "multiply1", "총액")).to_have_text("← 1.1")
    expect(gradient(page, "사과", "multiply1")).to_have_count(0)
    page.keyboard.press("End")
    expect(gradient(page, "사과", "multiply1")).to_have_text("← 2.2")
    expect(gradient(page, "개수", "multiply1")).to_have_text("← 110")
    expect(page.get_by_role("heading", name="곱셈 게이트: multiply1 = 사과 × 개수")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(where(page)).to_have_text("3 / 4")
    page.keyboard.press("Home")
    expect(where(page)).to_have_text("0 / 4")


def test_space_plays_to_the_end_and_the_buttons_step(page_at):
    page = graph_at(page_at, "?step=0", lang="en")
    page.get_by_label("Speed").select_option("4")
    page.locator("#main").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(where(page)).to_have_text("4 / 4")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.get_by_role("button", name="One step back").click()
    expect(where(page)).to_have_text("3 / 4")
    page.get_by_role("button", name="To the beginning").click()
    page.get_by_role("button", name="One step forward").click()
    expect(where(page)).to_have_text("1 / 4")


def test_a_gate_is_gone_to_by_enter_and_by_click(page_at):
    page = graph_at(page_at, "?step=0", lang="en")
    last = page.get_by_role("button", name=re.compile("total = multiply1 × tax"))
    last.focus()
    page.keyboard.press("Enter")
    expect(where(page)).to_have_text("2 / 4")
    expect(last).to_have_attribute("aria-current", "step")
    last.click()
    expect(where(page)).to_have_text("3 / 4")
    page.get_by_role("button", name=re.compile("multiply1 = apple × count")).click()
    expect(where(page)).to_have_text("4 / 4")


def test_every_gate_and_input_can_be_focused_and_says_what_it_is(page_at):
    page = graph_at(page_at, lang="en")
    names = page.locator("svg.drawing [role=button]").evaluate_all(
        "nodes => nodes.filter(node => node.tabIndex === 0).map(node => node.getAttribute('aria-label'))"
    )
    assert names == [
        "input apple, value 100, gradient 2.2",
        "input count, value 2, gradient 110",
        "input tax, value 1.1, gradient 200",
        "multiplication gate: multiply1 = apple × count, value 200, gradient 1.1",
        "multiplication gate: total = multiply1 × tax, value 220, gradient 1",
    ]


def test_enter_on_an_input_goes_to_where_it_is_changed(page_at):
    page = graph_at(page_at, lang="en")
    page.get_by_role("button", name=re.compile("^input tax")).press("Enter")
    expect(page.get_by_role("slider", name="tax")).to_be_focused()
    page.keyboard.press("ArrowRight")  # is the slider's here, and no step
    expect(page.get_by_role("textbox", name="tax")).to_have_value("1.11")
    expect(where(page)).to_have_text("4 / 4")


def test_a_slider_changes_every_number(page_at):
    page = graph_at(page_at, lang="en")
    slider = page.get_by_role("slider", name="count")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box
    page.mouse.move(box["x"] + 10, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    expect(page.get_by_role("textbox", name="count")).to_have_value("10")
    expect(gradient(page, "apple", "multiply1")).to_have_text("← 11")
    expect(page.locator(".edge .label.value")).to_have_text(["100", "10", "1000", "1.1", "1100"])
    expect(page.locator(".input", has_text="tax").locator(".gradient-of")).to_contain_text("1000")
    page.get_by_role("textbox", name="count").fill("3")
    expect(gradient(page, "apple", "multiply1")).to_have_text("← 3.3")


def test_what_adding_one_does_stands_beside_what_the_gradient_predicts(page_at):
    page = graph_at(page_at, "?g=fan-out", lang="en")
    change = page.locator(".input .plus-one")
    expect(change).to_contain_text("+6")
    expect(change).to_contain_text("+7")
    expect(change).to_contain_text("+1 off")
    page = graph_at(page_at, lang="en")
    expect(page.locator(".input", has_text="tax").locator(".plus-one")).to_contain_text("as predicted")


def test_arrays_that_another_example_left_can_be_put_away(page_at):
    page = graph_at(page_at, "?g=batch-norm", lang="ko")
    page.get_by_role("textbox", name="수식").fill("log(2*x)")
    page.get_by_role("button", name="모든 입력을 1에서 시작").click()
    expect(page.get_by_role("textbox", name="x", exact=True)).to_have_value("1")
    expect(page.locator(".wrong-text")).to_have_count(0)


def test_the_menu_ends_above_the_lower_edge_of_a_phone(page_at):
    page = graph_at(page_at, lang="ko", width=360, height=740)
    page.get_by_role("button", name="내보내기").click()
    menu = page.get_by_role("menu").bounding_box()
    assert menu["y"] + menu["height"] <= 740
    last = page.get_by_role("menuitem").last
    last.focus()  # it scrolls within
    assert last.bounding_box()["y"] >= menu["y"]


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_long_gradients_leave_the_columns_in_line(page_at, lang):
    page = graph_at(page_at, "?e=(a*b*c-d)**2&v.a=12345&v.b=33&v.c=1.1", lang=lang)
    expect(page.locator(".plus-one")).to_have_count(4)
    places = page.locator(".plus-one dd").evaluate_all(
        "all => all.map((dd) => [...dd.children].slice(0, 2).map((part) => part.getBoundingClientRect()))"
    )
    assert len({(round(bar["left"]), round(text["left"])) for bar, text in places}) == 1
    assert all(text["top"] < bar["bottom"] and bar["top"] < text["bottom"] for bar, text in places)


def test_a_fan_out_shows_its_branches_and_their_sum(page_at):
    page = graph_at(page_at, "?g=fan-out", lang="en")
    expect(page.locator(".rule .formula figcaption")).to_have_text(
        [re.compile("branch 1 of 2"), re.compile("branch 2 of 2"), re.compile("2 branches of x added up")]
    )
    expect(page.locator(".rule .sum math")).to_contain_text("3+3")
    expect(page.locator(".node .label.total")).to_have_text("Σ 6")


@pytest.mark.parametrize("way", ["hover", "focus"])
def test_a_term_of_the_formula_and_its_line_point_at_each_other(page_at, way):
    page = graph_at(page_at, lang="en")
    term = page.locator('.rule .term[data-term="e0"]').first
    line = edge(page, "apple", "multiply1")
    expect(line).not_to_have_class(re.compile(r"\blit\b"))
    term.hover() if way == "hover" else term.focus()
    expect(line).to_have_class(re.compile(r"\blit\b"))
    expect(edge(page, "tax", "total")).not_to_have_class(re.compile(r"\blit\b"))
    node = page.locator("svg.drawing .node", has_text="count")
    node.hover() if way == "hover" else node.focus()
    expect(line).not_to_have_class(re.compile(r"\blit\b"))
    edge(page, "apple", "multiply1").locator(".reach").hover(force=True)
    expect(term).to_have_class(re.compile(r"\blit\b"))


def test_a_gradient_is_hidden_until_it_is_guessed(page_at):
    page = graph_at(page_at, "?step=3&mode=predict", lang="en")
    expect(gradient(page, "tax", "total")).to_have_text("?")
    expect(page.locator(".input", has_text="tax")).not_to_contain_text("200")
    assert "200" not in (page.locator(".rule").text_content() or "")
    question = page.locator("form.question", has_text="goes back to tax")
    question.get_by_role("textbox").fill("two")
    question.get_by_role("textbox").press("Enter")
    expect(question).to_contain_text("Type a number")
    question.get_by_role("textbox").fill("-200")
    question.get_by_role("textbox").press("Enter")
    expect(gradient(page, "tax", "total")).to_have_text("← 200")
    expect(page.locator(".verdict")).to_contain_text("−200 is too small by 400: it is 200.")
    expect(page.locator(".verdict")).to_contain_text("the sign is not")
    expect(gradient(page, "multiply1", "total")).to_have_text("?")
    other = page.locator("form.question", has_text="goes back to multiply1")
    other.get_by_role("textbox").fill("1.1")
    other.get_by_role("button", name="Check").click()
    expect(page.locator(".verdict.good")).to_contain_text("Right: 1.1.")
    page.keyboard.press("ArrowRight")  # the focus went from the box to the verdict
    page.get_by_role("button", name="Reveal").first.click()
    expect(gradient(page, "apple", "multiply1")).to_have_text("← 2.2")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("1.5", "gradient from upstream"),
        ("2", "local derivative"),
        ("150", "other line"),
        ("1,100", "1100 is too large by 1097"),
        ("1,5", "1.5 is too small by 1.5"),
    ],
)
def test_a_wrong_guess_is_told_what_probably_happened(page_at, typed, reason):
    page = graph_at(page_at, "?step=4&mode=predict&v.tax=1.5", lang="en")
    expect(page.locator("form.question")).to_have_count(2)
    question = page.locator("form.question", has_text="goes back to apple")
    question.get_by_role("textbox").fill(typed)
    question.get_by_role("textbox").press("Enter")
    expect(page.locator(".verdict.bad")).to_contain_text(reason)


@pytest.mark.parametrize(("lang", "sentence"), [("ko", "와야 할 곳에"), ("en", "must come")])
def test_a_mistake_is_a_sentence_in_the_language_of_the_page_at_its_place(page_at, lang, sentence):
    page = graph_at(page_at, lang=lang)
    text = page.locator(".sheet textarea")
    text.fill("y = a * b\nz = y +* 2")
    expect(page.locator(".about")).to_contain_text(sentence)
    expect(page.locator(".mirror .caret")).to_have_text("*")
    expect(text).to_have_attribute("aria-invalid", "true")
    expect(page.locator("svg.drawing")).to_be_visible()  # what was there stays
    text.fill("y = a * b\nz = y + 2")
    expect(page.locator(".wrong-text")).to_have_count(0)
    expect(page.locator("svg.drawing .node.output")).to_have_text("z")


def test_arrays_are_given_as_boxes_and_as_text(page_at):
    page = page_at("#/graph?e=L = sum(x @ W)", lang="en")
    expect(page.locator(".wrong-text")).to_be_visible()
    for name, text in (("x", "[[1, 2]]"), ("W", "[[3, 4], [5, 6]]")):
        page.get_by_role("button", name=f"Write {name} as").click()
        page.locator(".as-json textarea").last.fill(text)
    expect(page.locator(".wrong-text")).to_have_count(0)
    expect(page.locator(".edge .label.value").last).to_have_text("29")  # (3 + 10) + (4 + 12)
    page.get_by_role("button", name="Write x as").click()
    page.get_by_role("textbox", name="x[0, 1]").fill("-1")
    expect(page.locator(".edge .label.value").last).to_have_text("−4")  # (3 − 5) + (4 − 6)


def test_the_table_has_every_value_and_gradient(page_at):
    page = graph_at(page_at, lang="en")
    page.get_by_role("tab", name="Graph").focus()
    page.keyboard.press("ArrowRight")
    rows = page.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(6)
    expect(rows.nth(1)).to_have_text(re.compile(r"apple\s*input\s*100\s*2\.2"))
    expect(rows.nth(4)).to_contain_text("count = 2")
    page.locator("#main").focus()
    page.keyboard.press("Home")
    expect(rows.nth(1)).not_to_contain_text("2.2")
    expect(rows.nth(4)).not_to_contain_text("200")


def test_the_graph_can_be_taken_along_in_every_form(page_at):
    page = graph_at(page_at, lang="en")
    for name, ending in ENDINGS.items():
        if name == "PNG picture":
            found("matplotlib")
        page.get_by_role("button", name="Share").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=re.compile(f"^{name}")).click()
        assert download.value.suggested_filename.endswith(f".{ending}"), name
        assert download.value.path().stat().st_size > 50, name


def test_the_link_brings_back_what_was_seen(page_at):
    page = graph_at(page_at, lang="en", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("textbox", name="count").fill("7")
    page.locator("#main").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.get_by_role("tab", name="Table").click()
    page.get_by_role("button", name="Share").click()
    page.get_by_role("menuitem", name="Copy link").click()
    expect(page.locator(".toast")).to_contain_text("clipboard")
    link = page.evaluate("navigator.clipboard.readText()")
    again = page_at(link[link.index("#") :], lang="ko")
    expect(where(again)).to_have_text("1 / 4")  # in the reader's language, whoever sent it
    expect(again.get_by_role("textbox", name="개수")).to_have_value("7")
    expect(again.get_by_role("row", name=re.compile("^multiply1"))).to_contain_text("700")


def test_an_expression_of_ones_own_is_in_the_address(page_at):
    page = graph_at(page_at, lang="ko")
    page.locator(".sheet textarea").fill("넓이 = 가로 * 세로")
    page.get_by_role("textbox", name="가로").fill("12.5")
    expect(page.locator(".edge .label.value").last).to_have_text("12.5")
    page.wait_for_timeout(400)  # the address is written a moment later
    again = page_at(page.evaluate("location.hash"), lang="ko")
    expect(again.locator(".sheet textarea")).to_have_value("넓이 = 가로 * 세로")
    expect(again.get_by_role("textbox", name="가로")).to_have_value("12.5")


def test_the_language_changes_the_names_and_keeps_the_values(page_at):
    page = graph_at(page_at, "?v.tax=1.2&step=3", lang="en")
    expect(gradient(page, "multiply1", "total")).to_have_text("← 1.2")
    page.get_by_role("button", name="한국어").click()
    expect(gradient(page, "multiply1", "총액")).to_have_text("← 1.2")
    expect(page.get_by_role("textbox", name="세금")).to_have_value("1.2")
    expect(where(page)).to_have_text("3 / 4")


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize(
    "view",
    [
        "#/graph",
        "#/graph?g=network&step=12",
        "#/graph?mode=predict&step=3",
        "#/graph?tab=table",
        "#/graph?e=a+%2B",
    ],
)
def test_axe_finds_nothing(page_at, lang, view):
    axe = found("axe_playwright_python.sync_playwright")
    page = page_at(view, lang=lang, bypass_csp=True, reduced_motion="reduce")
    page.locator(".graph-view .panel").first.wait_for()
    violations = axe.Axe().run(page).response["violations"]
    assert violations == [], json.dumps(violations, indent=1)[:3000]


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("example", ["apple", "softmax-with-loss", "batch-norm", "network"])
def test_a_narrow_page_does_not_scroll_sideways(page_at, lang, example):
    page = graph_at(page_at, f"?g={example}", lang=lang, width=360)
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
