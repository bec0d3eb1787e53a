"""The data sets that a command line can name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._rows import Rows
from ..datasets import has_row_groups, has_shards, load_idx, load_mnist, load_npz, load_shards
from ..errors import ArgumentError, CheckpointError, DataError, DTypeError
from ..training import RunFolder
from ._table_options import TableOptions

if TYPE_CHECKING:
    from ..datasets import Preprocessing

Array = np.ndarray[Any, Any]

_FEW_CLASSES = 1000  # up to which more classes than rows are believed


@dataclass(frozen=True)
class Data:
    """A data set: inputs (N, numbers), of which uint8 are pixels, and targets. Inputs may be rows on the disk.

    name           "mnist", or the path as it is to be found again
    t_train        class numbers (N,), or standardised numbers (N, 1) where there are no classes
    classes        how many; 0 where numbers are predicted
    preprocessing  of a table: how its rows became these numbers
    options        of a table: what somebody said of it
    notes          of a table: what was decided on the way
    """

    name: str
    x_train: Array
    t_train: Array
    x_test: Array
    t_test: Array
    classes: int
    preprocessing: Preprocessing | None = None
    options: TableOptions = field(default_factory=TableOptions)
    notes: tuple[str, ...] = ()

    @property
    def inputs(self) -> int:
        return int(self.x_train.shape[1])

    @property
    def outputs(self) -> int:
        """How many numbers a network for it gives."""
        return self.classes or 1

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the classes are called; those of arrays by their numbers."""
        if self.preprocessing is not None:
            return self.preprocessing.target.classes
        return tuple(map(str, range(self.classes)))

    @property
    def short_name(self) -> str:
        """The name for a folder: mnist, or the last part of the path."""
        return re.sub(r"[^\w.-]+", "-", Path(self.name).stem) or "data"

    @cached_property
    def sha256(self) -> str:
        """The fingerprint of all numbers, of shards of some, by which a run knows its data again."""
        from hashlib import sha256

        digest = sha256()
        for array in (self.x_train, self.t_train, self.x_test, self.t_test):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            if isinstance(array, Rows):
                digest.update(repr(array.fingerprint).encode())
            else:
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def about(self) -> dict[str, Any]:
        """What a run writes down of its data."""
        pixels = self.x_train.dtype == np.uint8
        about = {"name": self.name, "sha256": self.sha256, "rows": len(self.x_train), "pixels": pixels}
        return about if self.preprocessing is None else {**about, "table": asdict(self.options)}

    def __str__(self) -> str:
        rows = f"{len(self.x_train):,} training and {len(self.x_test):,} test rows"
        of = f"{self.classes} classes" if self.classes else "one number to predict"
        return f"{self.name}: {rows} of {self.inputs} numbers, {of}"


def load_data(given: str, dtype: str, options: TableOptions | None = None) -> Data:
    """Read the data set that a user named.

    given    "mnist", a folder of IDX files or of shards, an .npz file, or a table: a CSV or Parquet file, or a folder
             of Parquet files
    dtype    of the inputs: "float32" or "float64"; pixels stay uint8, which a network takes as x / 255
    options  of a table
    raises   DataError when there is none, or it is not one for the command line
    """
    options = options or TableOptions()
    if Path(given).is_file() and not _is_npz(Path(given)) or has_row_groups(given):
        return _load_table(given, dtype, options)
    if given != "mnist" and not Path(given).exists():
        raise DataError(
            f"there is no data set {given!r}",
            fix="give mnist, a folder of IDX files or shards, an .npz file, or a table as .csv or .parquet",
        )
    are_shards = Path(given).is_dir() and has_shards(given)
    if Path(given).is_dir() and not (are_shards or any(Path(given).glob("*idx?-ubyte*"))):
        what = f"the folder {given} holds no data set: no shards, no IDX files and no Parquet files"
        raise DataError(what, fix="train-x-000.npy, train-t-000.npy, …; or *.parquet, and --target NAME")
    if (options.target, options.task, options.drop) != (None, None, ()):
        what = f"--target, --task and --drop are for the columns of a table; {given} is none"
        raise ArgumentError(what, fix="give a CSV or Parquet file, or a folder of Parquet files")
    if are_shards:
        return _load_shards(given)
    if given == "mnist":
        name, splits = given, load_mnist(normalize=False)
    elif Path(given).is_dir():
        name, splits = str(Path(given).resolve()), load_idx(given, normalize=False)
    else:
        name, splits = str(Path(given).resolve()), load_npz(given, normalize=False)
    (x_train, t_train), (x_test, t_test) = splits
    x_train, x_test = (numbers(x, given, dtype) for x in (x_train, x_test))
    return _classified(name, given, x_train, t_train, x_test, t_test)


def _classified(name: str, given: str, x_train: Array, t_train: Array, x_test: Array, t_test: Array) -> Data:
    classes = max(_classes(t_train, given), _classes(t_test, given))
    if classes > max(_FEW_CLASSES, len(t_train)):
        raise DataError(
            f"{given} has labels up to {classes - 1:,} for {len(t_train):,} training rows: these are no classes"
        )
    t_train, t_test = (t if t.ndim == 1 else t.argmax(axis=1) for t in (t_train, t_test))
    return Data(name, x_train, t_train, x_test, t_test, classes)


def _load_shards(given: str) -> Data:
    """Shards: of their rows only the labels come into memory."""
    train, test = load_shards(given)
    if test is None:
        what = f"{given} holds no shards of test data, on which the command line measures"
        raise DataError(what, fix="test-x-000.npy and test-t-000.npy, or t10k-images-…")
    (x_train, t_train), (x_test, t_test) = train, test
    if x_train.dtype.kind != "f" and x_train.dtype != np.uint8:
        what = f"{given} holds inputs of {x_train.dtype}; shards are trained on as they are, so of floats or uint8"
        raise DTypeError(what, fix="np.save of x.astype(np.float32), or, for pixels, x.astype(np.uint8)")
    labels = np.asarray(t_train), np.asarray(t_test)
    for t, own in zip((t_train, t_test), labels, strict=True):
        if own.ndim == 1 and own.dtype.kind == "i" and own.min() < 0:
            file = t.file_of(int(own.argmin()))
            raise DataError(f"{file} holds the label {own.min()}; classes count from 0 up")
    return _classified(str(Path(given).resolve()), given, x_train, labels[0], x_test, labels[1])  # type: ignore[arg-type]


def _is_npz(path: Path) -> bool:
    if path.suffix.lower() == ".npz":
        return True
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04" and path.suffix.lower() not in (".xlsx", ".xlsm", ".ods")


def _load_table(given: str, dtype: str, options: TableOptions) -> Data:
    from ..datasets import column_names, load_table  # which nobody waits for who trains on images

    if options.target is None:
        columns = ", ".join(column_names(given))
        raise ArgumentError(
            f"{given} is a table; which column shall be predicted?",
            fix=f"--target NAME, one of {columns:.300}",
        )
    table = load_table(
        given, target=options.target, task=options.task, drop=options.drop, seed=options.seed, dtype=dtype
    )
    (x_train, t_train), (x_test, t_test) = table
    classes = len(table.preprocessing.target.classes)
    name = str(Path(given).resolve())
    return Data(name, x_train, t_train, x_test, t_test, classes, table.preprocessing, options, table.notes)


def numbers(x: Array, name: str, dtype: str) -> Array:
    """Inputs as a network takes them: pixels as they are, other real numbers in its dtype, those too large as inf."""
    if x.dtype.kind not in "fiub":
        raise DTypeError(f"{name} holds {x.dtype}; a network takes real numbers")
    with np.errstate(over="ignore"):
        return x if x.dtype == np.uint8 else x.astype(dtype, copy=False)


def data_of(folder: RunFolder, about: dict[str, Any]) -> tuple[str, str, TableOptions]:
    """Name and sha256 of the data that a run was trained on, and what was said of a table, from its run.json."""
    data = about.get("data")
    if not isinstance(data, dict) or not all(isinstance(data.get(key), str) for key in ("name", "sha256")):
        raise CheckpointError(f"{folder.about} does not say which data the run had", fix="start a new run")
    return data["name"], data["sha256"], _saved_options(folder, data.get("table", asdict(TableOptions())))


def _saved_options(folder: RunFolder, saved: Any) -> TableOptions:
    kinds: Mapping[str, Any] = {"target": str | None, "task": str | None, "drop": list | tuple, "seed": int}
    if (
        not isinstance(saved, dict)
        or saved.keys() != kinds.keys()
        or not all(isinstance(saved[name], kind) for name, kind in kinds.items())
        or not all(isinstance(name, str) for name in saved["drop"])
        or saved["seed"] < 0
    ):
        what = f"{folder.about} says of the table what cannot be: {saved!r:.200}"
        raise CheckpointError(what, fix="start a new run")
    return TableOptions(**{**saved, "drop": tuple(saved["drop"])})


def _classes(t: Array, name: str) -> int:
    """How many classes there are in labels (N,) of class numbers or (N, classes) of one-hot rows."""
    if t.ndim == 2 and np.all((t == 0) | (t == 1)) and np.all(t.sum(axis=1) == 1):
        return int(t.shape[1])
    if t.ndim == 1 and t.dtype.kind in "iu":
        return int(t.max()) + 1
    raise DataError(
        f"the labels in {name} are {t.dtype} of shape {t.shape}; the command line trains for classes, "
        "so they must be class numbers (N,) or one-hot rows (N, classes)",
        fix="use chainrule.Trainer in Python for other targets, or give a table as .csv",
    )
