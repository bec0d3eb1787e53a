"""The affine layer: a matrix product and a shift."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from ..errors import ArgumentError, DTypeError, ShapeError
from ..graph import Variable
from ..graph import functions as f
from ._initial import Init, checked_dtype, checked_init, deviation_for, generator
from ._layer import Array, Layer


class Affine(Layer):
    """x · W + b.

    Made from its parameters, as in the lesson, or from two sizes; then it draws W from a normal distribution and sets
    b to 0 when it is first used, or when a network takes it up.

    W, b      arrays of shape (inputs, outputs) and (outputs,), float32 or float64. They are not copied: what is done
              to them in place is done to the layer
    or        two whole numbers, inputs and outputs
    init      "he": standard deviation √(2 / inputs), for ReLU and its kind; "xavier": √(1 / inputs), for sigmoid and
              tanh; "auto": the one that suits the activation that follows in the network; or a standard deviation
    seed      of the random numbers, None for those of the network (alone: other ones each time)
    dtype     of the parameters, None for that of the network (alone: float64)
    raises    ShapeError, DTypeError, ArgumentError
    source    He et al., arXiv:1502.01852, equation 10; Glorot, Bengio, Understanding the difficulty of training deep
              feedforward neural networks, AISTATS 2010, in the form of Saito, Deep Learning from Scratch, section 6.2.2

    Attributes: ``W``, ``b``, and after `backward` ``dW``, ``db``.

    >>> affine = Affine(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, 0.5]))
    >>> affine.forward(np.array([[1.0, 1.0]]))
    array([[4.5, 6.5]])
    >>> affine.backward(np.array([[1.0, 0.0]]))
    array([[1., 3.]])
    >>> affine.dW, affine.db
    (array([[1., 0.],
           [1., 0.]]), array([1., 0.]))
    """

    parameter_names = ("W", "b")

    def __init__(
        self, W: Any, b: Any, *, init: Init = "auto", seed: Any = None, dtype: DTypeLike | None = None
    ) -> None:
        self._init = checked_init(init)
        self._seed = seed
        self._dtype = None if dtype is None else checked_dtype(dtype)
        if isinstance(W, Integral) and isinstance(b, Integral):
            super().__init__()
            self._shape = int(W), int(b)
            if min(self._shape) < 1 or isinstance(W, bool) or isinstance(b, bool):
                raise ArgumentError(f"Affine needs at least one input and one output, not {W!r} and {b!r}")
            return
        if (init, seed, dtype) != ("auto", None, None):
            raise ArgumentError(
                "init, seed and dtype are for Affine(inputs, outputs); Affine(W, b) has its numbers"
            )
        W, b = _parameter("W", W), _parameter("b", b)
        if W.ndim != 2 or b.shape != W.shape[1:]:
            needed = "W of shape (inputs, outputs) and b of shape (outputs,)"
            raise ShapeError(f"Affine needs {needed}; W is {W.shape}, b is {b.shape}")
        super().__init__(W=W, b=b)
        self._shape = W.shape

    def compute(self, x: Any, W: Any, b: Any) -> Any:
        """x · W + b for one row, for rows in any number of axes, or for tensors with as many numbers as W has rows."""
        inputs, outputs = W.shape
        shape = x.shape
        if shape[-1:] == (inputs,):
            rows = shape[:-1]
        elif shape and math.prod(shape[1:]) == inputs:
            rows = shape[:1]
        else:
            raise ShapeError(
                f"Affine needs x with {inputs} columns, because W is {W.shape}; x is {shape}",
                fix=f"x.reshape(-1, {inputs}), or another W",
            )
        if len(shape) == 2 or not rows:
            return f.add(f.matmul(x, W), b)
        # One product of two matrices, whatever the axes: the fast way, and dW needs no sum over them.
        y = f.add(f.matmul(f.reshape(x, (math.prod(rows), inputs)), W), b)
        return f.reshape(y, (*rows, outputs))

    @property
    def is_initialised(self) -> bool:
        """Whether there are numbers in W and b."""
        return self._keys["W"] in self._store

    def initialise(
        self, rng: np.random.Generator | None = None, *, suits: Init = "xavier", dtype: Any = None
    ) -> None:
        """Draw W and set b to 0.

        rng     where the random numbers come from, unless the layer was made with a seed of its own
        suits   what to take for init="auto"
        dtype   of the numbers, unless the layer was made with one of its own. They are drawn in float64, so networks
                of both dtypes start from the same numbers
        """
        if rng is None or self._seed is not None:
            rng = generator(self._seed)
        dtype = self._dtype or dtype or np.float64
        W = rng.standard_normal(self._shape)
        W *= deviation_for(suits if self._init == "auto" else self._init, self._shape[0])
        self._store[self._keys["W"]] = W.astype(dtype, copy=False)
        self._store[self._keys["b"]] = np.zeros(self._shape[1], dtype)

    @property
    def parameters(self) -> dict[str, Any]:
        if not self.is_initialised:
            self.initialise()
        return super().parameters

    @property
    def W(self) -> Any:
        return self.parameters["W"]

    @W.setter
    def W(self, value: Any) -> None:
        self._set("W", value, self._shape)

    @property
    def b(self) -> Any:
        return self.parameters["b"]

    @b.setter
    def b(self, value: Any) -> None:
        self._set("b", value, self._shape[1:])

    def _set(self, name: str, value: Any, shape: tuple[int, ...]) -> None:
        value = _parameter(name, value)
        if value.shape != shape:
            raise ShapeError(f"{name} of this Affine has shape {shape}; the new one has shape {value.shape}")
        self._store[self._keys[name]] = value

    @property
    def dW(self) -> Array | None:
        return self.gradients.get("W")

    @property
    def db(self) -> Array | None:
        return self.gradients.get("b")

    @property
    def input_size(self) -> int:
        return self._shape[0]

    def output_size(self, input_size: int) -> int:
        return self._shape[1]

    def config(self) -> dict[str, Any]:
        return {"inputs": self._shape[0], "outputs": self._shape[1]}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        are_counts = all(isinstance(size, int) for size in config.values())
        if config.keys() != {"inputs", "outputs"} or not are_counts:
            raise ArgumentError(
                f"an affine layer has inputs and outputs, two sizes, not {dict(config)!r:.80}"
            )
        return cls(config["inputs"], config["outputs"])


def _parameter(name: str, value: Any) -> Any:
    """An array (or a variable) as it is; a list as an array; DTypeError for what has no gradient."""
    if isinstance(value, Variable):
        return value
    if isinstance(value, list | tuple):
        value = np.asarray(value, dtype=np.float64)
    if not isinstance(value, np.ndarray):
        raise DTypeError(
            f"{name} is an array, not {type(value).__name__}",
            fix="Affine(W, b) with arrays, or Affine(inputs, outputs) with whole numbers",
        )
    if value.dtype not in (np.float32, np.float64):
        raise DTypeError(f"{name} holds float32 or float64, not {value.dtype}", fix=f"{name}.astype(float)")
    return value
