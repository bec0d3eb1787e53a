"""What stands around the views: ways between them, the language, keys, and what happens when something is broken."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from chainrule.explain.notation import number
from chainrule.words import Words

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    Open = Callable[..., Page]

TITLES = {
    "ko": {"graph": "그래프", "train": "학습", "digit": "숫자", "source": "소스"},
    "en": {"graph": "Graph", "train": "Training", "digit": "Digits", "source": "Source"},
}


def settled(page: Page) -> Page:
    """The page of somebody who has been here before."""
    page.evaluate("localStorage.setItem('chainrule.tour', JSON.stringify({ step: 0, greeted: true }))")
    page.reload()
    page.get_by_role("main").wait_for()
    return page


def violations(page: Page) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_each_view_has_a_link_a_heading_and_a_title(page_at: Open, lang: str) -> None:
    page = page_at(lang=lang)
    for view, title in TITLES[lang].items():
        link = page.get_by_role("navigation").get_by_role("link", name=title)
        link.click()
        page.get_by_role("heading", level=1, name=title).wait_for()
        assert link.get_attribute("aria-current") == "page"
        assert page.title() == f"{title} · chainrule"
        assert page.evaluate("location.hash").startswith(f"#/{view}")


def test_a_view_is_found_again_as_it_was_left(page_at: Open) -> None:
    page = page_at("#/graph?e=x*x*x&v.x=2&step=1")
    page.get_by_role("slider", name="x", exact=True).wait_for()
    page.get_by_role("navigation").get_by_role("link", name="학습").click()
    page.get_by_role("heading", level=1, name="학습").wait_for()
    page.get_by_role("navigation").get_by_role("link", name="그래프").click()
    page.get_by_role("heading", level=1, name="그래프").wait_for()
    asked = page.evaluate("Object.fromEntries(new URLSearchParams(location.hash.split('?')[1]))")
    assert {name: asked.get(name) for name in ("e", "v.x", "step")} == {"e": "x*x*x", "v.x": "2", "step": "1"}


def test_the_back_button_goes_back(page_at: Open) -> None:
    page = page_at()
    page.get_by_role("link", name="소스").click()
    page.get_by_role("heading", level=1, name="소스").wait_for()
    page.go_back()
    page.get_by_role("heading", level=1, name="그래프").wait_for()


def test_the_language_is_the_browsers_until_one_is_chosen(page_at: Open) -> None:
    page = page_at(lang="ko")
    assert page.locator("html").get_attribute("lang") == "ko"
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", level=1, name="Graph").wait_for()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("button", name="English").get_attribute("aria-pressed") == "true"
    assert "lang=en" in page.evaluate("location.hash")
    page.goto(page.url.split("#")[0])  # the choice is kept, not only the address
    page.get_by_role("heading", level=1, name="Graph").wait_for()


def test_an_address_may_ask_for_a_language(page_at: Open) -> None:
    page = page_at("#/train?lang=en", lang="ko")
    page.get_by_role("heading", level=1, name="Training").wait_for()
    page.evaluate("location.hash = '#/digit?lang=ko'")
    page.get_by_role("heading", level=1, name="숫자").wait_for()


def test_the_keyboard_reaches_content_and_help(page_at: Open) -> None:
    page = settled(page_at())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "본문으로 건너뛰기"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.evaluate("location.hash").startswith(("", "#/graph"))
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="키보드")
    dialog.wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_question_mark_that_is_typed_stays_one(page_at: Open) -> None:
    page = settled(page_at("#/graph?e=x*x"))
    box = page.get_by_role("textbox").first
    box.focus()
    page.keyboard.type("?")
    assert not page.get_by_role("dialog").is_visible()


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("view", TITLES["en"])
def test_narrow_pages_do_not_scroll_sideways(page_at: Open, view: str, lang: str) -> None:
    page = page_at(f"#/{view}", lang=lang, width=360)
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_shell_is_accessible(page_at: Open, lang: str, scheme: str, width: int) -> None:
    page = page_at(lang=lang, width=width, color_scheme=scheme, bypass_csp=True)
    page.locator(".tour-invitation").wait_for()
    assert violations(page) == []
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []


def test_a_view_that_cannot_be_loaded_leaves_the_others_alone(browser: Browser, server: Any) -> None:
    context = browser.new_context(locale="en-US")
    context.add_cookies([server.cookie])
    page = context.new_page()
    page.route("**/train/view.js", lambda route: route.abort())
    page.goto(f"{server.url}/#/train")
    page.get_by_text("Training could not be loaded.").wait_for()
    page.get_by_role("navigation").get_by_role("link", name="Digits").click()
    page.get_by_role("heading", level=1, name="Digits").wait_for()
    assert not page.get_by_text("could not be loaded").is_visible()
    context.close()


def test_a_fault_in_a_view_becomes_a_sentence(browser: Browser, server: Any) -> None:
    context = browser.new_context(locale="en-US")
    context.add_cookies([server.cookie])
    page = context.new_page()
    broken = "export function TrainView() { throw new Error('on purpose'); }"
    page.route("**/train/view.js", lambda route: route.fulfill(body=broken, content_type="text/javascript"))
    page.goto(f"{server.url}/#/train")
    page.get_by_text("This view has run into a fault.").wait_for()
    page.get_by_text("on purpose").wait_for()
    page.get_by_role("navigation").get_by_role("link", name="Graph").click()
    page.get_by_role("heading", level=1, name="Graph").wait_for()
    context.close()


def test_numbers_are_written_as_the_library_writes_them(page_at: Open) -> None:
    numbers = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        219.0,
        2.2 / 3,
        1 / 3,
        0.1 + 0.2,
        1e-4,
        9.9999e-5,
        -1.25e-7,
        5e-324,
        1e15,
        2.0**53,
    ]
    numbers += [
        123456.7,
        999999.6,
        -1234567.89,
        1.7976931348623157e308,
        110.00000000000001,
        65504.0,
        math.pi * 1e6,
    ]
    written = page_at().evaluate(
        "async (all) => { const { numberText } = await import('/static/lib/number.js');"
        " return all.map((x) => [numberText(x), numberText(x, 4), numberText(x, 3)]); }",
        numbers,
    )
    assert written == [[number(x), number(x, 4), number(x, 3)] for x in numbers]


def test_a_measured_number_is_as_short_when_it_is_whole(page_at: Open) -> None:
    written = page_at().evaluate(
        "async (all) => { const { roundedText } = await import('/static/lib/number.js');"
        " return all.map((x) => roundedText(x, 3)); }",
        [5_000_012_345, -2e30, 60_012, 12, 0.123456, 0, None],
    )
    assert written == ["5×10⁹", "−2×10³⁰", "60000", "12", "0.123", "0", "–"]


def test_texts_are_filled_as_the_library_fills_them(page_at: Open) -> None:
    names = [
        "사과",
        "총액",
        "x",
        "L",
        "m",
        "W1",
        "W2",
        "W3",
        "10%",
        "f(x)",
        "∂L/∂m",
        "",
        "∞",
        "x²",
        "x₁",
        "σ",
        "ε",
        "물",
    ]
    names += [
        "price",
        "total",
        "apple",
        "net",
        "dout",
        "weight",
        "error",
        "Adam",
        "learning",
        "ReLU",
        "lr",
        "dX",
        "값",
        "6",
    ]
    particles = ["은/는", "이/가", "을/를", "과/와", "으로/로"]
    cases: list[tuple[str, dict[str, Any]]] = [
        (f"{{name:{particle}}} {{{{}}}}", {"name": name}) for name in names for particle in particles
    ]
    cases += [("{share:.1%} of {count:,}", {"share": 0.9344, "count": 60000}), ("{x:.2f}", {"x": 2.0})]
    filled = page_at().evaluate(
        "async (cases) => { const { filled } = await import('/static/lib/words.js');"
        " return cases.map(([template, facts]) => filled(template, facts)); }",
        [list(case) for case in cases],
    )
    assert filled == [Words("ko", "test", {"key": template})("key", **facts) for template, facts in cases]


def test_formulas_hold_no_markup_of_their_own(page_at: Open) -> None:
    """What is no formula is left out; only its text stays."""
    shown = page_at().evaluate(
        """async () => {
          const { h, render } = await import('/static/vendor/preact.js');
          const { Tree } = await import('/static/lib/tree.js');
          const box = document.createElement('div');
          const tree = ['math', { onclick: 'x', href: 'javascript:x', 'data-term': 'e1 n2' }, [
            ['script', {}, ['alert(1)']], ['img', { src: 'x' }, []], ['mi', { 'data-term': 'n2' }, ['x']], 'text',
          ]];
          render(h(Tree, { tree, active: 'n2' }), box);
          const all = [...box.querySelectorAll('*')];
          return { names: all.map((one) => one.localName), text: box.textContent,
                   attributes: all.flatMap((one) => one.getAttributeNames()),
                   lit: all.filter((one) => one.classList.contains('lit')).length };
        }"""
    )
    assert shown["names"] == ["math", "mi"]
    assert shown["text"] == "alert(1)xtext"
    assert set(shown["attributes"]) == {"class", "data-term"}
    assert shown["lit"] == 2


def test_the_address_is_not_written_more_often_than_browsers_allow(page_at: Open) -> None:
    page = page_at("#/graph?e=x*x")
    written = page.evaluate(
        """async () => {
          const { address, patch } = await import('/static/lib/address.js');
          let times = 0;
          const original = history.replaceState;
          history.replaceState = (...given) => { times += 1; return original.apply(history, given); };
          for (let step = 1; step <= 500; step += 1) patch({ 'v.y': step });
          await new Promise((done) => setTimeout(done, 600));
          history.replaceState = original;
          return [times, address.value.params['v.y'], location.hash.includes('v.y=500')];
        }"""
    )
    assert written[0] <= 3
    assert written[1:] == ["500", True] or "v.y" not in page.evaluate(
        "location.hash"
    )  # the view may take it out


def test_numbers_are_read_as_people_type_them(page_at: Open) -> None:
    typed = {
        "2.2": 2.2,
        " −0.5 ": -0.5,
        "2,2": 2.2,
        "1,100": 1100,
        "-12,345,678.5": -12345678.5,
        "0,123": 0.123,
    }
    typed |= {"1e-3": 0.001, "1,23,456": None, "": None, "two": None}
    read = page_at().evaluate(
        "async (all) => { const { readNumber } = await import('/static/lib/number.js');"
        " return all.map(readNumber).map((x) => (Number.isNaN(x) ? null : x)); }",
        list(typed),
    )
    assert read == list(typed.values())
