"""Laws of the layout on random graphs, and the look of the lesson's graphs in numbers."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import ArgumentError
from chainrule.explain.layout import Box, Link, Placed, place
from tests.explain.layout._graphs import APPLE, SIGMOID, SOFTMAX, Graph, graph, network, softmax_with_loss
from tests.explain.layout._laws import Path, broken_laws, crossings, segments

LESSON = {"apple": APPLE, "sigmoid": SIGMOID, "softmax": SOFTMAX}
each_lesson = pytest.mark.parametrize(("boxes", "links"), LESSON.values(), ids=LESSON)
sizes = st.floats(8, 90)


def _bends(path: Path) -> int:
    return sum(start[1] != end[1] for start, _, _, end in segments(path))


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any graph without a circle: shared arguments, the same argument twice, loose boxes, numbered in any way."""
    count = draw(st.integers(1, 25))
    numbers = draw(st.permutations(range(count)))
    links = []
    for box in range(1, count):
        for source in draw(st.lists(st.integers(0, box - 1), max_size=3)):
            links.append(Link(numbers[source], numbers[box], draw(sizes), draw(sizes)))
    return [Box(draw(sizes), draw(sizes)) for _ in range(count)], links


@given(graphs())
@settings(max_examples=50, deadline=None)
def test_every_law_holds_for_random_graphs(drawn: Graph) -> None:
    boxes, links = drawn
    placed = place(boxes, links)
    assert broken_laws(boxes, links, placed) == []
    assert place(boxes, links) == placed


@pytest.mark.parametrize("seed", range(3))
def test_every_law_holds_for_a_hundred_boxes(seed: int) -> None:
    rng = random.Random(seed)
    links = [
        Link(max(0, target - 1 - int(rng.expovariate(0.2))), target, 46, 30)
        for target in range(1, 100)
        for _ in range(rng.choice((0, 1, 2, 2, 3)))
    ]
    boxes = [Box(rng.uniform(20, 80), 30) for _ in range(100)]
    assert broken_laws(boxes, links, place(boxes, links)) == []


@each_lesson
def test_every_law_holds_for_the_lesson(boxes: list[Box], links: list[Link]) -> None:
    assert broken_laws(boxes, links, place(boxes, links)) == []


@pytest.mark.parametrize(
    ("drawn", "most"),
    [
        (APPLE, 0),
        (SIGMOID, 0),
        (SOFTMAX, 3),
        (softmax_with_loss(5), 10),
        (network(2, 2, 1), 5),
        (network(3, 2, 2), 15),
    ],
    ids=["apple", "sigmoid", "softmax", "softmax of 5", "network 2-2-1", "network 3-2-2"],
)
def test_there_are_no_more_crossings_than_recorded(drawn: Graph, most: int) -> None:
    """In softmax for n classes the ways of each two classes cross once: n (n - 1) / 2 with arguments in order."""
    assert crossings(place(*drawn)) <= most


def test_a_chain_of_gates_is_one_straight_line_and_its_constants_come_in_from_below() -> None:
    apple, number, tax, price, total, asked, difference, result = (y for _, y in place(*APPLE).boxes)
    assert price == total == difference == result
    assert price == pytest.approx((apple + number) / 2)
    assert tax > price
    assert asked > price


def test_a_constant_stands_one_column_before_its_first_use() -> None:
    boxes, links = SIGMOID
    columns = [x for x, _ in place(boxes, links).boxes]
    x, w, b, xw, a, _, exp, one, _, y, t, _, square, half, _ = columns
    assert x == w < b == xw < a
    assert (one, t, half) == (exp, y, square)


def test_an_argument_that_is_used_twice_is_pulled_to_its_first_use() -> None:
    boxes, links = graph(x="", u="x", v="u", w="", y="v w", z="y w")
    columns = [x for x, _ in place(boxes, links).boxes]
    assert columns[3] == columns[2]


def test_a_box_stands_in_the_middle_of_its_two_arguments() -> None:
    boxes, links = graph(a="", b="", c="", d="", e="a b", f="c d", g="e f")
    a, b, c, d, e, f, g = (y for _, y in place(boxes, links).boxes)
    assert [e, f, g] == pytest.approx([(a + b) / 2, (c + d) / 2, (e + f) / 2])


def test_no_link_of_the_lesson_bends_more_than_twice() -> None:
    for boxes, links in LESSON.values():
        assert max(map(_bends, place(boxes, links).paths)) <= 2


def test_the_outer_way_from_exp_to_its_product_in_softmax_is_one_straight_line() -> None:
    boxes, links = SOFTMAX
    past_the_sum = [index for index, link in enumerate(links) if link.source == 3][-1]
    assert links[past_the_sum].target == 8
    assert _bends(place(boxes, links).paths[past_the_sum]) == 0


def test_the_label_of_a_long_link_is_in_the_middle_column_or_just_before() -> None:
    boxes, links = graph(x="", a="x", b="a", c="b", d="c x", y="d x")
    placed = place(boxes, links)
    at = {(link.source, link.target): x for link, (x, _) in zip(links, placed.labels, strict=True)}
    assert at[0, 5] == at[2, 3]
    assert at[0, 4] == at[1, 2]


def test_a_square_has_two_links_one_above_the_other() -> None:
    boxes, links = graph(x="", y="x x")
    placed = place(boxes, links)
    (x, above), (same, below) = placed.labels
    assert x == same
    assert above < placed.boxes[0][1] < below
    assert broken_laws(boxes, links, placed) == []


def test_nothing_one_box_and_loose_boxes() -> None:
    assert place([], []) == Placed(0.0, 0.0, (), (), ())
    assert place([Box(40, 30)], []) == Placed(40.0, 30.0, ((20.0, 15.0),), (), ())
    loose = [Box(40, 30), Box(20, 10), Box(8, 90)]
    assert broken_laws(loose, [], place(loose, [])) == []


def test_several_outputs() -> None:
    boxes, links = graph(x="", w="", y="x w", z="x y", q="y", r="w")
    placed = place(boxes, links)
    assert broken_laws(boxes, links, placed) == []
    assert crossings(placed) == 0


@pytest.mark.parametrize("gap", [1.0, 40.0])
def test_boxes_keep_the_gap_between_them(gap: float) -> None:
    boxes, links = graph(a="", b="", c="", y="a b c")
    heights = [y for _, y in place(boxes, links, gap=gap).boxes[:3]]
    assert all(lower - upper >= 30 + gap - 1e-6 for upper, lower in pairwise(heights))


def test_the_layout_is_the_same_in_every_process() -> None:
    code = (
        "from tests.explain.layout._graphs import SOFTMAX\n"
        "from chainrule.explain.layout import place\n"
        "print(place(*SOFTMAX))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert outputs == {str(place(*SOFTMAX))}


@pytest.mark.parametrize(
    ("boxes", "links", "gap", "text"),
    [
        (2, [(0, 1), (1, 0)], 16, "links must not run in a circle, and box 0 is on a circle or behind one"),
        (1, [(0, 0)], 16, "links must not run in a circle, and box 0 is on a circle or behind one"),
        (2, [(0, 2)], 16, "link 0 runs from box 0 to box 2, and there are 2 boxes"),
        (2, [(0, 1), (-1, 1)], 16, "link 1 runs from box -1 to box 1, and there are 2 boxes"),
        (1, [], 0, "gap must be finite and above 0, not 0"),
        (1, [], float("nan"), "gap must be finite and above 0, not nan"),
    ],
)
def test_bad_links_and_gaps(boxes: int, links: list[tuple[int, int]], gap: float, text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        place([Box(30, 30)] * boxes, [Link(*ends, 46, 30) for ends in links], gap=gap)
    assert caught.value.what == text


@pytest.mark.parametrize("size", [-1.0, float("inf"), float("nan")])
def test_bad_sizes(size: float) -> None:
    with pytest.raises(
        ArgumentError, match=f"box 1 must have finite sizes that are not negative, not {size} × 30"
    ):
        place([Box(30, 30), Box(size, 30)], [])
    with pytest.raises(
        ArgumentError, match=f"link 0 must have finite sizes that are not negative, not 46 × {size}"
    ):
        place([Box(30, 30), Box(30, 30)], [Link(0, 1, 46, size)])
