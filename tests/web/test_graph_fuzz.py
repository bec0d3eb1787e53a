"""Whatever is typed, the graph view answers or refuses, in a moment."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

pytest.importorskip("starlette")

from chainrule.errors import ChainruleError
from chainrule.web._gallery import GALLERY
from chainrule.web._graph import answer
from chainrule.web._problem import Problem

SECONDS = 3.0  # one takes milliseconds; a machine may be busy
PIECES = ["x", "y", "사과", "W", "1", "0.5", "(", ")", "+", "-", "*", "/", "**", "@", "=", ";", "\n", ",", " ", "exp(",
          "softmax(", "max(", "maximum(", "mean(", "sqrt(", "log(", "e", "pi", "out", "L", "²", "\0", "^"]  # fmt: skip
numbers = st.one_of(
    st.integers(-3, 3), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none()
)
arrays = st.recursive(numbers, lambda inside: st.lists(inside, max_size=3), max_leaves=9)
names = st.sampled_from(["x", "y", "사과", "W", "e", "L"])


def check_answer(expression: str, values: Any) -> None:
    started = time.perf_counter()
    try:
        json.loads(answer(expression, values, "ko"))
    except (Problem, ChainruleError):
        pass
    assert time.perf_counter() - started < SECONDS, expression


@seed(20261126)
@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60), st.dictionaries(names, arrays, max_size=3))
def test_any_text_is_answered_or_refused(expression: str, values: Any) -> None:
    check_answer(expression, values)


@seed(20261127)
@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25), st.dictionaries(names, arrays, max_size=4))
def test_any_row_of_words_is_answered_or_refused(pieces: list[str], values: Any) -> None:
    check_answer("".join(pieces), values)


@seed(20261128)
@settings(max_examples=50, deadline=None)
@given(st.data())
def test_an_example_with_a_few_letters_changed_is_answered_or_refused(data: st.DataObject) -> None:
    example = data.draw(st.sampled_from(GALLERY["ko"]))
    text = list(example["expression"])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at] = data.draw(st.sampled_from(PIECES))
    values = example["values"] | data.draw(
        st.dictionaries(st.sampled_from(sorted(example["values"])), arrays, max_size=2)
    )
    check_answer("".join(text), values)
