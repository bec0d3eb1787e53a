"""What a gradient check found, to be read by people and by programs."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..graph import Shown
from ._table import for_json, plain_table, rich_table

Verdict = Literal["ok", "at a kink", "not differentiable here", "constant", "wrong", "not finite", "unclear"]
GOOD: tuple[Verdict, ...] = ("ok", "at a kink", "not differentiable here", "constant")

_HEADER = ("input", "shape", "dtype", "checked", "max error", "relative", "worst at", "numerical", "backprop",
           "step", "tolerance", "verdict")  # fmt: skip


@dataclass(frozen=True, slots=True)
class InputCheck:
    """The gradient of one input, by backprop and by differences.

    checked       what was compared, ``6 of 6`` elements or ``16 directions``
    max_absolute  the largest difference of the two; at a kink, the distance from the slopes' interval
    max_relative  the largest difference in proportion to the larger of the two numbers
    index         the element with the largest error in proportion to its tolerance, which the numbers below are of;
                  None when a random direction is meant, or there is no element
    numerical     the numerical derivative there
    backprop      the gradient by backprop there
    left, right   the one-sided slopes there, where they were looked at
    step          of the differences, in the unit of the input
    tolerance     the largest absolute error that counts as right there
    kinks         how many elements are at a kink
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    verdict: Verdict
    checked: str = ""
    max_absolute: float = 0.0
    max_relative: float = 0.0
    index: tuple[int, ...] | None = None
    numerical: float = 0.0
    backprop: float = 0.0
    left: float | None = None
    right: float | None = None
    step: float = 0.0
    tolerance: float = 0.0
    kinks: int = 0
    note: str = ""

    @property
    def ok(self) -> bool:
        return self.verdict in GOOD

    @property
    def place(self) -> str:
        """``x[1, 2]``, or the bare name of a number."""
        return f"{self.name}{list(self.index)}" if self.index else self.name

    def row(self) -> tuple[str, ...]:
        """The cells of a table's row."""
        if self.verdict == "constant":
            return (self.name, str(self.shape), self.dtype, *[""] * (len(_HEADER) - 4), "constant")
        index = str(list(self.index)) if self.index else ""
        errors = (f"{self.max_absolute:.1e}", f"{self.max_relative:.1e}")
        values = (
            f"{self.numerical:.9g}",
            f"{self.backprop:.9g}",
            f"{self.step:.0e}",
            f"{self.tolerance:.0e}",
        )
        return (self.name, str(self.shape), self.dtype, self.checked, *errors, index, *values, self._words())

    def _words(self) -> str:
        """The verdict, and what there is to say about it."""
        words: str = self.verdict
        if self.verdict != "ok" and self.left is not None and self.right is not None:
            sides = ["none" if math.isnan(slope) else f"{slope:.6g}" for slope in (self.left, self.right)]
            words += f" (slopes {sides[0]} and {sides[1]})"
        return f"{words}: {self.note}" if self.note else words


@dataclass(frozen=True, slots=True)
class GradientReport(Shown):
    """What `check_gradients` found: one `InputCheck` for each input.

    ``str`` gives a table, ``rich.print`` a coloured one, ``to_dict`` what JSON can hold.

    function  the name of what was checked
    seed      of the random upstream gradient and directions
    """

    function: str
    seed: int
    inputs: tuple[InputCheck, ...]

    @property
    def ok(self) -> bool:
        """Whether every gradient is right."""
        return all(i.ok for i in self.inputs)

    @property
    def smooth(self) -> bool:
        """Whether nothing was found but slopes that backprop agrees with: no kink, no infinite slope, no mistake."""
        return all(i.verdict in ("ok", "constant") for i in self.inputs)

    @property
    def wrong(self) -> tuple[InputCheck, ...]:
        """The inputs whose gradient is not right."""
        return tuple(i for i in self.inputs if not i.ok)

    @property
    def title(self) -> str:
        return f"gradients of {self.function}, seed {self.seed}: {'ok' if self.ok else 'NOT ok'}"

    def __str__(self) -> str:
        return f"{self.title}\n{plain_table(_HEADER, [i.row() for i in self.inputs])}"

    def __rich__(self) -> Any:
        return rich_table(self.title, _HEADER, [i.row() for i in self.inputs], [i.ok for i in self.inputs])

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it; infinities and NaN are text."""
        inputs = [{**for_json(asdict(i)), "ok": i.ok} for i in self.inputs]
        return {"function": self.function, "seed": self.seed, "ok": self.ok, "inputs": inputs}
