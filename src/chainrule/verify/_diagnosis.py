"""What a diagnosis is: a mistake by its name, and the numbers of the case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why gradients are wrong.

    kind   which mistake it is: a key of the catalogue "diagnosis"
    names  the values whose gradients it explains; none where it is about the upstream gradient or the result
    facts  the numbers of this case

    >>> Diagnosis("half", ("W",), {"factor": 0.5}).kind
    'half'
    """

    kind: str
    names: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
