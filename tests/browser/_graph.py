"""What the tests of the graph view share: the view with its graph, and the places of the drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.browser.conftest import found

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page


def expect(what: Locator) -> Any:
    """What Playwright asserts of something, waiting for it."""
    return found("playwright.sync_api").expect(what)


def graph_at(page_at: Callable[..., Page], view: str = "", **more: Any) -> Page:
    """The graph view, with its graph."""
    page = page_at(f"#/graph{view}", **more)
    page.locator("svg.drawing").wait_for()
    return page


def edge(page: Page, source: str, target: str) -> Locator:
    """A line of the drawing, by the names at its ends."""
    return page.locator(f'svg.drawing .edge[aria-label^="{source} → {target},"]')


def gradient(page: Page, source: str, target: str) -> Locator:
    return edge(page, source, target).locator(".label.gradient")


def where(page: Page) -> Locator:
    return page.locator(".line-of-steps .count")
