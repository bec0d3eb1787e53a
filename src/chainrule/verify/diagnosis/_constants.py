"""A small constant in forward, as in log(y + 1e-7), of which the gradient knows nothing.

Other patterns compare with differences, to a millionth, and such a constant may do less. This one asks the gates that
the code turned out to be made of: with the constant, and without it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...gates import Gate
from ...graph import Variable, apply, reachable, rebuild
from .._slopes import Array
from .._traced import Traced, backprop
from ._evidence import Evidence
from ._found import Found

_LARGEST = 1e-3  # a larger one is a part of the function

Gradients = Sequence[Array | None]


def left_out(e: Evidence) -> Iterator[tuple[int, Found]]:
    """What is claimed is right for forward without the constant, perhaps for an upstream gradient of ones only."""
    constants = _constants(e.traces[0].out) if e.traces else {}
    if not constants:
        return
    pairs = list(zip(e.traces, e.samples, strict=True))
    wrong = [i for i in e.wrong if not e.is_claimed(i, [trace.gradients for trace in e.traces])]
    together = [tuple(constants)] if len(constants) > 1 else []
    for some in (*together, *((one,) for one in constants)):
        gate = ", ".join(dict.fromkeys(constants[one] for one in some))
        facts = {"constant": ", ".join(f"{one:g}" for one in some), "gate": gate}
        found = Found("small_constant", facts, second=True)  # whatever else is wrong is worse
        with_dout = [_without(some, trace, s.dout) for trace, s in pairs]
        with_ones = [_without(some, trace, np.ones_like(s.dout)) for trace, s in pairs]
        for i in wrong:
            if e.is_claimed(i, with_dout):
                yield i, found
            elif e.claim.takes_dout and e.is_claimed(i, with_ones):
                yield i, found
                yield i, Found("upstream_ignored")


def _constants(out: Variable) -> dict[float, str]:
    """The small constants behind a result, each with the gate that it keeps away from 0."""
    found = {}
    for variable in reachable([out]):
        for source in variable.inputs:
            if variable.gate and isinstance(source, Variable) and source.gate:
                constant, _ = _guard(source.gate, source.inputs, source.settings)
                if constant:
                    found[constant] = variable.gate.name
    return found


def _guard(gate: Gate, inputs: Sequence[Any], settings: Mapping[str, Any]) -> tuple[float, Any]:
    """The small constant that a gate adds to a value or keeps it above, 0 where it does not, and the value."""
    if gate.name == "clip":
        constant, value = settings.get("low"), inputs[0]
    elif gate.name in ("add", "maximum"):
        constant, value = sorted(inputs, key=lambda i: isinstance(i, Variable))
    else:
        return 0.0, None
    if isinstance(constant, int | float) and 0 < constant <= _LARGEST:
        return float(constant), value
    return 0.0, None


def _without(constants: Collection[float], trace: Traced, dout: Array) -> Gradients:
    """The gradients that the gates would give without some constants."""

    def application(gate: Gate, *inputs: Any, **settings: Any) -> Any:
        constant, value = _guard(gate, inputs, settings)
        return value if constant in constants else apply(gate, *inputs, **settings)

    out = rebuild([trace.out], lambda leaf: leaf, application)[trace.out]
    return backprop(out, trace.leaves, dout)


FAMILY = (left_out,)
