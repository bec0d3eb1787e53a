"""Planted mistakes, each with the diagnosis that a teacher would give."""

from __future__ import annotations

from collections.abc import Iterator

from tests.verify.diagnosis._builders import Case
from tests.verify.diagnosis._cases_calls import calls, losses
from tests.verify.diagnosis._cases_local import local
from tests.verify.diagnosis._cases_sizes import factors, shapes
from tests.verify.diagnosis._cases_updates import updates


def cases() -> Iterator[Case]:
    """All of them."""
    for some in (factors, shapes, local, losses, calls, updates):
        yield from some()
