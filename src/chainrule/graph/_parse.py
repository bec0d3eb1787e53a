"""The safe expression language: a line of mathematics that becomes a graph.

Tokens are put into postfix order by Dijkstra's shunting yard, so nothing here recurses and nothing is evaluated.
Python's own parser is not used, not even for reading: it gives up on a sum of 3,000 terms, counts columns in
bytes, warns on its own, and deep nesting can exhaust the C stack of the whole process.
"""

from __future__ import annotations

import math
import operator
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from ..errors import ArgumentError, ShapeError
from . import functions
from ._tokens import Token, clip, place, refuse, tokens
from ._variable import Variable

_UNARY = (
    "exp log sqrt abs square sin cos tanh sigmoid relu softplus silu gelu elu leaky_relu "
    "sum mean max min logsumexp softmax log_softmax"
)
ARITY = dict.fromkeys(_UNARY.split(), 1) | {"maximum": 2, "minimum": 2}
_CONSTANTS = {"pi": math.pi, "e": math.e}

# Precedence and grouping are Python's: -x**2 is -(x**2), 2**-x is allowed, a**b**c is a**(b**c).
_BRACKET, _SUM, _PRODUCT, _SIGN, _POWER = range(5)
_OPERATORS: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "+": (_SUM, operator.add),
    "-": (_SUM, operator.sub),
    "*": (_PRODUCT, operator.mul),
    "/": (_PRODUCT, operator.truediv),
    "@": (_PRODUCT, operator.matmul),
    "**": (_POWER, operator.pow),
}


@dataclass(frozen=True, slots=True)
class _Apply:
    """A step: replace the last values by one, what the function makes of them."""

    function: Callable[..., Any]
    arity: int
    at: int  # in the text


@dataclass(frozen=True, slots=True)
class _Store:
    """A step: keep the last value under a name, and call its Variable so if this made it."""

    name: str
    is_new: bool


_Step = float | str | _Apply | _Store  # a number, or a name, stands for its value


@dataclass(slots=True)
class _Waiting:
    """An operator that waits for its right side, or an open bracket: its function, its arguments so far."""

    symbol: str
    at: int
    precedence: int
    function: Callable[..., Any] | None
    arity: int


@dataclass(frozen=True, repr=False)
class Expression:
    """What :func:`parse` has read: call it with numbers or arrays, and it builds the graph.

    text     as it was given
    inputs   names that a call must give, in the order of their first use
    outputs  names that the text assigns, in order; a last expression without a name is called ``out``

    >>> expression = parse("z = x*m; L = z*t")
    >>> expression
    Expression('z = x*m; L = z*t', inputs=('x', 'm', 't'), outputs=('z', 'L'))
    >>> print(expression)
    z = x*m; L = z*t
    """

    text: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    _program: tuple[_Step, ...]

    def __call__(self, /, **values: Any) -> Variable:
        """Build the graph for these values and return the Variable of the last statement.

        values   one for each input: a number, an array, or a Variable, which is used as it is
        returns  the last statement's Variable; assigned values are Variables of that name inside its graph
        raises   ArgumentError if a value is missing, or given for a name that is not an input;
                 ShapeError, with line and column among its facts, where shapes do not fit together

        >>> float(parse("z = x*m; L = z*t")(x=100, m=2, t=1.1).value)
        220.00000000000003
        """
        known = self._named(values)
        stack: list[Any] = []
        for step in self._program:
            if isinstance(step, _Apply):
                try:
                    stack[-step.arity :] = [step.function(*stack[-step.arity :])]
                except ShapeError as error:
                    line, column = place(self.text, step.at)
                    error.facts = {**error.facts, "line": line, "column": column}
                    raise
            elif isinstance(step, _Store):
                value = stack.pop()
                known[step.name] = variable = value if isinstance(value, Variable) else Variable(value)
                if step.is_new:
                    variable.name = step.name
            else:
                stack.append(known[step] if isinstance(step, str) else step)
        return known[self.outputs[-1]]

    def __repr__(self) -> str:
        return f"Expression({self.text!r}, inputs={self.inputs}, outputs={self.outputs})"

    def __str__(self) -> str:
        return self.text

    def _named(self, values: dict[str, Any]) -> dict[str, Variable]:
        """The inputs as Variables; names are compared as Python compares them (NFKC)."""
        given = [(unicodedata.normalize("NFKC", name), value) for name, value in values.items()]
        times = Counter(name for name, _ in given)
        inputs = dict.fromkeys(self.inputs)
        for problem, wrong in {
            "not an input": [name for name in times if name not in inputs],
            "no value given": [name for name in inputs if name not in times],
            "given twice": [name for name in inputs if times[name] > 1],
        }.items():
            if wrong:
                what = f"{', '.join(wrong)}: {problem}; the inputs of this expression: {', '.join(inputs) or 'none'}"
                raise ArgumentError(what, fix=f"call it with ({', '.join(f'{n}=…' for n in inputs)})")
        return {n: v if isinstance(v, Variable) else Variable(v, name=n) for n, v in given}


def parse(text: str) -> Expression:
    """Read a program of the expression language; nothing in it is ever evaluated as Python.

    A program is one or more statements, ``name = expression`` or just an expression at the end, separated by
    line ends or ``;``. There are numbers, names in any script, ``+ - * / ** @`` with Python's precedence
    (``×``, ``·``, ``÷`` and ``−`` too), brackets, ``# comments`` and the functions exp, log, sqrt, abs, square,
    sin, cos, tanh, sigmoid, relu, softplus, silu, gelu, elu, leaky_relu, sum, mean, max, min, logsumexp, softmax
    and log_softmax of one argument, maximum and minimum of two.

    Each name is assigned once, before it is used, so that it has one meaning in the whole graph. ``pi`` and ``e``
    are the constants unless the text assigns them. Every number is a float; what numbers alone make (``2**10``)
    is worked out while reading and must be finite and real. ``y = x`` makes ``y`` another word for the Variable
    ``x``, which keeps its own name.

    text     at most 100,000 characters and 10,000 tokens
    returns  an Expression
    raises   ParseError, with line and column (in characters, from 1) and a picture of the place
    source   E. W. Dijkstra, Algol 60 translation, Mathematisch Centrum report MR 35, 1961 (the shunting yard)

    >>> L = parse("L = 0.5 * (x*m*t - 219)**2")(x=100, m=2, t=1.1)
    >>> print(f"{float(L.value):.6f}")
    0.500000
    """
    if not isinstance(text, str):
        raise ArgumentError(f"parse reads text; it was given {type(text).__name__}", fix='parse("y = x**2")')
    return _Reader(text).read()


class _Reader:
    """One reading: the steps so far, and the operators and brackets that wait."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.program: list[_Step] = []
        self.waiting: list[_Waiting] = []
        self.inputs: dict[str, None] = {}  # dicts for their order
        self.outputs: dict[str, None] = {}
        self.targets: dict[str, Token] = {}

    def read(self) -> Expression:
        statements = self._statements()
        if not statements:
            self._refuse(0, "nothing")
        for statement in filter(_is_assignment, statements):
            self._add_target(statement[0])
        for statement in statements:
            is_assignment = _is_assignment(statement)
            self._expression(statement[2:] if is_assignment else statement, end=statement[-1].end)
            if is_assignment:
                self._store(statement[0].text)
            elif statement is statements[-1]:
                self._store_as_out(statement[0])
            else:
                self._refuse(statement[0].at, "no_name")
        return Expression(self.text, tuple(self.inputs), tuple(self.outputs), tuple(self.program))

    def _statements(self) -> list[list[Token]]:
        """The tokens of each statement: a line end counts only outside brackets, a semicolon always."""
        statements: list[list[Token]] = [[]]
        depth = 0
        for token in tokens(self.text):
            depth += (token.text == "(") - (token.text == ")")
            if token.text == ";" or (token.kind == "newline" and depth == 0):
                statements.append([])
            elif token.kind != "newline":
                statements[-1].append(token)
        return [statement for statement in statements if statement]

    def _add_target(self, target: Token) -> None:
        name, at = target.text, target.at
        if target.kind != "word":
            self._refuse(at, "not_a_name", name=clip(name))
        if name in ARITY:
            self._refuse(at, "function_assigned", name=name)
        if name in self.targets:
            first, _ = place(self.text, self.targets[name].at)
            self._refuse(at, "assigned_twice", name=name, first=first)
        self.targets[name] = target

    def _store(self, name: str) -> None:
        self.program.append(_Store(name, is_new=not isinstance(self.program[-1], str)))
        self.outputs[name] = None

    def _store_as_out(self, first: Token) -> None:
        if "out" in self.inputs or "out" in self.outputs:
            self._refuse(first.at, "out_taken")
        self._store("out")

    # The shunting yard. Where an operand must come next, _operand reads, elsewhere _operator; both say which is next.

    def _expression(self, statement: list[Token], end: int) -> None:
        edge = Token("end", "", end, end)
        wants_operand = True
        for before, token, after in zip([edge, *statement], statement, [*statement[1:], edge], strict=False):
            if wants_operand:
                wants_operand = self._operand(before, token, after)
            else:
                wants_operand = self._operator(before, token)
        if wants_operand:
            self._refuse(end, "ends")
        self._apply_down_to(_SUM)
        if self.waiting:
            self._refuse_open_bracket()

    def _operand(self, before: Token, token: Token, after: Token) -> bool:
        if token.kind == "number":
            self.program.append(self._number(token))
            return False
        if token.kind == "word":
            return self._word(token, after)
        if token.text == "(":
            name = before.text if before.kind == "word" else ""  # only a function's name can stand before it
            function = getattr(functions, name) if name else None
            self.waiting.append(_Waiting(name, token.at, _BRACKET, function, 1))
        elif token.text == "-":
            self.waiting.append(_Waiting("-", token.at, _SIGN, operator.neg, 1))
        elif token.text != "+":  # a plus sign changes nothing
            self._refuse_no_operand(before, token)
        return True

    def _number(self, token: Token) -> float:
        value = float(token.text)
        if math.isinf(value):
            self._refuse(token.at, "large_number", number=clip(token.text))
        return value

    def _word(self, token: Token, after: Token) -> bool:
        name = token.text
        if name in ARITY:
            if after.text != "(":
                self._refuse(token.at, "function_value", name=name)
            return True
        if name in self.targets and name not in self.outputs:
            assigned, _ = place(self.text, self.targets[name].at)
            self._refuse(token.at, "too_early", name=name, assigned=assigned)
        if name in _CONSTANTS and name not in self.outputs:
            self.program.append(_CONSTANTS[name])
        else:
            self.program.append(name)
            if name not in self.outputs:
                self.inputs[name] = None
        return False

    def _operator(self, before: Token, token: Token) -> bool:
        if token.text in _OPERATORS:
            precedence, function = _OPERATORS[token.text]
            self._apply_down_to(precedence + (token.text == "**"))  # ** alone groups from the right
            self.waiting.append(_Waiting(token.text, token.at, precedence, function, 2))
            return True
        if token.text not in (")", ",", "="):
            self._refuse_missing_operator(before, token)
        self._apply_down_to(_SUM)
        call = self.waiting[-1] if self.waiting and self.waiting[-1].function else None
        if token.text == ")":
            self._close(token)
            return False
        if token.text == "=":
            self._refuse(token.at, "keyword" if call else "left_side")
        if not call:
            self._refuse(token.at, "comma")
        call.arity += 1
        return True

    def _close(self, token: Token) -> None:
        if not self.waiting:
            self._refuse(token.at, "closes_nothing")
        bracket = self.waiting.pop()
        if bracket.function:
            self._check_arity(bracket)
            self._apply(bracket)

    def _check_arity(self, call: _Waiting) -> None:
        arity = ARITY[call.symbol]
        if call.arity != arity:
            key = "one_argument" if arity == 1 else "two_arguments"
            self._refuse(call.at, key, name=call.symbol, given=call.arity)

    def _apply_down_to(self, precedence: int) -> None:
        while self.waiting and self.waiting[-1].precedence >= precedence:
            self._apply(self.waiting.pop())

    def _apply(self, waiting: _Waiting) -> None:
        """Add a step, or do it now if there are only numbers: in postfix order the arguments are the last steps."""
        assert waiting.function is not None
        numbers = [step for step in self.program[-waiting.arity :] if isinstance(step, float)]
        if len(numbers) < waiting.arity:
            self.program.append(_Apply(waiting.function, waiting.arity, waiting.at))
            return
        try:
            with np.errstate(all="ignore"):
                value = float(waiting.function(*numbers))
        except (ArithmeticError, TypeError, ValueError):  # too large, divided by 0, complex, no such product
            value = math.nan
        if not math.isfinite(value):
            if waiting.symbol in _OPERATORS:
                shown = f" {waiting.symbol} ".join(f"({n:g})" if n < 0 else f"{n:g}" for n in numbers)
            else:
                shown = f"{waiting.symbol}({', '.join(f'{n:g}' for n in numbers)})"
            self._refuse(waiting.at, "not_finite", shown=shown)
        self.program[-waiting.arity :] = [value]

    # Refusals

    def _refuse(self, at: int, key: str, **facts: Any) -> NoReturn:
        refuse(self.text, at, key, **facts)

    def _refuse_no_operand(self, before: Token, token: Token) -> NoReturn:
        call = self.waiting[-1] if self.waiting and before.text in ("(", ",") else None
        if call and call.function and token.text == ")" and before.text == "(":
            call.arity = 0
            self._check_arity(call)
        if call and call.function and token.text in ("*", "**"):
            self._refuse(token.at, "starred")
        self._refuse(token.at, "no_operand", sign=token.text)

    def _refuse_open_bracket(self) -> NoReturn:
        bracket = next(waiting for waiting in reversed(self.waiting) if waiting.precedence == _BRACKET)
        self._refuse(bracket.at, "open")

    def _refuse_missing_operator(self, before: Token, token: Token) -> NoReturn:
        if place(self.text, before.at)[0] < place(self.text, token.at)[0]:  # only an open bracket joins lines
            self._refuse_open_bracket()
        left = "(…)" if before.text == ")" else clip(before.text)
        right = "(…)" if token.text == "(" else clip(token.text)
        if before.kind == "word" and token.text == "(":
            self._refuse(before.at, "not_a_function", left=left, right=right, functions=", ".join(ARITY))
        self._refuse(token.at, "no_operator", left=left, right=right)


def _is_assignment(statement: list[Token]) -> bool:
    return len(statement) > 1 and statement[1].text == "="
