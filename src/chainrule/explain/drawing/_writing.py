"""How values and gradients are written on the lines: as numbers, or only how large they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ._values import norm_text, shape_text, value_text

BACK = "← "  # before every gradient: it is told by more than its colour


class Writing(Protocol):
    """What is written above a line, below it, and where gradients meet."""

    def value(self, value: Any) -> str: ...

    def gradient(self, gradient: Any) -> str: ...

    def total(self, gradient: Any) -> str: ...


@dataclass(frozen=True)
class Numbers:
    """Numbers to so many digits, small arrays in full."""

    digits: int

    def value(self, value: Any) -> str:
        return value_text(value, self.digits)

    def gradient(self, gradient: Any) -> str:
        return BACK + value_text(gradient, self.digits)

    def total(self, gradient: Any) -> str:
        return f"Σ {value_text(gradient, self.digits)}"


@dataclass(frozen=True)
class Sizes:
    """The shape of a value, the norm of a gradient."""

    digits: int

    def value(self, value: Any) -> str:
        return value_text(value, self.digits) if np.ndim(value) == 0 else shape_text(np.shape(value))

    def gradient(self, gradient: Any) -> str:
        if np.ndim(gradient) == 0:
            return BACK + value_text(gradient, self.digits)
        return f"{BACK}‖{norm_text(gradient, self.digits)}‖"

    def total(self, gradient: Any) -> str:
        return f"Σ {self.gradient(gradient).removeprefix(BACK)}"


@dataclass(frozen=True)
class Shapes:
    """Shapes alone, with n for the number of rows."""

    rows: int

    def value(self, value: Any) -> str:
        return shape_text(tuple("n" if size == self.rows else size for size in np.shape(value)))

    def gradient(self, gradient: Any) -> str:
        return BACK + self.value(gradient)

    def total(self, gradient: Any) -> str:
        return f"Σ {self.value(gradient)}"
