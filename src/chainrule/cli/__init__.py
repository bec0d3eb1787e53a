"""The ``chainrule`` command: read the arguments, call one function, print."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ..errors import ChainruleError, NonFiniteError, RankError
from ._parser import parser
from ._ranks import as_rank, failed
from ._screen import as_text, prepare, silence

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
        with as_rank() as exit_code:
            code = _run(arguments)
            sys.stdout.flush()  # here, where a reader that has left is noticed
            exit_code.append(code)
        return code
    except BrokenPipeError:
        silence()
        return 141  # as a program that SIGPIPE ended


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = parser(arguments).parse_args(arguments)
        done: int = options.run(options)
        return done
    except SystemExit as end:  # argparse, after --help and wrong arguments
        return end.code if isinstance(end.code, int) else 0
    except ChainruleError as error:
        code = 1 if isinstance(error, NonFiniteError) else 2
        is_lost = isinstance(error, RankError) and error.lost
        return failed(f"chainrule: {as_text(error)}", code, may_go_on=is_lost)
    except MemoryError as error:
        return failed(f"chainrule: there is not enough memory: {error}", 1)
    except BrokenPipeError:
        raise
    except OSError as error:
        return failed(f"chainrule: {error}", 1)
    except KeyboardInterrupt:
        return failed("interrupted", 130)
