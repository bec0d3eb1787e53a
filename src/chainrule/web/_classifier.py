"""The network that the page asks about digits: the one that learns, or else the latest that has learned."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import ChainruleError
from ..graph import Graph, gradients_of
from ..graph import functions as f
from ..networks import Network
from ..runs import Data, load_network
from ._problem import Problem
from ._state import State

Array = np.ndarray[Any, np.dtype[Any]]


class Classifier(NamedTuple):
    """A network with where it is from.

    run   name of its run's folder
    step  how many steps it has learned; None for a run that is over
    """

    network: Network
    run: str
    step: int | None

    @property
    def key(self) -> tuple[str, int | None, float]:
        """Another for other parameters."""
        return (
            self.run,
            self.step,
            float(sum(np.sum(w, dtype=np.float64) for w in self.network.params.values())),
        )


def classifier_of(state: State) -> Classifier:
    """The network of the run under way, as it is now, or of the latest run in the folder that fits the data.

    raises   Problem when there is none
    """
    run = state.worker.run
    if run is not None:
        with suppress(Problem):  # it failed before there was a network, or was reset meanwhile
            network, step = run.snapshot()
            return Classifier(network, run.id, step)
    for folder in _latest_first(state.folder):
        try:
            network = load_network(str(folder))
        except ChainruleError:  # a run that has not finished an epoch, or is no classifier
            continue
        if network.input_size == state.data.inputs:
            return Classifier(network, folder.name, None)
    raise Problem("no_network", 404)


def _latest_first(parent: Path) -> list[Path]:
    files = [folder / "network.safetensors" for folder in parent.iterdir()] if parent.is_dir() else []
    found = [(file.stat().st_mtime, file.parent) for file in files if file.is_file()]
    return [folder for _, folder in sorted(found, reverse=True)]


class Flow(NamedTuple):
    """How the loss of one input arises, and how its error flows back.

    loss          for the label
    shares        the probability of each class
    layers        for each layer its name, its result and the gradient there, each of one row
    pixels        the gradient of the loss at the input
    """

    loss: float
    shares: Array
    layers: list[tuple[str, Array, Array]]
    pixels: Array


def flow_back(network: Network, image: Array, label: int) -> Flow:
    """Run one input forward and back, by the network's own gates.

    image  one row of uint8 pixels
    label  the class that it is said to be

    >>> import chainrule as cr
    >>> flow = flow_back(cr.Sequential(cr.Affine(4, 3), seed=0), np.zeros(4, np.uint8), label=1)
    >>> [name for name, _, _ in flow.layers], flow.pixels.shape
    (['Affine1'], (4,))
    """
    loss = network.record(image[np.newaxis], np.array([label]))
    found = {node.name: node.variable for node in Graph(loss)}
    names = [name for name in network.layers if name in found]
    gradients = gradients_of(loss, [found["x"], *(found[name] for name in names)])
    pixels, *at_layers = (np.asarray(gradient)[0] for gradient in gradients)
    layers = [
        (name, np.asarray(found[name].value)[0], gradient)
        for name, gradient in zip(names, at_layers, strict=True)
    ]
    shares = np.asarray(f.softmax(layers[-1][1]))
    return Flow(float(loss.value), shares, layers, pixels)


def losses_of(network: Network, data: Data) -> tuple[Array, Array]:
    """The loss of every test row alone, and the answer of the network."""
    scores = network.predict(data.x_test)
    right = np.arange(len(scores)), data.t_test
    return -np.asarray(f.log_softmax(scores.astype(np.float64)))[right], scores.argmax(axis=1)
