"""A value that goes more than one way to the result, of which the gradient counts all but one: seen in the gates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...graph import Variable, apply, reachable, rebuild
from .._slopes import Array
from .._traced import Traced, backprop
from ._evidence import Evidence
from ._found import Found

_MOST = 60  # ways that are looked at

Gradients = list[Array | None]


class _Way(NamedTuple):
    """An input of a gate: which of the variables, the newest first, and the input's position."""

    variable: int
    position: int


def one_left_out(e: Evidence) -> Iterator[tuple[int, Found]]:
    """What is claimed is right but for one way."""
    if not e.traces:
        return
    for way in _ways(e.traces[0])[:_MOST]:
        first = _without(way, e.traces[0], e.first.dout)
        wrong = [i for i in e.wrong if _differs(first[i], e.traces[0].gradients[i])]
        if not any(e.is_claimed(i, [first]) for i in wrong):
            continue
        others = zip(e.traces[1:], e.samples[1:], strict=True)
        gradients = [first, *(_without(way, trace, s.dout) for trace, s in others)]
        yield from ((i, Found("missing_term")) for i in wrong if e.is_claimed(i, gradients))


def _ways(trace: Traced) -> list[_Way]:
    """All ways of variables that have several."""
    order = reachable([trace.out])
    uses = Counter(source for v in order for source in v.inputs if isinstance(source, Variable))
    return [
        _Way(k, position)
        for k, variable in enumerate(order)
        for position, source in enumerate(variable.inputs)
        if isinstance(source, Variable) and uses[source] > 1
    ]


def _without(way: _Way, trace: Traced, dout: Array) -> Gradients:
    """The gradients where a gate takes one of its inputs for a constant."""
    user = reachable([trace.out])[way.variable]
    inputs = list(user.inputs)
    inputs[way.position] = inputs[way.position].value
    assert user.gate is not None
    instead = {user: apply(user.gate, *inputs, **user.settings)}
    out = rebuild([trace.out], lambda leaf: leaf, instead=instead)[trace.out]
    if not isinstance(out, Variable):
        return [None] * len(trace.leaves)
    return backprop(out, trace.leaves, dout)


def _differs(a: Array | None, b: Array | None) -> bool:
    return a is not None and b is not None and not np.array_equal(a, b)


FAMILY = (one_left_out,)
