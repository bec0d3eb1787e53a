"""Proofs: the rules of a gate are the derivatives of its forward, as SymPy finds them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..errors import MissingExtraError, UnsupportedError
from ..gates import Gate
from ..graph import Shown
from ._setups import setups_of
from ._table import for_json, plain_table, rich_table

_HEADER = ("input", "where", "dout · derivative", "rule", "")


@dataclass(frozen=True, slots=True)
class Case:
    """One input of a gate in one region.

    input       ``x``, or an element of it, ``x[0]``
    region      ``everywhere``, ``x < 0``, …; ``x = 0`` is the border of two regions
    derivative  of the forward, times dout, as SymPy found it; on a border those of its two sides
    rule        the gradient, as the gate's own rule gave it
    proved      whether the two are the same; on a border, whether the rule gives one of the slopes, or their mean
    """

    input: str
    region: str
    derivative: str
    rule: str
    proved: bool


@dataclass(frozen=True, slots=True)
class Proof(Shown):
    """What `prove` found.

    gate     its name
    cases    every input in every region
    formula  the textbook formula, if the gate has one, and whether it is the same as the forward
    reason   why there is no proof, if there is none
    """

    gate: str
    cases: tuple[Case, ...]
    formula: str | None = None
    formula_holds: bool = True
    reason: str = ""

    @property
    def ok(self) -> bool:
        return (
            bool(self.cases) and all(c.proved for c in self.cases) and self.formula_holds and not self.reason
        )

    @property
    def title(self) -> str:
        if self.reason:
            return f"{self.gate}: NOT proved, {self.reason}"
        return f"{self.gate}: {'proved' if self.ok else 'NOT proved'}"

    def _rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = [
            (c.input, c.region, c.derivative, c.rule, "proved" if c.proved else "WRONG") for c in self.cases
        ]
        if self.formula is not None:
            rows.append(("", "formula", "forward", self.formula, "proved" if self.formula_holds else "WRONG"))
        return rows

    def __str__(self) -> str:
        rows = self._rows()
        return f"{self.title}\n{plain_table(_HEADER, rows)}" if rows else self.title

    def __rich__(self) -> Any:
        rows = self._rows()
        return rich_table(self.title, _HEADER, rows, [row[-1] == "proved" for row in rows])

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {**for_json(asdict(self)), "ok": self.ok}


def prove(gate: Gate) -> Proof:
    """Prove that a gate's rules are the derivatives of its forward.

    Forward and rules run on SymPy's symbols, through the same `xp` as on arrays. Where the code asks whether x < 0, the
    space is split: each side is proved by itself, and on the border the rule must give the slope of one side, or the
    mean of both. What is proved is the mathematics; rounding is for `check_gradients`.

    gate     elementwise, or one of sum, mean, max, min, logsumexp, matmul, softmax, log_softmax and the losses, which
             are proved for arrays of two or three elements
    returns  a `Proof`: print it, or ask it ``.ok``
    raises   UnsupportedError for other gates and those without rules; MissingExtraError without SymPy

    >>> from chainrule import gates
    >>> print(prove(gates.relu))
    relu: proved
    input  where  dout · derivative  rule
    x      x < 0  0                  0     proved
    x      x = 0  0 and dout         0     proved
    x      x > 0  dout               dout  proved
    """
    if not gate.rules:
        raise UnsupportedError(f"the gate {gate.name} has no rules: nothing flows back through it")
    try:
        from ._regions import pieces_of
    except ModuleNotFoundError:
        raise MissingExtraError.for_extra("prove", "sympy", "proving a gate") from None
    cases: list[Case] = []
    formula_holds = True
    for setup in setups_of(gate):
        try:
            pieces = pieces_of(gate, setup)
        except Exception as problem:  # the code of a gate may do anything that symbols cannot
            reason = f"it does not run on symbols: {problem}"
            return Proof(gate.name, tuple(cases), gate.formula, formula_holds, reason)
        for piece in pieces:
            formula_holds &= piece.formula_holds()
            conditions = [setup.label, *piece.region.conditions]
            where = ", ".join(filter(None, conditions)) or "everywhere"
            for name, rule in piece.rules.items():
                cases.append(Case(name, where, piece.derivative(name), str(rule), piece.proved(name)))
    return Proof(gate.name, tuple(cases), gate.formula, formula_holds)
