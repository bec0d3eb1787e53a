"""The right gradient, to be shown beside a wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..words import Words


@dataclass(frozen=True, slots=True)
class RightGradient:
    """What backprop through chainrule's own gates gives where somebody's code is wrong, confirmed by differences.

    index    the element that is meant; None of a whole input, which is small
    value    a number, or of a whole input numbers in nested tuples
    claimed  the same as the code claims it; None where that is of another shape
    gates    the gates on the way back, from the result to the input; of many, those at the two ends around an "…"
    rule     how the last of them makes it, ``matmul(x, W): dW = xᵀ · dout``; empty where that is not said in a line
    """

    index: tuple[int, ...] | None
    value: Any
    claimed: Any
    gates: tuple[str, ...]
    rule: str = ""

    def lines(self, name: str, say: Words) -> Iterator[str]:
        """What stands below the table.

        name  of the input
        """
        place = f"{name}{list(self.index)}" if self.index else name
        right, claimed = _written(self.value, 6), _written(self.claimed, 6)
        if right == claimed:  # by rounding
            right, claimed = _written(self.value, 12), _written(self.claimed, 12)
        key = "right" if self.claimed is not None else "right.alone"
        yield f"{place}  {say(key, right=right, claimed=claimed, gates=' → '.join(self.gates))}"
        if self.rule:
            yield f"{name}  {say('right.rule', rule=self.rule)}"


def _written(value: Any, digits: int) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_written(part, digits) for part in value)}]"
    return "" if value is None else f"{value:.{digits}g}"
