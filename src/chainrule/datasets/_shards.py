"""Folders of shards: data sets in many files, of which rows are read when they are asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule._rows import Rows, read_file
from chainrule.datasets._idx import idx_header
from chainrule.datasets._npy import npy_header
from chainrule.datasets._promise import Stream, promised_bytes
from chainrule.datasets._tables._column import normal
from chainrule.errors import ArgumentError, DataError

_AnyPath: TypeAlias = str | os.PathLike[str]
_Split: TypeAlias = tuple[Rows, Any]  # rows of inputs, and of their targets, or these as an array

_NAMES = (  # of inputs; those of their targets have the second word instead of the first
    (re.compile(r"(?P<split>train|test)-x(?P<rest>.*)\.npy(\.gz)?"), "-x", "-t"),
    (
        re.compile(r"(?P<split>train|test|t10k)-images(?P<rest>.*)[-.]idx[2-9]-ubyte(\.gz)?"),
        "-images",
        "-labels",
    ),
)
_IDX_AXES = re.compile(r"idx\d-ubyte$")


class Shard(NamedTuple):
    """One file of rows, one after the other."""

    path: Path
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int  # the byte at which the first row begins


class ShardedRows(Rows):
    """The rows of some files, in the order of the files.

    shards   with rows of one shape and dtype
    flat     whether a row is one axis of numbers, however many axes it has in its file
    dtype    of what is read
    """

    def __init__(self, shards: Sequence[Shard], *, flat: bool, dtype: np.dtype[Any]) -> None:
        self.shards, self.dtype = shards, dtype
        row = shards[0].shape[1:]
        self.shape = (sum(shard.shape[0] for shard in shards), *([int(np.prod(row))] if flat else row))
        self._ends = np.cumsum([shard.shape[0] for shard in shards])

    def read(self, numbers: NDArray[Any]) -> NDArray[Any]:
        found = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        where = np.searchsorted(self._ends, numbers, side="right")
        for number in np.unique(where):
            mine = np.flatnonzero(where == number)
            shard = self.shards[number]
            local = numbers[mine] - (self._ends[number] - shard.shape[0])
            rows = read_file(shard.path, shard.start, shard.dtype, shard.shape[1:], local)
            found[mine] = rows.reshape(len(mine), *self.shape[1:])
        return found

    def file_of(self, number: int) -> Path:
        """The file that holds a row."""
        return self.shards[int(np.searchsorted(self._ends, number, side="right"))].path

    @property
    def fingerprint(self) -> list[Any]:
        sizes = [[shard.path.name, shard.path.stat().st_size] for shard in self.shards]
        return [sizes, *super().fingerprint]


def load_shards(
    folder: _AnyPath,
    *,
    target: str | None = None,
    task: Literal["classification", "regression"] | None = None,
    dtype: Any = np.float32,
) -> tuple[_Split, _Split | None]:
    """A data set in a folder of files, of any size: its rows stay on the disk until training asks for them.

    folder   holds train-x-….npy and train-t-….npy, as np.save writes them, or IDX files named train-images-…-idx3-ubyte
             and train-labels-…-idx1-ubyte; each file of inputs has one of targets, of the same name but for that word.
             Files of test-… (IDX: or t10k-…) are the test data. Files are taken in the order of their names. Or it
             holds Parquet files, which are those of a table, see `load_table`: train….parquet and test….parquet, or
             files with other names, which are all for training
    target   of Parquet: the column that is to be predicted
    task     of Parquet: "classification" or "regression", where the column itself shall not tell
    dtype    of Parquet: of the inputs
    returns  (x_train, t_train), (x_test, t_test), or None for the latter where there are none. They are no arrays, but
             `Trainer` takes them, ``x[[3, 1]]`` reads rows, and ``len``, ``shape`` and ``dtype`` are as of an array:
             inputs (N, numbers), targets as they are, but whole numbers as class numbers (N,) int64. Targets of Parquet
             are arrays
    raises   DataError, naming the file, if one is missing, damaged, compressed, or does not fit the others

    The order of an epoch is that of the same rows in memory, to the last bit. Of Parquet, row groups are shuffled, and
    then the rows of as many as take 32 MB.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for n in range(2):
    ...         np.save(f"{folder}/train-x-{n}.npy", np.full((3, 8, 8), n, np.uint8))
    ...         np.save(f"{folder}/train-t-{n}.npy", np.arange(3))
    ...     (x, t), test = load_shards(folder)
    ...     x.shape, x[[4, 0]][:, 0], t[[4, 0]], test
    ((6, 64), array([1, 0], dtype=uint8), array([1, 0]), None)
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}", fix="give a folder of shards")
    if has_row_groups(folder):
        from chainrule.datasets._tables._folder import load_folder

        if target is None:
            raise ArgumentError(f"{folder}: which column shall be predicted?", fix="target=, the name of one")
        settings: Any = {"task": task, "drop": (), "test_share": 0.0, "seed": 0, "dtype": np.dtype(dtype)}
        table: Any = load_folder(folder, target=normal(target), **settings)
        return (table.x_train, table.t_train), (table.x_test, table.t_test) if len(table.x_test) else None
    if (target, task) != (None, None):
        raise DataError(f"{folder} holds no .parquet files, of which a column could be the target {target!r}")
    train, test = (_split(folder, names) for names in (("train",), ("test", "t10k")))
    if train is None:
        what = f"{folder} holds no shards: no train-x-….npy and no train-images-…-idx3-ubyte"
        raise DataError(what, fix="np.save('train-x-000.npy', x), np.save('train-t-000.npy', t)")
    if test is not None:
        for (one, other), what in zip(zip(train, test, strict=True), ("inputs", "targets"), strict=True):
            if (one.shape[1:], one.dtype) != (other.shape[1:], other.dtype):
                raise DataError(
                    f"the {what} in {folder} are {one.dtype} of rows {one.shape[1:]} for training and "
                    f"{other.dtype} of rows {other.shape[1:]} for the test"
                )
    return train, test


def has_row_groups(folder: _AnyPath) -> bool:
    """Whether a folder is one of Parquet files."""
    return Path(folder).is_dir() and any(Path(folder).glob("*.parquet"))


def has_shards(folder: _AnyPath) -> bool:
    """Whether a folder holds shards that the four files of an IDX data set are not."""
    return any(match["rest"] or "npy" in match[0] for match, *_ in _inputs(Path(folder), ("train",)))


def _inputs(folder: Path, splits: Sequence[str]) -> list[tuple[re.Match[str], str, str]]:
    """The files of inputs of a split, in the order of their names."""
    found = []
    for file in sorted(folder.iterdir()):
        for pattern, word, other in _NAMES:
            match = pattern.fullmatch(file.name)
            if match and match["split"] in splits:
                found.append((match, word, other))
    return found


def _split(folder: Path, splits: Sequence[str]) -> _Split | None:
    xs, ts = [], []
    known = set()
    for match, word, other in _inputs(folder, splits):
        if match[0].endswith(".gz"):
            what = f"{folder / match[0]} is compressed, so its rows cannot be read one by one"
            raise DataError(what, fix="gunzip it, and all others")
        name = _IDX_AXES.sub("idx1-ubyte", match[0].replace(word, other, 1))
        x, t = _shard(folder / match[0]), _shard(folder / name)
        known.add(t.path)
        if x.shape[0] != t.shape[0]:
            raise DataError(f"{x.path} has {x.shape[0]:,} rows, {t.path} {t.shape[0]:,}", fix="one for each")
        if x.shape[0]:
            xs.append(x)
            ts.append(t)
    # A file that was not fetched would not be noticed otherwise.
    for split in splits:
        targets = {*folder.glob(f"{split}-t*.npy"), *folder.glob(f"{split}-labels*idx1-ubyte")}
        for path in sorted(targets - known):
            raise DataError(f"{path} has targets, but the inputs that belong to them are not there")
    if not xs:
        return None
    for shards in (xs, ts):
        for shard in shards:
            if (shard.shape[1:], shard.dtype) != (shards[0].shape[1:], shards[0].dtype):
                raise DataError(
                    f"{shard.path} holds {shard.dtype} of rows {shard.shape[1:]}, "
                    f"{shards[0].path} {shards[0].dtype} of rows {shards[0].shape[1:]}"
                )
    if len(xs[0].shape) < 2:
        raise DataError(f"{xs[0].path} holds an array of shape {xs[0].shape}, not rows of numbers (N, …)")
    native = xs[0].dtype.newbyteorder("=")
    row = ts[0].shape[1:]
    if ts[0].dtype.kind in "iub" and row in ((), (1,)):
        ts = [shard._replace(shape=shard.shape[:1]) for shard in ts]
        return ShardedRows(xs, flat=True, dtype=native), ShardedRows(ts, flat=False, dtype=np.dtype(np.int64))
    target = ts[0].dtype.newbyteorder("=")
    return ShardedRows(xs, flat=True, dtype=native), ShardedRows(ts, flat=False, dtype=target)


def _shard(path: Path) -> Shard:
    """What the head of a file says, which must be what the file holds."""
    if not path.is_file():
        raise DataError(f"there is no file {path}", fix="each file of inputs needs one of targets")
    try:
        with path.open("rb") as file:
            dtype, in_fortran_order, shape, start = _header_reader(path)(file, path)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if in_fortran_order and len(shape) > 1:
        raise DataError(f"{path} lies in Fortran order, column by column", fix="np.ascontiguousarray(x)")
    if not shape:
        raise DataError(f"{path} holds a single number, not rows")
    promised = start + promised_bytes(str(path), shape, dtype.itemsize)
    if path.stat().st_size != promised:
        what = f"{path} has {path.stat().st_size:,} bytes; its head promises {promised:,}"
        raise DataError(what, fix="get the file again")
    return Shard(path, dtype, shape, start)


def _header_reader(path: Path) -> Callable[[Stream, Path], tuple[np.dtype[Any], bool, tuple[int, ...], int]]:
    return npy_header if path.suffix == ".npy" else idx_header
