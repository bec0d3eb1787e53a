"""Layers with weights W and biases b: drawn when they are first used, or given as arrays."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..errors import DTypeError, ShapeError
from ..graph import Variable, as_array, is_foreign
from ._initial import Init, checked_dtype, checked_init, deviation_for, generator
from ._layer import Array, Layer


class Weighted(Layer):
    """W and b, of shapes that the layer knows from the beginning.

    Attributes: ``W``, ``b``, and after `backward` ``dW``, ``db``.
    """

    parameter_names = ("W", "b")

    def __init__(
        self,
        shapes: tuple[tuple[int, ...], tuple[int, ...]],
        arrays: tuple[Any, Any] | None = None,
        *,
        init: Init = "auto",
        seed: Any = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        self._init, self._seed = checked_init(init), seed
        self._dtype = None if dtype is None else checked_dtype(dtype)
        self._shapes = dict(zip(self.parameter_names, shapes, strict=True))
        super().__init__(**({} if arrays is None else dict(zip(self.parameter_names, arrays, strict=True))))

    @property
    @abstractmethod
    def fan_in(self) -> int:
        """How many numbers each output is a sum of: what the spread of the first weights depends on."""

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
        W = rng.standard_normal(self._shapes["W"])
        W *= deviation_for(suits if self._init == "auto" else self._init, self.fan_in)
        self._store[self._keys["W"]] = W.astype(dtype, copy=False)
        self._store[self._keys["b"]] = np.zeros(self._shapes["b"], dtype)

    @property
    def W(self) -> Any:
        return self.parameters["W"]

    @W.setter
    def W(self, value: Any) -> None:
        self.put("W", value)

    @property
    def b(self) -> Any:
        return self.parameters["b"]

    @b.setter
    def b(self, value: Any) -> None:
        self.put("b", value)

    def put(self, name: str, value: Any) -> None:
        value, shape = self._array(name, value), self._shapes[name]
        if value.shape != shape:
            raise ShapeError(
                f"{name} of this {type(self).__name__} has shape {shape}; the new one has shape {value.shape}"
            )
        self._store[self._keys[name]] = value

    @property
    def dW(self) -> Array | None:
        return self.gradients.get("W")

    @property
    def db(self) -> Array | None:
        return self.gradients.get("b")

    _made_from = "arrays"  # what else the class can be made from, for messages

    @classmethod
    def _array(cls, name: str, value: Any) -> Any:
        """An array (or a variable) as it is; a list as an array; DTypeError for what has no gradient."""
        if isinstance(value, Variable):
            return value
        if isinstance(value, list | tuple):
            value = np.asarray(value, dtype=np.float64)
        if is_foreign(value):
            value = as_array(value, name)
        if not isinstance(value, np.ndarray):
            kind = cls.__name__
            raise DTypeError(
                f"{name} is an array, not {type(value).__name__}",
                fix=f"{kind}(W, b) with arrays, or {cls._made_from} with whole numbers",
            )
        if value.dtype not in (np.float32, np.float64):
            raise DTypeError(
                f"{name} holds float32 or float64, not {value.dtype}", fix=f"{name}.astype(float)"
            )
        return value
