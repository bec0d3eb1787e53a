"""Normalisation: numbers of mean 0 and variance 1, which are then scaled and shifted by parameters."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..graph import functions as f
from ..graph import mean_of_batch, part_of_batch, rows_of_batch
from ._initial import checked_count, checked_dtype, checked_number
from ._layer import Layer


class Normalisation(Layer):
    """γ · (x − mean) / √(variance + eps) + β, with a mean and a variance that each kind finds in its own way.

    features  how many numbers γ and β have
    eps       what keeps the root from 0
    """

    parameter_names = ("gamma", "beta")
    first: Mapping[str, float] = {"gamma": 1.0, "beta": 0.0}
    axis: int  # of a row, along which the features are

    def __init__(self, features: int, *, eps: float = 1e-5) -> None:
        super().__init__()
        self.features, self.eps = checked_count("features", features), checked_number("eps", eps, 0, math.inf)

    def initialise(
        self, rng: np.random.Generator | None = None, *, suits: Any = "xavier", dtype: Any = None
    ) -> None:
        """γ = 1, β = 0 and what else there is; nothing is random."""
        dtype = checked_dtype(dtype or np.float64)
        for name, key in self._keys.items():
            store = self._store if name in self.parameter_names else self._state_store
            store[key] = np.full(self.features, self.first[name], dtype)

    @property
    def needs(self) -> str:
        return f"{self.features} features a row"

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        if not input_shape or input_shape[self.axis] != self.features:
            raise self._unfit(input_shape, self.axis)
        return input_shape

    @abstractmethod
    def config(self) -> dict[str, Any]: ...

    def _unfit(self, shape: tuple[int, ...], axis: int) -> ShapeError:
        name = type(self).__name__
        fix = f"{name}({shape[axis]})" if shape else "an array"
        return ShapeError(f"this {name} has {self.features} features; it was given shape {shape}", fix=fix)

    def _scaled(self, centred: Any, variance: Any, gamma: Any, beta: Any) -> Any:
        normal = f.divide(centred, f.sqrt(f.add(variance, self.eps)))
        return f.add(f.multiply(normal, gamma), beta)


class BatchNorm(Normalisation):
    """Batch normalisation: each feature by its mean and variance over the mini-batch, in use by their running means.

    In training (``training=True``) the mean and the variance are those of the mini-batch, and the gradient goes
    through them; the state of the layer follows them: ``running = momentum · running + (1 − momentum) · batch``. In use
    the layer takes its state, so that the answer for a row does not depend on the rows beside it.

    features  how many numbers a row has; behind convolutions (N, C, H, W) the number of channels C
    momentum  what stays of the running means in a step, as in the book; PyTorch calls 1 − momentum by this name
    eps       what keeps the root from 0
    raises    ArgumentError; ShapeError for rows of another size, and for a mini-batch of one number a feature

    As in the paper and in PyTorch the running variance is that of a sample (divided by n − 1), the other by n.

    Attributes: ``gamma``, ``beta``, ``running_mean`` and ``running_var``, of shape (features,), in `parameters` and
    `state`.

    source   Ioffe, Szegedy, arXiv:1502.03167, algorithms 1 and 2; Saito, Deep Learning from Scratch, section 6.3

    >>> norm = BatchNorm(1)
    >>> x = np.array([[1.0], [3.0]])
    >>> norm.forward(x, training=True).round(3), norm.state
    (array([[-1.],
           [ 1.]]), {'running_mean': array([0.2]), 'running_var': array([1.1])})
    """

    state_names = ("running_mean", "running_var")
    axis = 0
    first = {"gamma": 1.0, "beta": 0.0, "running_mean": 0.0, "running_var": 1.0}

    def __init__(self, features: int, *, momentum: float = 0.9, eps: float = 1e-5) -> None:
        super().__init__(features, eps=eps)
        self.momentum = checked_number("momentum", momentum, 0, 1)

    def compute(self, x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any) -> Any:
        _, as_rows = self._form(x)
        mean, variance, gamma, beta = map(as_rows, (running_mean, running_var, gamma, beta))
        return self._scaled(f.subtract(x, mean), variance, gamma, beta)

    def compute_training(
        self, x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any, *, step: Any
    ) -> tuple[Any, dict[str, Any]]:
        axes, as_rows = self._form(x)
        count = rows_of_batch(x) * math.prod(x.shape[axis] for axis in axes[1:])
        if not axes or (part_of_batch() is None and count == 1):
            raise ShapeError(
                f"BatchNorm cannot tell a variance from one number a feature; in training it was given {x.shape}",
                fix="Trainer(..., drop_last=True): the last mini-batch of an epoch has only what is left of the rows",
            )
        mean = mean_of_batch(x, axes)
        centred = f.subtract(x, mean)
        variance = mean_of_batch(f.square(centred), axes)
        of_sample = f.divide(f.multiply(variance, count), count - 1)
        out = self._scaled(centred, variance, as_rows(gamma), as_rows(beta))
        return out, {
            "running_mean": self._follow(running_mean, mean),
            "running_var": self._follow(running_var, of_sample),
        }

    def _follow(self, running: Any, batch: Any) -> Any:
        batch = f.reshape(batch, (self.features,))
        return f.add(f.multiply(running, self.momentum), f.multiply(batch, 1 - self.momentum))

    def _form(self, x: Any) -> tuple[tuple[int, ...], Any]:
        """The axes to take means over, and what brings an array of the features to broadcast with x."""
        axis = min(1, len(x.shape) - 1)
        if not x.shape or x.shape[axis] != self.features:
            raise self._unfit(x.shape, axis)
        behind = len(x.shape) - axis - 1
        axes = tuple(a for a in range(len(x.shape)) if a != axis)
        return axes, lambda v: f.reshape(v, (self.features,) + (1,) * behind) if behind else v

    def config(self) -> dict[str, Any]:
        return {"features": self.features, "momentum": self.momentum, "eps": self.eps}


class LayerNorm(Normalisation):
    """Layer normalisation: each row by its own mean and variance, in training and in use alike.

    features  the length of the last axis, over which the mean and the variance are taken
    eps       what keeps the root from 0
    raises    ArgumentError; ShapeError for rows of another size

    source   Ba, Kiros, Hinton, arXiv:1607.06450, section 3

    >>> LayerNorm(2).forward(np.array([[1.0, 3.0], [10.0, 30.0]])).round(3)
    array([[-1.,  1.],
           [-1.,  1.]])
    """

    axis = -1

    def compute(self, x: Any, gamma: Any, beta: Any) -> Any:
        if x.shape[-1:] != (self.features,):
            raise self._unfit(x.shape, -1)
        centred = f.subtract(x, f.mean(x, axis=-1, keepdims=True))
        variance = f.mean(f.square(centred), axis=-1, keepdims=True)
        return self._scaled(centred, variance, gamma, beta)

    def config(self) -> dict[str, Any]:
        return {"features": self.features, "eps": self.eps}
