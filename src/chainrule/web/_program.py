"""An expression as a program in Python that computes the same graph with chainrule and prints its gradients."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ..graph._parse import ARITY
from ..graph._tokens import Token, tokens

_CONSTANTS = {"pi": "math.pi", "e": "math.e"}
_TAKEN = ("cr", "float", "math", "np", "print")  # words that the program itself uses
_LEADING_ZEROS = re.compile(r"^0+(?=\d)")
_SPACED = ("+", "-", "*", "/", "@")
_BEFORE_A_SIGN = ("", "(", ",", "**", *_SPACED)


def program(expression: str, values: Mapping[str, Any], asked: Iterable[str]) -> str:
    """A program that runs as it is.

    expression  one that was parsed
    values      for all its inputs
    asked       inputs whose gradients it prints

    >>> print(program("y = -x ** 2*exp(x)", {"x": 3.0}, ["x"]))
    import chainrule as cr
    <BLANKLINE>
    x = cr.Variable(3.0, name="x")
    <BLANKLINE>
    y = -x**2 * cr.exp(x)
    <BLANKLINE>
    y.backward()
    print(f"y = {y.value}")
    print(f"dy/dx = {x.grad}")
    <BLANKLINE>
    """
    statements = list(_statements(tokens(expression)))
    if len(statements[-1]) < 2 or statements[-1][1].text != "=":
        statements[-1] = [Token("word", "out", 0, 0), Token("sign", "=", 0, 0), *statements[-1]]
    assigned = [statement[0].text for statement in statements]
    names = _names([*values, *assigned])
    words = {name: text for name, text in _CONSTANTS.items() if name not in assigned}
    words |= {name: f"cr.{name}" for name in ARITY} | names
    lines = [_line(statement, words, names) for statement in statements]
    inputs = [
        f'{names[name]} = cr.Variable({_literal(value)}, name="{name}")' for name, value in values.items()
    ]
    output = names[assigned[-1]]
    prints = [f'print(f"{assigned[-1]} = {{{output}.value}}")']
    prints += [f'print(f"d{assigned[-1]}/d{name} = {{{names[name]}.grad}}")' for name in asked]
    text = "\n".join((*inputs, "", *lines, "", f"{output}.backward()", *prints, ""))
    return f"{_imports(text)}\n{text}"


def _imports(text: str) -> str:
    """What a program needs, those that are not chainrule's first."""
    standard = "import math\n\n" if re.search(r"\bmath\.", text) else ""
    numpy = "import numpy as np\n\n" if re.search(r"\bnp\.", text) else ""
    return f"{standard}{numpy}import chainrule as cr\n"


def _names(words: Iterable[str]) -> dict[str, str]:
    """What each name is called in the program: itself, unless the program needs that word."""
    found = {word: word for word in words}
    for word in found.keys() & set(_TAKEN):
        other = f"{word}_"
        while other in found.values():
            other += "_"
        found[word] = other
    return found


def _statements(read: Iterable[Token]) -> Iterator[list[Token]]:
    """The tokens of each statement, without what ends it."""
    statement: list[Token] = []
    depth = 0
    for token in (*read, Token("sign", ";", 0, 0)):
        depth += (token.text == "(") - (token.text == ")")
        if token.text != ";" and (token.kind != "newline" or depth):
            statement += [token] if token.kind != "newline" else []
        elif statement:
            yield statement
            statement = []


def _line(statement: list[Token], words: Mapping[str, str], names: Mapping[str, str]) -> str:
    """A statement; what numbers alone make is a variable of the graph all the same."""
    target, _, *tokens = statement
    text = _python(tokens, words)
    if not any(token.text in names for token in tokens):
        number = text if len(tokens) == 1 else f"float({text})"  # what numbers make may be a whole one
        text = f'cr.Variable({number}, name="{target.text}")'
    return f"{names[target.text]} = {text}"


def _python(tokens: list[Token], words: Mapping[str, str]) -> str:
    """An expression as Python is written."""
    text, before = "", ""
    for token in tokens:
        sign = token.text
        if token.kind == "word":
            text += words[sign]
        elif token.kind == "number":
            text += _LEADING_ZEROS.sub("", sign)
        elif sign in _SPACED and not (sign in ("+", "-") and before in _BEFORE_A_SIGN):
            text += f" {sign} "
        else:
            text += ", " if sign == "," else sign
        before = sign
    return text


def _literal(value: Any) -> str:
    return repr(value) if isinstance(value, float) else f"np.array({np.asarray(value).tolist()})"
