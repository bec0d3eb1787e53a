"""The guided tour: by keyboard alone, in both languages, left and taken up again; and what it says is true."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import chainrule as cr
from chainrule import words

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    Open = Callable[..., Page]

STEPS = [
    "forward",
    "backward",
    "meaning",
    "add",
    "branch",
    "affine",
    "activation",
    "softmax",
    "check",
    "train",
    "digit",
    "free",
]
VIEWS = {"train": "train", "digit": "digit"}  # all others are in the graph view
MOST_TABS = 12  # from the top of the page to the button of the tour


def texts(lang: str) -> dict[str, str]:
    folder = Path(words.__file__).parent / lang
    found: dict[str, str] = json.loads((folder / "page_tour.json").read_text("utf-8"))
    return found


def heading(page: Page, lang: str, step: str) -> Locator:
    return page.locator(".tour").get_by_role("heading", name=texts(lang)[f"{step}.title"], exact=True)


def begin(page: Page, lang: str = "ko") -> Locator:
    page.get_by_role("button", name=texts(lang)["begin"]).click()
    heading(page, lang, STEPS[0]).wait_for()
    return page.get_by_role("button", name=texts(lang)["next"], exact=True)


def pressed_until(page: Page, key: str, selector: str, most: int) -> None:
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{most} times {key} do not lead to {selector}")


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_tour_by_keyboard_alone(page_at: Open, lang: str) -> None:
    page = page_at(lang=lang)
    page.locator(".tour-invitation").wait_for()
    pressed_until(page, "Tab", ".tour-button", MOST_TABS)
    page.keyboard.press("Enter")
    heading(page, lang, STEPS[0]).wait_for()
    page.locator(".tour h2:focus").wait_for()
    pressed_until(page, "Tab", ".tour-next", 4)
    for number, step in enumerate(STEPS, 1):
        heading(page, lang, step).wait_for()
        assert page.locator(".tour progress").get_attribute("value") == str(number)
        page.locator(f"main.{VIEWS.get(step, 'graph')}").wait_for()
        if step != "free":
            page.locator(".tour-pointer:not([hidden])").wait_for()
        page.locator(".tour-next:focus").wait_for()
        page.keyboard.press("Enter")
    page.locator(".tour").wait_for(state="detached")
    page.locator(".tour-button:focus").wait_for()
    page.reload()
    page.locator(".tour-button").wait_for()
    assert not page.locator(".tour-invitation, .tour").count()


def test_the_steps_show_what_they_speak_of(page_at: Open) -> None:
    page = page_at()
    onward = begin(page)
    shown = {
        "forward": ["220"],
        "meaning": ["2.2", "110", "200"],
        "add": ["1.1"],
        "branch": ["6"],
        "check": ["6"],
    }
    for step in STEPS[:9]:
        heading(page, "ko", step).wait_for()
        for number in shown.get(step, []):
            there = re.compile(rf"^(← )?{re.escape(number)}$")  # the arrow says which way a gradient goes
            page.locator(".graph-view").get_by_text(there).first.wait_for(state="attached")
        onward.click()


def test_the_tour_can_be_left_and_taken_up_again(page_at: Open) -> None:
    page = page_at()
    onward = begin(page)
    onward.click()
    onward.click()
    heading(page, "ko", "meaning").wait_for()
    page.keyboard.press("Escape")
    page.locator(".tour").wait_for(state="detached")
    page.locator(".tour-button:focus").wait_for()
    page.reload()
    page.get_by_role("button", name="둘러보기 이어 하기").click()
    heading(page, "ko", "meaning").wait_for()
    page.get_by_role("button", name=texts("ko")["back"], exact=True).click()
    heading(page, "ko", "backward").wait_for()


def test_everything_stays_in_reach_during_the_tour(page_at: Open) -> None:
    page = page_at()
    begin(page)
    again = page.get_by_role("button", name=texts("ko")["again"], exact=True)
    assert not again.count()
    page.get_by_role("navigation").get_by_role("link", name="소스").click()
    page.get_by_role("heading", level=1, name="소스").wait_for()
    assert heading(page, "ko", "forward").is_visible()
    again.click()
    page.get_by_role("heading", level=1, name="그래프").wait_for()
    again.wait_for(state="detached")


def test_an_invitation_that_is_declined_does_not_come_again(page_at: Open) -> None:
    page = page_at()
    page.get_by_role("button", name=texts("ko")["later"]).click()
    page.reload()
    page.get_by_role("main").wait_for()
    assert not page.locator(".tour-invitation").count()


def test_the_tour_changes_its_language_where_it_is(page_at: Open) -> None:
    page = page_at()
    begin(page).click()
    page.get_by_role("button", name="English").click()
    heading(page, "en", "backward").wait_for()


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_narrow_pages_show_the_target_above_the_tour(page_at: Open, lang: str) -> None:
    page = page_at(lang=lang, width=360, height=740, reduced_motion="reduce")
    onward = begin(page, lang)
    for step in STEPS:
        heading(page, lang, step).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        if step != "free":
            page.locator(".tour-pointer:not([hidden])").wait_for()
            page.wait_for_timeout(700)
            box, tour = page.locator(".tour-pointer").bounding_box(), page.locator(".tour").bounding_box()
            assert box is not None
            assert tour is not None
            assert box["y"] < tour["y"] - 60, step
        if step != STEPS[-1]:
            onward.click()


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_tour_is_accessible(page_at: Open, lang: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = page_at(lang=lang, bypass_csp=True)
    onward = begin(page, lang)
    for step in STEPS:
        heading(page, lang, step).wait_for()
        if step in ("forward", "affine", "free"):
            found = axe.run(page, context=".tour").response["violations"]
            assert [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found] == []
        if step != STEPS[-1]:
            onward.click()


def test_what_the_tour_says_is_true() -> None:
    """The numbers in its sentences, from the library."""
    total = cr.parse("total = apple * count * tax")(apple=100, count=2, tax=1.1)
    assert float(total.value) == pytest.approx(220)
    slopes = gradients("total = apple * count * tax", apple=100, count=2, tax=1.1)
    assert [slopes[name] for name in ("apple", "count", "tax")] == pytest.approx([2.2, 110, 200])
    assert gradients("y = x * x", x=3)["x"] == 6
    assert gradients("y = sigmoid(a) + relu(b)", a=6, b=-1)["a"] == pytest.approx(0.0025, abs=5e-5)
    assert gradients("y = sigmoid(x)", x=0)["x"] == 0.25
    softmax = gradients("L = logsumexp(a) - sum(a * t)", a=[0.3, 2.9, 4.0], t=[0.0, 1.0, 0.0])["a"]
    assert softmax[1] == pytest.approx(-0.755, abs=5e-4)
    for power, off in ((2, 0.0), (3, 1.0)):  # h = 1: cubes are off by h²
        slope = cr.parse(f"((x + h)**{power} - (x - h)**{power}) / (2*h)")(x=3, h=1)
        assert float(slope.value) == pytest.approx(power * 3 ** (power - 1) + off)


def gradients(expression: str, **values: object) -> dict[str, Any]:
    inputs = {name: cr.Variable(value, name=name) for name, value in values.items()}
    cr.parse(expression)(**inputs).backward()
    return {name: variable.grad for name, variable in inputs.items()}
