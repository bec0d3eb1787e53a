"""The parsers of others, where they are installed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def program(name: str) -> str:
    """Where a program is; without it the test is skipped, or fails where CHAINRULE_REQUIRE_PARSERS is set."""
    return shutil.which(name) or missing(f"there is no {name} here")


def mermaid_folder() -> Path:
    """Where `scripts/check parsers` has installed Mermaid."""
    folder = os.environ.get("CHAINRULE_MERMAID")
    return Path(folder) if folder else missing("Mermaid is not installed: scripts/check parsers does it")


def missing(reason: str) -> NoReturn:
    if os.environ.get("CHAINRULE_REQUIRE_PARSERS"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
