"""What tests expect of an error: its kind and its whole text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chainrule.errors import ChainruleError


@contextmanager
def refused(kind: type[ChainruleError], what: str, fix: str | None = None) -> Iterator[None]:
    """Within it exactly this must be raised, and it must point at the line of the test."""
    with pytest.raises(kind) as caught:
        yield
    assert caught.value.what == what
    assert caught.value.fix == fix
    assert caught.value.at is not None
    assert caught.value.at.startswith("test_")
