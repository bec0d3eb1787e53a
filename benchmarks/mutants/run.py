"""Puts mutants, kinks, traps and the clock before chainrule, PyTorch and JAX, and prints what they say."""

from __future__ import annotations

import argparse
import importlib.util
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.progress import track

from .checkers import CHECKERS, Checker, Verdict
from .clock import measured
from .kinks import kinks
from .mutations import Mutant, mutants
from .rules import RULES
from .subjects import subjects
from .tables import Row, Table
from .traps import traps

OURS = "chainrule"
CAUGHT, DIAGNOSED, SLOWEST = 0.99, 0.90, 0.25  # the aims
SEEDS = (11, 12, 13)  # of the points at which right code is looked at
NOTES = (
    "gradcheck and check_grads are called without settings; gradcheck accepts what is off by a thousandth.",
    "PyTorch itself sums a gradient over axes that were broadcast, so to leave that out is no mistake there.",
    "Named lines are those where the gradient is set; a mistake in forward is on another one.",
)
LIBRARIES = {"PyTorch gradcheck": "torch", "JAX check_grads": "jax"}


@dataclass(frozen=True)
class Outcome:
    """A mutant, and what each checker says of it."""

    mutant: Mutant
    verdicts: dict[str, Verdict]

    def is_caught(self, name: str) -> bool:
        return name in self.verdicts and not self.verdicts[name].ok

    @property
    def is_diagnosed(self) -> bool:
        """Whether the first diagnosis is the planted mistake."""
        kinds = self.verdicts[OURS].kinds
        return bool(kinds) and kinds[0] in self.mutant.rule.right

    @property
    def is_located(self) -> bool:
        """Whether a line is named that the mistake changed."""
        return not self.mutant.changed_lines.isdisjoint(self.verdicts[OURS].lines)

    def __str__(self) -> str:
        said = ", ".join(self.verdicts[OURS].kinds) or "right"
        label = self.mutant.label.replace("\n", "; ")
        return f"{self.mutant.rule.kind}: {label}\n    said: {said}; expected: {' or '.join(self.mutant.rule.right)}"


def installed() -> dict[str, Checker]:
    """The checkers that can be run here."""
    return {
        name: checker
        for name, checker in CHECKERS.items()
        if name == OURS or importlib.util.find_spec(LIBRARIES[name]) is not None
    }


def judged(found: Iterable[Mutant], checkers: dict[str, Checker]) -> list[Outcome]:
    """What each checker says of each mutant."""
    with np.errstate(all="ignore"):
        return [Outcome(m, {name: check(m.subject, m.at) for name, check in checkers.items()}) for m in found]


def mutant_table(outcomes: Sequence[Outcome], names: Sequence[str]) -> Table:
    """A row for each kind of mistake, and the sums."""
    by_kind: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_kind[outcome.mutant.rule.kind].append(outcome)
    columns = ("planted mistake", "mutants", "caught", "right diagnosis first", "right line named")
    peers = [name for name in names if name != OURS]
    rows = [_row(kind, group, peers) for kind, group in by_kind.items()]
    return Table("Mutants", (*columns, *peers), (*rows, _row("all", outcomes, peers)))


def _row(kind: str, group: Sequence[Outcome], peers: Sequence[str]) -> Row:
    counts = [
        sum(o.is_caught(OURS) for o in group),
        sum(o.is_diagnosed for o in group),
        sum(o.is_located for o in group),
        *(sum(o.is_caught(name) for o in group) for name in peers),
    ]
    if kind == "all":
        return (kind, str(len(group)), *(f"{n} ({n / len(group):.1%})" for n in counts))
    return (kind, str(len(group)), *map(str, counts))


def right_table(checkers: dict[str, Checker], seeds: Sequence[int]) -> tuple[Table, bool]:
    """How often right code is accused, and whether we accuse none.

    seeds  of the points at which it is looked at
    """
    smooth = [
        (subject, subject.point(np.random.default_rng(seed))) for subject in subjects() for seed in seeds
    ]
    at, beside = (
        [(k.subject, k.point) for k in kinks() if (" beside " in k.label) is b] for b in (False, True)
    )
    groups = {"at random points": smooth, "exactly at kinks": at, "1e-7 beside kinks": beside}
    rows = []
    accused = 0
    for label, pairs in groups.items():
        wrongly = {name: sum(not check(*pair).ok for pair in pairs) for name, check in checkers.items()}
        accused += wrongly[OURS]
        rows.append((label, str(len(pairs)), *map(str, wrongly.values())))
    return Table("Right code called wrong", ("right code", "number", *checkers), rows), not accused


def trap_table(checkers: dict[str, Checker]) -> tuple[Table, bool]:
    """The named mistakes: what each checker says, and whether ours says what is right."""
    rows = []
    good = True
    for trap in traps():
        verdicts = {
            name: check(trap.subject, trap.point)
            for name, check in checkers.items()
            if name == OURS or not trap.subject.is_of_library
        }
        ours = verdicts[OURS]
        good &= ours.ok is not trap.is_wrong
        said = [_said(verdicts.get(name), trap.is_wrong) for name in checkers if name != OURS]
        diagnosis = (ours.kinds[0] if ours.kinds else "–") + (" ✓" if _explains(ours, trap.right) else "")
        rows.append((trap.label, _said(ours, trap.is_wrong), diagnosis, *said))
    peers = [name for name in checkers if name != OURS]
    return Table("Traps", ("trap", OURS, "its first diagnosis", *peers), rows), good


def _explains(verdict: Verdict, right: Sequence[str]) -> bool:
    return bool(verdict.kinds) and verdict.kinds[0] in right


def _said(verdict: Verdict | None, is_wrong: bool) -> str:
    if verdict is None:
        return "–"
    if is_wrong:
        return "missed" if verdict.ok else "caught"
    return "accepted" if verdict.ok else "wrongly accused"


def main() -> bool:
    parser = argparse.ArgumentParser(prog="benchmarks/mutants", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="every tenth mutant, and less of everything else"
    )
    parser.add_argument("--markdown", action="store_true", help="tables as in docs/verification.md")
    options = parser.parse_args()
    checkers = installed()
    found = list(mutants(RULES, every=10 if options.quick else 1))
    progress = track(found, description="judging", disable=options.markdown)
    outcomes = judged(progress, checkers)
    with np.errstate(all="ignore"):
        accusations, nobody_accused = right_table(checkers, SEEDS[:1] if options.quick else SEEDS)
        named, all_named = trap_table(checkers)
    times, ratio = measured(rounds=1 if options.quick else 3)
    for table in (mutant_table(outcomes, list(checkers)), accusations, named, times):
        table.show(markdown=options.markdown)
    print("\n".join(NOTES))
    wrong = [o for o in outcomes if not (o.is_caught(OURS) and o.is_diagnosed)]
    if not options.markdown:
        print("Missed, or another diagnosis first:")
        print("\n".join(map(str, wrong)) or "none")
    caught = sum(o.is_caught(OURS) for o in outcomes) / len(outcomes)
    diagnosed = sum(o.is_diagnosed for o in outcomes) / len(outcomes)
    return caught >= CAUGHT and diagnosed >= DIAGNOSED and ratio <= SLOWEST and nobody_accused and all_named
