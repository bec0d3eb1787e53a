"""The affine layer: a matrix product and a shift."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral
from typing import Any, Self

from numpy.typing import DTypeLike

from ..errors import ArgumentError, ShapeError
from ..graph import functions as f
from ._initial import Init
from ._weighted import Weighted


class Affine(Weighted):
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

    _made_from = "Affine(inputs, outputs)"

    def __init__(
        self, W: Any, b: Any, *, init: Init = "auto", seed: Any = None, dtype: DTypeLike | None = None
    ) -> None:
        if isinstance(W, Integral) and isinstance(b, Integral):
            if min(W, b) < 1 or isinstance(W, bool) or isinstance(b, bool):
                raise ArgumentError(f"Affine needs at least one input and one output, not {W!r} and {b!r}")
            super().__init__(((int(W), int(b)), (int(b),)), init=init, seed=seed, dtype=dtype)
            return
        if (init, seed, dtype) != ("auto", None, None):
            raise ArgumentError(
                "init, seed and dtype are for Affine(inputs, outputs); Affine(W, b) has its numbers"
            )
        W, b = self._array("W", W), self._array("b", b)
        if W.ndim != 2 or b.shape != W.shape[1:]:
            needed = "W of shape (inputs, outputs) and b of shape (outputs,)"
            raise ShapeError(f"Affine needs {needed}; W is {W.shape}, b is {b.shape}")
        super().__init__((W.shape, b.shape), (W, b))

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
    def needs(self) -> str:
        return f"{self.input_size} numbers a row"

    @property
    def fan_in(self) -> int:
        return self.input_size

    @property
    def input_size(self) -> int:
        return self._shapes["W"][0]

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        inputs, outputs = self._shapes["W"]
        if input_shape[-1] == inputs:
            return (*input_shape[:-1], outputs)
        if math.prod(input_shape) == inputs:
            return (outputs,)
        size = math.prod(input_shape)
        raise ShapeError(f"Affine takes {self.needs}, not {size}", fix=f"Affine({size}, {outputs})")

    def config(self) -> dict[str, Any]:
        inputs, outputs = self._shapes["W"]
        return {"inputs": inputs, "outputs": outputs}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        are_counts = all(isinstance(size, int) for size in config.values())
        if config.keys() != {"inputs", "outputs"} or not are_counts:
            raise ArgumentError(
                f"an affine layer has inputs and outputs, two sizes, not {dict(config)!r:.80}"
            )
        return cls(config["inputs"], config["outputs"])
