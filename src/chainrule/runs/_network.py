"""The trained network that a command line names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .._above import provided
from ..errors import CheckpointError, UnsupportedError
from ..graph import functions as f
from ..layers import SoftmaxWithLoss
from ..networks import Network, load
from ..training import RunFolder
from ._data import Array


def load_network(given: str, *, classes: bool = True) -> Network:
    """The network of a run's folder, or of a .safetensors or .onnx file.

    classes  whether its outputs must be those of classes
    raises   CheckpointError when there is none, UnsupportedError when its outputs are not classes, or when an .onnx
             file uses what chainrule has no gates for; MissingExtraError without the extra onnx
    """
    file = Path(given)
    if file.is_dir():
        folder = RunFolder(file)
        folder.read_about()
        file = folder.network
        if not file.exists():
            raise CheckpointError(f"the run in {given} has not finished an epoch yet, so it holds no network")
    elif not file.exists():
        raise CheckpointError(
            f"there is no run {given}", fix="give the folder of a run, or a .safetensors or .onnx file"
        )
    network = provided("from_onnx")(file) if file.suffix.lower() == ".onnx" else load(file)
    if classes and not isinstance(network.lastLayer, SoftmaxWithLoss):
        what = f"the network in {file} ends in {type(network.lastLayer).__name__}, so its outputs are not classes"
        raise UnsupportedError(what, fix="use chainrule.load in Python")
    return network


def probabilities(network: Network, x: Array) -> Array:
    """The probability of each class for each row, shape (rows, classes)."""
    return np.asarray(f.softmax(network.predict(x)))
