"""The ``chainrule`` command: read the arguments, call one function, print."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ..errors import ChainruleError, NonFiniteError
from ._commands import parser
from ._screen import as_text, complain, prepare, silence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    arguments  the words behind ``chainrule``; those of this process when left out
    returns    the exit code: 0; 1 where something that was asked for was not so (a target, a check) or did not work;
               2 for a wrong input; 130 after Ctrl-C

    >>> main(["--version"])
    chainrule ...
    0
    """
    prepare()
    try:
        code = _run(arguments)
        sys.stdout.flush()  # here, where a reader that has left is noticed
        return code
    except BrokenPipeError:
        silence()
        return 141  # as a program that SIGPIPE ended


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = parser(arguments).parse_args(arguments)
        code: int = options.run(options)
        return code
    except SystemExit as end:  # argparse, after --help and wrong arguments
        return end.code if isinstance(end.code, int) else 0
    except ChainruleError as error:
        complain(f"chainrule: {as_text(error)}")
        return 1 if isinstance(error, NonFiniteError) else 2
    except MemoryError as error:
        complain(f"chainrule: there is not enough memory: {error}")
        return 1
    except BrokenPipeError:
        raise
    except OSError as error:
        complain(f"chainrule: {error}")
        return 1
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
