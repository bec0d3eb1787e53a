"""Graphs that the tests draw."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph import Variable


def apple() -> Variable:
    """The lesson's: the price of apples with tax, and how far it is from 219."""
    x, m, t = cr.variables(x=100.0, m=2, t=1.1)
    return 0.5 * (x * m * t - 219) ** 2  # type: ignore[no-any-return]


def apples_and_oranges() -> Variable:
    apple, apples, orange, oranges, tax = cr.variables(
        apple=100.0, apples=2, orange=150.0, oranges=3, tax=1.1
    )
    return (apple * apples + orange * oranges) * tax


def softmax_with_loss() -> Variable:
    """Of three classes, in elementary gates."""
    scores = cr.variables(x1=0.3, x2=2.9, x3=4.0)
    targets = cr.variables(t1=0.0, t2=0.0, t3=1.0)
    powers = [cr.exp(x) for x in scores]
    inverse = 1 / (powers[0] + powers[1] + powers[2])
    terms = [t * cr.log(power * inverse) for t, power in zip(targets, powers, strict=True)]
    return -(terms[0] + terms[1] + terms[2])  # type: ignore[no-any-return]


def long_chain(nodes: int) -> Variable:
    """A graph with so many variables, the last of them its output."""
    out = Variable(0.5, name="x")
    for _ in range(nodes - 1):
        out = cr.sin(out)
    return out


_UNARY = (cr.exp, cr.sin, cr.tanh, lambda v: v**2, lambda v: 1 / (v * v + 1), lambda v: 3 - v)
_BINARY = (cr.add, cr.subtract, cr.multiply, cr.maximum)


@st.composite
def graphs(draw: Any, most: int = 12) -> Variable:
    """A graph of single numbers, in which values are used once, often, or twice by one gate."""
    numbers = st.floats(-2, 2, allow_nan=False).map(lambda value: round(value, 3))
    made = [
        Variable(value, name=f"v{i}")
        for i, value in enumerate(draw(st.lists(numbers, min_size=1, max_size=4)))
    ]
    for _ in range(draw(st.integers(1, most))):
        if draw(st.booleans()):
            made.append(draw(st.sampled_from(_UNARY))(draw(st.sampled_from(made))))
        else:
            gate = draw(st.sampled_from(_BINARY))
            made.append(gate(draw(st.sampled_from(made)), draw(st.sampled_from(made))))
    return made[-1]
