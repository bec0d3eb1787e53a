"""``chainrule eval``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from ..runs import (
    ClassificationResult,
    Data,
    RegressionResult,
    data_of,
    load_data,
    load_network,
    load_run,
    measure,
)
from ..training import RunFolder
from ._result import show_result
from ._screen import complain, percent, print_json, share, table


def evaluate(options: argparse.Namespace) -> int:
    """Measure a trained network on test data, as a whole and for each class."""
    if RunFolder(options.run_folder).preprocessing.exists():
        return _evaluate_table(options)
    network = load_network(options.run_folder)
    data = _data(options, str(network.dtype))
    result = measure(network, data)
    assert isinstance(result, ClassificationResult), "only tables have other targets"
    if options.json:
        about = {"run": options.run_folder, "data": {"name": data.name, "sha256": data.sha256}}
        print_json({**about, **_by_number(result)})
        return 0
    print(f"{data.name}: {result.rows:,} test rows")
    print(f"loss {result.loss:.4f}, accuracy {percent(result.accuracy)}\n")
    rows = ([c.name, f"{c.rows:,}", f"{c.right:,}", share(c.right, c.rows)] for c in result.classes)
    print(table(("class", "rows", "right", "share"), rows))
    return 0


def _evaluate_table(options: argparse.Namespace) -> int:
    """The same for a run that was trained on a table: on its test rows, or on all rows of another table."""
    model = load_run(options.run_folder)
    result: ClassificationResult | RegressionResult
    if options.data is None:
        data = _data(options, str(model.network.dtype))
        name, rows, result = data.name, "test rows", measure(model.network, data)
    else:
        name, rows, result = options.data, "rows", model.evaluate(options.data)
    if options.json:
        print_json({"run": options.run_folder, "data": {"name": name}, **result.to_json()})
        return 0
    print(f"{name}: {result.rows:,} {rows}")
    if isinstance(result, ClassificationResult):
        print(
            f"loss {result.loss:.4f}, accuracy {percent(result.accuracy)}; "
            f"always {result.baseline} would be {percent(result.baseline_accuracy)}"
        )
    show_result(result, sys.stdout)
    return 0


def _data(options: argparse.Namespace, dtype: str) -> Data:
    """The data given, or those the run was trained on."""
    if options.data is not None:
        return load_data(options.data, dtype)
    folder = RunFolder(options.run_folder)
    if not Path(options.run_folder).is_dir():
        raise ArgumentError(
            f"{options.run_folder} does not say on which data to measure",
            fix="name them: mnist, FOLDER or FILE.npz",
        )
    name, sha256, asked = data_of(folder, folder.read_about())
    data = load_data(name, dtype, asked)
    if data.sha256 != sha256:
        complain(f"note: {name} is no longer what the run was trained on")
    return data


def _by_number(result: ClassificationResult) -> dict[str, Any]:
    """As programs have always read it: classes by number."""
    classes = [{"class": n, "rows": c.rows, "right": c.right} for n, c in enumerate(result.classes)]
    return {"rows": result.rows, "loss": result.loss, "accuracy": result.accuracy, "classes": classes}
