"""Gates made wrong on purpose."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule.gates import Gate

Rule = Callable[..., Any]
Change = Callable[[Any], Any]


def _largest(gradient: Any) -> tuple[int, ...]:
    """The index of the element that is changed where only one is."""
    place = np.unravel_index(np.argmax(np.abs(gradient)), np.shape(gradient))
    return tuple(int(i) for i in place)


def _one_element(change: Change) -> Change:
    def changed(gradient: Any) -> Any:
        copy = np.array(gradient)
        copy[_largest(copy)] = change(copy[_largest(copy)])
        return copy

    return changed


def _transposed(gradient: Any) -> Any:
    return (
        gradient.swapaxes(-1, -2)
        if np.ndim(gradient) >= 2 and len(set(gradient.shape[-2:])) == 1
        else gradient
    )


CHANGES: Mapping[str, Change] = {
    "times 1.001": lambda g: g * type(g.item())(1.001) if isinstance(g, np.generic) else g * 1.001,
    "sign": lambda g: -g,
    "nothing": lambda g: g * 0,
    "not a number": lambda g: g * np.nan,
    "sign of one element": _one_element(lambda e: -e),
    "one element left out": _one_element(lambda e: 0 * e),
    "one element times 1.001": _one_element(lambda e: e * 1.001),
    "wrong order": lambda g: g[..., ::-1] if np.ndim(g) else g,
    "transposed": _transposed,
}
ONE_ELEMENT = ("sign of one element", "one element left out", "one element times 1.001")


def mutant(gate: Gate, wrong_input: str, change: Change) -> Gate:
    """The gate with the rule of one input changed."""
    return with_rule(gate, wrong_input, lambda rule: lambda *needs: change(rule(*needs)))


def ignoring_upstream(gate: Gate, wrong_input: str) -> Gate:
    """The gate with a rule that takes the upstream gradient for 1."""
    position = gate.rules[wrong_input].needs.index("dout")

    def make(rule: Rule) -> Rule:
        def ignoring(*needs: Any) -> Any:
            dout = np.ones_like(needs[position])
            return rule(*needs[:position], dout, *needs[position + 1 :])

        return ignoring

    return with_rule(gate, wrong_input, make)


def with_rule(gate: Gate, wrong_input: str, make: Callable[[Rule], Rule]) -> Gate:
    """The gate with the rule of one input made from the right one; it names what the right one names."""
    right = gate.wrt[wrong_input]
    wrong = functools.wraps(right)(make(right))
    return dataclasses.replace(gate, wrt={**gate.wrt, wrong_input: wrong})
