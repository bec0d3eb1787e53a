"""``chainrule launch``."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

from ..comm import Job, Launcher
from ..errors import ArgumentError
from ._ranks import engine_asked
from ._screen import complain


def launch(options: argparse.Namespace) -> int:
    """Start a training run as several processes, and again from its last checkpoint where one dies.

    returns  the exit code of the run; 1 where no restarts are left
    """
    words = options.command
    if not words or words[0] != "train":
        what = f"what is launched is a train command, not {' '.join(words[:1]) or 'nothing'}"
        raise ArgumentError(what, fix=f"chainrule launch -n {options.ranks} train mnist")
    if options.hostfile is not None and not Path(options.hostfile).is_file():
        what = f"there is no host file {options.hostfile}"
        raise ArgumentError(what, fix="one with a line `NAME slots=N` for each machine")
    from ._parser import parser

    asked = parser(words).parse_args(words)  # so that what is wrong is said once, and before anything starts
    out = Path(asked.out or f"runs/launched-{datetime.now():%Y%m%d-%H%M%S}")
    more = [word for name, word in ((asked.out, f"--out={out}"), (asked.resume, "--resume")) if not name]
    job = Job(
        command=[sys.executable, "-m", "chainrule", *words, *more],
        ranks=options.ranks,
        folder=out.with_name(f".{out.name}.ranks"),
        mpi=engine_asked(asked) != "xla",
        restarts=options.restarts,
        timeout=options.timeout,
        stuck_after=options.stuck_after,
        elastic=options.elastic,
        hostfile=options.hostfile,
    )
    if not asked.resume:
        from ..training import RunFolder

        RunFolder(out).check_blank()
        out.mkdir(parents=True, exist_ok=True)  # a run that is resumed in an empty folder begins
    return Launcher(job, lambda text: complain(f"chainrule: {text}")).run()
