"""What the tests of the train view share: a page without a run, its buttons, and its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.browser.conftest import found

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    Open = Callable[..., Page]

LONG = 60_000  # ms for a run, the compiling of its step included
STATUS = {
    "ko": {
        "none": "아직 실행이 없음",
        "running": "학습 중",
        "paused": "일시 정지",
        "stopped": "중지됨",
        "finished": "완료",
    },
    "en": {
        "none": "No run yet",
        "running": "Training",
        "paused": "Paused",
        "stopped": "Stopped",
        "finished": "Finished",
    },
}


def expect(locator: Locator | Page) -> Any:
    return found("playwright.sync_api").expect(locator)


@contextmanager
def train_view(page_at: Open) -> Iterator[Open]:
    """A way to open the train view with no run left from another test; the greeting is gone."""
    opened: list[Page] = []

    def open_page(query: str = "", lang: str = "ko", **how: Any) -> Page:
        page = page_at(f"#/train{query}", lang=lang, **how)
        page.evaluate("localStorage.setItem('chainrule.tour', JSON.stringify({ step: 0, greeted: true }))")
        if not opened:
            forget_run(page)
        page.reload()
        page.locator(".train-view .state").wait_for()
        opened.append(page)
        return page

    yield open_page
    forget_run(opened[0])


def forget_run(page: Page) -> None:
    run = asked(page, "run")
    if run["id"]:
        asked(page, "run/reset", {"id": run["id"]})


def asked(page: Page, path: str, body: Any = None) -> Any:
    """What the server answers the page."""
    return page.evaluate(
        """async ([path, body]) => {
            const how = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
            return (await fetch(`/api/${path}`, body ? how : undefined)).json();
        }""",
        [path, body],
    )


def press(page: Page, name: str) -> None:
    page.locator(".transport").get_by_role("button", name=name, exact=True).click()


def expect_status(page: Page, status: str, lang: str = "ko") -> None:
    expect(page.locator(".transport .state")).to_have_text(STATUS[lang][status], timeout=LONG)


def fact(page: Page, name: str) -> str:
    """One of the numbers of the run, by what stands above it."""
    return (
        page.locator(".facts > div").filter(has=page.get_by_text(name, exact=True)).locator("dd").inner_text()
    )


def step_of(page: Page) -> int:
    return int(fact(page, "갱신").split("/")[0].replace(",", ""))


def finished(open_view: Open, query: str = "?epochs=2", lang: str = "ko", **how: Any) -> Page:
    page = open_view(query, lang=lang, **how)
    press(page, {"ko": "시작", "en": "Start"}[lang])
    expect_status(page, "finished", lang)
    return page


def expect_chosen(page: Page, **expected: str) -> None:
    """The address says it, a moment later."""
    wait_until(page, lambda: expected.items() <= params(page.evaluate("location.href")).items())


def params(url: str) -> dict[str, str]:
    asked = dict(pair.split("=") for pair in url.partition("#")[2].partition("?")[2].split("&") if pair)
    return {name: value for name, value in asked.items() if name != "lang"}


def number(text: str) -> float:
    """A number as the page writes it, 9.68×10−10 with a raised power."""
    mantissa, _, power = text.replace("−", "-").partition("×10")
    return float(mantissa) * 10.0 ** int(power or 0)


def wait_until(page: Page, holds: Callable[[], bool], tries: int = 100) -> None:
    for _ in range(tries):
        if holds():
            return
        page.wait_for_timeout(50)
    assert holds()
