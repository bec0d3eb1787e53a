"""Print the lowest versions that pyproject.toml allows for the base install and some extras, as constraints for pip.

python scripts/lowest.py [EXTRA …] > constraints.txt
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def lowest(*extras: str) -> list[str]:
    """``numpy>=2.0`` as ``numpy==2.0`` and so on; each dependency must have a floor and nothing else."""
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    dependencies = [
        *project["dependencies"],
        *(d for e in extras for d in project["optional-dependencies"][e]),
    ]
    floors = [re.fullmatch(r"([\w.-]+)>=([\d.]+)", dependency) for dependency in dependencies]
    if None in floors:
        raise ValueError(f"a dependency is more than NAME>=VERSION: {dependencies}")
    return [f"{floor[1]}=={floor[2]}" for floor in floors if floor]


def oldest_python() -> str:
    """The oldest Python that is supported, as ``3.11``; the floors are what can be installed there."""
    return str(tomllib.loads(PYPROJECT.read_text())["project"]["requires-python"]).removeprefix(">=")


if __name__ == "__main__":
    print("\n".join(lowest(*sys.argv[1:])))
