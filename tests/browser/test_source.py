"""The source view: the text of the step, each statement of it linked with the drawing of the network."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from chainrule.runs import Settings, Step
from tests.browser.conftest import found

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    Open = Callable[..., Page]

SETTINGS = Settings(hidden=(50, 30), optimizer="momentum", lr=0.05)
QUERY = "?hidden=50-30&optimizer=momentum"
MANY_MORE_OF_THE_SAME = (
    ".block:nth-child(n+5):not(:nth-child(10), :nth-child(14))"  # axe takes a minute for all of them
)
PHASES = {
    "ko": ["미니배치", "순전파", "역전파", "갱신"],
    "en": ["Mini-batch", "Forward pass", "Backward pass", "Update"],
}


def expect(locator: Locator | Page) -> Any:
    return found("playwright.sync_api").expect(locator)


@pytest.fixture
def open_view(page_at: Open) -> Open:
    def open_page(query: str = QUERY, lang: str = "ko", **how: Any) -> Page:
        page = page_at(f"#/source{query}", lang=lang, **how)
        page.evaluate("localStorage.setItem('chainrule.tour', JSON.stringify({ step: 0, greeted: true }))")
        page.reload()
        page.get_by_role("listbox").wait_for()
        return page

    return open_page


def text_of_step() -> str:
    return Step(SETTINGS.network(784, 10), SETTINGS, {"rows": 60000, "pixels": True}).source().text


def nodes(page: Page, kind: str) -> set[str]:
    """What is lit in the drawing."""
    return set(page.locator(f".network .node.{kind} .symbol").all_text_contents())


def statement(page: Page, text: str) -> Locator:
    return page.get_by_role("option").filter(has_text=text)


def test_the_text_is_that_of_the_fused_engine_to_the_letter(open_view: Open) -> None:
    page = open_view()
    shown = page.locator(".code code").all_text_contents()
    assert "\n".join(shown) + "\n" == text_of_step()
    numbers = page.locator(".code .gutter").all_text_contents()
    assert numbers == [str(at) for at in range(1, len(shown) + 1)]
    colours = {
        kind: page.locator(f".token-{kind}").first.evaluate("(one) => getComputedStyle(one).color")
        for kind in ("keyword", "number", "comment", "call")
    }
    assert len(set(colours.values())) == 4


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_phases_are_named_and_their_shares_are_all_of_the_work(open_view: Open, lang: str) -> None:
    page = open_view(lang=lang)
    entries = page.locator(".phases li")
    assert entries.locator(".phase").all_inner_texts() == PHASES[lang]
    shares = [
        int(found.group(1)) for text in entries.all_inner_texts() if (found := re.search(r"(\d+)%", text))
    ]
    assert len(shares) == 4
    assert 98 <= sum(shares) <= 102  # each is rounded


def test_pointing_at_a_statement_lights_its_layers_and_tells_about_it(open_view: Open) -> None:
    page = open_view()
    statement(page, "ReLU1 = ").or_(statement(page, "# Affine1: add; ReLU1: relu")).first.hover()
    expect(page.locator(".statement h2")).to_have_text(re.compile(r"^\d+–\d+행$"))
    assert nodes(page, "computed") == {"Affine1", "ReLU1"}
    assert nodes(page, "touched") == {"b1"}
    told = page.locator(".statement")
    expect(told.locator(".phase")).to_have_text("순전파")
    expect(told).to_contain_text("덧셈, 렐루")
    expect(told.get_by_role("row").filter(has_text="Affine1_product")).to_contain_text("100 × 50")
    statement(page, "dReLU1 = dAffine2 · W2ᵀ").hover()
    assert nodes(page, "computed") == {"ReLU1"}
    assert nodes(page, "touched") == {"Affine2", "W2"}
    expect(told.locator(".phase")).to_have_text("역전파")
    expect(told).to_contain_text("300 k")  # 2 · 100 · 50 · 30


def test_arrow_keys_walk_through_the_step_and_the_address_keeps_the_place(open_view: Open) -> None:
    page = open_view(lang="en")
    box = page.get_by_role("listbox")
    box.focus()
    seen = []
    page.keyboard.press("Home")
    for _ in range(page.get_by_role("option").count()):
        chosen = page.get_by_role("option", selected=True)
        seen.append(chosen.get_attribute("aria-label") or "")
        assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
        outer, inner = page.locator(".code").bounding_box(), chosen.bounding_box()
        assert outer is not None
        assert inner is not None
        assert outer["y"] - 1 <= inner["y"] < outer["y"] + outer["height"]
        page.keyboard.press("ArrowDown")
    order = list(dict.fromkeys(phase for label in seen for phase in PHASES["en"] if phase in label))
    assert order == PHASES["en"]
    assert len(set(seen)) == len(seen)

    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    heading = page.locator(".statement h2").inner_text()
    expect(page).to_have_url(re.compile(r"line=14\b"))  # the browser writes it down a moment later
    page.reload()
    expect(page.locator(".statement h2")).to_have_text(heading)
    expect(page.get_by_role("option", selected=True)).to_have_count(1)


def test_a_layer_finds_its_statements_with_the_pointer_and_with_the_keyboard(open_view: Open) -> None:
    page = open_view()
    layer = page.locator(".network").get_by_role("button", name=re.compile("^Affine2"))
    layer.hover()
    lit = page.locator(".block.about")
    expect(lit.first).to_contain_text("Affine2")
    count = lit.count()
    assert count == 3  # the product, the bias with the ReLU, and the gradient
    layer.focus()
    lines = []
    for _ in range(count + 1):
        page.keyboard.press("Enter")
        lines.append(page.locator(".statement h2").inner_text())
    assert len(set(lines)) == count
    assert lines[0] == lines[-1]  # and round again
    for line in lines:
        assert line.removesuffix("행") in (layer.get_attribute("aria-label") or "")


def test_all_statements_stand_in_a_table(open_view: Open) -> None:
    page = open_view()
    page.get_by_text("모든 문장을 표로 보기").click()
    rows = page.locator("table.all tbody tr")
    expect(rows).to_have_count(page.get_by_role("option").count())
    first = rows.filter(has_text="x_batch (100 × 784)").filter(has_text="W1 (784 × 50)").first
    expect(first).to_contain_text("7.84 M")
    expect(first).to_contain_text("행렬곱")


def test_without_settings_it_is_the_step_of_the_run_of_now(open_view: Open) -> None:
    page = open_view("")
    expect(page.locator(".network-panel h2")).to_contain_text("784-50-10 · ReLU · SGD 0.1")
    page.evaluate(
        """async () => fetch("/api/run/start", {
            method: "POST", headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ paused: true, settings: { hidden: [9], activation: "tanh", engine: "eager" } }),
        })"""
    )
    page.reload()
    expect(page.locator(".network-panel h2")).to_contain_text("784-9-10 · tanh · SGD 0.1")
    expect(page.locator(".source-view .message")).to_contain_text("eager")
    expect(page.locator(".network")).to_contain_text("Tanh1")


def test_settings_that_cannot_be_get_a_sentence_and_a_way_out(page_at: Open) -> None:
    page = page_at("#/source?hidden=fifty")
    expect(page.get_by_role("alert")).to_contain_text("fifty")
    expect(page.get_by_role("alert").get_by_role("link", name="설정 바꾸기")).to_have_attribute(
        "href", "#/train?hidden=fifty"
    )


def test_the_text_can_be_taken_home(open_view: Open) -> None:
    page = open_view()
    with page.expect_download() as download:
        page.get_by_role("button", name="Python으로 저장").click()
    assert download.value.suggested_filename == "step.py"
    assert download.value.path().read_text("utf-8") == text_of_step()


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_nothing_of_it_is_closed_to_anybody(open_view: Open, lang: str) -> None:
    axe = found("axe_playwright_python.sync_playwright").Axe()
    page = open_view(f"{QUERY}&line=23", lang=lang, bypass_csp=True, reduced_motion="reduce")
    page.locator(".source-view summary").click()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(300)
        problems = axe.run(page, context={"exclude": [[MANY_MORE_OF_THE_SAME]]}).response["violations"]
        assert [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in problems] == []


def test_on_a_narrow_page_nothing_sticks_out(open_view: Open) -> None:
    page = open_view(width=360, height=740)
    page.locator(".source-view summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
