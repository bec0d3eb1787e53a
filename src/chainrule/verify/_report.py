"""What a gradient check found, to be read by people and by programs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ..graph import Shown
from ..words import Words, words
from ._curve import Curve
from ._diagnosis import Diagnosis
from ._places import Place
from ._right import RightGradient
from ._table import for_json, plain_table, rich_table

Verdict = Literal[
    "ok", "at a kink", "not differentiable here", "not checked", "wrong", "not finite", "unclear"
]
GOOD: tuple[Verdict, ...] = ("ok", "at a kink", "not differentiable here", "not checked")

_COLUMNS = ("input", "shape", "dtype", "checked", "max error", "relative", "worst at", "numerical", "backprop",
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
    reason        what there is to say about the verdict, a key of the catalogue "check", and what it speaks of, `facts`
    curve         the error of differences against their step there, where the gradient is wrong
    correct       the right gradient, where it is wrong and chainrule's own gates can give it
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
    reason: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    curve: Curve | None = None
    correct: RightGradient | None = None

    @property
    def ok(self) -> bool:
        return self.verdict in GOOD

    @property
    def place(self) -> str:
        """``x[1, 2]``, or the bare name of a number."""
        return f"{self.name}{list(self.index)}" if self.index else self.name

    @property
    def note(self) -> str:
        """What there is to say about the verdict, in English; empty if nothing is."""
        return self._note(words("en", "check"))

    def row(self, say: Words) -> tuple[str, ...]:
        """The cells of a table's row."""
        shape = str(self.shape) if self.dtype else ""
        if self.verdict == "not checked":
            return (self.name, shape, self.dtype, *[""] * (len(_COLUMNS) - 4), self._words(say))
        index = str(list(self.index)) if self.index else ""
        errors = (f"{self.max_absolute:.1e}", f"{self.max_relative:.1e}")
        values = (
            f"{self.numerical:.9g}",
            f"{self.backprop:.9g}",
            f"{self.step:.0e}",
            f"{self.tolerance:.0e}",
        )
        return (self.name, shape, self.dtype, self._checked(say), *errors, index, *values, self._words(say))

    def _checked(self, say: Words) -> str:
        some, _, everything = self.checked.partition(" of ")
        if everything:
            return say("checked.elements", some=some, all=everything)
        return say("checked.directions", some=self.checked.partition(" ")[0])

    def _words(self, say: Words) -> str:
        """The verdict, and what there is to say about it."""
        said = say(f"verdict.{self.verdict}")
        if self.verdict != "ok" and self.left is not None and self.right is not None:
            none = say("slopes.none")
            left, right = (none if math.isnan(slope) else f"{slope:.6g}" for slope in (self.left, self.right))
            said += f" {say('slopes', left=left, right=right)}"
        return f"{said}: {self._note(say)}" if self.reason else said

    def _note(self, say: Words) -> str:
        return say(f"note.{self.reason}", **self.facts) if self.reason else ""


@dataclass(frozen=True, slots=True)
class GradientReport(Shown):
    """What `check_gradients` found: one `InputCheck` for each input, and why what is wrong is wrong.

    ``str`` gives a table with the reasons below it, ``rich.print`` a coloured one, ``to_dict`` what JSON can hold.

    function   the name of what was checked
    seed       of the random upstream gradient and directions
    diagnoses  what is wrong, the most likely first
    places     for the inputs whose gradient is wrong the line that makes it, where that can be told
    language   "en" or "ko"
    """

    function: str
    seed: int
    inputs: tuple[InputCheck, ...]
    diagnoses: tuple[Diagnosis, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
    language: str = "en"

    @property
    def ok(self) -> bool:
        """Whether every gradient is right."""
        return all(i.ok for i in self.inputs)

    @property
    def smooth(self) -> bool:
        """Whether nothing was found but slopes that backprop agrees with: no kink, no infinite slope, no mistake."""
        return all(i.verdict in ("ok", "not checked") for i in self.inputs)

    @property
    def wrong(self) -> tuple[InputCheck, ...]:
        """The inputs whose gradient is not right."""
        return tuple(i for i in self.inputs if not i.ok)

    @property
    def title(self) -> str:
        say = words(self.language, "check")
        verdict = say("title.ok" if self.ok else "title.wrong")
        return say("title", function=self.function, seed=self.seed, verdict=verdict)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The diagnoses in sentences, the most likely first."""
        say, joint = words(self.language, "diagnosis"), words(self.language, "check")("and")
        return tuple(
            say(d.kind, names=_joined(d.names, joint), **{**d.facts, **_when(d.facts, say)})
            for d in self.diagnoses
        )

    def __str__(self) -> str:
        say = words(self.language, "check")
        header = [say(f"column.{column}") for column in _COLUMNS]
        return "\n".join(
            [self.title, plain_table(header, [i.row(say) for i in self.inputs]), *self._details(say)]
        )

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.markup import escape

        say = words(self.language, "check")
        header = [say(f"column.{column}") for column in _COLUMNS]
        rows, fine = [i.row(say) for i in self.inputs], [i.ok for i in self.inputs]
        return Group(rich_table(self.title, header, rows, fine), *map(escape, self._details(say)))

    def _details(self, say: Words) -> Iterator[str]:
        """Below the table: why, where, what would be right, and the error against the step."""
        for number, reason in enumerate(self.reasons, 1):
            yield f"  {number}. {reason}"
        for check in self.wrong:
            if check.name in self.places:
                place = self.places[check.name]
                yield f"  {check.name}  {place}  {place.text}"
            if check.correct is not None:
                yield from (f"  {line}" for line in check.correct.lines(check.name, say))
            if check.curve is not None:
                first, last = (f"{step:.0e}" for step in (check.curve.steps[0], check.curve.steps[-1]))
                yield f"  {check.place}  {say('curve', first=first, last=last)} {check.curve}"

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it; infinities and NaN are text."""
        inputs = [{**for_json(asdict(i)), "ok": i.ok, "note": i.note} for i in self.inputs]
        diagnoses = zip(self.diagnoses, self.reasons, strict=True)
        return {
            "function": self.function,
            "seed": self.seed,
            "ok": self.ok,
            "inputs": inputs,
            "diagnoses": [
                {"kind": d.kind, "names": list(d.names), "facts": for_json(dict(d.facts)), "text": text}
                for d, text in diagnoses
            ],
            "places": {name: asdict(place) for name, place in self.places.items()},
        }


def _joined(names: Sequence[str], joint: str) -> str:
    """``a, b and c``."""
    return joint.join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _when(facts: Mapping[str, Any], say: Words) -> dict[str, str]:
    """In which pass it was, in the language of the report."""
    return {"when": say(f"when.{facts['when']}")} if "when" in facts else {}
