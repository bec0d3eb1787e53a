"""The page in a real browser: a server of its own process for each file of tests, and pages that must not complain."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, ViewportSize

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOCALES = {"ko": "ko-KR", "en": "en-US"}
PATIENCE = 10_000  # ms that a test waits for what must appear, on a machine that has other things to do
_REQUIRED = os.environ.get("CHAINRULE_REQUIRE_BROWSER") == "1"


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    return _not_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: object) -> Generator[None, Any, Any]:
    return _not_skipped((yield))


def _not_skipped(report: Any) -> Any:
    """Where the browser is a must, whatever was skipped here has failed."""
    if _REQUIRED and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, although CHAINRULE_REQUIRE_BROWSER is 1: {report.longrepr[-1]}"
    return report


def found(module: str) -> Any:
    """An optional module, or the end of the test."""
    return pytest.importorskip(module)


@dataclass(frozen=True)
class Server:
    """``chainrule web`` in a process of its own.

    url      http://127.0.0.1:PORT
    token    the key to the page
    address  the page's, with the key
    folder   where its runs are put
    process  to send signals to
    """

    url: str
    token: str
    address: str
    folder: Path
    process: subprocess.Popen[str]

    @property
    def cookie(self) -> dict[str, str]:
        return {"name": f"chainrule-{self.url.rpartition(':')[2]}", "value": self.token, "url": self.url}


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Server]:
    """A server as long as the block runs; what it complained about fails the test."""
    command = [sys.executable, "-m", "chainrule", "web", *arguments]
    options = ["--port", "0", "--no-browser", "--json", "--folder", str(folder)]
    with (folder.parent / f"{folder.name}.err").open("w+", encoding="utf-8") as complaints:
        process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=complaints, encoding="utf-8"
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, Path(complaints.name).read_text("utf-8")
            address = json.loads(line)["url"]
            url, _, token = address.partition("/?token=")
            yield Server(url, token, address, folder, process)
        finally:
            process.terminate()
            try:
                process.wait(10)
            finally:
                process.kill()
                process.stdout.close()  # type: ignore[union-attr]
        complained = Path(complaints.name).read_text("utf-8")
        assert not complained, complained


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start another server, with these arguments of ``chainrule web``."""
    for package in ("starlette", "uvicorn"):
        found(package)
    with ExitStack() as servers:
        yield lambda *arguments: servers.enter_context(
            serving(tmp_path / f"runs-{len(list(tmp_path.iterdir()))}", *arguments)
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of this file's tests."""
    for package in ("starlette", "uvicorn"):
        found(package)
    with serving(tmp_path_factory.mktemp("page") / "runs") as server:
        yield server


@pytest.fixture(scope="module")  # not for longer: while Playwright is there, asyncio.run works in no test
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    playwright = found("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("there is no Chromium")
    playwright.expect.set_options(timeout=20_000)  # other tests keep the cores busy
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def page_at(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Open the page at an address such as "#/graph?e=x*x".

    lang        of the browser: "ko" or "en"
    width       of the window in pixels, and height
    server      another than that of this file's tests
    bypass_csp  for axe, which is a script of ours in somebody else's page
    more        what else Playwright's new_context takes: color_scheme, reduced_motion, …

    A page that logs an error, or asks another machine for something, fails the test.
    """
    own, problems = server, []

    def complaint(message: ConsoleMessage) -> None:
        # A refusal, such as of an expression with a mistake in it, is an answer; Chromium logs it all the same.
        is_refusal = "/api/" in message.location.get("url", "") and "status of 4" in message.text
        if message.type in ("error", "warning") and not is_refusal:
            problems.append(f"console: {message.text} ({message.location.get('url')})")

    with ExitStack() as contexts:

        def open_page(
            view: str = "",
            lang: str = "ko",
            width: int = 1280,
            height: int = 800,
            *,
            server: Server = own,
            **more: Any,
        ) -> Page:
            def foreign(request: Request) -> None:
                if not request.url.startswith((f"{server.url}/", "data:", "blob:")):
                    problems.append(f"foreign request: {request.url}")

            size: ViewportSize = {"width": width, "height": height}
            context = browser.new_context(viewport=size, locale=LOCALES[lang], **more)
            contexts.callback(context.close)
            context.set_default_timeout(PATIENCE)
            context.add_cookies([server.cookie])  # type: ignore[list-item]
            page = context.new_page()
            page.on("pageerror", lambda error: problems.append(f"error: {error}"))
            page.on("console", complaint)
            page.on("request", foreign)
            page.goto(f"{server.url}/{view}")
            page.get_by_role("main").wait_for()
            return page

        yield open_page
    assert not problems, "\n".join(problems)
