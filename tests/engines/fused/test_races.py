"""Threads wait where they must, and the watch over them sees it when they do not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.engines.fused._hazards import Access, barriers
from tests.engines.fused._plain import Race, run
from tests.engines.fused.test_networks import small_step

SHARES = (("rows", "n", "8"), ("rows", "n", "4"), ("own",), ("first",), ("all",))
ACCESSES = st.builds(Access, st.sampled_from("xy"), st.booleans(), st.sampled_from(SHARES))


def _meet(one: Access, other: Access) -> bool:
    """Whether two threads may be at one element, and one of them writes it."""
    same_part = one.share == other.share != ("all",)
    return one.memory == other.memory and one.writes | other.writes and not same_part


@given(st.lists(st.lists(ACCESSES, max_size=3), min_size=1, max_size=6))
def test_threads_wait_between_any_two_pieces_that_meet(pieces):
    found = barriers(pieces)
    assert found <= set(range(len(pieces)))
    count = len(pieces)
    for one in range(count):
        for behind in range(one + 1, one + count + 1):  # the pieces that follow, once around
            pairs = product(pieces[one], pieces[behind % count])
            if any(_meet(a, b) for a, b in pairs):
                between = {at % count for at in range(one + 1, behind + 1)}
                assert between & found


def test_what_all_touch_anywhere_is_waited_for():
    wrote = Access("x", True, ("all",))
    reads = Access("x", False, ("all",))
    assert barriers([[wrote], [reads], [reads]]) == {0, 1}
    assert barriers([[wrote]]) == {0}


def test_nobody_waits_without_need():
    rows = "rows", "n", "8"
    whole = ("all",)
    assert barriers([[Access("x", True, rows)], [Access("x", False, rows)]]) == set()
    assert barriers([[Access("x", False, whole)], [Access("x", False, rows)]]) == set()
    assert barriers([[Access("x", True, ("own",))], [Access("y", False, whole)]]) == set()


@pytest.fixture(scope="module")
def small_network():
    rows = np.random.default_rng(0).permuted(np.tile(np.arange(8), (2, 1)), axis=1)
    return *small_step(cr.Adam(0.05), clip_norm=1.0), rows[:, :6]


def _without_wait(text: str, number: int) -> str:
    lines = text.splitlines()
    waits = [at for at, line in enumerate(lines) if line.strip().startswith("wait(")]
    del lines[waits[number]]
    return "\n".join(lines)


def test_one_wait_less_is_a_race(small_network):
    step, values, batches = small_network
    waits = step.team.text.count("wait(")
    assert waits >= 3
    for number in range(waits):
        text = _without_wait(step.team.text, number)
        with pytest.raises(Race, match=r"threads \d and \d met at"):
            run(step, values, rows=6, batches=batches, threads=3, watch=True, text=text)


def test_results_are_the_same_bits_each_time(small_network):
    step, values, batches = small_network
    runs = [run(step, values, rows=6, batches=batches, threads=3) for _ in range(3)]
    for again in runs[1:]:
        assert all(np.array_equal(again[name], value) for name, value in runs[0].items())
