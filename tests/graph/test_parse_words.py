"""Refusals in both languages: each has a key and facts, from which its English is made again, and its Korean."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ParseError, ShapeError
from chainrule.graph import parse
from chainrule.words import words

REFUSED = {
    "walrus": "y = (z := x)", "augmented": "x += 2", "comparison": "y = x < 2", "floor_division": "x // 2",
    "remainder": "x % 2", "power": "x^2", "bits": "x | 2", "list": "x[0]", "set": "{x}", "string": "f'{x}'",
    "attribute": "x.T", "annotation": "x: 3", "continuation": "x \\\n+ y", "lambda": "y = lambda x: x",
    "loop": "sum(i for i in x)", "condition": "x if y else z", "logic": "not x", "constant": "x + None",
    "statement": "import os", "character": "x²", "unnamed_character": "x\0y", "long_text": "x" * 100_001,
    "many_tokens": "+".join(["x"] * 5001), "underscore": "_x", "long_name": "x" * 41, "nothing": "",
    "no_name": "x*2; y = 3*x", "not_a_name": "2 = x", "function_assigned": "max = 3", "assigned_twice": "a = 1\na = 3",
    "out_taken": "out = x; x*2", "ends": "y =", "large_number": "1e999", "function_value": "exp",
    "too_early": "x = x + 1", "keyword": "maximum(x, y=1)", "left_side": "x*y = 3", "comma": "a, b = 1, 2",
    "closes_nothing": "x)", "one_argument": "exp(x, y)", "two_arguments": "maximum(x)", "not_finite": "log(0)",
    "starred": "exp(*x)", "no_operand": "x * / y", "open": "((x)", "not_a_function": "x(3)", "no_operator": "2x",
}  # fmt: skip


def refusal(text: str) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse(text)
    return caught.value


def test_every_sentence_of_the_catalogue_has_an_example() -> None:
    texts = json.loads((Path(cr.__file__).parent / "words" / "en" / "parse.json").read_text("utf-8"))
    keys = {key for key in texts if not key.endswith("_fix")}
    assert keys == {*REFUSED, "shapes", "matmul_of_number"}


@pytest.mark.parametrize("key", REFUSED)
def test_a_refusal_can_be_said_in_both_languages(key: str) -> None:
    error = refusal(REFUSED[key])
    assert error.key == f"parse.{key}"
    english, korean = words("en", "parse"), words("ko", "parse")
    assert error.what == f"{english(key, **error.facts)}\n{error.facts['picture']}"
    assert error.fix == (english(f"{key}_fix", **error.facts) if f"{key}_fix" in english else None)
    assert any("가" <= letter <= "힣" for letter in korean(key, **error.facts))
    assert (error.facts["line"], error.facts["column"]) == (error.line, error.column)
    json.dumps(error.facts, ensure_ascii=False).encode()  # no half of a surrogate pair is in them


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ("2x", "x 앞에 연산 기호가 없습니다.", "곱셈이라면 2*x처럼 쓰십시오."),
        ("사과 = 사과 + 1", "사과를 대입하기 전에 썼습니다(1행).", "먼저 대입하거나 다른 이름을 붙이십시오."),
        ("exp", "exp는 값이 아니라 함수입니다.", "exp(…)으로 쓰십시오."),
    ],
)
def test_korean_refusals(text: str, what: str, fix: str) -> None:
    error, say = refusal(text), words("ko", "parse")
    key = str(error.key).removeprefix("parse.")
    assert (say(key, **error.facts), say(f"{key}_fix", **error.facts)) == (what, fix)


def test_shapes_that_do_not_fit_can_be_said_in_both_languages() -> None:
    with pytest.raises(ShapeError) as caught:
        parse("2 * (x @ W)")(x=np.zeros((2, 3)), W=np.zeros((4, 5)))
    assert caught.value.key == "parse.shapes"
    assert caught.value.facts == {"gate": "matmul", "shapes": "(2, 3), (4, 5)", "line": 1, "column": 8}
    assert words("ko", "parse")("shapes", **caught.value.facts) == (
        "matmul 게이트가 함께 받을 수 없는 형상입니다: (2, 3), (4, 5)"
    )


def test_an_error_without_a_key_has_no_facts() -> None:
    error = cr.errors.ArgumentError("lr is 0")
    assert (error.key, dict(error.facts)) == (None, {})
    assert error.told_as("parse", "ends", line=1) is error
    assert (error.key, error.facts) == ("parse.ends", {"line": 1})
