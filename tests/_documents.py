"""Run the code blocks of one Markdown file, in order, in the current folder and in one Python namespace.

    python tests/_documents.py FILE.md

```python     runs; a block with ``>>>`` is compared with its output, as a doctest
```console    a line ``$ chainrule …`` runs; what stands below it is compared with what it prints, if anything does.
              A command must succeed, unless the block is marked ```console fails
All other blocks, and other commands, are for people. In output, ``...`` stands for anything.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

LOOSELY = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<text>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL
)
_CHAINRULE = (sys.executable, "-c", "import sys; from chainrule.cli import main; sys.exit(main())")


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
        plain = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "1"}
        done = subprocess.run(
            [*_CHAINRULE, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            env=plain,
        )
        differs = wanted.strip() and not doctest.OutputChecker().check_output(wanted, done.stdout, LOOSELY)
        if differs or bool(done.returncode) != ("fails" in block.words):
            report += (
                f"$ {command}\nexpected:\n{wanted}\ngot (exit status {done.returncode}):\n{done.stdout}\n"
            )
    return report


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
