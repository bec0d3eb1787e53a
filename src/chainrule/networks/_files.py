"""A network in one safetensors file and back.

The arrays are those of ``params`` and ``state``. The metadata has two entries: ``format``, without which Hugging Face's
loader would refuse the file, and ``chainrule``, which holds JSON:

    {"format": 1, "network": "Sequential",
     "layers": [{"layer": "Affine", "inputs": 784, "outputs": 50}, {"layer": "ReLU"}, …],
     "loss": {"layer": "SoftmaxWithLoss"}}

A network of images also has ``"input_shape": [1, 28, 28]``, and one of ids ``[8]``.

Names of classes are looked up in fixed tables; nothing in a file is run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from ..errors import ChainruleError, CheckpointError, UnsupportedError
from ..layers import LossLayer, layer_from_config, layer_to_config, numbered
from ..storage import load_arrays, save_arrays
from ._deep_conv_net import DeepConvNet
from ._network import Array, Network
from ._sequential import Sequential
from ._simple_conv_net import SimpleConvNet
from ._two_layer_net import TwoLayerNet

_FORMAT = 1
_CLASSES: dict[str, type[Network]] = {
    "DeepConvNet": DeepConvNet,
    "Sequential": Sequential,
    "SimpleConvNet": SimpleConvNet,
    "TwoLayerNet": TwoLayerNet,
}


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """`Network.save`."""
    save_arrays(path, network.arrays, {"format": "pt", "chainrule": json.dumps(description(network))})


def load(path: str | os.PathLike[str]) -> Network:
    """The network that ``save`` wrote into a file.

    path     the file
    returns  a network of the class that was saved; its parameters are the same to the bit
    raises   CheckpointError, saying what is wrong with the file

    >>> import tempfile
    >>> net = TwoLayerNet(4, 3, 2, seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     net.save(f"{folder}/net.safetensors")
    ...     again = load(f"{folder}/net.safetensors")
    >>> np.array_equal(again.params["W1"], net.params["W1"])
    True
    """
    arrays, metadata = load_arrays(path)
    try:
        if "chainrule" not in metadata:
            raise ValueError("it has arrays, but no description of a network")
        return network_from(json.loads(metadata["chainrule"]), arrays)
    except (ChainruleError, ValueError, RecursionError) as problem:
        reason = problem.what if isinstance(problem, ChainruleError) else str(problem)
        raise CheckpointError(
            f"{os.fspath(path)} holds no network: {reason:.300}", fix="give a file that Network.save wrote"
        ) from None


def description(network: Network) -> dict[str, Any]:
    """A network without its numbers, fit for JSON."""
    name = type(network).__name__
    if _CLASSES.get(name) is not type(network):
        raise UnsupportedError(f"{name} is no network of chainrule and cannot be made again from a file")
    layers = [layer_to_config(layer) for layer in network.layers.values()]
    said = {"format": _FORMAT, "network": name, "layers": layers, "loss": layer_to_config(network.lastLayer)}
    follows = len(network.input_shape) == 1 and network.embedding is None  # from the first affine layer
    return said if follows else said | {"input_shape": list(network.input_shape)}


def network_from(description: Any, arrays: Mapping[str, Array]) -> Network:
    """The network of a description and its arrays; ValueError or ChainruleError if they make none."""
    members = {"format", "network", "layers", "loss"}
    if not isinstance(description, dict) or description.keys() - {"input_shape"} != members:
        raise ValueError(f"its description has not exactly the members {', '.join(sorted(members))}")
    if description["format"] != _FORMAT:
        raise ValueError(
            f"it has format {description['format']!r:.40}; this version of chainrule reads {_FORMAT}"
        )
    name, layers = description["network"], description["layers"]
    if not isinstance(name, str) or name not in _CLASSES:
        raise ValueError(f"{name!r:.80} is no class of networks; known are {', '.join(_CLASSES)}")
    if not isinstance(layers, list):
        raise ValueError("its layers are not a list")
    loss = layer_from_config(description["loss"])
    if not isinstance(loss, LossLayer):
        raise ValueError(f"its loss is {type(loss).__name__}")
    network = object.__new__(_CLASSES[name])  # its constructor would draw numbers that are not wanted
    network._arrange([layer_from_config(layer) for layer in layers], loss, description.get("input_shape"))
    named = {
        key: (layer, name) for layer, keys in numbered(network.layers.values()) for name, key in keys.items()
    }
    if arrays.keys() != named.keys():
        raise ValueError(f"it has the arrays {', '.join(arrays)}, but its layers need {', '.join(named)}")
    for key, (layer, name) in named.items():
        layer.put(name, arrays[key])
    network._take_up_arrays()
    return network
