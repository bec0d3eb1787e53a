"""From everything that was found to what a teacher would say, the best first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from .._claim import Claim
from .._diagnosis import Diagnosis
from . import (
    _axes,
    _biases,
    _calls,
    _constants,
    _elements,
    _hidden,
    _local,
    _losses,
    _shapes,
    _sizes,
    _stacks,
    _ways,
)
from ._evidence import Evidence
from ._found import Found, worst

# Where two patterns explain the same numbers, the earlier one says more.
ORDER = (
    "not_finite", "detached", "not_returned", "not_set", "unconnected", "zero", "accumulates", "state", "float32",
    "identity", "upstream_ignored", "small_constant", "mask_inverted",
    "bias_not_summed", "broadcast_not_undone", "bias_averaged", "bias_first_row", "bias_one_row",
    "wrong_axis", "mask_ignored",
    "sign", "missing_mean", "doubled_mean", "half", "double", "n_outputs",
    "l2_missing", "l2_double", "l2_extra", "l2_factor",
    "transposed", "swapped", "input_for_output", "output_for_input", "label_form",
    "rows", "shifted", "reversed", "missing_term", "other",
    "parameter_changed", "input_overwritten", "dout_overwritten", "output_overwritten",
    "shape", "elements", "between", "beside_kink", "unknown",
)  # fmt: skip
_OF_ONE = (_sizes, _shapes, _elements, _local, _axes, _biases, _stacks, _losses)
_VALUES = tuple(pattern for family in _OF_ONE for pattern in family.FAMILY)
_WHOLE = (*_calls.FAMILY, *_hidden.FAMILY, *_constants.FAMILY, *_ways.FAMILY)


def diagnose(claim: Claim, wrong: Sequence[str], seed: int) -> tuple[Diagnosis, ...]:
    """What is wrong with gradients, the most likely first.

    claim    the function, and the gradients that are claimed for it
    wrong    names of the values whose gradients a check found to be wrong
    seed     of the random upstream gradients and points
    returns  diagnoses; none if everything that was measured is right

    >>> class Session:
    ...     def forward(self, values):
    ...         self.x = values[0]
    ...         return self.x**2
    ...     def backward(self, dout):
    ...         return [dout * self.x]
    >>> claim = Claim("square", "pair", ("x",), (np.array([1.0, -2.0, 0.5]),), Session)
    >>> diagnose(claim, ["x"], seed=0)[0]
    Diagnosis(kind='half', names=('x',), facts={'factor': 0.5})
    """
    with np.errstate(all="ignore"):
        e = Evidence(claim, wrong, seed)
        found = [(i, one) for pattern in _WHOLE for i, one in pattern(e)]
        for i in e.wrong:
            if not e.is_right(i):
                own = [one for pattern in _VALUES for one in pattern(e, i)]
                found.extend((i, one) for one in own)
                if not any(k == i for k, _ in found):
                    found.append((i, Found("unknown", _worst(e, i), exact=False)))
        return _ranked(e, found)


def _worst(e: Evidence, i: int) -> Mapping[str, Any]:
    return next(worst(s, i) for s in e.samples if not s.agrees(i, s.claimed[i]))


def _ranked(e: Evidence, found: Sequence[tuple[int, Found]]) -> tuple[Diagnosis, ...]:
    """What explains more values comes first, and of equals what says more; hints are for what nothing explains."""
    groups: dict[Hashable, list[tuple[int, Found]]] = defaultdict(list)
    explained = {i for i, one in found if one.exact}
    for i, one in found:
        if one.exact or i not in explained:
            groups[_key(one)].append((i, one))

    def rank(group: list[tuple[int, Found]]) -> tuple[bool, bool, bool, int, int]:
        one = group[0][1]
        covered = len({i for i, _ in group} & set(e.wrong))
        second = all(one.second for _, one in group)
        return not one.exact, one.kind in ("other", "between"), second, -covered, ORDER.index(one.kind)

    diagnoses = []
    for group in sorted(groups.values(), key=rank):
        positions = sorted({i for i, _ in group if i >= 0})
        diagnoses.append(Diagnosis(group[0][1].kind, tuple(map(e.name, positions)), dict(group[0][1].facts)))
    return tuple(diagnoses)


def _key(one: Found) -> Hashable:
    """The same mistake in several values is one; facts about places are of the first of them."""
    shared = ("factor", "right", "other", "operand", "axis")
    return one.kind, one.exact, *(repr(one.facts.get(fact)) for fact in shared)
