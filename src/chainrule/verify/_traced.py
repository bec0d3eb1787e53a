"""The gradients that chainrule's own gates give for somebody's code, where it runs on variables: what was meant."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..graph import Variable, gradients_of, reachable
from ._claim import Claim
from ._rule_text import rule_text
from ._slopes import Array
from ._writable import Writable, bare

_SAME = 1e-10  # of the largest result: gates may round otherwise, and something left out is seen
_ENDS = 4  # gates named at each end of a long way


class Traced(NamedTuple):
    """Gradients by backprop through the gates that somebody's code turned out to be made of.

    leaves     a variable for each value of the claim
    out        what the code made of them
    gradients  of these, None where nothing flowed
    """

    leaves: list[Variable]
    out: Variable
    gradients: list[Array | None]

    def gates(self, i: int) -> tuple[str, ...]:
        """The gates that the gradient of a value comes back through, from the result on; of many, the two ends."""
        names = [variable.gate.name for variable in self._way(i) if variable.gate]
        ways = [name for name, before in zip(names, ["", *names], strict=False) if name != before]
        return tuple(ways if len(ways) <= 2 * _ENDS else [*ways[:_ENDS], "…", *ways[-_ENDS:]])

    def rule(self, i: int) -> str:
        """How the last of them makes the gradient; empty where that is not said in a line."""
        return rule_text(self._way(i), self.leaves[i])

    def _way(self, i: int) -> list[Variable]:
        """All that depends on a value and that the result depends on, the newest first."""
        order = reachable([self.out])
        dependent = {self.leaves[i]}
        for variable in reversed(order):
            if any(isinstance(source, Variable) and source in dependent for source in variable.inputs):
                dependent.add(variable)
        return [variable for variable in order if variable in dependent]


def traced(claim: Claim, values: Sequence[Array], dout: Array) -> Traced | None:
    """Run the code on variables, and backprop through what it recorded.

    values   where, in float64
    dout     the upstream gradient
    returns  None where the code cannot be run so (it uses what has no gate), or where it gives another result than it
             does for arrays: then something got lost, and nothing is proved
    """
    if claim.trace is None:
        return None
    expected = np.asarray(claim.value(values), dtype=np.float64)
    for in_place in (False, True):
        leaves = [
            Variable(float(value) if value.ndim == 0 else value.copy(), name=name)
            for name, value in zip(claim.names, values, strict=True)
        ]
        given = [Writable(leaf) if in_place and leaf.shape else leaf for leaf in leaves]
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                out = bare(claim.trace(given))
                if isinstance(out, Variable) and _same(out.value, expected):
                    found = backprop(out, leaves, dout)
                    return Traced(leaves, out, [None if g is None else np.asarray(g, float) for g in found])
        except Exception:  # the code of others may raise anything on meeting variables
            continue
    return None


def backprop(out: Variable, leaves: Sequence[Variable], dout: Array) -> list[Array | None]:
    """The gradients of leaves for an upstream gradient with as many numbers as the result has."""
    return gradients_of(out, leaves, seed=np.reshape(dout, out.shape))


def _same(value: Any, expected: Array) -> bool:
    found = np.asarray(value, dtype=np.float64)
    allowed = _SAME * float(np.max(np.abs(expected), initial=0.0))
    return found.size == expected.size and bool(
        np.all(np.abs(found.reshape(expected.shape) - expected) <= allowed)
    )
