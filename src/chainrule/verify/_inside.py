"""Where a gradient is not what differences say: looking at the gates of the graph one at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..graph import Variable, reachable
from ._question import Question, about_gate
from ._report import GradientReport

_MOST_GATES = 1000


def look_inside(report: GradientReport, question: Question, output: Any) -> GradientReport:
    """The report again, knowing whether a gate is to blame, or kinks are that only the whole graph shows.

    At a kink the rule of each gate makes a choice. Choices that are each right need not add up to a slope of the whole:
    relu(x) − relu(−x) is x, but at 0 backprop gives 0. That is no mistake of any rule, so it is told apart here: every
    gate must be right by itself, one of them at a kink, and the whole must be right a little aside.
    """
    applied = (
        [v for v in reachable([output]) if v.gate and v.gate.rules] if isinstance(output, Variable) else []
    )
    if not 2 <= len(applied) <= _MOST_GATES:
        return report
    kinks: list[str] = []
    for variable in applied:
        assert variable.gate is not None
        asked = [isinstance(v, Variable) for v in variable.inputs]
        values = [v.value if isinstance(v, Variable) else v for v in variable.inputs]
        by_itself, _ = about_gate(variable.gate, values, variable.settings, asked).answer(report.seed)
        if not by_itself.ok:
            wrong = " and ".join(i.name for i in by_itself.wrong)
            return _noted(report, note=f"the rule of {variable.gate.name} for {wrong} is wrong")
        if any(i.verdict == "at a kink" for i in by_itself.inputs):
            kinks.append(variable.gate.name)
    if not kinks:
        return report
    aside, _ = question.nearby(np.random.default_rng(report.seed)).answer(report.seed)
    if not aside.ok:
        return report
    note = f"of {' and '.join(sorted(set(kinks)))} inside"
    return _noted(report, note=note, verdict="at a kink")


def _noted(report: GradientReport, **news: Any) -> GradientReport:
    """The report with news of every input that is not right."""
    return replace(report, inputs=tuple(i if i.ok else replace(i, **news) for i in report.inputs))
