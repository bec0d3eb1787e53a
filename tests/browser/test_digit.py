"""The digit view, as somebody with a mouse, with keys or with a screen reader uses it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from chainrule.datasets import load_mnist
from chainrule.runs import checked_settings, load_data, load_network, probabilities, start, trainer_of
from tests.browser.conftest import Server, found

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SEVEN = [(0.3, 0.25), (0.5, 0.22), (0.7, 0.26), (0.6, 0.45), (0.5, 0.65), (0.45, 0.82)]


@pytest.fixture(scope="module", autouse=True)
def network(server: Server) -> None:
    """A run of the lesson's network that reads digits fairly well."""
    data = load_data("mnist", "float32")
    settings = checked_settings({"epochs": 2, "engine": "eager", "optimizer": "adam", "seed": 1})
    trainer = trainer_of(start(server.folder / "digits", settings, data), settings, data)
    trainer.fit(data.x_train, data.t_train, epochs=2)


@pytest.fixture
def open_view(page_at: Callable[..., Page]) -> Callable[..., Page]:
    def open_page(query: str = "", lang: str = "en", **how: object) -> Page:
        page = page_at(f"#/digit{query}", lang=lang, **how)
        page.get_by_role("application").wait_for()
        return page

    return open_page


def draw(page: Page, places: list[tuple[float, float]]) -> None:
    box = page.get_by_role("application").bounding_box()
    assert box is not None
    x, y, width, height = box["x"], box["y"], box["width"], box["height"]
    page.mouse.move(x + places[0][0] * width, y + places[0][1] * height)
    page.mouse.down()
    for right, down in places[1:]:
        page.mouse.move(x + right * width, y + down * height, steps=6)
    page.mouse.up()


def answer_of(page: Page) -> Locator:
    return page.locator(".verdict-digit")


def expect(locator: Locator | Page) -> Any:
    return found("playwright.sync_api").expect(locator)


def test_a_drawn_seven_is_read(open_view: Callable[..., Page]) -> None:
    page = open_view()
    draw(page, SEVEN)
    expect(answer_of(page)).to_have_text("7")
    expect(page.get_by_role("radio", name=re.compile("^7: "))).to_be_checked()
    expect(page.locator(".area-flow h3").first).to_have_text("Loss")
    assert page.locator(".area-flow h3").all_text_contents() == [
        "Loss", "Affine2 10 units", "ReLU1 50 units", "Affine1 50 units", "Pixels",
    ]  # fmt: skip
    page.get_by_role("button", name="Clear").click()
    expect(answer_of(page)).to_have_count(0)


def test_a_drawing_is_still_there_when_the_view_is_opened_again(open_view: Callable[..., Page]) -> None:
    page = open_view()
    draw(page, SEVEN)
    expect(answer_of(page)).to_have_text("7")
    page.get_by_role("link", name="Graph", exact=True).click()
    expect(answer_of(page)).to_have_count(0)
    with page.expect_request(lambda request: request.method == "POST" and request.url.endswith("/api/digit")):
        page.get_by_role("link", name="Digits", exact=True).click()  # the network may be another one by now
    expect(answer_of(page)).to_have_text("7")
    ink = "canvas => canvas.getContext('2d').getImageData(0, 0, 280, 280).data.some(Boolean)"
    assert page.get_by_role("application").evaluate(ink)


def test_a_digit_can_be_drawn_with_keys_alone(open_view: Callable[..., Page]) -> None:
    """A one: down from where the cursor begins."""
    page = open_view()
    page.get_by_role("application").focus()
    page.keyboard.press("Space")
    for _ in range(14):
        page.keyboard.press("Shift+ArrowDown")
    expect(answer_of(page)).to_have_text("1")
    page.keyboard.press("Delete")
    expect(answer_of(page)).to_have_count(0)


def test_the_numbers_are_those_of_the_library(open_view: Callable[..., Page], server: Server) -> None:
    (_, _), (images, labels) = load_mnist(normalize=False)
    shares = probabilities(load_network(str(server.folder / "digits")), images[[1234]])[0]
    page = open_view("?test=1234")
    expect(answer_of(page)).to_have_text(str(shares.argmax()))
    for digit, share in enumerate(shares):
        expect(
            page.get_by_role("radio", name=re.compile(rf"^{digit}: {100 * share:.1f} ?%$"))
        ).to_be_visible()
    loss = -np.log(shares[labels[1234]])
    assert float(page.locator(".loss-value").text_content() or "nan") == pytest.approx(loss, rel=1e-3)


def test_another_label_changes_loss_and_address(open_view: Callable[..., Page]) -> None:
    page = open_view("?test=0")
    before = page.locator(".loss-value").text_content() or ""
    page.get_by_role("radio", name=re.compile("^3: ")).check()
    expect(page.locator(".loss-value")).not_to_have_text(before)
    expect(page).to_have_url(re.compile("label=3"))
    page.reload()
    expect(page.get_by_role("radio", name=re.compile("^3: "))).to_be_checked()


def test_another_run_answers_for_what_is_drawn(open_view: Callable[..., Page], server: Server) -> None:
    data, settings = load_data("mnist", "float32"), checked_settings({"hidden": [], "engine": "eager"})
    folder = start(server.folder / "other", settings, data)
    trainer_of(folder, settings, data).fit(data.x_train, data.t_train, epochs=1)
    page = open_view()
    draw(page, SEVEN)
    expect(page.locator(".network-line")).to_have_text("Network of the run other, 784-10")
    page.get_by_label("Network", exact=True).select_option("digits")
    expect(page.locator(".network-line")).to_have_text("Network of the run digits, 784-50-10")
    expect(answer_of(page)).to_have_text("7")
    expect(page).to_have_url(re.compile("run=digits"))
    page.reload()
    expect(page.locator(".network-line")).to_contain_text("digits")
    shutil.rmtree(folder.path)


def test_the_hardest_images_open_with_a_click(open_view: Callable[..., Page]) -> None:
    page = open_view()
    first = page.locator(".hardest button").first
    index, label, answer = re.findall(r"\d+", first.get_attribute("aria-label") or "")[:3]
    first.click()
    expect(answer_of(page)).to_have_text(answer)
    expect(page.get_by_role("radio", name=re.compile(f"^{label}: "))).to_be_checked()
    expect(page).to_have_url(re.compile(f"test={index}"))


def test_without_a_network_it_leads_to_training(
    new_server: Callable[..., Server], page_at: Callable[..., Page]
) -> None:
    page = page_at("#/digit", lang="ko", server=new_server())
    page.get_by_role("button", name="신경망 학습하기").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("학습")


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_axe_finds_nothing(open_view: Callable[..., Page], lang: str) -> None:
    page = open_view("?test=8", lang=lang, bypass_csp=True)
    page.locator(".area-flow").wait_for()
    results = found("axe_playwright_python.sync_playwright").Axe().run(page)
    assert not results.violations_count, results.generate_report()


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_narrow_screen_does_not_scroll_sideways(open_view: Callable[..., Page], lang: str) -> None:
    page = open_view("?test=8", lang=lang, width=360)
    page.locator(".area-flow").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth") == 360


def test_a_probability_that_the_computer_takes_for_0_is_told_from_its_loss(
    open_view: Callable[..., Page],
) -> None:
    """L = −log 0 = 1034 would not be true."""
    page = open_view()

    def hopeless(route: Any) -> None:
        answer = route.fetch()
        body = answer.json()
        route.fulfill(response=answer, json={**body, "loss": 1034.0, "probabilities": [0.0] * 9 + [1.0]})

    page.route("**/api/digit/back*", hopeless)
    page.get_by_role("textbox", name="Test image number").fill("3")
    expect(page.locator(".loss")).to_contain_text("−log8.7×10⁻⁴⁵⁰=1034", use_inner_text=False)
