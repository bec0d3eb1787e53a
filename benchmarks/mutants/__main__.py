"""How good the gradient checker is, measured with mutants: right code with planted mistakes.

python benchmarks/mutants [--quick] [--markdown]

Ends with 1 when an aim is missed: 99 % of the mutants caught, 90 % with the right diagnosis first, no right code called
wrong, every trap named, and the lesson's network checked in a quarter of the time that one parameter at a time takes.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])

from mutants.run import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(not main())
