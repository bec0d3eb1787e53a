"""Run the code blocks of one Markdown file, in order, in the current folder and in one Python namespace.

    python tests/_documents.py FILE.md

```python     runs; a block with ``>>>`` is compared with its output, as a doctest
```console    a line ``$ chainrule …`` runs; what stands below it is compared with what it prints, if anything does.
              A command must succeed, unless the block is marked ```console fails
All other blocks, and other commands, are for people. In output, ``...`` stands for anything.
"""

from __future__ import annotations

import doctest
import io
import os
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from chainrule.cli import main

LOOSELY = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<text>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL
)
_PLAIN = {"COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb"}


class Block(NamedTuple):
    """A fenced block: its language, the words behind that, its text and the line of the file it begins at."""

    language: str
    words: list[str]
    text: str
    line: int


def blocks(text: str) -> Iterator[Block]:
    """The fenced code blocks of a Markdown text, in order."""
    for match in _BLOCK.finditer(text):
        language, *words = match["info"].split() or [""]
        body = re.sub(rf"^{match['indent']}", "", match["text"], flags=re.MULTILINE)
        yield Block(language, words, body, text.count("\n", 0, match.start()) + 2)


def run_python(block: Block, names: dict[str, Any], file: str) -> str:
    """Run a block in `names`; what went wrong, or nothing."""
    if ">>> " not in block.text:
        # Empty lines in front make tracebacks name the line of the document.
        exec(compile("\n" * (block.line - 1) + block.text, file, "exec"), names)
        return ""
    report: list[str] = []
    test = doctest.DocTestParser().get_doctest(block.text, names, file, file, block.line - 1)
    test.globs = names  # the parser made a copy; what a block defines is for the next ones too
    doctest.DocTestRunner(optionflags=LOOSELY).run(test, out=report.append, clear_globs=False)
    return "".join(report)


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block with the output below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.replace("\\\n", " ").partition("\n")
        yield command, output


def run_console(block: Block) -> str:
    """Run the ``$ chainrule …`` lines of a block; what went wrong, or nothing."""
    report = ""
    for command, wanted in commands(block.text):
        program, *arguments = shlex.split(command, comments=True)
        if program != "chainrule":
            continue
        status, said = run_chainrule(arguments)
        differs = wanted.strip() and not doctest.OutputChecker().check_output(wanted, said, LOOSELY)
        if differs or bool(status) != ("fails" in block.words):
            report += f"$ {command}\nexpected:\n{wanted}\ngot (exit status {status}):\n{said}\n"
    return report


def run_chainrule(arguments: list[str]) -> tuple[int, str]:
    """The exit status of a command, and all that it prints.

    It runs in this process: one of its own would take longer to start than most commands to end.
    """
    said = io.BytesIO()
    output = io.TextIOWrapper(said, "utf-8", write_through=True)
    with patch.dict(os.environ, _PLAIN), redirect_stdout(output), redirect_stderr(output):
        status = main(arguments)
    return status, said.getvalue().decode()


def run(path: Path) -> list[str]:
    """Run all blocks of a file; a report for each that failed."""
    names: dict[str, Any] = {"__name__": "__main__"}
    failed = []
    for block in blocks(path.read_text(encoding="utf-8")):
        if block.language == "python":
            report = run_python(block, names, str(path))
        elif block.language in ("console", "sh"):
            report = run_console(block)
        else:
            continue
        if report:
            failed.append(f"{path.name}:{block.line}\n{report}")
    return failed


if __name__ == "__main__":
    reports = run(Path(sys.argv[1]))
    print("\n".join(reports))
    raise SystemExit(bool(reports))
