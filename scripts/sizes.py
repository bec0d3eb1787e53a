"""Count the code: lines with tokens, without blanks, comments and docstrings, and tokens a line.

Long files hide more than one subject, and dense lines hide the same behind a good line count, so both have a limit.

    python scripts/sizes.py            the folders below
    python scripts/sizes.py FOLDER …   these instead
"""

from __future__ import annotations

import ast
import sys
import tokenize
from pathlib import Path
from typing import NamedTuple

FOLDERS = ("src", "tests", "scripts", "examples", "benchmarks")
MOST_LINES, MOST_TOKENS_A_LINE = 300, 14.0
FEW_LINES = 60  # too few for their density to mean anything

_CODE = {tokenize.OP, tokenize.NAME, tokenize.NUMBER, tokenize.STRING}


class Size(NamedTuple):
    """What one file weighs."""

    path: Path
    lines: int
    tokens: int

    @property
    def tokens_a_line(self) -> float:
        return self.tokens / max(self.lines, 1)

    @property
    def is_small(self) -> bool:
        dense = self.lines > FEW_LINES and self.tokens_a_line > MOST_TOKENS_A_LINE
        is_list_of_names = self.path.name == "__init__.py"
        return (self.lines <= MOST_LINES or is_list_of_names) and not dense

    def __str__(self) -> str:
        return f"{self.lines:6,} lines {self.tokens_a_line:5.1f} tokens a line  {self.path}"


def measure(path: Path) -> Size:
    """Lines and tokens of code in one file."""
    docstring_lines = _docstring_lines(path)
    lines: set[int] = set()
    tokens = inside_fstring = 0
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            name = tokenize.tok_name[token.type]
            inside_fstring -= name == "FSTRING_END"
            if token.start[0] not in docstring_lines and (token.type in _CODE or name.startswith("FSTRING")):
                lines.update(range(token.start[0], token.end[0] + 1))
                # Before Python 3.12 an f-string is one token: count it as one everywhere.
                tokens += not inside_fstring and name not in ("FSTRING_MIDDLE", "FSTRING_END")
            inside_fstring += name == "FSTRING_START"
    return Size(path, len(lines), tokens)


def _docstring_lines(path: Path) -> set[int]:
    """The lines that hold nothing but a docstring or another bare string."""
    strings = (
        node
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
    return {line for node in strings for line in range(node.lineno, (node.end_lineno or 0) + 1)}


def main(folders: list[str]) -> int:
    """Print a table by folder and the files past a limit; 1 if there are any."""
    sizes = {f: [measure(p) for p in sorted(Path(f).rglob("*.py"))] for f in folders or FOLDERS}
    for folder, files in sizes.items():
        if files:
            lines, tokens = sum(f.lines for f in files), sum(f.tokens for f in files)
            print(
                f"{folder:11} {len(files):4} files {lines:6,} lines {tokens / max(lines, 1):5.1f} tokens a line"
            )
    every = [file for files in sizes.values() for file in files]
    if every:
        print(f"longest     {max(every, key=lambda f: f.lines)}")
        print(f"densest     {max(every, key=lambda f: f.tokens_a_line)}")
    too_much = [file for file in every if not file.is_small]
    for file in too_much:
        print(f"TOO MUCH    {file}   (at most {MOST_LINES} and {MOST_TOKENS_A_LINE:g})")
    return bool(too_much)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
