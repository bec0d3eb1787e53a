"""A rank that does what it is told, the first time: python _rank.py FOLDER DEED."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from chainrule.comm import advance, beating, place_among_ranks


def do(deed: str, rank: int, folder: Path) -> int:
    """Rank 1 does the deed while rank 0 waits for it; "wait" is until SIGTERM, "slow" comes further all the time."""
    with (folder / f"port-{rank}").open("a") as file:
        file.write(os.environ["MASTER_PORT"] + "\n")
    is_first = not (folder / "done").exists()
    if deed == "wait":
        signal.signal(signal.SIGTERM, lambda number, frame: (folder / f"asked-{rank}").touch())
        (folder / f"ready-{rank}").touch()
        while not (folder / f"asked-{rank}").exists():
            time.sleep(0.02)
    elif deed == "slow":
        for _ in range(15):
            time.sleep(0.2)
            advance()
    elif deed == "stuck" and is_first:
        time.sleep(0.7)  # until the other one shows a sign of life
        (folder / "done").touch()
        time.sleep(10)
    elif rank == 1 and (is_first or deed.startswith("always")):
        time.sleep(0.3)  # until the other one shows a sign of life
        (folder / "done").touch()
        if deed == "wrong":
            return 2
        os.kill(os.getpid(), getattr(signal, deed.split()[-1], 0))
    elif (is_first or deed.startswith("always")) and deed not in ("nothing", "stuck"):
        time.sleep(10)
    return 0


if __name__ == "__main__":
    rank, _ = place_among_ranks()
    with beating(rank) as code:
        code.append(do(sys.argv[2], rank, Path(sys.argv[1])))
    sys.exit(code[0])
