"""``chainrule predict``."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import read_idx, read_npy
from ..errors import ArgumentError, DataError, ShapeError
from ..networks import Network
from ..runs import load_network, numbers, probabilities
from ..training import RunFolder
from ._picture import read_picture
from ._predict_table import predict_table
from ._screen import counted, percent, print_json, table

Array = np.ndarray[Any, Any]

_NPY, _GZIP, _IDX = b"\x93NUMPY", b"\x1f\x8b", b"\0\0"


def predict(options: argparse.Namespace) -> int:
    """Say which class each row of a file is, and how probable that is; of a run on a table, what each row is."""
    if RunFolder(options.run_folder).preprocessing.exists():
        return predict_table(options)
    if options.out is not None:
        what = f"--out is for runs that were trained on a table; {options.run_folder} is none"
        raise ArgumentError(what, fix="--json prints all predictions for a program")
    network = load_network(options.run_folder)
    x, done = _read(Path(options.file), network, options.invert)
    shares = probabilities(network, x)
    classes = shares.argmax(axis=1)
    if options.json:
        rows = [{"class": int(c), "probabilities": p.tolist()} for c, p in zip(classes, shares, strict=True)]
        print_json({"run": options.run_folder, "file": options.file, "read": done, "rows": rows})
        return 0
    print(f"{options.file}: {done}\n")
    print(table(("row", "class", "probability", "next", "probability"), map(_cells, range(len(x)), shares)))
    return 0


def _cells(row: int, shares: Array) -> list[str]:
    """The two most probable classes of a row."""
    best = np.argsort(-shares, kind="stable")[:2]
    return [f"{row}", *(cell for c in best for cell in (f"{c}", percent(float(shares[c]))))]


def _read(path: Path, network: Network, invert: bool | None) -> tuple[Array, str]:
    """The rows of numbers in a file, and in words how they were read; its content tells what it is, not its name."""
    if not path.is_file():
        raise DataError(f"there is no file {path}", fix="give an .npy file, an IDX file or a picture")
    with path.open("rb") as file:
        start = file.read(len(_NPY))
    if start == _NPY:
        return _rows(read_npy(path), network, path)
    if start.startswith((_GZIP, _IDX)):
        return _rows(read_idx(path), network, path)
    if path.suffix.lower() in (".csv", ".tsv", ".parquet"):
        what = f"{path} is a table; this network was not trained on one, and takes rows of {network.input_size} numbers"
        raise DataError(what, fix="the folder of a run on a table, or an .npy file with rows of numbers")
    if path.suffix == ".npy":
        what = f"{path} is not an .npy file: it begins with {start.hex(' ') or 'nothing'}"
        raise DataError(what, fix="save an array of numbers with np.save")
    row, done = read_picture(path, network.input_size, invert)
    return row[np.newaxis], done


def _rows(x: Array, network: Network, path: Path) -> tuple[Array, str]:
    """An array as rows of inputs, and in words what they are."""
    inputs = network.input_size
    if x.size == 0 or x.size != inputs and math.prod(x.shape[1:]) != inputs:
        what = f"{path} holds an array of shape {x.shape}; the network takes rows of {inputs} numbers"
        raise ShapeError(what, fix=f"save one of shape (rows, {inputs})")
    rows = numbers(x, str(path), str(network.dtype)).reshape(-1, inputs)
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        what = f"{path} holds NaN, inf, or what {rows.dtype} cannot hold, first in row {int(finite.argmin())}"
        raise DataError(what, fix="leave such rows out")
    scaled = ", divided by 255" if x.dtype == np.uint8 else ""
    return rows, f"{counted(len(rows), 'row')} of {inputs} numbers, {x.dtype}{scaled}"
