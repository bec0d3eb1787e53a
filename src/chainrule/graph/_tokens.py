"""The words of the expression language: text in, tokens out, and refusals that point at the place."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

from ..errors import ParseError
from ..words import words

MOST_CHARACTERS = 100_000
MOST_TOKENS = 10_000
LONGEST_NAME = 40

# What Python has and this language has not, with the key of its refusal.
_REFUSED = {
    token: key
    for tokens, key in {
        ":=": "walrus",
        "**= //= += -= *= /= @= %= ^= &= |=": "augmented",
        "== != <= >= < > in is": "comparison",
        "//": "floor_division",
        "%": "remainder",
        "^": "power",
        "<< >> & | ~": "bits",
        "[ ]": "list",
        "{ }": "set",
        "\" '": "string",
        ".": "attribute",
        ":": "annotation",
        "\\": "continuation",
        "lambda": "lambda",
        "for async": "loop",
        "if else": "condition",
        "and or not": "logic",
        "True False None": "constant",
    }.items()
    for token in tokens.split()
}
_ALIASES = {"×": "*", "·": "*", "\u0387": "*", "⋅": "*", "÷": "/", "−": "-"}

_OTHER_SIGNS = "".join(_ALIASES)
_REFUSED_SIGNS = "|".join(re.escape(t) for t in sorted(_REFUSED, key=len, reverse=True) if not t.isalpha())
_NEWLINE = re.compile(r"\r\n?|\n")
_TOKEN = re.compile(
    rf"""
      (?P<space>   [^\S\r\n]+ | \#[^\r\n\0\ud800-\udfff]* )
    | (?P<newline> {_NEWLINE.pattern} )
    | (?P<number>  (?: [0-9]+\.?[0-9]* | \.[0-9]+ ) (?: [eE][+-]?[0-9]+ )? )
    | (?P<word>    (?: [A-Za-z0-9_] | [^\x00-\x7f\s{_OTHER_SIGNS}] )+ )
    | (?P<refused> {_REFUSED_SIGNS} )
    | (?P<sign>    \*\* | [-+*/@(),;={_OTHER_SIGNS}] )
    | (?P<other>   . )
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A piece of the text, at text[at:end]; a name is spelled as Python would, an alias replaced by its sign.

    kind  "number", "word", "sign" or "newline"; "end" for the place after the last one
    """

    kind: str
    text: str
    at: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """Cut the text into tokens, without spaces and comments; ParseError for what is not in the language."""
    if len(text) > MOST_CHARACTERS:
        refuse(text, MOST_CHARACTERS, "long_text", most=MOST_CHARACTERS)
    count = 0
    for match in _TOKEN.finditer(text):
        kind, found, at = str(match.lastgroup), match.group(), match.start()
        if kind == "space":
            continue
        count += kind != "newline"
        if count > MOST_TOKENS:
            refuse(text, at, "many_tokens", most=MOST_TOKENS)
        if kind == "word":
            found = _name(text, found, at)
        elif kind == "refused":
            _refuse_construct(text, found, at)
        elif kind == "other":
            _refuse_character(text, at)
        yield Token(kind, _ALIASES.get(found, found), at, match.end())


def refuse(text: str, at: int, key: str, **facts: Any) -> NoReturn:
    """Raise the ParseError that shows the text at this position with a caret under it.

    key    of its sentence in words/…/parse.json
    facts  for the places in it
    """
    line, column = place(text, at)
    whole = _NEWLINE.split(text)[line - 1]
    start = max(0, column - 41)
    left = "…" * (start > 0) + _printable(whole[start : column - 1])
    right = _printable(whole[column - 1 : column + 39]) + "…" * (len(whole) > column + 39)
    picture = f"    {left}{right}\n    {' ' * columns_of(left)}^"
    say, fix = words("en", "parse"), f"{key}_fix"
    error = ParseError(
        f"{say(key, **facts)}\n{picture}",
        line=line,
        column=column,
        fix=say(fix, **facts) if fix in say else None,
    )
    raise error.told_as("parse", key, **facts, line=line, column=column, picture=picture)


def place(text: str, at: int) -> tuple[int, int]:
    """Line and column of a position, both counted from 1, the column in characters."""
    lines = _NEWLINE.split(text[:at])
    return len(lines), len(lines[-1]) + 1


def clip(text: str) -> str:
    """The text, or its beginning where it is longer than a name may be."""
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"


def _name(text: str, word: str, at: int) -> str:
    if not word.isidentifier():
        wrong = next(i for i, c in enumerate(word) if not ("x" * (i > 0) + c).isidentifier())
        _refuse_character(text, at + wrong)
    name = unicodedata.normalize("NFKC", word)
    if keyword.iskeyword(name):
        _refuse_construct(text, name, at)
    if name.startswith("_"):
        refuse(text, at, "underscore", name=clip(name))
    if len(name) > LONGEST_NAME:
        refuse(text, at, "long_name", name=clip(name), count=len(name), most=LONGEST_NAME)
    return name


def _refuse_construct(text: str, token: str, at: int) -> NoReturn:
    if token in _REFUSED:
        refuse(text, at, _REFUSED[token])
    refuse(text, at, "statement", word=token)


def _refuse_character(text: str, at: int) -> NoReturn:
    character = text[at]
    facts = {"character": repr(character), "code": f"{ord(character):04X}"}
    name = unicodedata.name(character, None)
    if name is None:
        refuse(text, at, "unnamed_character", **facts)
    refuse(text, at, "character", **facts, unicode=name)


def _printable(text: str) -> str:
    """Composed, and harmless to print: no tabs, no control characters, nothing that cannot be encoded."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(" " if c.isspace() else c if c.isprintable() else "\ufffd" for c in composed)


def columns_of(text: str) -> int:
    """How many columns a text takes on a screen: East Asian wide characters take two, marks on a character none.

    >>> columns_of("x"), columns_of("사과")
    (1, 4)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )
