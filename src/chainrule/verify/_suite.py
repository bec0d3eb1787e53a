"""`check_all`: every proof and every check of all that chainrule ships."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import MissingExtraError, UnsupportedError
from ..graph import Shown
from ._prove import Proof, prove
from ._report import GradientReport
from ._subjects import Subject, subjects
from ._table import for_json, plain_table, rich_table

_HEADER = ("", "name", "proof", "float64", "float32", "verdict")


@dataclass(frozen=True, slots=True)
class Row:
    """What was found about one gate, layer or network.

    kind     "gate", "layer" or "network"
    proof    of a gate, or why there is none
    reports  by precision, one for each example
    """

    kind: str
    name: str
    proof: Proof | str
    reports: Mapping[str, tuple[GradientReport, ...]]

    @property
    def wrong(self) -> tuple[Proof | GradientReport, ...]:
        """The proofs and reports that say no."""
        reports = [r for some in self.reports.values() for r in some if not r.ok]
        return (*([self.proof] if isinstance(self.proof, Proof) and not self.proof.ok else []), *reports)

    @property
    def ok(self) -> bool:
        return not self.wrong

    def error(self, dtype: str) -> float:
        """The largest relative error in a precision."""
        return max((i.max_relative for r in self.reports[dtype] for i in r.inputs), default=0.0)

    def cells(self) -> tuple[str, ...]:
        errors = [
            f"{self.error(dtype):.0e}" if dtype in self.reports else "" for dtype in ("float64", "float32")
        ]
        return (self.kind, self.name, self._proof_in_words(), *errors, "ok" if self.ok else "WRONG")

    def _proof_in_words(self) -> str:
        if isinstance(self.proof, str):
            return self.proof
        if not self.proof.ok:
            return self.proof.reason or "NOT proved"
        regions = len({case.region for case in self.proof.cases})
        return "proved" if regions == 1 else f"proved in {regions} regions"

    def to_dict(self) -> dict[str, Any]:
        checks = {
            dtype: {
                "ok": all(r.ok for r in reports),
                "checks": len(reports),
                "max_relative": self.error(dtype),
            }
            for dtype, reports in self.reports.items()
        }
        proof = self.proof.to_dict() if isinstance(self.proof, Proof) else self.proof
        wrong = [r.to_dict() for r in self.wrong if isinstance(r, GradientReport)]
        plain = {"kind": self.kind, "name": self.name, "ok": self.ok, **for_json(checks)}
        return {**plain, "proof": proof, "wrong": wrong}


@dataclass(frozen=True, slots=True)
class CheckReport(Shown):
    """What `check_all` found.

    ``str`` gives a table with the details of what is wrong below it, ``rich.print`` a coloured table, ``to_dict`` what
    JSON can hold.

    seed     of all random numbers
    skipped  why the proofs are missing, if they are
    """

    rows: tuple[Row, ...]
    seed: int
    skipped: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything that was checked is right."""
        return all(row.ok for row in self.rows)

    @property
    def title(self) -> str:
        wrong = sum(not row.ok for row in self.rows)
        verdict = f"{wrong} of {len(self.rows)} WRONG" if wrong else f"all {len(self.rows)} ok"
        return f"gradients of chainrule, seed {self.seed}: {verdict}" + (
            f"; {self.skipped}" if self.skipped else ""
        )

    def __str__(self) -> str:
        table = plain_table(_HEADER, [row.cells() for row in self.rows])
        details = [str(report) for row in self.rows for report in row.wrong]
        return "\n\n".join([f"{self.title}\n{table}", *details])

    def __rich__(self) -> Any:
        from rich.console import Group

        rows = [row.cells() for row in self.rows]
        table = rich_table(self.title, _HEADER, rows, [row.ok for row in self.rows])
        return Group(table, *(report for row in self.rows for report in row.wrong))

    def to_dict(self) -> dict[str, Any]:
        """Everything but the reports that say yes, as JSON can hold it."""
        rows = [row.to_dict() for row in self.rows]
        return {"ok": self.ok, "seed": self.seed, "skipped": self.skipped, "rows": rows}


def check_all(*, seed: int = 0, progress: Callable[[int, int, str], None] | None = None) -> CheckReport:
    """Prove and check every gate, layer and network of chainrule.

    Rules are proved with SymPy (left out, and said so, where it is not installed) and compared with differences in
    float64 and float32; layers and networks are checked through their own ``backward`` and ``gradient``, networks with
    every loss, activation and several numbers of outputs.

    seed      of the random numbers
    progress  called before each subject with how many are done, how many there are, and the name of the next
    returns   a `CheckReport`: print it, or ask it ``.ok``

    >>> check_all().ok
    True
    """
    skipped, rows = "", []
    todo = subjects(seed)
    for done, subject in enumerate(todo):
        if progress:
            progress(done, len(todo), subject.name)
        try:
            proof = _proof(subject)
        except MissingExtraError as problem:
            proof, skipped = "skipped", f"no proofs, {problem.fix}"
        reports = {dtype.name: tuple(subject.check(dtype)) for dtype in subject.dtypes}
        rows.append(Row(subject.kind, subject.name, proof, reports))
    return CheckReport(tuple(rows), seed, skipped)


def _proof(subject: Subject) -> Proof | str:
    """A proof, or why there cannot be one."""
    if subject.gate is None:
        return ""
    if not subject.gate.rules:
        return "nothing flows back"
    try:
        return prove(subject.gate)
    except UnsupportedError:
        return f"{subject.gate.kind}, numbers only"
