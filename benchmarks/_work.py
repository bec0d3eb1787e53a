"""What the benchmarks of training share: the network, its first weights, the data, and the timing of steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from _compare import measure

import chainrule as cr

Array = np.ndarray[Any, Any]
Train = Callable[[Array], Any]
"""Trains on mini-batches, given as row numbers of shape (steps, rows); returns the loss of each step, computed."""

LEARNING_RATES = {"SGD": 0.05, "Momentum": 0.01, "Adam": 0.001}
MOMENTUM, BETA1, BETA2, EPS = 0.9, 0.9, 0.999, 1e-8
ROWS = 60_000
PAUSE = 0.05  # seconds


class Data(NamedTuple):
    """All rows that mini-batches are taken from: inputs as they came, the same as float32, and targets."""

    raw: Array
    x: Array
    t: Array


@dataclass(frozen=True)
class Work:
    """Steps of training in float32: affine layers with ReLU between them.

    sizes      of the input and of each layer; with a single output the loss is the mean squared error, otherwise
               softmax with cross-entropy
    batch      rows of a mini-batch
    optimizer  SGD, Momentum or Adam
    """

    sizes: tuple[int, ...]
    batch: int
    optimizer: str = "SGD"

    def __str__(self) -> str:
        return f"{self.name}, batch {self.batch}, {self.optimizer}"

    @property
    def name(self) -> str:
        """Of the network, as in 784-50-10."""
        return "-".join(map(str, self.sizes))

    @property
    def lr(self) -> float:
        return LEARNING_RATES[self.optimizer] * (0.1 if self.is_regression else 1.0)

    @property
    def is_regression(self) -> bool:
        return self.sizes[-1] == 1

    def parameters(self) -> list[Array]:
        """W1, b1, W2, b2, …: the same for everybody, each time in new arrays."""
        rng = np.random.default_rng(0)
        parameters = []
        for inputs, outputs in pairwise(self.sizes):
            W = rng.standard_normal((inputs, outputs), dtype=np.float32)
            W *= np.float32((2 / inputs) ** 0.5)
            parameters += [W, np.zeros(outputs, dtype=np.float32)]
        return parameters

    def data(self) -> Data:
        """MNIST's training images; for networks that do not fit them, random inputs and a sum to learn."""
        if self.sizes[0] == 784:
            (pixels, t), _ = cr.datasets.load_mnist(normalize=False)
            return Data(pixels, pixels / np.float32(255), t)
        x = np.random.default_rng(1).standard_normal((ROWS, self.sizes[0]), dtype=np.float32)
        return Data(x, x, np.sin(x.sum(axis=1, keepdims=True)))

    def batches(self, steps: int) -> Array:
        """Row numbers without repetition, so that no mini-batch is found in the cache that one step left behind."""
        rows = np.random.default_rng(2).permutation(ROWS)
        return rows[: steps * self.batch].reshape(steps, self.batch)


def chainrule(work: Work, x: Array, t: Array, *, engine: str, comm: cr.Comm | None = None) -> Train:
    arrays = iter(work.parameters())
    layers: list[cr.Layer] = []
    for W, b in zip(arrays, arrays, strict=True):
        layers += [cr.Affine(W, b), cr.ReLU()]
    loss = cr.MeanSquaredError() if work.is_regression else cr.SoftmaxWithLoss()
    net = cr.Sequential(*layers[:-1], loss=loss)
    optimizers = {"SGD": cr.SGD, "Momentum": cr.Momentum, "Adam": cr.Adam}
    optimizer = optimizers[work.optimizer](lr=work.lr)
    trainer = cr.Trainer(net, optimizer, batch_size=work.batch, engine=engine, comm=comm)
    return partial(trainer.run, x, t)


def check_losses(peers: Mapping[str, Train], batches: Array, *, ours: str) -> None:
    """Train everybody on the same mini-batches and compare the losses: the same work gives the same numbers."""
    losses = {name: np.array([float(loss) for loss in train(batches)]) for name, train in peers.items()}
    for name, values in losses.items():
        np.testing.assert_allclose(values, losses[ours], rtol=1e-3, atol=1e-5, err_msg=name)


def measure_steps(peers: Mapping[str, Train], batches: Array, *, rounds: int) -> dict[str, float]:
    """The median time of a step of each peer, in µs; a turn is one call with all mini-batches.

    Threads of a BLAS or of OpenMP wait actively for a while after their work, and would take the cores from whoever
    is next; so all rest between two turns.
    """
    turns: dict[str, Callable[[], object]] = {}
    for name, train in peers.items():
        turns[name] = partial(train, batches)
        turns[f"rest after {name}"] = partial(time.sleep, PAUSE)
    medians = measure(turns, rounds=rounds, calls=1)
    return {name: medians[name] / len(batches) for name in peers}
