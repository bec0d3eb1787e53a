"""Where a gradient is not what differences say: looking at the gates of the graph one at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..graph import Variable, reachable
from ._question import Question, about_gate
from ._report import GradientReport, Verdict

_MOST_GATES = 1000


def look_inside(report: GradientReport, question: Question, output: Any) -> GradientReport:
    """The report again, knowing whether a gate is to blame, or something that only the whole graph shows.

    At a kink the rule of each gate makes a choice. Choices that are each right need not add up to a slope of the whole:
    relu(x) − relu(−x) is x, but at 0 backprop gives 0. And in float32 roundings that are each small may be multiplied.
    Neither is a mistake of any rule, so they are told apart here: every gate must be right by itself, and the whole
    must be right in float64, if there are kinks a little aside from them. The other way round, a gradient that is
    somewhere between the two slopes of a kink may be there by a wrong rule; that shows in the gate by itself too.
    """
    applied = reachable([output]) if isinstance(output, Variable) else []
    applied = [variable for variable in applied if variable.gate and variable.gate.rules]
    if not 2 <= len(applied) <= _MOST_GATES:
        return report
    kinks: set[str] = set()
    for variable in applied:
        assert variable.gate is not None
        name = variable.gate.name
        by_itself = _by_itself(variable, report.seed)
        wrong = [i.name for i in by_itself.inputs if i.verdict == "wrong"]
        if wrong:
            return _noted(report, "wrong", "rule", gate=name, inputs=" and ".join(wrong))
        if not by_itself.ok:
            return report
        if not by_itself.smooth:
            kinks.add(name)
    is_a_number = not any(np.isnan(i.backprop) for i in report.wrong)  # NaN is no choice of anybody
    if report.ok or not (is_a_number and _is_right_elsewhere(question, report.seed, aside=bool(kinks))):
        return report
    if kinks:
        return _noted(report, "at a kink", "kinks inside", gates=" and ".join(sorted(kinks)))
    return _noted(report, "ok", "rounding")


def _is_right_elsewhere(question: Question, seed: int, aside: bool) -> bool:
    question = question.in_float64()
    if aside:
        question = question.nearby(np.random.default_rng(seed))
    report, _ = question.answer(seed)
    return report.ok


def _by_itself(variable: Variable, seed: int) -> GradientReport:
    """The report on one gate, at the values it was given."""
    assert variable.gate is not None
    asked = [isinstance(v, Variable) for v in variable.inputs]
    values = [v.value if isinstance(v, Variable) else v for v in variable.inputs]
    report, _ = about_gate(variable.gate, values, variable.settings, asked).answer(seed)
    return report


def _noted(report: GradientReport, verdict: Verdict, reason: str, **facts: str) -> GradientReport:
    """The report with another verdict on every input that is not right or, for a wrong rule, that may not be."""
    inputs = []
    for check in report.inputs:
        concerned = not check.ok or (verdict == "wrong" and check.verdict not in ("ok", "not checked"))
        inputs.append(replace(check, verdict=verdict, reason=reason, facts=facts) if concerned else check)
    return replace(report, inputs=tuple(inputs))
