"""``chainrule eval``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..networks import Network
from ..runs import Data, data_of, load_data, load_network
from ..training import RunFolder
from ._screen import complain, percent, print_json, table


def evaluate(options: argparse.Namespace) -> int:
    """Measure a trained network on test data, as a whole and for each class."""
    network = load_network(options.run_folder)
    data = _data(options, network)
    result = _measure(network, data)
    if options.json:
        print_json({"run": options.run_folder, "data": {"name": data.name, "sha256": data.sha256}, **result})
        return 0
    print(f"{data.name}: {result['rows']:,} test rows")
    print(f"loss {result['loss']:.4f}, accuracy {percent(result['accuracy'])}\n")
    rows = ([f"{c['class']}", f"{c['rows']:,}", f"{c['right']:,}", _share(c)] for c in result["classes"])
    print(table(("class", "rows", "right", "share"), rows))
    return 0


def _data(options: argparse.Namespace, network: Network) -> Data:
    """The data given, or those the run was trained on."""
    if options.data is not None:
        return load_data(options.data, str(network.dtype))
    folder = RunFolder(options.run_folder)
    if not Path(options.run_folder).is_dir():
        raise ArgumentError(
            f"{options.run_folder} does not say on which data to measure",
            fix="name them: mnist, FOLDER or FILE.npz",
        )
    name, sha256 = data_of(folder, folder.read_about())
    data = load_data(name, str(network.dtype))
    if data.sha256 != sha256:
        complain(f"note: {name} is no longer what the run was trained on")
    return data


def _measure(network: Network, data: Data) -> dict[str, Any]:
    scores = network.predict(data.x_test)
    right = scores.argmax(axis=1) == data.t_test
    rows = np.bincount(data.t_test, minlength=scores.shape[1])
    hits = np.bincount(data.t_test[right], minlength=scores.shape[1])
    loss, accuracy = network.evaluate(data.x_test, data.t_test)
    return {
        "rows": len(right),
        "loss": loss,
        "accuracy": accuracy,
        "classes": [{"class": n, "rows": int(rows[n]), "right": int(hits[n])} for n in range(len(rows))],
    }


def _share(counts: dict[str, int]) -> str:
    return percent(counts["right"] / counts["rows"]) if counts["rows"] else "-"
