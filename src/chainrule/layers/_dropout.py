"""Dropout: a network that must not rely on any one of its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import functions as f
from ..graph import part_of_batch
from ._initial import checked_number, generator
from ._layer import Layer


class Dropout(Layer):
    """In training x with a random share of its numbers set to 0, the others times 1 / (1 − rate); else x itself.

    So the mean stays what it was, and nothing is to be done when the network is used. The book (section 6.4.3)
    multiplies by 1 − rate there instead; scores differ by that factor, what is learned does not.

    rate     the share that is dropped, from 0 up to but not including 1 (the book's ``dropout_ratio``)
    seed     of the key, None for one from the network (alone: another one each time)
    raises   ArgumentError for another rate or seed

    Which numbers are dropped is a function of the layer's key, the number of the step, and the place in the
    mini-batch, see `chainrule.gates.dropout_mask`. The key is the state of the layer, so a resumed run has it too.
    ``forward(x, training=True)`` counts its own steps.

    source   Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, JMLR 15 (2014)

    >>> dropout = Dropout(0.5, seed=0)
    >>> x = np.array([[1.0, 2.0, 3.0, 4.0]])
    >>> dropout.forward(x), dropout.forward(x, training=True)
    (array([[1., 2., 3., 4.]]), array([[2., 4., 6., 0.]]))
    >>> dropout.backward(np.ones((1, 4)))
    array([[2., 2., 2., 0.]])
    """

    state_names = ("key",)

    def __init__(self, rate: float = 0.5, *, seed: Any = None) -> None:
        super().__init__()
        self.rate = checked_number("the rate of dropout", rate, 0, 1)
        self._seed = seed
        if seed is not None:
            generator(seed)  # so that a wrong one is refused here

    def compute(self, x: Any, key: Any) -> Any:
        return f.identity(x)

    def compute_training(self, x: Any, key: Any, *, step: Any) -> tuple[Any, dict[str, Any]]:
        part = part_of_batch()
        first = None if part is None else part.first
        mask = f.dropout_mask(key, step, first, shape=x.shape, rate=self.rate, dtype=x.dtype)
        return f.multiply(x, mask), {}

    def initialise(
        self, rng: np.random.Generator | None = None, *, suits: Any = "xavier", dtype: Any = None
    ) -> None:
        """Draw the key."""
        if rng is None or self._seed is not None:
            rng = generator(self._seed)
        self._state_store[self._keys["key"]] = rng.integers(2**32, size=1, dtype=np.uint32)

    def config(self) -> dict[str, Any]:
        return {"rate": self.rate}
