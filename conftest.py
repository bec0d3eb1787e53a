"""Docstrings speak of ``cr`` and ``np`` without importing them each time."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import chainrule
import chainrule.engines

if find_spec("sklearn") is None:
    collect_ignore_glob = ["src/chainrule/interop/sklearn/*"]  # which cannot be imported without it


@pytest.fixture(autouse=True)
def _names_in_docstrings(doctest_namespace: dict[str, Any]) -> Any:
    doctest_namespace.update(cr=chainrule, np=np)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chainrule.engines._choice, "_FASTEST_FIRST", ("eager",))
        yield
