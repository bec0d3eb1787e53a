"""Mistakes at an activation that is not the whole function: behind an affine layer, or inside a network.

What reaches all values before it is off by one factor for each unit: the claimed local derivative over the right
one. Where the unit's own value is known, so is what this factor means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ... import gates
from .._slopes import Array
from ._evidence import Evidence
from ._found import Found
from ._point import largest, same

_INVERSES: Mapping[str, Callable[[Array], Array]] = {
    "sigmoid": lambda y: np.asarray(np.log(y / (1 - y))),
    "tanh": np.arctanh,
}
_UNITS = (0.6, -0.9, 1.3, -0.4)  # values of a unit, on both sides of the kink of a ReLU


class Ratio(NamedTuple):
    """A unit's value before and after the activation, and by how much the gradient before it is too large."""

    before: Array
    after: Array
    ratio: Array


def behind_affine(e: Evidence) -> Iterator[tuple[int, Found]]:
    """The activation is the last thing that the function does: every result has its own factor."""
    point = e.first.point
    asked = [i for i in e.wrong if not e.is_right(i)]
    pairs = [(point.derivatives(i), point.claimed_jacobian(i)) for i in asked]
    if not pairs or any(claimed is None for _, claimed in pairs):
        return
    right = np.concatenate([jacobian for (_, jacobian, _), _ in pairs], axis=1)
    claimed = np.concatenate([c[:, where] for (where, _, _), c in pairs if c is not None], axis=1)
    if right.shape[1] < 2 or not all(e.is_linear(i) for i in asked):
        return
    flows, claims = _rows_that_count(right), _rows_that_count(claimed)
    if np.all(np.count_nonzero(right, axis=1) <= 1):
        return  # nothing before it: a layer of its own, in which other patterns say more
    kind = ""
    if np.array_equal(flows, ~claims) and flows.any() and claims.any():
        kind = "mask_inverted"
    # Where a unit is saturated, too little flows for the ratio to be known.
    flows_well = np.max(np.abs(right), axis=1) > 1e-3 * largest(right)
    ratios = np.sum(claimed * right, axis=1) / np.where(flows, np.sum(right * right, axis=1), 1.0)
    off = np.max(np.abs(claimed - ratios[:, None] * right), axis=1)
    fits = np.all(off[flows_well] <= 1e-5 * np.max(np.abs(claimed), axis=1)[flows_well])
    if not kind and fits and not flows.all() and np.allclose(ratios[flows], 1.0, rtol=1e-6):
        is_relu = np.all(point.out.ravel()[flows] > 0)
        kind = "" if not claims.all() else "identity" if is_relu else "mask_ignored"
    ratios = ratios[flows_well]
    if not kind and fits and len(ratios) > 2 and np.ptp(ratios) > 1e-5 * largest(ratios):
        kind = _meaning(_by_output(point.out.ravel()[flows_well], ratios))
    if kind:
        number = int(np.sum(~flows))
        yield from ((i, Found(kind, {"number": number} if number else {})) for i in asked)


def _rows_that_count(jacobian: Array) -> Array:
    return np.asarray(np.max(np.abs(jacobian), axis=1) > 1e-7 * np.max(np.abs(jacobian), initial=0.0))


def _by_output(out: Array, ratios: Array) -> dict[str, Ratio]:
    """The ratios, for every activation whose results these could be."""
    found = {}
    for name, inverse in _INVERSES.items():
        before = inverse(out)
        if np.isfinite(before).all():
            found[name] = Ratio(before, out, ratios)
    return found


def _meaning(seen: dict[str, Ratio]) -> str:
    """What was taken for the local derivative, if it was one of the usual mistakes."""
    for name, (before, after, ratio) in seen.items():
        right = ratio * _derivative(name, after)
        taken = {
            "identity": np.ones_like(after),
            "input_for_output": _derivative(name, before),
            "output_for_input": _derivative(name, gates.ALL[name].forward(np, after)),
        }
        for kind, expected in taken.items():
            if np.allclose(right, expected, rtol=1e-4, atol=1e-7):
                return kind
    return ""


def _derivative(name: str, out: Array) -> Array:
    """The rule of an activation by its result, whatever is taken for this."""
    return np.asarray(gates.ALL[name].wrt["x"](dout=1.0, out=out))


class Layer(NamedTuple):
    """Positions of a matrix and of its bias among the values."""

    weights: int
    bias: int


def inside_network(e: Evidence) -> Iterator[tuple[int, Found]]:
    """An activation between two layers: the layers before it are wrong, those behind it are right."""
    layers = layers_of(e)
    right = [all(k not in e.wrong or e.is_right(k) for k in layer) for layer in layers]
    last = max((k for k, ok in enumerate(right) if not ok), default=-1)
    if last < 0 or last + 1 >= len(layers) or not all(right[last + 1 :]):
        return
    before, behind = layers[last], layers[last + 1]
    wrong = [k for layer in layers[: last + 1] for k in layer if k in e.wrong and not e.is_right(k)]
    facts = {"before": e.name(before.weights), "behind": e.name(behind.weights)}
    kind = _activation_kind(e, before, behind)
    if kind:
        yield from ((k, Found(kind, {**facts, "operand": e.name(behind.weights)})) for k in wrong)
    else:
        yield from ((k, Found("between", facts, exact=False)) for k in wrong)


def layers_of(e: Evidence) -> list[Layer]:
    """Matrices that are followed by a bias of their width, each as wide as the next one is high."""
    shapes = [np.shape(value) for value in e.claim.values]
    biases = [k for k, shape in enumerate(shapes) if len(shape) == 1]
    found: list[Layer] = []
    for k, shape in enumerate(shapes):
        if len(shape) != 2 or e.first.point.out.ndim or not e.is_parameter(k):
            continue
        if found and shapes[found[-1].weights][1] != shape[0]:
            continue
        used = {layer.bias for layer in found}
        bias = next((b for b in biases if shapes[b] == shape[1:] and b not in used), None)
        if bias is not None:
            found.append(Layer(k, bias))
    return found


def _activation_kind(e: Evidence, before: Layer, behind: Layer) -> str:
    """The bias alone decides the units when the matrix is 0: then all rows have the same, known values."""
    points = e.first.point.values
    seen, passes, blocked = [], [], []
    for unit in _UNITS:
        values = list(points)
        values[before.weights] = np.zeros_like(values[before.weights])
        values[before.bias] = np.full_like(values[before.bias], unit)
        point = e.point(values, [before.bias])
        sample = None if point is None else e.sample(point, e.first.dout)
        if point is None or sample is None or sample.claimed[before.bias] is None:
            return ""
        claimed, right = np.asarray(sample.claimed[before.bias]), sample.right(before.bias)
        known = ~np.isnan(right)
        if claimed.shape != right.shape or not known.any():
            return ""
        tolerance = point.tolerance(before.bias, e.first.dout)
        if largest(right) <= tolerance:
            blocked.append(largest(claimed) > tolerance)
            continue
        ratio = float(np.dot(claimed[known], right[known]) / np.dot(right[known], right[known]))
        if not same(claimed, ratio * right, tolerance * max(1.0, abs(ratio))):
            turned = _turned(point.values[behind.weights], right, point.right(behind.bias, e.first.dout))
            return "transposed" if turned is not None and same(claimed, turned, 100 * tolerance) else ""
        passes.append(ratio)
        seen.append((unit, ratio))
    if blocked and passes:
        if all(blocked) and largest(passes) <= 1e-6:
            return "mask_inverted"
        return "identity" if all(blocked) and np.allclose(passes, 1.0, rtol=1e-5) else ""
    if not seen or np.ptp(passes) <= 1e-5 * largest(passes):
        return ""
    return _meaning(_by_unit(seen))


def _by_unit(seen: Sequence[tuple[float, float]]) -> dict[str, Ratio]:
    before, ratios = (np.array(column) for column in zip(*seen, strict=True))
    return {n: Ratio(before, np.asarray(gates.ALL[n].forward(np, before)), ratios) for n in _INVERSES}


def _turned(weights: Array, right: Array, behind: Array) -> Array | None:
    """What would reach a bias if the matrix behind it were used as it is, and not turned."""
    if weights.shape[0] != weights.shape[1] or np.isnan(right + behind).any():
        return None
    through = weights @ behind
    return np.asarray((right @ through) / (through @ through) * (weights.T @ behind))


FAMILY = (behind_affine, inside_network)
