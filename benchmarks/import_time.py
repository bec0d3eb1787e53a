"""What `import chainrule` costs beside `import numpy`: one new process each, in turns.

python benchmarks/import_time.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from _compare import refuse_forced_kernels, report


def seconds(statement: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main() -> bool:
    refuse_forced_kernels()
    statements = {"chainrule": "import chainrule", "NumPy": "import numpy"}
    times: dict[str, list[float]] = {name: [] for name in (*statements, "nothing")}
    for _ in range(21):
        for name, statement in statements.items():
            times[name].append(seconds(statement))
        times["nothing"].append(seconds("pass"))
    bare = statistics.median(times["nothing"])
    medians = {name: (statistics.median(times[name]) - bare) * 1000 for name in statements}
    return report(
        "import, without Python's own start", medians, ours="chainrule", limits={"NumPy": 1.5}, unit="ms"
    )


if __name__ == "__main__":
    sys.exit(not main())
