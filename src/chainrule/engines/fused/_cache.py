"""Object code on disk: whole, as it was written, of this text and this machine, or compiled anew.

An entry is one file: a line of JSON that says what it is, and the code behind it. Nothing in it is trusted before its
checksum is; and nothing that another user could have written.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import llvmlite.binding as llvm

from ...errors import CheckpointError
from ...storage import write_atomically

_FORMAT = 2
_MOST_BYTES = 256 << 20  # of all entries; the longest unused ones go first
# What compiled code is made with besides the text: a change in one of them makes other code.
_COMPILED_IN = ("_blas", "_clock", "_memory", "_native", "_team", "_vector_math")


class Code(NamedTuple):
    """Object code.

    symbol     the name of its function
    externals  the names of what it calls
    object     the code, as a linker takes it
    """

    symbol: str
    externals: tuple[str, ...]
    object: bytes


def folder() -> Path | None:
    """Where entries are kept: CHAINRULE_CACHE_DIR, or the user's folder for caches; None when it is set to nothing."""
    chosen = os.environ.get("CHAINRULE_CACHE_DIR")
    if chosen is not None:
        return Path(chosen) if chosen else None
    try:
        home = Path.home()
    except RuntimeError:  # nobody knows where
        return None
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "chainrule"
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "chainrule"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "chainrule"


def key(source: str, entry: str, arguments: Iterable[str]) -> str:
    """What the code of a text depends on, as one name: the text, the compiler, the processor."""
    said = json.dumps([_FORMAT, source, entry, list(arguments), *_machine()])
    return sha256(said.encode()).hexdigest()


@cache
def _machine() -> tuple[str, ...]:
    versions = []
    for package in ("chainrule", "numba", "llvmlite"):
        try:
            versions.append(version(package))
        except PackageNotFoundError:
            versions.append("?")
    here = Path(__file__).parent
    texts = (sha256((here / f"{name}.py").read_bytes()).hexdigest() for name in _COMPILED_IN)
    processor = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), llvm.get_default_triple()
    return (*versions, *texts, *processor)


def get(name: str) -> Code | None:
    """The entry of that key, or None when there is none that can be trusted."""
    path = _path(name)
    if path is None:
        return None
    try:
        if not _is_ours(path.parent.stat()) or not _is_ours(path.stat()):
            return None
        head, _, code = path.read_bytes().partition(b"\n")
        said = json.loads(head)
        found = Code(str(said["symbol"]), tuple(map(str, said["externals"])), code)
        if said["key"] != name or said["sha256"] != _checksum(found):
            return None
        with suppress(OSError):
            os.utime(path)  # it was used just now
        return found
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def put(name: str, code: Code) -> None:
    """Keep an entry, if that is possible."""
    path = _path(name)
    if path is None:
        return
    said = {
        "key": name,
        "sha256": _checksum(code),
        "symbol": code.symbol,
        "externals": code.externals,
    }
    with suppress(OSError, CheckpointError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(path, json.dumps(said).encode() + b"\n" + code.object)
        path.chmod(0o600)  # whatever the umask: what a group may write is not trusted
        _make_room(path.parent)


def _checksum(code: Code) -> str:
    """Of all that is used of an entry."""
    return sha256(json.dumps([code.symbol, *code.externals]).encode() + code.object).hexdigest()


def _path(name: str) -> Path | None:
    where = folder()
    return None if where is None else where / f"{name}.o"


def _is_ours(status: os.stat_result) -> bool:
    """Whether nobody but this user could have written it."""
    if os.name != "posix":
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def entries() -> list[Path]:
    """The entries on disk, the longest unused first."""
    where = folder()
    found = []
    if where is not None:
        for path in where.glob("*.o"):
            with suppress(OSError):
                found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found)]


def _make_room(where: Path) -> None:
    paths = entries()
    sizes = {path: path.stat().st_size for path in paths}
    total = sum(sizes.values())
    for path in paths[:-1]:
        if total <= _MOST_BYTES:
            return
        path.unlink(missing_ok=True)
        total -= sizes[path]
