"""A claim beside differences of its own values, with what there is to say where it is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from ._claim import Claim
from ._compare import compare, upstream
from ._confirmed import with_right
from ._curve import curve_of
from ._places import Place, place_of, written_at
from ._report import GradientReport, InputCheck
from ._reused import Reused
from ._slopes import Array
from .diagnosis import Diagnosis, diagnose

_OVERWRITTEN = ("parameter_changed", "input_overwritten")


def check_claim(claim: Claim, seed: int, tolerance: float | None, language: str) -> GradientReport:
    """Check the gradients that are claimed for a function.

    seed       of the upstream gradient, of directions, and of the points at which mistakes are looked at
    tolerance  relative, or None for the usual one of the precision
    """
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"), _one_thread():
        out = np.asarray(claim.value(claim.values))
        dout = upstream(rng, out.shape) if claim.takes_dout else np.ones(out.shape)
        given = dout.astype(out.dtype) if dout.shape else float(dout)
        claimed = claim.gradients(claim.values, given)
        checks = _compared(claim, claimed, out, dout, rng, tolerance)
        wrong = [check.name for check in checks if check.verdict in ("wrong", "not finite")]
        diagnoses = diagnose(claim, wrong, seed)
        diagnoses = (*diagnoses, *_left_over(checks, diagnoses))
        checks = [_with_curve(claim, check, dout) for check in _accused(checks, diagnoses)]
        checks = with_right(claim, checks, claimed, dout, rng)
    skipped = [
        InputCheck(name, (), "", "not checked", reason=reason) for name, reason in claim.skipped.items()
    ]
    places = {check.name: _place(claim, check.name, diagnoses) for check in checks if not check.ok}
    found = {name: place for name, place in places.items() if place is not None}
    return GradientReport(claim.title, seed, (*checks, *skipped), diagnoses, found, language)


@contextmanager
def _one_thread() -> Iterator[None]:
    """For thousands of small products: threads that wait for one another cost more than they help, tenfold on busy
    cores."""
    # Not at the top: only those who check pay for it.
    from threadpoolctl import threadpool_limits

    torch = sys.modules.get("torch")
    before = None if torch is None else torch.get_num_threads()
    with threadpool_limits(1, user_api="blas"):
        try:
            if torch is not None:
                torch.set_num_threads(1)  # it has its own
            yield
        finally:
            if torch is not None:
                torch.set_num_threads(before)


def _compared(
    claim: Claim,
    claimed: Sequence[Any],
    out: Array,
    dout: Array,
    rng: np.random.Generator,
    tolerance: float | None,
) -> list[InputCheck]:
    """Every gradient against differences; one of another shape than its value is wrong without any."""
    fits = [g is None or np.shape(g) == v.shape for g, v in zip(claimed, claim.values, strict=True)]
    usable = [g if fit else None for g, fit in zip(claimed, fits, strict=True)]
    checks = compare(claim.names, claim.values, usable, claim.value, out, dout, rng, tolerance, Reused(claim))
    return [
        check if fit else replace(check, verdict="wrong", reason="shape", facts={"given": str(np.shape(g))})
        for check, fit, g in zip(checks, fits, claimed, strict=True)
    ]


def _accused(checks: Iterable[InputCheck], diagnoses: Sequence[Diagnosis]) -> list[InputCheck]:
    """What is right at first may still be a mistake: a layer that overwrites, or goes wrong in the second call."""
    accused = {name for diagnosis in diagnoses for name in diagnosis.names}
    everybody = any(not diagnosis.names for diagnosis in diagnoses)
    return [
        replace(check, verdict="wrong", reason="at first sight")
        if check.ok and (check.name in accused or everybody)
        else check
        for check in checks
    ]


def _left_over(checks: Iterable[InputCheck], diagnoses: Sequence[Diagnosis]) -> Iterator[Diagnosis]:
    """What there is to say of wrong gradients that no diagnosis is about, as these look for smooth points only."""
    explained = {name for diagnosis in diagnoses for name in diagnosis.names}
    for check in checks:
        if check.verdict != "wrong" or check.name in explained or check.index is None:
            continue
        facts = {"index": check.index, "claimed": f"{check.backprop:.9g}"}
        if check.left is None or check.right is None:
            yield Diagnosis("unknown", (check.name,), {**facts, "numerical": f"{check.numerical:.9g}"})
        else:
            slopes = {"left": f"{check.left:.6g}", "right": f"{check.right:.6g}"}
            yield Diagnosis("beside_kink", (check.name,), {**facts, **slopes})


def _with_curve(claim: Claim, check: InputCheck, dout: Array) -> InputCheck:
    if check.verdict != "wrong" or check.reason or check.index is None or not np.isfinite(check.backprop):
        return check
    place = claim.names.index(check.name), check.index
    return replace(check, curve=curve_of(claim.value, claim.values, dout, place, check.backprop))


def _place(claim: Claim, name: str, diagnoses: Sequence[Diagnosis]) -> Place | None:
    """The line that makes the gradient of a value, or that writes into the value itself."""
    for diagnosis in diagnoses:
        if diagnosis.kind in _OVERWRITTEN and name in diagnosis.names:
            function = claim.code.get(diagnosis.facts["when"])
            return None if function is None else written_at(function, name)
    position = claim.names.index(name)
    inputs = len(claim.names) - claim.parameters
    for role in ("backward", "gradient", "forward"):
        if role in claim.code:
            return place_of(claim.code[role], name, position if position < inputs else None)
    return None
