"""What the command line says of a table."""

from __future__ import annotations

import argparse

from ..runs import TableOptions


def table_options(options: argparse.Namespace, seed: int = 0) -> TableOptions | None:
    """The options of a table; None where none is given.

    seed   of the draw of its test rows
    """
    if not (options.target or options.task or options.drop):
        return None
    return TableOptions(options.target, options.task, tuple(options.drop), seed)
