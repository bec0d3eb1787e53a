"""Docstrings speak of ``cr`` and ``np`` without importing them each time."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import chainrule
import chainrule.engines

# What cannot be imported without a package that it builds on.
_BUILT_ON = {"sklearn": "src/chainrule/interop/sklearn/*", "onnx": "src/chainrule/interop/onnx/_backend.py"}
collect_ignore_glob = [files for package, files in _BUILT_ON.items() if find_spec(package) is None]


@pytest.fixture(autouse=True)
def _names_in_docstrings(doctest_namespace: dict[str, Any]) -> Any:
    doctest_namespace.update(cr=chainrule, np=np)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chainrule.engines._choice, "_FASTEST_FIRST", ("eager",))
        patch.setattr(chainrule.engines._choice, "sees_accelerator", lambda: False)
        yield
