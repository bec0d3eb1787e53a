"""Embedding: a row of numbers to be learned for each of some ids."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DTypeError, ShapeError
from ..gates import check_ids
from ..graph import Variable, as_array, new_variable
from ..graph import functions as f
from ._initial import checked_count, checked_number, generator
from ._layer import Array, Layer, own


class Embedding(Layer):
    """For each id the row of W with that number: the first layer of a network whose inputs are words or other kinds.

    A row gets the gradients of all places where its id stands, added up; the other rows get 0.

    ids      how many there are: 0, 1, …, ids − 1
    size     of the row for each
    std      standard deviation of W in the beginning, normally distributed
    seed     of the random numbers, None for those of the network (alone: other ones each time)
    raises   ArgumentError; of `forward` also for an id that is out of range, which it names

    Attributes: ``W`` of shape (ids, size), in `parameters`. The inputs have no gradient: `backward` returns None.

    source   Bengio et al., A Neural Probabilistic Language Model, JMLR 3 (2003), section 2

    >>> layer = Embedding(4, 2)
    >>> layer.put("W", np.array([[0.0, 0.1], [1.0, 1.1], [2.0, 2.1], [3.0, 3.1]]))
    >>> layer.forward(np.array([2, 0, 2]))
    array([[2. , 2.1],
           [0. , 0.1],
           [2. , 2.1]])
    >>> layer.backward(np.ones((3, 2)))
    >>> layer.gradients["W"]
    array([[1., 1.],
           [0., 0.],
           [2., 2.],
           [0., 0.]])
    """

    parameter_names = ("W",)
    has_one_input = False  # of numbers that have a gradient

    def __init__(self, ids: int, size: int, *, std: float = 1.0, seed: Any = None) -> None:
        super().__init__()
        self._shape = checked_count("ids", ids), checked_count("size", size)
        self.std, self._seed = checked_number("std", std, 0, np.inf), seed

    def compute(self, x: Any, W: Any) -> Any:
        return f.take_rows(W, x)

    def forward(self, x: Any, *, training: bool = False) -> Any:  # type: ignore[override]
        """The rows for ids x, whole numbers of any shape; see the class."""
        if isinstance(x, Variable):
            return super().forward(x, training=training)
        out = super().forward(new_variable(self.checked(x), name="x"), training=training)
        return own(out.value)

    def backward(self, dout: Any) -> None:
        """The gradient of W, in `gradients`; ids have none."""
        super().backward(dout)

    def checked(self, x: Any) -> Array:
        """Ids as int64; DTypeError for other numbers, ArgumentError for one that is out of range."""
        ids = as_array(x)
        if ids.dtype.kind not in "iu":
            raise DTypeError(
                f"x holds {ids.dtype}; Embedding takes ids, whole numbers", fix="x.astype(np.int64)"
            )
        check_ids(ids, self._shape[0])
        found: Array = ids.astype(np.int64, copy=False)
        return found

    def initialise(
        self, rng: np.random.Generator | None = None, *, suits: Any = "xavier", dtype: Any = None
    ) -> None:
        """Draw W."""
        if rng is None or self._seed is not None:
            rng = generator(self._seed)
        W = rng.standard_normal(self._shape) * self.std
        self._store[self._keys["W"]] = W.astype(dtype or np.float64, copy=False)

    @property
    def needs(self) -> str:
        return "rows of ids"

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        if not all(input_shape):
            raise ShapeError("Embedding takes rows of at least one id")
        return (*input_shape, self._shape[1])

    def config(self) -> dict[str, Any]:
        return {"ids": self._shape[0], "size": self._shape[1], "std": self.std}
