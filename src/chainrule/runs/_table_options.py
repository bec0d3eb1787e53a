"""What somebody says of a table; light, since the page is served before any data are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TASKS = ("classification", "regression")
"""What a column of a table can be predicted as."""


@dataclass(frozen=True)
class TableOptions:
    """What somebody said of a table, and the seed by which its rows are split; see `chainrule.load_table`."""

    target: str | None = None
    task: Any = None
    drop: tuple[str, ...] = ()
    seed: int = 0
