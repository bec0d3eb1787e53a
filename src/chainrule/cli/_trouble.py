"""What went wrong in somebody's code, and at which line of it, as JSON can hold it."""

from __future__ import annotations

import linecache
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

from ..errors import ChainruleError

Trouble = dict[str, Any]

_US = Path(__file__).resolve().parents[1]
_LONGEST = 2000  # characters of what an exception says


def trouble(kind: str, what: str, fix: str | None = None, at: dict[str, Any] | None = None) -> Trouble:
    """What went wrong: its kind, a sentence, what to do, and the place: file, line, function and code."""
    return {"kind": kind, "what": what, "fix": fix, "at": at}


def trouble_of(error: BaseException, folder: Path) -> Trouble:
    """What an exception says.

    folder   where the code of the user is, whose innermost line is named
    """
    kind = type(error).__name__
    if isinstance(error, SyntaxError) and Path(error.filename or "").is_relative_to(folder):
        code = (error.text or "").strip()
        at = _at(str(error.filename), error.lineno, "<module>", code, folder)
        return trouble(kind, f"{kind}: {error.msg}", at=at)
    place = _innermost(traceback.walk_tb(error.__traceback__), folder)
    if isinstance(error, ChainruleError):
        return trouble(kind, error.what, error.fix, place)
    said = "".join(traceback.format_exception_only(error)).strip()
    return trouble(kind, f"{said[:_LONGEST]}{'…' if len(said) > _LONGEST else ''}", _fix(error), place)


def where_it_is(thread: int, folder: Path) -> dict[str, Any] | None:
    """The innermost line of the user's code that a thread is at, None where it is in none."""
    frames = list(traceback.walk_stack(sys._current_frames().get(thread)))
    return _innermost(reversed(frames), folder)


def in_words(found: Trouble) -> str:
    """A sentence that names file and line, and lines with the code and what to do."""
    at = found["at"]
    lines = [found["what"]]
    if at:
        inside = "" if at["function"] == "<module>" else f", in {at['function']}"
        lines = [f"{at['file']}:{at['line']}{inside}: {found['what']}"]
        if at["code"]:
            lines.append(f"  code  {at['code']}")
    if found["fix"]:
        lines.append(f"  fix   {found['fix']}")
    return "\n".join(lines)


def _innermost(frames: Iterable[tuple[FrameType, int]], folder: Path) -> dict[str, Any] | None:
    """The last of these frames that is the user's: in their folder, and not in a package installed there."""
    found = None
    for frame, line in frames:
        file = Path(frame.f_code.co_filename)
        is_ours = file.is_relative_to(_US) or "site-packages" in file.parts
        if file.is_relative_to(folder) and not is_ours:
            found = str(file), line, frame.f_code.co_name
    if found is None:
        return None
    code = linecache.getline(found[0], found[1]).strip()
    return _at(*found, code, folder)


def _at(file: str, line: int | None, function: str, code: str, folder: Path) -> dict[str, Any]:
    path = Path(file)
    name = path.relative_to(folder) if path.is_relative_to(folder) else path
    return {"file": str(name), "line": line, "function": function, "code": code}


def _fix(error: BaseException) -> str | None:
    if isinstance(error, SystemExit):
        return "what ends the process belongs under if __name__ == '__main__':"
    if isinstance(error, MemoryError):
        return "smaller arrays: the code that is checked has 2 GiB"
    return None
