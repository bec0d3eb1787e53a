"""The page as a whole: it opens, eight times at once too; only it can use the server; and it ends at once."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.browser.conftest import PATIENCE

VIEWS = ("graph", "train", "digit", "source")
RUN = {"hidden": [50], "epochs": 1000, "engine": "eager"}
POST = """([path, body]) => fetch(path, {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body),
}).then((answer) => answer.json())"""


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_in_both_languages(page_at, lang, view):
    page = page_at(f"#/{view}", lang=lang)
    assert page.locator("html").get_attribute("lang") == lang
    assert page.locator("nav [aria-current=page]").get_attribute("href").startswith(f"#/{view}")
    assert page.get_by_role("main").text_content()


def test_the_page_opens_with_few_requests(browser, server):
    """Chromium takes about 10 ms for each, however small; how long the start takes is measured in benchmarks."""
    asked = []
    with opened(browser) as page:
        page.on("request", lambda request: asked.append(request.url.removeprefix(server.url)))
        page.goto(f"{server.address}#/graph")
        page.locator(".graph-view svg").first.wait_for()
        scripts = [url for url in asked if url.endswith(".js")]
        assert sorted(scripts) == ["/static/app.js", "/static/vendor/preact.js"]
        page.goto(f"{server.url}/#/train")
        page.locator(".train-view").first.wait_for()
    later = [url for url in asked if url.endswith(".js")][len(scripts) :]
    assert sorted(later) == ["/static/train/view.js", "/static/vendor/uplot.js"]


def test_the_address_with_the_key_opens_the_page_and_hides_the_key(browser, server):
    with opened(browser) as page:
        page.goto(f"{server.address}#/graph?e=x*y")
        page.get_by_role("main").wait_for()
        assert page.url.startswith(f"{server.url}/#/graph?e=x*y")
        (cookie,) = page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        assert page.evaluate("document.cookie") == ""


def test_without_the_key_there_is_a_sentence_in_the_readers_language(browser, server):
    for locale, begins in (
        ("ko-KR", "chainrule web이 출력한 열쇠가"),
        ("en-US", "This address lacks the key"),
    ):
        with opened(browser, locale=locale) as page:
            assert page.goto(server.url).status == 401
            assert page.locator("body").inner_text().startswith(begins)


@contextmanager
def opened(browser, **options):
    """A page without the key."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    try:
        yield context.new_page()
    finally:
        context.close()


class Elsewhere(BaseHTTPRequestHandler):
    """Another page on this machine, of another port: to cookies the same site, to everything else a stranger."""

    page = b"<!doctype html><link rel=icon href=data:,><title>elsewhere</title>"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_):
        pass


@pytest.fixture
def elsewhere():
    """The address of that page, as PORT."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_link_on_another_site_opens_the_page(browser, server, elsewhere):
    with opened(browser) as page:
        page.goto(f"http://localhost:{elsewhere}/")
        page.evaluate(LINK, server.address)
        page.get_by_role("link").click()
        page.get_by_role("main").wait_for()
        assert page.url.startswith(f"{server.url}/")
        assert "token" not in page.url


LINK = """(url) => document.body.append(Object.assign(document.createElement("a"), {href: url, text: "there"}))"""
SEND = """([url, type]) => fetch(url, {
    method: "POST", mode: "no-cors", credentials: "include", headers: {"Content-Type": type}, body: "{}",
}).then(() => "sent", (error) => error.name)"""
READ = (
    """(url) => fetch(url, {credentials: "include"}).then((answer) => answer.text(), (error) => error.name)"""
)
LOAD = """(url) => new Promise((done) => document.head.append(Object.assign(document.createElement("script"), {
    onload: () => done("loaded"), onerror: () => done("refused"), src: url,
})))"""
FRAME = """(url) => new Promise((done) => document.body.append(Object.assign(document.createElement("iframe"), {
    onload: () => done("loaded"), src: url,
})))"""


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_another_page_can_neither_order_nor_read_nor_show_ours(browser, server, elsewhere, name):
    """Although the reader has our page open: on the same name the browser even sends the cookie along."""
    with opened(browser) as page:
        page.goto(server.address)
        page.get_by_role("main").wait_for()
        page.goto(f"http://{name}:{elsewhere}/")
        statuses = []
        page.on(
            "response", lambda answer: statuses.append(answer.status) if server.url in answer.url else None
        )
        page.evaluate(SEND, [f"{server.url}/api/run/start", "text/plain"])
        assert page.evaluate(READ, f"{server.url}/api/run") == "TypeError"
        assert page.evaluate(LOAD, f"{server.url}/static/vendor/preact.js") == "refused"
        page.evaluate(FRAME, server.url)
        assert statuses == [403]  # of the frame; of the others, the browser does not even tell it that much
        page.goto(f"{server.url}/api/run")
        assert '"status":"none"' in page.content()


@pytest.mark.parametrize(
    "attempt",
    ["document.body.innerHTML = '<img src=x onerror=alert(1)>'", "setTimeout('alert(1)')",
     "trustedTypes.createPolicy('p', {})", "Object.assign(document.createElement('script'), {text: 'alert(1)'})"],
)  # fmt: skip
def test_the_page_runs_no_script_but_its_own(browser, server, attempt):
    with opened(browser) as page:
        page.goto(server.address)
        page.get_by_role("main").wait_for()
        tried = f"() => {{ try {{ {attempt}; return 'done' }} catch (error) {{ return error.name }} }}"
        assert page.evaluate(tried) == "TypeError"


def test_the_page_can_ask_no_other_machine(browser, server):
    with opened(browser) as page:
        page.goto(server.address)
        page.get_by_role("main").wait_for()
        assert page.evaluate("fetch('http://192.0.2.1/').catch((error) => error.name)") == "TypeError"


def test_eight_pages_open_while_a_network_learns_and_ctrl_c_ends_it_all(browser, new_server):
    """A browser keeps at most six connections to a server, and a stream that stays open takes one of them."""
    server, times = new_server(), []
    with opened(browser) as page:  # without an eye on the console, which may say that the server has gone
        page.goto(server.address)
        run = page.evaluate(POST, ["/api/run/start", {"settings": RUN}])
        assert run["status"] in ("preparing", "running")
        for number in range(8):
            start = time.perf_counter()
            page = page.context.new_page()
            page.goto(f"{server.url}/#/{VIEWS[number % 4]}")
            page.get_by_role("main").wait_for()
            times.append(time.perf_counter() - start)
        assert page.evaluate(POST, ["/api/run/start", {"settings": RUN}])["error"]["code"] == "run_alive"
        start = time.perf_counter()
        server.process.send_signal(signal.SIGINT)
        server.process.wait(10)
        seconds = time.perf_counter() - start
    print(f"pages opened in {', '.join(f'{t:.2f}' for t in times)} s; the end took {seconds:.2f} s")
    assert max(times) < PATIENCE / 1000
    assert server.process.returncode == 0
    assert seconds < 2.0  # one second, and another for a machine that draws eight pages at the same time
