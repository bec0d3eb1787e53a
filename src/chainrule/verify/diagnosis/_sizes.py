"""Gradients that are right but for a factor, and those that are nothing at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from ._evidence import Evidence
from ._found import Found, Patterns, rounded, worst
from ._point import Sample, largest

_CLOSE = 1e-6


def nothing(e: Evidence, i: int) -> Patterns:
    """No gradient, or 0 everywhere, where there is one."""
    if any(s.claimed[i] is None for s in e.samples):
        by_hand = "not_set" if e.is_parameter(i) else "not_returned"
        kind = by_hand if e.claim.kind in ("layer", "network") else "detached"
        yield Found(kind, worst_numerical(e.first, i))
    elif all(s.claimed[i] is not None and largest(s.claimed[i]) == 0 for s in e.samples):
        if all(np.isfinite(np.asarray(s.claimed[i])).all() for s in e.samples):
            yield Found("zero", worst_numerical(e.first, i))


def unconnected(e: Evidence, i: int) -> Patterns:
    """A gradient of something that the result does not depend on."""
    if e.shapes_claimed(i) != {e.claim.values[i].shape} or any(s.claimed[i] is None for s in e.samples):
        return
    if not any(s.right(i).any() for s in e.samples):  # what was not measured is NaN, and no 0
        yield Found("unconnected", worst(e.first, i))


def worst_numerical(s: Sample, i: int) -> dict[str, object]:
    """The largest element of the numerical gradient."""
    right = s.right(i)
    sizes = np.where(np.isnan(right), -1.0, np.abs(right))
    index = tuple(map(int, np.unravel_index(int(np.argmax(sizes)), sizes.shape)))
    return {"index": index, "numerical": rounded(right[index])}


def not_finite(e: Evidence, i: int) -> Patterns:
    """NaN or infinite where the numerical gradient is finite."""
    for s in e.samples:
        claimed = s.claimed[i]
        if claimed is not None and not np.isfinite(claimed).all():
            yield Found("not_finite", {"number": int(np.sum(~np.isfinite(claimed))), **worst(s, i)})
            return


def factor(e: Evidence, i: int) -> Patterns:
    """A constant times the numerical gradient: which constant, and what it stands for."""
    c = fitted(e.samples, i)
    if c is None:
        c = _fitted_beside_penalty(e.samples, i)
    if c is None or abs(c - 1) <= _CLOSE:
        return
    if c < 0:
        yield Found("sign", {"factor": rounded(c)})
    if abs(abs(c) - 1) <= _CLOSE:
        return
    meanings = [m for m in _meanings(e, i, abs(c)) if abs(abs(c) - m.factor) <= _CLOSE * m.factor]
    if len(meanings) > 1:
        meanings.sort(key=lambda m: m.of_rows != _moves_with_rows(e, i, c))
    for meaning in meanings:
        second = meaning.of_rows != meanings[0].of_rows or (meaning.is_guess and len(meanings) > 1)
        yield Found(meaning.kind, {"factor": rounded(c), **meaning.facts}, second=second)
    if not meanings:
        yield Found("other", {"factor": rounded(c)})


class _Meaning(NamedTuple):
    """What a factor may stand for; whether it is one of the mini-batch's size."""

    kind: str
    factor: float
    facts: Mapping[str, object] = {}
    of_rows: bool = False
    is_guess: bool = False


def _meanings(e: Evidence, i: int, c: float) -> Iterator[_Meaning]:
    rows = e.rows
    if rows and rows > 1:
        if is_bias(e, i):
            yield _Meaning("bias_averaged", 1 / rows, {"rows": rows}, True)
        yield _Meaning("missing_mean", rows, {"rows": rows}, True)
        yield _Meaning("doubled_mean", 1 / rows, {"rows": rows}, True)
    summed = e.summed(i)
    if summed:
        yield _Meaning("missing_mean", summed, {"rows": summed})
        yield _Meaning("doubled_mean", 1 / summed, {"rows": summed})
    yield _Meaning("double", 2)
    yield _Meaning("half", 1 / 2)
    for n in e.outputs:
        yield _Meaning("n_outputs", n, {"outputs": n})
        yield _Meaning("n_outputs", 1 / n, {"outputs": n})
        if rows and rows > 1:
            yield _Meaning("missing_mean", rows * n, {"rows": rows * n}, True)
            yield _Meaning("doubled_mean", 1 / (rows * n), {"rows": rows * n}, True)
    if rows is None and e.claim.parameters:  # a network: its mini-batch is inside
        for kind, number in ("missing_mean", c), ("doubled_mean", 1 / c):
            if number > 2.5 and abs(number - round(number)) <= _CLOSE * number:
                facts = {"rows": round(number)}
                is_guess = round(number) in e.outputs
                yield _Meaning(kind, c, facts, not is_guess, is_guess)
                if kind == "doubled_mean" and is_bias(e, i):
                    yield _Meaning("bias_averaged", c, facts, not is_guess, is_guess)


def fitted(samples: list[Sample], i: int) -> float | None:
    """The one factor between claimed and numerical gradients, if there is one."""
    pairs = []
    for s in samples:
        claimed, right = s.claimed[i], s.right(i)
        if claimed is None or claimed.shape != right.shape:
            return None
        measured = ~np.isnan(right)
        pairs.append((claimed[measured], right[measured], s.tolerance(i)))
    square = sum(float(np.dot(right, right)) for _, right, _ in pairs)
    if not square:
        return None
    c = sum(float(np.dot(claimed, right)) for claimed, right, _ in pairs) / square
    if not np.isfinite(c) or abs(c) < 1e-12:
        return None
    fits = all(
        np.all(np.abs(claimed - c * right) <= tolerance * abs(c)) for claimed, right, tolerance in pairs
    )
    counts = any(largest(right) > 10 * tolerance for _, right, tolerance in pairs)
    return c if fits and counts else None


def _fitted_beside_penalty(samples: list[Sample], i: int) -> float | None:
    """The same where a constant times the value is left over: of loss and penalty only the loss is off."""
    if samples[0].point.out.ndim or samples[0].point.values[i].size < 4:
        return None
    rights, values, claims, tolerances = [], [], [], []
    for s in samples:
        claimed, right = s.claimed[i], s.right(i)
        if claimed is None or claimed.shape != right.shape:
            return None
        measured = ~np.isnan(right)
        rights.append(right[measured])
        values.append(s.point.values[i][measured] * float(s.dout))
        claims.append(claimed[measured])
        tolerances.append(np.full(int(measured.sum()), s.tolerance(i)))
    right, value, claimed, tolerance = map(np.concatenate, (rights, values, claims, tolerances))
    matrix = np.stack([right, value], axis=1)
    solution, _, rank, _ = np.linalg.lstsq(matrix, claimed, rcond=1e-9)
    c = float(solution[0])
    off = np.abs(matrix @ solution - claimed)
    return c if rank == 2 and abs(c) > 1e-6 and np.all(off <= 3 * max(1.0, abs(c)) * tolerance) else None


def _moves_with_rows(e: Evidence, i: int, c: float) -> bool:
    """Whether the factor is another one for a mini-batch with one row less; True if that cannot be asked."""
    rows, point = e.rows, e.first.point
    if not rows or rows < 3 or not e.claim.takes_dout:
        return True
    inputs = len(e.claim.names) - e.claim.parameters
    values = [
        v[:-1] if k < inputs and v.ndim >= 1 and len(v) == rows else v for k, v in enumerate(point.values)
    ]
    fewer = e.point(values, e.wrong)
    if fewer is None or fewer.out.shape == point.out.shape and fewer.out.ndim:
        return True
    sample = e.sample(fewer, e.first.dout[: len(fewer.out)] if fewer.out.ndim else e.first.dout)
    other = None if sample is None else fitted([sample], i)
    return other is None or abs(other - c) > _CLOSE * abs(c)


def is_bias(e: Evidence, i: int) -> bool:
    """Whether a value is one row that is added to all rows."""
    shape = np.shape(e.claim.values[i])
    if len(shape) != 1 and not (len(shape) == 2 and shape[0] == 1):
        return False
    name = e.name(i).lower()
    if name.startswith("b") or "bias" in name or "intercept" in name:
        return True
    _, jacobian, _ = e.first.point.derivatives(i)
    ones = np.abs(jacobian - 1) <= 1e-6
    return bool(jacobian.size and np.all(ones | (np.abs(jacobian) <= 1e-6)) and e.first.point.out.ndim >= 2)


FAMILY = (nothing, unconnected, not_finite, factor)
