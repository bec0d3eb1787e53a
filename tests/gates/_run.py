"""How the tests of this room run a gate: as users do, and rule by rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.gates import ALL, Gate
from chainrule.graph import Variable, apply
from tests.gates._examples import EXAMPLES, Example

EVERY_GATE = sorted(ALL)
DIFFERENTIABLE = sorted(name for name, gate in ALL.items() if gate.rules)


def cases(names: Sequence[str]) -> list[tuple[Gate, Example]]:
    """Gate and example, for parametrize."""
    return [(ALL[name], given) for name in names for given in EXAMPLES[name]]


def case_id(value: Any) -> str:
    """``add-2x3,3`` in the names of tests."""
    if isinstance(value, Gate):
        return value.name
    shapes = ["x".join(map(str, x.shape)) or "()" for x in value.inputs]
    settings = [f"{name}={setting}" for name, setting in value.settings.items()]
    return ",".join([*shapes, *settings]).replace(" ", "")


def has_rule(gate: Gate, number: int) -> list[bool]:
    """For each of so many inputs: does it have a gradient?"""
    return [rule is not None for rule, _ in zip(gate.ordered_rules, range(number), strict=False)]


class Result(NamedTuple):
    """What a user sees of one application: the value, and the gradient of each input that has one."""

    value: Any
    gradients: list[Any]


def run(gate: Gate, given: Example, upstream: Any = None) -> Result:
    """Run a gate as users do, forward and, where it has rules, backward."""
    asked = has_rule(gate, len(given.inputs))
    inputs = [Variable(x) if wanted else x for x, wanted in zip(given.inputs, asked, strict=True)]
    out = apply(gate, *inputs, **given.settings)
    if not any(asked):
        return Result(out, [])
    out.backward(upstream)
    return Result(out.value, [leaf.grad for leaf in inputs if isinstance(leaf, Variable)])


def upstream_for(gate: Gate, given: Example, rng: np.random.Generator) -> Any:
    """A random gradient from above, of the shape and dtype of the result."""
    value = np.asarray(apply(gate, *given.inputs, **given.settings))
    dtype = value.dtype if value.dtype.kind == "f" else float
    return rng.normal(size=value.shape).astype(dtype)[()]


class RuleResults(NamedTuple):
    """What forward and the rules themselves return."""

    out: Any
    kept: tuple[Any, ...]
    gradients: list[Any]


def call_rules(gate: Gate, xp: Any, given: Example, dout: Any) -> RuleResults:
    """Forward and every rule, called directly with an array namespace."""
    out = gate.forward(xp, *given.inputs, **given.settings)
    kept: tuple[Any, ...] = ()
    if gate.keeps:
        out, *rest = out
        kept = tuple(rest)
    shapes = tuple(x.shape for x in given.inputs)
    known = (xp, dout, out, given.inputs, shapes, kept, given.settings)
    rules = zip(gate.ordered_rules, range(len(given.inputs)), strict=False)
    return RuleResults(out, kept, [rule(gate.environment(*known, i)) for rule, i in rules if rule])
