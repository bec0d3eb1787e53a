"""The network that the page asks about digits: the reader's choice, or the one that learns, or the latest that has."""

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
from ..training import RunFolder
from ._problem import Problem
from ._state import State
from ._training._earlier import earlier_runs

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


def classifier_of(state: State, chosen: str | None = None) -> Classifier:
    """The network of the run under way, as it is now, or of the latest run in the folder that fits the data.

    chosen   name of the run that is meant; None passes over those whose numbers went bad
    raises   Problem when there is none
    """
    run = state.worker.run
    if run is not None and (chosen == run.id or (chosen is None and run.status != "failed")):
        with suppress(Problem):  # it failed before there was a network, or was reset meanwhile
            network, step = run.snapshot()
            return Classifier(network, run.id, step)
    for folder in _latest_first(state.folder):
        if chosen not in (None, folder.name):
            continue
        try:
            network = load_network(str(folder))
        except ChainruleError:  # a run that has not finished an epoch, or is no classifier
            continue
        if network.input_size == state.data.inputs and (chosen or _is_finite(network)):
            return Classifier(network, folder.name, None)
    raise Problem("no_network", 404) if chosen is None else Problem("no_such_run", 404, run=chosen)


def choices(state: State) -> list[dict[str, Any]]:
    """The runs whose networks can be asked, the newest first, each with its last accuracy on the test data."""
    live = state.worker.run
    runs = [
        run
        for run in earlier_runs(state.folder)
        if run["data"] == state.data.short_name
        and ((live and live.id == run["id"]) or RunFolder(state.folder / run["id"]).network.exists())
    ]
    lasts = [run["epochs"][-1] if run["epochs"] else {} for run in runs]
    return [
        {"run": run["id"], "accuracy": last.get("validation_accuracy")}
        for run, last in zip(runs, lasts, strict=True)
    ]


def _is_finite(network: Network) -> bool:
    return all(np.isfinite(w).all() for w in network.params.values())


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
