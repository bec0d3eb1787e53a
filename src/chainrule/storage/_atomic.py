"""Files that are complete or absent at every moment, and those that they replaced."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeAlias

from chainrule.errors import CheckpointError

AnyPath: TypeAlias = str | os.PathLike[str]

_LEFTOVER = re.compile(r"\.chainrule-(?:(?P<of>.+)-)?[0-9a-f]{16}\.tmp")
_LONGEST_OF = 40  # characters; of four bytes each they still fit into a file's name


@contextmanager
def replacing(path: AnyPath, keep: int = 0) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``path`` when, and only when, the block ends well.

    keep   how many of the files before it stay beside it, see `earlier`
    """
    target = Path(os.path.realpath(path))  # a link keeps pointing where it points
    temporary = target.parent / f".chainrule-{target.name[:_LONGEST_OF]}-{os.urandom(8).hex()}.tmp"
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # else a power cut could leave the new name on an empty file
        if keep:
            _keep(target, keep)
        os.replace(temporary, target)
        _fsync_folder(target.parent)
    except BaseException as error:  # Ctrl-C included: nothing half-written stays behind
        with suppress(OSError):
            temporary.unlink()
        if not isinstance(error, OSError):
            raise
        raise CheckpointError(
            f"{os.fspath(path)} cannot be written: {reason(error)}",
            fix="check that the folder exists, may be written to and has room",
        ) from error


def _keep(target: Path, keep: int) -> None:
    """Let a file that is about to be replaced, and those before it, each become one earlier.

    At every moment the files that are there are in the right order, and the newest is under one of the names.
    """
    files = [target, *(earlier(target, number) for number in range(1, keep + 1))]
    for newer, older in reversed([*zip(files, files[1:], strict=False)]):
        if not newer.exists():
            continue
        if newer is target:  # keeps its name until the new file takes it
            older.unlink(missing_ok=True)
            with suppress(OSError):  # of a file system without hard links
                os.link(newer, older)
                continue
        os.replace(newer, older)


def earlier(path: AnyPath, number: int) -> Path:
    """Where the file that ``path`` held before its last replacements is kept, if it is.

    number   of replacements; 0 is the file itself

    >>> earlier("run/checkpoint.safetensors", 1).name
    'checkpoint.before-1.safetensors'
    """
    path = Path(path)
    if path.is_symlink():
        path = Path(os.path.realpath(path))
    return path.with_name(f"{path.stem}.before-{number}{path.suffix}") if number else path


def leftovers(folder: AnyPath, of: str | None = None) -> Iterable[Path]:
    """The temporary files in a folder that a writer which was killed, or is at work, has left there.

    of   the name of the file that was being written; None for any
    """
    for file in Path(folder).iterdir():
        match = _LEFTOVER.fullmatch(file.name)
        if match and (of is None or match["of"] == of[:_LONGEST_OF]):
            yield file


def reason(error: Exception) -> str:
    """What an error says, without the number of the system's error and without endless names."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{text:.500}"


def _fsync_folder(folder: Path) -> None:
    """Make a rename last through a power cut; only POSIX systems can open a folder for that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_atomically(path: AnyPath, data: bytes) -> None:
    """Write ``data`` so that at every moment ``path`` holds all of the old bytes or all of the new.

    path    the file; its folder must exist
    data    its new content
    raises  CheckpointError if it cannot be written; the old file is then still there
    source  Pillai et al., "All File Systems Are Not Created Equal" (OSDI 2014): temporary file in
            the same folder, fsync, rename, fsync of the folder

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(f"{folder}/run.json", b"{}")
    ...     Path(folder, "run.json").read_bytes(), os.listdir(folder)
    (b'{}', ['run.json'])
    """
    with replacing(path) as file:
        file.write(data)
