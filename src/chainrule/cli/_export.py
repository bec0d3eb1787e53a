"""``chainrule export``."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import ArgumentError
from ..runs import load_network
from ._screen import print_json


def export(options: argparse.Namespace) -> int:
    """Write a trained network into an ONNX file."""
    file = Path(options.file)
    if file.suffix.lower() != ".onnx":
        raise ArgumentError(
            f"{file} is not the name of an ONNX file", fix=f"name it {file.stem or 'model'}.onnx"
        )
    network = load_network(options.run_folder)
    network.to_onnx(file, probabilities=options.probabilities)
    *_, outputs = network.sizes.values()
    said = {"file": str(file), "inputs": network.input_size, "outputs": outputs, "bytes": file.stat().st_size}
    if options.json:
        print_json({"run": options.run_folder, "probabilities": options.probabilities, **said})
    else:
        what = "probabilities" if options.probabilities else "scores"
        print(f"{file}: {network.input_size} numbers a row, {outputs} {what}, {network.dtype}")
    return 0
