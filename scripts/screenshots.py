"""Draw the pictures of the page that the documents show: ``python scripts/screenshots.py``.

Needs the extra ``web``, Playwright, and Chromium with fonts for Korean, as the tests in tests/browser do. Letters
differ from machine to machine, so nothing compares these pictures: look at them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import ARGUMENTS, LOCALES, serving  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1200, 760
APPLES = {
    "en": "#/graph?g=apple&step=3",
    "ko": "#/graph?g=apple&step=3",
}


def main() -> None:
    """Write a picture of the graph view for each language."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "runs") as server:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
            for lang, view in APPLES.items():
                context = browser.new_context(
                    viewport={"width": WIDTH, "height": HEIGHT}, locale=LOCALES[lang]
                )
                context.add_cookies([server.cookie])  # type: ignore[list-item]
                page = context.new_page()
                page.goto(f"{server.url}/{view}")
                settle(page)
                file = PICTURES / f"page-graph-{lang}.png"
                page.screenshot(path=file)
                print(file.relative_to(ROOT))
            browser.close()


def settle(page: Page) -> None:
    """Wait until everything is there, and put away what greets a new reader."""
    page.locator("svg text").first.wait_for()
    for name in ("Not now", "나중에"):
        if page.get_by_role("button", name=name).count():
            page.get_by_role("button", name=name).click()
    page.wait_for_timeout(500)  # until what moves has come to rest


if __name__ == "__main__":
    main()
