"""The train view: a run is started, watched, held up, stepped and stopped on the page, and is an ordinary run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from chainrule.explain import gradient_flow
from chainrule.runs import load_data, load_network
from chainrule.training import RunFolder
from tests.browser._train import (
    LONG,
    asked,
    expect,
    expect_status,
    fact,
    finished,
    number,
    press,
    step_of,
    train_view,
    wait_until,
)
from tests.browser.conftest import Server

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    Open = Callable[..., Page]


@pytest.fixture
def open_view(page_at: Open) -> Iterator[Open]:
    with train_view(page_at) as open_page:
        yield open_page


def test_a_network_learns_to_read_and_the_page_shows_how(open_view: Open, server: Server) -> None:
    page = finished(open_view)
    accuracy = float(fact(page, "시험 정확도").removesuffix("%"))
    assert accuracy > 90
    assert fact(page, "에폭") == "2 / 2"
    assert fact(page, "갱신") == "1,200 / 1,200"

    # An ordinary run, which the page shows as it is.
    folder = server.folder / asked(page, "run")["id"]
    expect(page.locator(".place")).to_contain_text(str(folder))
    expect(page.locator(".place")).to_contain_text(f"chainrule train --resume --out {folder}")
    assert RunFolder(folder).read_about()["settings"]["epochs"] == 2
    network, data = load_network(str(folder)), load_data("mnist", "float32")
    assert accuracy == pytest.approx(100 * network.accuracy(data.x_test, data.t_test), abs=0.005)

    flow = gradient_flow(network, data.x_train[:100], data.t_train[:100])
    rows = page.locator(".flow .bars tbody tr")
    expect(rows).to_have_count(3)
    for row, layer in zip(rows.all(), flow.layers, strict=True):
        name = row.get_by_role("rowheader").inner_text().split("\n")
        assert name == [layer.name, "정상"]
        activation, gradient = (text.inner_text() for text in row.locator(".number-text").all())
        assert number(activation) == pytest.approx(layer.activation, rel=6e-3)
        assert number(gradient) == pytest.approx(layer.gradient, rel=6e-3)
        widths = [bar.bounding_box()["width"] for bar in row.locator(".track > div").all()]  # type: ignore[index]
        assert widths[0] > widths[1]  # the gradient is the smaller one by far

    # The drawn weights: of unit 1, the largest is the reddest pixel, and the smallest the bluest.
    weights = network.params["W1"][:, 0]
    pixels = np.array(page.locator(".weights canvas").evaluate(
        "(canvas) => Array.from(canvas.getContext('2d').getImageData(0, 0, 28, 28).data)"
    )).reshape(784, 4).astype(int)  # fmt: skip
    redness = pixels[:, 0] - pixels[:, 2]
    extremes = [weights.argmax(), weights.argmin()]
    assert redness[extremes[0]] == redness.max() > 0 > redness.min() == redness[extremes[1]]
    assert np.corrcoef(redness, weights)[0, 1] > 0.9


def test_every_number_of_the_curves_can_be_read_with_the_keyboard_and_in_a_table(open_view: Open) -> None:
    page = finished(open_view, lang="en")
    page.get_by_text("As a table").first.click()
    row = page.locator("table.epochs tbody tr").last.locator("td").all_inner_texts()
    epochs = [event for event in asked(page, "run/log?since=0")["events"] if event["kind"] == "epoch"]
    assert row[:2] == ["2", "1200"]
    assert float(row[3]) == pytest.approx(epochs[-1]["validation_loss"], rel=1e-3)
    assert row[5] == f"{epochs[-1]['validation_accuracy']:.1%}"

    cursor = page.get_by_role("slider", name="Cursor: Accuracy")
    cursor.focus()
    page.keyboard.press("End")
    assert cursor.get_attribute("aria-valuetext") == (
        f"Step 1,200: Training data {epochs[1]['train_accuracy']:.1%}, Test data {epochs[1]['validation_accuracy']:.1%}"
    )
    page.keyboard.press("ArrowLeft")
    expect(cursor).to_have_attribute("aria-valuenow", "600")
    expect(page.locator(".chart").nth(1).locator("output").last).to_have_text(
        f"{epochs[0]['validation_accuracy']:.1%}"
    )
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    expect(cursor).to_have_attribute("aria-valuenow", "600")

    loss = page.get_by_role("slider", name="Cursor: Loss")
    box = loss.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(loss).not_to_have_attribute("aria-valuenow", "1200")


def test_a_run_is_paused_stepped_continued_and_stopped(open_view: Open, server: Server) -> None:
    page = open_view("?epochs=1000&engine=eager&batch_size=50")
    press(page, "시작")
    expect_status(page, "running")
    expect(page.locator(".facts")).to_contain_text(re.compile(r"초당 [\d,]+번"))
    press(page, "일시 정지")
    expect_status(page, "paused")
    before = step_of(page)
    press(page, "갱신 한 번")
    expect(page.locator(".facts")).to_contain_text(f"{before + 1:,} / ")
    expect_status(page, "paused")
    press(page, "계속")
    expect_status(page, "running")
    expect(page.locator(".facts")).not_to_contain_text(f"{before + 1:,} / ")
    press(page, "중지")
    expect_status(page, "stopped")
    folder = RunFolder(server.folder / asked(page, "run")["id"])
    assert folder.checkpoint.is_file()
    press(page, "초기화")
    expect_status(page, "none")
    assert folder.path.is_dir()
    expect(page.locator(".facts")).to_have_count(0)


def test_a_single_step_begins_a_run(open_view: Open) -> None:
    page = open_view("?engine=eager")
    press(page, "갱신 한 번")
    expect(page.locator(".facts")).to_contain_text("1 / 12,000")
    expect_status(page, "paused")


def test_whoever_wants_to_stop_need_not_wait_for_a_pause(open_view: Open) -> None:
    page = open_view("?epochs=1000")
    press(page, "시작")
    expect_status(page, "running")
    held: list[Route] = []
    page.route("**/api/run/pause", lambda route: held.append(route))
    press(page, "일시 정지")
    press(page, "중지")
    expect_status(page, "stopped")
    for route in held:
        route.continue_()
    assert len(held) == 1


def test_a_reloaded_page_and_another_tab_find_the_run_and_all_of_its_curve(open_view: Open) -> None:
    page = open_view("?epochs=1000&hidden=20-10&activation=tanh&engine=eager")
    press(page, "시작")
    expect(page.locator(".facts")).to_contain_text(re.compile(r"초당 [\d,]+번"), timeout=LONG)
    page.reload()
    expect_status(page, "running")
    other = open_view()
    for each in (page, other):
        expect_status(each, "running")
        expect(each.get_by_role("textbox", name="은닉층 2")).to_have_value("10")
        expect(each.get_by_role("combobox", name="활성화 함수")).to_be_disabled()
        expect(each.locator(".plot").first).to_have_attribute(
            "aria-valuemin", "1"
        )  # the very first step is there
    press(other, "일시 정지")
    expect_status(page, "paused")  # without being asked


def test_two_starts_at_once_are_one_run_and_a_refusal(open_view: Open) -> None:
    page, other = open_view("?engine=eager"), open_view("?engine=eager")
    press(page, "시작")
    asked(other, "run")
    other.evaluate(
        "[...document.querySelectorAll('.transport .primary')].forEach((button) => button.click())"
    )
    expect_status(page, "running")
    alert = other.get_by_role("alert")
    if alert.count():  # else it had heard of the run in time, and paused it
        expect(alert).to_contain_text("한 번에 하나만")


def test_a_stream_is_open_only_while_a_run_is_alive_and_the_page_seen(open_view: Open) -> None:
    page = open_view("?epochs=1000&engine=eager")
    streams: list[str] = []
    ended: list[str] = []
    page.on("request", lambda request: streams.append(request.url) if "stream" in request.url else None)
    page.on("requestfailed", lambda request: ended.append(request.url) if "stream" in request.url else None)
    page.on("requestfinished", lambda request: ended.append(request.url) if "stream" in request.url else None)
    page.wait_for_timeout(300)
    assert not streams
    press(page, "시작")
    expect(page.locator(".facts")).to_contain_text(re.compile(r"초당 [\d,]+번"), timeout=LONG)
    wait_until(page, lambda: len(streams) == 1)
    assert not ended

    look(page, "hidden")
    wait_until(page, lambda: len(ended) == 1)
    step = step_of(page)
    page.wait_for_timeout(500)
    assert step_of(page) == step  # nothing comes while nobody looks
    look(page, "visible")
    wait_until(page, lambda: step_of(page) > step)
    wait_until(page, lambda: len(streams) == 2)
    press(page, "중지")
    expect_status(page, "stopped")
    wait_until(page, lambda: len(ended) == 2)


def look(page: Page, state: str) -> None:
    """Have the page believe that it is seen, or not."""
    page.evaluate(
        """(state) => {
            Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


def test_without_a_stream_the_page_asks_again_and_again(open_view: Open) -> None:
    page = open_view("?epochs=1000&engine=eager")
    page.route("**/api/run/stream*", lambda route: route.fulfill(status=404))
    press(page, "시작")
    expect(page.locator(".facts")).to_contain_text(re.compile(r"초당 [\d,]+번"), timeout=LONG)
    step = step_of(page)
    wait_until(page, lambda: step_of(page) > step)
