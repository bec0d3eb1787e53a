"""The picture of a training run is valid, says what is true, and copes with every history."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chainrule.errors import ArgumentError
from chainrule.explain import learning_curve
from chainrule.training import Epoch, History

SVG = "{http://www.w3.org/2000/svg}"
NAN, INF = math.nan, math.inf


def history_of(rows):
    """A history from (train loss, train accuracy, test loss, test accuracy) for each epoch."""
    return History([Epoch(n, 10 * n, 0.0, *row, 1.0) for n, row in enumerate(rows, 1)])


def parse(svg):
    return ElementTree.fromstring(svg)


def texts(svg):
    return [element.text for element in parse(svg).iter(f"{SVG}text")]


def curves(svg):
    """The d of each curve, in the order they are drawn."""
    return [e.get("d") for e in parse(svg).iter(f"{SVG}path") if e.get("fill") == "none"]


def points(d):
    return [tuple(map(float, pair.split())) for pair in re.split("[ML]", d)[1:]]


FALLING = history_of([(0.5, 0.8, 0.6, 0.7), (0.3, 0.9, 0.4, 0.85), (0.2, 0.95, 0.5, 0.8)])


def test_it_is_a_picture_that_stands_alone():
    root = parse(learning_curve(FALLING))
    assert root.tag == f"{SVG}svg"
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("880", "380", "0 0 880 380")
    ground = root.find(f"{SVG}rect")
    assert (ground.get("width"), ground.get("height"), ground.get("fill")) == ("880", "380", "#ffffff")
    assert "href" not in learning_curve(FALLING)
    assert "http" not in learning_curve(FALLING).replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize(
    ("lang", "words", "best"),
    [
        ("en", {"Learning curve", "loss", "accuracy (%)", "epoch", "train", "test"},
         {"lowest 0.4 · epoch 2", "highest 85.00 % · epoch 2"}),
        ("ko", {"학습 곡선", "손실", "정확도 (%)", "에폭", "학습", "시험"},
         {"최저 0.4 · 2번째 에폭", "최고 85.00 % · 2번째 에폭"}),
    ],
)  # fmt: skip
def test_its_words_in_both_languages(lang, words, best):
    assert words | best <= set(texts(learning_curve(FALLING, lang=lang)))


def test_another_language_is_refused():
    with pytest.raises(ArgumentError, match="lang must be one of en, ko; it is 'fr'"):
        learning_curve(FALLING, lang="fr")


def test_the_points_lie_where_the_axes_say():
    """Read back from the picture: the scale is found from the labels of the axis, then applied to the points."""
    svg = learning_curve(FALLING)
    labels = [(float(e.text), float(e.get("y")) - 4) for e in parse(svg).iter(f"{SVG}text")
              if e.get("text-anchor") == "end" and float(e.get("x")) < 60]  # fmt: skip
    (v0, y0), (v1, y1) = labels[0], labels[-1]
    train, test = curves(svg)[:2]
    read = [[v0 + (y - y0) * (v1 - v0) / (y1 - y0) for _, y in points(d)] for d in (train, test)]
    assert read[0] == pytest.approx([0.5, 0.3, 0.2], abs=1e-3)
    assert read[1] == pytest.approx([0.6, 0.4, 0.5], abs=1e-3)
    for (value, y), (following, y_following) in pairwise(labels):
        assert following > value
        assert y_following < y, "larger values stand higher"


def test_train_and_test_are_told_apart_by_colour_dash_and_name():
    drawn = [e for e in parse(learning_curve(FALLING)).iter(f"{SVG}path") if e.get("fill") == "none"]
    train, test = drawn[:2]
    assert train.get("stroke") != test.get("stroke")
    assert train.get("stroke-dasharray") is None
    assert test.get("stroke-dasharray") is not None
    names = {
        e.text: e for e in parse(learning_curve(FALLING)).iter(f"{SVG}text") if e.text in ("train", "test")
    }
    assert names["train"].get("fill") == train.get("stroke")
    assert names["test"].get("fill") == test.get("stroke")


def test_a_gap_where_a_value_is_not_finite():
    rows = [
        (0.5, 0.8, 0.6, 0.7),
        (0.4, 0.8, NAN, 0.7),
        (0.3, 0.9, 0.5, 0.7),
        (0.2, 0.9, 0.4, 0.7),
        (0.2, 0.9, INF, 0.7),
    ]
    svg = learning_curve(history_of(rows))
    test_loss = curves(svg)[1]
    assert re.sub("[^ML]", "", test_loss) == "MML"
    assert "lowest 0.4 · epoch 4" in texts(svg)


def test_one_epoch_is_a_dot_in_the_middle():
    svg = learning_curve(history_of([(0.5, 0.8, 0.6, 0.7)]))
    dots = [e for e in parse(svg).iter(f"{SVG}circle") if e.get("r") == "2.5"]
    assert len(dots) == 4
    assert {e.get("cx") for e in dots} == {"214.00", "656.00"}


def test_without_test_data_the_training_data_have_the_best():
    svg = learning_curve(history_of([(0.5, 0.8, None, None), (0.3, 0.9, None, None)]))
    assert len(curves(svg)) == 2
    assert "test" not in texts(svg)
    assert "lowest 0.3 · epoch 2" in texts(svg)


@pytest.mark.parametrize("rows", [[], [(NAN, None, INF, None)]], ids=["no epochs", "nothing finite"])
def test_nothing_to_draw_is_said(rows):
    svg = learning_curve(history_of(rows))
    assert texts(svg).count("nothing to draw") == 2
    assert curves(svg) == []


def test_names_of_curves_that_meet_do_not_lie_on_each_other():
    for value in (0.0, 0.3):
        root = parse(learning_curve(history_of([(value, 1.0, value, 1.0)] * 4)))
        at = [float(e.get("y")) for e in root.iter(f"{SVG}text") if e.text in ("train", "test")]
        assert abs(at[0] - at[1]) >= 14
        assert abs(at[2] - at[3]) >= 14


def test_a_title_of_any_characters_is_shown_as_it_is():
    root = parse(learning_curve(FALLING, title='a < b & "c"\x00\ud800\n d'))
    assert 'a < b & "c" d' in [e.text for e in root.iter(f"{SVG}text")]
    assert root.find(f"{SVG}title").text == 'Learning curve: a < b & "c" d'


def test_a_long_title_is_cut_where_it_is_shown_but_not_where_it_is_read():
    root = parse(learning_curve(FALLING, title="x" * 500))
    assert max(len(e.text) for e in root.iter(f"{SVG}text")) == 130
    assert "x" * 500 in root.find(f"{SVG}title").text


def test_what_it_says_to_those_who_cannot_see_it():
    root = parse(learning_curve(FALLING))
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("aria-labelledby").split() == [title.get("id"), desc.get("id")]
    assert desc.text == (
        "Number of epochs: 3. Lowest test loss: 0.4, after epoch 2. Highest test accuracy: 85.00 %, after epoch 2."
    )


def test_two_pictures_on_one_page_share_no_id():
    both = [parse(learning_curve(FALLING, title=title)) for title in ("a", "b")]
    ids = [e.get("id") for root in both for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids)) == 4
    assert all(name.startswith("learning-curve-") for name in ids)


LOSSES = st.one_of(st.floats(), st.none())
SHARES = st.one_of(st.floats(0, 1), st.none())


@given(st.lists(st.tuples(st.floats(), SHARES, LOSSES, SHARES), max_size=40), st.sampled_from(["en", "ko"]))
@example([(5e-324, 1.0, 0.0, 1.0)], "en")
@example([(1e99, 0.0, -1e99, 0.0), (0.0, 1.0, 1.0, 0.5)], "ko")
@example([(1.0, 0.5, 1.0 + 2**-52, 0.5 + 2**-52)], "en")
def test_every_history_gives_a_picture_whose_points_lie_inside(rows, lang):
    svg = learning_curve(history_of(rows), lang=lang)
    for d in curves(svg):
        for x, y in points(d):
            assert 60 <= x <= 370 or 502 <= x <= 812
            assert 103.9 <= y <= 316.1
    for element in parse(svg).iter():
        for name in ("x", "y", "cx", "cy"):
            assert math.isfinite(float(element.get(name, 0)))


@given(st.integers(1, 100_000))
def test_the_axis_of_epochs_has_few_whole_numbers_from_the_first_epoch_on(epochs):
    from chainrule.explain._learning_curve import _epoch_ticks

    ticks = _epoch_ticks(epochs)
    assert ticks[0] == 1
    assert ticks[-1] <= epochs
    assert len(ticks) == len(set(ticks)) <= 9
