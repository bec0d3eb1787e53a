"""The page in a browser: how soon it can be used, and how soon a graph follows a slider.

The start is from that of the process to a graph that can be stepped through, in a browser that is running already and
knows nothing of the page. The slider is moved by a script, from its event to the frame in which the drawing has the new
value; beside it stands the time of an empty frame, which nothing can be faster than.

pip install -e '.[web]' playwright; apt install chromium; python benchmarks/web_page.py

    --rounds N   how often the start is measured (7)
    --moves N    of a slider, for each example (51)
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, sync_playwright

WEB = [sys.executable, "-m", "chainrule", "web", "--no-browser", "--port", "0", "--folder"]
EXAMPLES = ("apple", "fruit", "sigmoid", "softmax-with-loss")
MOST_START, MOST_MOVE = 1.0, 30.0  # seconds, milliseconds
MOVE = """async (moves) => {
  const frame = () => new Promise(requestAnimationFrame);
  const slider = document.querySelector(".inputs input[type=range]");
  const [least, most] = [Number(slider.min), Number(slider.max)];
  const edges = () => document.querySelector("svg.drawing").textContent;
  const times = [];
  for (let move = 0; move < moves; move++) {
    const before = edges();
    const start = performance.now();
    slider.value = String(least + ((most - least) * (move + 1)) / (moves + 1));
    slider.dispatchEvent(new InputEvent("input", { bubbles: true }));
    while (edges() === before) await frame();
    times.push(performance.now() - start);
  }
  return times;
}"""
FRAME = """async () => {
  const times = [];
  for (let n = 0; n < 60; n++) {
    const start = performance.now();
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - start);
  }
  return times;
}"""


@contextmanager
def served() -> Iterator[tuple[str, float]]:
    """The page's address, and the seconds until it was told."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        process = subprocess.Popen([*WEB, folder], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), time.perf_counter() - start
        finally:
            process.terminate()
            process.communicate()


def start(browser: Browser) -> tuple[float, float]:
    """Seconds until the address is told, and until the page can be used."""
    context = browser.new_context()
    page = context.new_page()
    begin = time.perf_counter()
    with served() as (address, told):
        page.goto(address)
        page.locator(".player button").first.wait_for()
        usable = time.perf_counter() - begin
        context.close()
    return told, usable


def moves(browser: Browser, number: int) -> dict[str, list[float]]:
    """Milliseconds from each move of the first slider to the drawing, by example; and of an empty frame."""
    found: dict[str, list[float]] = {}
    with served() as (address, _):
        page: Any = browser.new_page()
        for example in EXAMPLES:
            page.goto(f"{address}#/graph?g={example}")
            page.reload()
            page.locator("svg.drawing").first.wait_for()
            page.locator(".inputs input[type=range]").first.wait_for()
            page.evaluate(MOVE, 10)  # warm
            found[example] = page.evaluate(MOVE, number)
        found["an empty frame"] = page.evaluate(FRAME)
    return found


def main() -> None:
    """Measure, and print two lists."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--moves", type=int, default=51)
    given = options.parse_args()
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--disable-gpu", "--disable-quic"])
        starts = [start(browser) for _ in range(given.rounds)]
        for name, times in zip(("address told", "page usable"), zip(*starts, strict=True), strict=True):
            print(
                f"{name:20} median {statistics.median(times):6.2f} s   of {len(times)}, least {min(times):.2f}"
            )
        print(f"{'':20} aim    {MOST_START:6.2f} s")
        for name, milliseconds in moves(browser, given.moves).items():
            print(f"{name:20} median {statistics.median(milliseconds):6.1f} ms  of {len(milliseconds)}")
        print(f"{'':20} aim    {MOST_MOVE:6.1f} ms")
        browser.close()


if __name__ == "__main__":
    main()
