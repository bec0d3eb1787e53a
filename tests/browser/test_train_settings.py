"""The train view: its settings and refusals, what is seen beside a run, and that it is open to everybody."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from chainrule.explain import gradient_flow
from chainrule.runs import Settings, load_data
from tests.browser._train import (
    LONG,
    expect,
    expect_chosen,
    expect_status,
    fact,
    finished,
    number,
    params,
    press,
    train_view,
    wait_until,
)
from tests.browser.conftest import found

if TYPE_CHECKING:
    from playwright.sync_api import Page

    Open = Callable[..., Page]


@pytest.fixture
def open_view(page_at: Open) -> Iterator[Open]:
    with train_view(page_at) as open_page:
        yield open_page


def test_settings_are_in_the_address_and_come_from_it(open_view: Open) -> None:
    page = open_view("?hidden=30-20&optimizer=adam&batch_size=64&engine=eager")
    expect(page.get_by_role("textbox", name="은닉층 1")).to_have_value("30")
    expect(page.get_by_role("combobox", name="최적화 기법")).to_have_value("adam")
    expect(page.get_by_role("textbox", name="학습률")).to_have_value("0.002")  # its own rate
    page.get_by_role("button", name="은닉층 추가").click()
    page.get_by_role("textbox", name="은닉층 3").fill("7")
    page.get_by_role("button", name="은닉층 1 빼기").click()
    page.get_by_role("combobox", name="최적화 기법").select_option("sgd")
    page.get_by_role("textbox", name="학습률").fill("0.3")
    page.get_by_role("textbox", name="시드").fill("5")
    expected = {"hidden": "20-7", "batch_size": "64", "lr": "0.3", "seed": "5", "engine": "eager"}
    expect_chosen(page, **expected)
    source = page.get_by_role("link", name="이 설정으로 컴파일한 갱신 보기").get_attribute("href")
    assert params(source or "") == expected
    press(page, "시작")
    expect(page.locator(".place")).to_contain_text(
        "784-20-7-10 · ReLU · SGD 0.3 · 배치 64 · 시드 5", timeout=LONG
    )
    press(page, "중지")
    page.get_by_role("button", name="기본 설정으로").click()
    expect(page.get_by_role("textbox", name="은닉층 1")).to_have_value("50")
    wait_until(page, lambda: not params(page.evaluate("location.href")))


@pytest.mark.parametrize(("lang", "sentence"), [("ko", "받은 값"), ("en", "given")])
def test_settings_that_cannot_be_are_refused_with_a_sentence(
    open_view: Open, lang: str, sentence: str
) -> None:
    page = open_view("?hidden=fifty", lang=lang)
    press(page, {"ko": "시작", "en": "Start"}[lang])
    expect(page.get_by_role("alert")).to_contain_text("fifty")
    expect_status(page, "none", lang)


@pytest.mark.parametrize(
    ("lang", "name", "typed", "sentence"),
    [
        ("en", "Epochs", "1.5", "A whole number from 1 to 1,000."),
        ("ko", "은닉층 1", "0", "1부터 4,096까지의 정수를 쓰십시오."),
        ("ko", "학습률", "-1", "0.1과 같이 0보다 큰 수를 쓰십시오."),
    ],
)
def test_a_number_that_cannot_be_gets_a_sentence_while_it_stands_there(
    open_view: Open, lang: str, name: str, typed: str, sentence: str
) -> None:
    page = open_view(lang=lang)
    box = page.get_by_role("textbox", name=name, exact=True)
    before = box.input_value()
    box.fill(typed)
    error = page.locator(".settings .error")
    expect(error).to_have_text(sentence)
    expect(box).to_have_accessible_description(re.compile(re.escape(sentence)))
    box.blur()
    expect(error).to_have_count(0)
    expect(box).to_have_value(before)


def test_a_rate_that_is_too_large_ends_in_a_sentence_that_says_so(open_view: Open) -> None:
    page = open_view("?lr=1e30&engine=eager", lang="en")
    press(page, "Start")
    expect(page.get_by_role("alert")).to_contain_text(
        "Take a smaller learning rate than 1e+30.", timeout=LONG
    )


def test_ten_sigmoid_layers_starve_beside_ten_relus(open_view: Open) -> None:
    page = open_view()
    page.get_by_role("button", name="은닉층 10개로 견주기").click()
    rows = page.locator(".comparison .bars tbody tr")
    expect(rows).to_have_count(11)
    data = load_data("mnist", "float32")
    for side, activation in enumerate(["sigmoid", "relu"]):
        network = Settings(hidden=(50,) * 10, activation=activation).network(784, 10)
        flow = gradient_flow(network, data.x_train[:100], data.t_train[:100])
        for row, layer in zip(
            rows.all(), [x for x in flow.layers if x.name.startswith("Affine")], strict=True
        ):
            bar = row.locator(".side").nth(side)
            assert number(bar.locator(".number-text").inner_text()) == pytest.approx(layer.gradient, rel=6e-3)
    first = rows.first.locator(".mark")
    assert first.all_inner_texts() == ["기울기 소실", "정상"]
    lengths = [bar.bounding_box()["width"] for bar in rows.first.locator(".track > div").all()]  # type: ignore[index]
    assert lengths[0] < lengths[1] / 4
    expect_chosen(page, deep="10")

    page.get_by_role("slider", name="은닉층 수").fill("3")
    expect(rows).to_have_count(4)
    page.get_by_role("textbox", name="은닉층 수").fill("1.6")  # there are no halves of layers
    expect(rows).to_have_count(3)
    page.get_by_role("combobox", name="첫째 신경망").select_option("tanh")
    expect(page.locator(".comparison h3").first).to_have_text("tanh")
    page.get_by_role("button", name="이 설정 쓰기").first.click()
    expect_chosen(page, hidden="50-50", activation="tanh")
    expect(page.get_by_role("combobox", name="활성화 함수")).to_have_value("tanh")


def test_earlier_runs_lie_faint_behind_and_can_be_switched_off(open_view: Open) -> None:
    page = finished(open_view, "?epochs=1&hidden=11")
    press(page, "초기화")
    expect_status(page, "none")
    page.get_by_text("뒤에 흐리게 보이는 이전 실행").click()
    box = page.get_by_role("checkbox", name=re.compile(r"784-11-10 · ReLU · SGD 0\.1"))
    expect(box.first).to_be_checked()
    others = [each for each in page.locator(".earlier input").all() if each.is_checked()]
    chart = page.locator(".chart canvas").nth(1)
    with_it = chart.evaluate("(canvas) => canvas.toDataURL()")
    for each in others:
        each.uncheck()
    page.wait_for_timeout(100)
    assert chart.evaluate("(canvas) => canvas.toDataURL()") != with_it


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_nothing_of_it_is_closed_to_anybody(open_view: Open, lang: str) -> None:
    axe = found("axe_playwright_python.sync_playwright").Axe()
    query = "?epochs=1&deep=3&engine=eager"
    page = open_view(query, lang=lang, bypass_csp=True, reduced_motion="reduce")
    assert violations(axe, page) == []
    press(page, {"ko": "시작", "en": "Start"}[lang])
    expect_status(page, "finished", lang)
    expect(page.locator(".comparison .bars")).to_have_count(1)
    for summary in page.locator(".train-view summary").all():
        summary.click()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(300)
        assert violations(axe, page) == []


def violations(axe: Any, page: Page) -> list[str]:
    problems = axe.run(page).response["violations"]
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in problems]


def test_on_a_narrow_page_nothing_sticks_out_and_the_curves_come_first(open_view: Open) -> None:
    page = finished(open_view, "?epochs=1&deep=10&engine=eager", width=360, height=740)
    expect(page.locator(".comparison .bars tbody tr")).to_have_count(11)
    for summary in page.locator(".train-view summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    tops = [page.locator(f".train-view .{part}").bounding_box() for part in ("curves", "settings")]
    assert tops[0]["y"] < tops[1]["y"]  # type: ignore[index]
    assert not math.isnan(float(fact(page, "시험 정확도").removesuffix("%")))
