"""What the expression language refuses: in which words, at which place, and that it never takes long to do so."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from chainrule.errors import ArgumentError, ParseError
from chainrule.graph._parse import Expression, parse


def refusal(text: str) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        # what Python has and this language has not
        ("y = (z := x)", 1, 8, "assignments inside an expression (walrus) are not part of this language"),
        ("x **= 2", 1, 3, "assignments that change a value are not part of this language"),
        ("x += 2", 1, 3, "assignments that change a value are not part of this language"),
        ("y = x == 2", 1, 7, "comparisons are not part of this language"),
        ("y = x < 2", 1, 7, "comparisons are not part of this language"),
        ("x in y", 1, 3, "comparisons are not part of this language"),
        ("x // 2", 1, 3, "floor divisions are not part of this language"),
        ("x % 2", 1, 3, "remainders are not part of this language"),
        ("x | 2", 1, 3, "operations on bits are not part of this language"),
        ("x[0]", 1, 2, "lists, comprehensions and subscripts are not part of this language"),
        ("[i for i in x]", 1, 1, "lists, comprehensions and subscripts are not part of this language"),
        ("sum(i for i in x)", 1, 7, "loops and comprehensions are not part of this language"),
        ("{x}", 1, 1, "sets and dictionaries are not part of this language"),
        ("f'{x}'", 1, 2, "strings and f-strings are not part of this language"),
        ('y = "x"', 1, 5, "strings and f-strings are not part of this language"),
        ("x.T", 1, 2, "attributes are not part of this language"),
        ("x.__class__", 1, 2, "attributes are not part of this language"),
        ("x: 3", 1, 2, "annotations and slices are not part of this language"),
        ("x \\\n+ y", 1, 3, "continuation lines outside brackets are not part of this language"),
        ("y = lambda x: x", 1, 5, "functions of your own (lambda) are not part of this language"),
        ("x if y else z", 1, 3, "conditions are not part of this language"),
        ("not x", 1, 1, "logical operations are not part of this language"),
        ("x + None", 1, 5, "values other than numbers are not part of this language"),
        ("import os", 1, 1, "statements of Python (import) are not part of this language"),
        ("ｉｍｐｏｒｔ os", 1, 1, "statements of Python (import) are not part of this language"),
        ("maximum(x, y=1)", 1, 13, "keyword arguments are not part of this language"),
        ("exp(*x)", 1, 5, "starred arguments are not part of this language"),
        ("maximum(x, **y)", 1, 12, "starred arguments are not part of this language"),
        # characters
        ("x\0y", 1, 2, "'\\x00' (U+0000, a character without a name) is not part of this language"),
        ("x + \ud800", 1, 5, "'\\ud800' (U+D800, a character without a name) is not part of this language"),
        ("x # \ud800", 1, 5, "'\\ud800' (U+D800, a character without a name) is not part of this language"),
        ("x²", 1, 2, "'²' (U+00B2, SUPERSCRIPT TWO) is not part of this language"),
        ("x1²", 1, 3, "'²' (U+00B2, SUPERSCRIPT TWO) is not part of this language"),
        ("x!", 1, 2, "'!' (U+0021, EXCLAMATION MARK) is not part of this language"),
        ("\u0301x", 1, 1, "'\u0301' (U+0301, COMBINING ACUTE ACCENT) is not part of this language"),
        # operators and operands
        ("y = x^2", 1, 6, "powers written with ^ are not part of this language"),
        ("y = 2x", 1, 6, "an operator is missing before x"),
        ("y = 2 (x)", 1, 7, "an operator is missing before (…)"),
        ("(x)(y)", 1, 4, "an operator is missing before (…)"),
        ("(x) y", 1, 5, "an operator is missing before y"),
        ("x 2", 1, 3, "an operator is missing before 2"),
        ("1.2.3", 1, 4, "an operator is missing before .3"),
        ("2j", 1, 2, "an operator is missing before j"),
        ("y = x(3)", 1, 5, "x is not a function; the functions are exp, log, "),
        ("exp", 1, 1, "exp is a function, not a value"),
        ("exp + 1", 1, 1, "exp is a function, not a value"),
        ("x * / y", 1, 5, "'/' stands where a number, a name or '(' must come"),
        ("x××y", 1, 3, "'*' stands where a number, a name or '(' must come"),
        ("()", 1, 2, "')' stands where a number, a name or '(' must come"),
        ("exp(x,)", 1, 7, "')' stands where a number, a name or '(' must come"),
        ("y =", 1, 4, "the expression ends where a number, a name or '(' must come"),
        ("y = x +  # c\nz = 2", 1, 8, "the expression ends where a number, a name or '(' must come"),
        ("y = (x*m\nL = y*t", 1, 5, "this '(' is never closed"),
        ("((x + 1)", 1, 1, "this '(' is never closed"),
        ("(exp(x", 1, 5, "this '(' is never closed"),
        ("x) + (\ny", 1, 2, "this ')' closes nothing"),
        ("exp(x; y = 2", 1, 4, "this '(' is never closed"),
        ("x)", 1, 2, "this ')' closes nothing"),
        ("a, b = 1, 2", 1, 2, "a comma may only stand between the arguments of a function"),
        ("exp((x, y))", 1, 7, "a comma may only stand between the arguments of a function"),
        # numbers
        ("x + 1e999", 1, 5, "the number 1e999 is too large; the largest is about 1.8e308"),
        ("9" * 400, 1, 1, f"the number {'9' * 39}… is too large; the largest is about 1.8e308"),
        ("x*9**9**9**9", 1, 7, "9 ** 3.8742e+08 has no finite real value"),
        ("9**9**9**9", 1, 5, "9 ** 3.8742e+08 has no finite real value"),
        ("1e308 * 10", 1, 7, "1e+308 * 10 has no finite real value"),
        ("x + 1/0", 1, 6, "1 / 0 has no finite real value"),
        ("(-1)**0.5", 1, 5, "(-1) ** 0.5 has no finite real value"),
        ("log(0)", 1, 4, "log(0) has no finite real value"),
        ("sqrt(-2)", 1, 5, "sqrt(-2) has no finite real value"),
        ("exp(1000)", 1, 4, "exp(1000) has no finite real value"),
        ("2 @ 3", 1, 3, "2 @ 3 has no finite real value"),
        # names and assignments
        ("_x", 1, 1, "_x starts with an underscore"),
        ("__import__('os')", 1, 1, "__import__ starts with an underscore"),
        ("x + \uff3fy", 1, 5, "'\uff3f' (U+FF3F, FULLWIDTH LOW LINE) is not part of this language"),
        ("max = 3", 1, 1, "max is a function and cannot be assigned"),
        ("2 = x", 1, 1, "2 is not a name and cannot be assigned"),
        ("x*y = 3", 1, 5, "only one name may stand to the left of ="),
        ("a = b = 3", 1, 7, "only one name may stand to the left of ="),
        ("(a = 3)", 1, 4, "only one name may stand to the left of ="),
        ("a = 1\nb = 2\n a = 3", 3, 2, "a is assigned a second time (first in line 1); each name has one meaning"),
        ("x = x + 1", 1, 5, "x is used before it is assigned (line 1)"),
        ("a = b\nb = 3", 1, 5, "b is used before it is assigned (line 2)"),
        ("a = e\ne = 3", 1, 5, "e is used before it is assigned (line 2)"),
        ("x*2; y = 3*x", 1, 1, "this value has no name, so nothing can use it"),
        ("y = x; out*2", 1, 8, "a last expression without a name is called out, but out has a meaning here already"),
        ("out = x; x*2", 1, 10, "a last expression without a name is called out, but out has a meaning here already"),
        ("", 1, 1, "there is nothing to read"),
        (" \n;# only this\n", 1, 1, "there is nothing to read"),
        # places: characters, not bytes, and lines as every system writes them
        ("사과 × 가격 ^ 2", 1, 9, "powers written with ^ are not part of this language"),
        ("a = 1\r\nb = a b", 2, 7, "an operator is missing before b"),
        ("a = 1\rb = a b", 2, 7, "an operator is missing before b"),
    ],
)  # fmt: skip
def test_refusals_name_the_thing_and_the_place(text: str, line: int, column: int, what: str) -> None:
    error = refusal(text)
    assert error.what.startswith(what)
    assert (error.line, error.column) == (line, column)
    assert f"  at    line {line}, column {column}\n" in str(error)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("x^2", "write ** for a power: x**2"),
        ("2x", "for a product write 2*x"),
        ("2(x+1)", "for a product write 2*(…)"),
        ("(x+1)y", "for a product write (…)*y"),
        ("x(y)", "for a product write x*(…)"),
        ("exp x", "write exp(…)"),
        ("maximum(x)", "write maximum(x, y)"),
        ("x \\\n + 1", "put brackets around the expression"),
        ("x.T", "use numbers, names, + - * / ** @ ( ) and functions such as exp(x)"),
    ],
)
def test_refusals_say_what_to_do(text: str, fix: str) -> None:
    assert refusal(text).fix == fix


def test_the_picture_shows_the_place() -> None:
    assert str(refusal("z = 3\ny = x^2 # power")) == (
        "powers written with ^ are not part of this language\n"
        "    y = x^2 # power\n"
        "         ^\n"
        "  at    line 2, column 6\n"
        "  fix   write ** for a power: x**2\n"
        "  more  docs/errors.md#parseerror"
    )


@pytest.mark.parametrize(
    ("text", "column", "shown", "spaces"),
    [
        ("사과*ab^2", 6, "사과*ab^2", 7),  # Hangul syllables are two columns wide
        (unicodedata.normalize("NFD", "사과*ab^2"), 8, "사과*ab^2", 7),
        ("e\u0301*ｘ^2", 5, "é*ｘ^2", 4),
        ("x\u0327*2^2", 5, "x\u0327*2^2", 3),  # a mark that composes with nothing takes no column
        ("\tx\t^2", 4, " x ^2", 3),
        ("x\x1b[31m", 2, "x�[31m", 1),  # nothing that a terminal would obey
        ("x # \u202e\nx^2", 2, "x^2", 1),
        ("+".join("x" * 60) + "^2" + "+x" * 60, 120, None, 41),
    ],
)
def test_the_caret_stands_under_the_character(text: str, column: int, shown: str | None, spaces: int) -> None:
    error = refusal(text)
    _, picture, caret = error.what.split("\n")
    assert error.column == column
    assert caret == "    " + " " * spaces + "^"
    if shown is None:
        assert picture.startswith("    …")
        assert picture.endswith("…")
        assert len(picture) == 4 + 41 + 40 + 1
        assert picture[4 + spaces] == "^"
    else:
        assert picture == "    " + shown


def test_only_text_is_read() -> None:
    for wrong in (None, 3, b"x", ["x"]):
        with pytest.raises(ArgumentError, match="parse reads text; it was given"):
            parse(wrong)  # type: ignore[arg-type]


# Limits


def test_the_number_of_tokens_is_limited() -> None:
    error = refusal("a+" * 5000 + "a")
    assert error.what.startswith("the text has more than 10,000 numbers, names and signs")
    assert (error.line, error.column) == (1, 10001)
    assert parse("\n" * 20_000 + "x").inputs == ("x",)


def test_the_length_of_the_text_is_limited() -> None:
    assert parse("x" + " " * 99_999).inputs == ("x",)
    assert refusal("x" + " " * 100_000).what.startswith("the text is longer than 100,000 characters")


@pytest.mark.parametrize(
    "text",
    [
        "(",
        "-",
        "9",
        "가",
        "a\n",
        ";",
        "#",
        "\u0301",
        "a;",
        "9**",
        "x^",
        "max(",
        "\r",
        "{",
        "'",
        ".",
        "1e",
        "=",
        "a=1;",
        "𝐱²",
    ],
)
def test_nothing_takes_long(text: str) -> None:
    start = time.process_time()
    with pytest.raises(ParseError) if text != "#" else pytest.raises(ParseError, match="nothing to read"):
        parse(text * (100_000 // len(text)))
    assert time.process_time() - start < 1


# Any text at all

PROGRAMS = [
    "L = 0.5 * (x*m*t - 219)**2",
    "z = x @ w + b\nh = maximum(0, z)\nmean(square(h - t))",
    "사과값 = 사과 × 개수; 합계 = 사과값 × 세금 # 과일 가게",
    "p = softmax(x); L = -sum(t*log(p)) / 2e0",
]
PIECES = [
    *"+-*/@()=;,.:^%<>&|~!?[]{}'\"\\#_`$\n\r\t\0 ×·÷−²가e1",
    "**",
    ":=",
    "exp",
    "lambda ",
    "import ",
    "\ud800",
    "\u0301",
]


def check_outcome(text: str) -> None:
    start = time.perf_counter()
    try:
        outcome: Expression | ParseError = parse(text)
    except ParseError as error:
        outcome = error
    assert time.perf_counter() - start < 1
    if isinstance(outcome, Expression):
        assert outcome.outputs
        return
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert 1 <= outcome.line <= len(lines)
    assert 1 <= outcome.column <= len(lines[outcome.line - 1]) + 1
    assert len(outcome.what.split("\n")) == 3
    assert str(outcome).encode()


@seed(22)
@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from([*PIECES, "x", "2.5"]), max_size=40).map("".join))
def test_any_text_is_an_expression_or_a_refusal(text: str) -> None:
    check_outcome(text)


@seed(23)
@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(PROGRAMS),
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 3), st.sampled_from(PIECES))),
)
def test_a_damaged_program_is_an_expression_or_a_refusal(text: str, cuts: list[tuple[int, int, str]]) -> None:
    for at, length, piece in cuts:
        text = text[:at] + piece + text[at + length :]
    check_outcome(text)
