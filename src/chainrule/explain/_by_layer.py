"""A run of a network as a graph of which every part is known to belong to a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..graph import Variable, as_array
from ..networks import Network


class LayerRun(NamedTuple):
    """What one layer did.

    name        in the network; of the loss, its class
    parameters  by their names in the network
    out         its result
    """

    name: str
    parameters: Mapping[str, Variable]
    out: Variable


def run_by_layer(network: Network, x: Any, t: Any, *, training: bool = False) -> list[LayerRun]:
    """Run a network, and its loss behind it if there are targets.

    x, t     rows of inputs and targets; t may be None
    training whether as in the first step of training
    returns  the layers in order; the last result is the loss, or without targets the scores

    >>> net = cr.TwoLayerNet(2, 3, 2, seed=0)
    >>> [run.name for run in run_by_layer(net, np.zeros((1, 2)), np.array([0]))]
    ['Affine1', 'Relu1', 'Affine2', 'SoftmaxWithLoss']
    """
    out = network.laid_out(network.leaf(as_array(x)))
    runs: list[LayerRun] = []
    for name, layer in network.layers.items():
        given = {own: Variable(value, name=layer.keys[own]) for own, value in layer.parameters.items()}
        arrays = {**given, **layer.state}
        out = layer.compute_training(out, step=1.0, **arrays)[0] if training else layer.compute(out, **arrays)
        runs.append(LayerRun(name, {layer.keys[own]: v for own, v in given.items()}, out))
    if t is not None:
        loss = network.lastLayer
        runs.append(LayerRun(type(loss).__name__, {}, loss.compute(out, as_array(t, "t"))))
    return runs
