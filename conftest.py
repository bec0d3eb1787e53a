"""Docstrings speak of ``cr`` and ``np`` without importing them each time."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule

# Modules whose examples need an extra; without it they are not even imported.
_OF_EXTRAS = {"sympy": ("_prove.py", "_suite.py", "_regions.py", "_symbolic.py", "_formula.py")}


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    missing = [file for package, files in _OF_EXTRAS.items() if find_spec(package) is None for file in files]
    return True if collection_path.name in missing else None


@pytest.fixture(autouse=True)
def _names_in_docstrings(doctest_namespace: dict[str, Any]) -> None:
    doctest_namespace.update(cr=chainrule, np=np)
