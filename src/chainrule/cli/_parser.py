"""The parser of the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .. import __version__
from ._arguments import Parser
from ._commands import COMMANDS
from ._help import EXAMPLE


def parser(arguments: Sequence[str] | None = None) -> Parser:
    """The parser of the command line; ``run`` in what it gives is the command's function.

    arguments   the words that will be read, by default those of this process: of all commands only the one that they
                name gets its arguments, which say what there is to choose from, and to find that takes longer
    """
    top = Parser(
        prog="chainrule",
        description="Backpropagation that can be seen, checked and proved.",
        epilog=EXAMPLE,
    )
    top.add_argument("--version", action="version", version=f"chainrule {__version__}")
    top.set_defaults(run=lambda options: _help(top))
    parsers = top.add_subparsers(metavar="COMMAND", parser_class=Parser)
    given = sys.argv[1:] if arguments is None else arguments
    asked = next((word for word in given if not word.startswith("-")), None)
    for command in COMMANDS:
        one = parsers.add_parser(
            command.name, help=command.summary, description=command.description, epilog=command.examples
        )
        one.set_defaults(run=command.run)
        one.add_argument("--json", action="store_true", help="print one JSON object, for a program to read")
        if command.name == asked:
            command.arguments(one)
    return top


def _help(top: Parser) -> int:
    top.print_help()
    return 0
