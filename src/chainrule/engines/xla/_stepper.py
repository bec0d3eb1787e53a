"""Many steps in one call, on parameters that stay on the devices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .._abstract import AbstractArray
from .._node import input_node
from .._step import StepGraph
from ._bfloat16 import with_rounded_products
from ._devices import Devices, computing
from ._gates import outputs_of

Arrays = Mapping[str, Any]
Tracer = Callable[[Mapping[str, Any]], StepGraph]

_PIXELS = np.dtype(np.uint8)
_BLOCK = 64  # steps of one call of a compiled function; the next is handed over while it computes


class Results(NamedTuple):
    """What steps leave behind.

    held    parameters and state after the last step, on the devices
    losses  the output "loss" of each step, float64 of shape (steps,)
    good    whether the losses and all that is held are finite
    """

    held: dict[str, jax.Array]
    losses: np.ndarray[Any, Any]
    good: bool


class Stepper:
    """Runs one kind of step on all devices, for mini-batches of any size.

    trace      records the step for inputs by name, see `engines.trace`
    inputs     an example of each input by name: arrays that stay, floats, and data of which a step takes some rows
    gathered   the names of the data
    dtype      in which pixels (data of uint8) are computed with
    bfloat16   whether float32 matrix products are of operands rounded to bfloat16
    split      whether parameters are split over the devices, or copied to each

    >>> from chainrule.engines import trace
    >>> from chainrule.graph import functions as F
    >>> def double(values):
    ...     return trace(lambda v: {"w": v["w"] + v["lr"] * F.sum(v["x"], axis=0), "loss": F.sum(v["w"])}, values)
    >>> w, x = np.zeros(2), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> stepper = Stepper(double, {"w": w, "x": x, "lr": 0.0}, gathered=["x"])
    >>> held, data = stepper.hold({"w": w}), stepper.keep({"x": x})
    >>> results = stepper.run(held, data, np.array([[0, 1], [1, 2]]), {"lr": [10.0, 1.0]})
    >>> stepper.read(results.held["w"]), results.losses
    (array([48., 70.]), array([  0., 100.]))
    """

    def __init__(
        self,
        trace: Tracer,
        inputs: Mapping[str, Any],
        *,
        gathered: Collection[str],
        dtype: Any = np.float64,
        bfloat16: bool = False,
        split: bool = False,
    ) -> None:
        self._trace, self._gathered, self._dtype = trace, frozenset(gathered), np.dtype(dtype)
        self._forms = {name: (np.shape(v), getattr(v, "dtype", None)) for name, v in inputs.items()}
        self._numbers = [name for name, (_, form) in self._forms.items() if form is None]
        self._bfloat16 = bfloat16
        self._devices = Devices(split=split)
        self._known: dict[Any, Any] = {}

    # What lies on the devices.

    def hold(self, arrays: Arrays) -> dict[str, jax.Array]:
        """Parameters and state, copied to the devices."""
        with computing():
            return self._devices.hold(arrays)

    def keep(self, data: Arrays) -> dict[str, jax.Array]:
        """Data, copied to each device as they are."""
        with computing():
            return {name: self._devices.put(value) for name, value in data.items()}

    def read(self, array: jax.Array) -> np.ndarray[Any, Any]:
        """The numbers of an array on the devices, until the next step."""
        with computing():
            return self._devices.read(array)

    def read_into(self, arrays: Arrays, held: Mapping[str, jax.Array]) -> None:
        """Bring parameters and state from the devices to arrays of NumPy."""
        with computing():
            whole = {name: self._devices.whole(held[name]) for name in arrays}
            for array in whole.values():
                array.copy_to_host_async()
            for name, array in arrays.items():
                array[...] = np.asarray(whole[name])

    def copies(self, held: Mapping[str, jax.Array]) -> dict[str, jax.Array]:
        """The same numbers in memory that no step takes over."""
        with computing():
            return {name: jnp.copy(array) for name, array in held.items()}

    # What is run.

    def prepare(self, rows: int) -> None:
        """Trace a step with so many rows.

        raises   UnsupportedError when a gate cannot be traced
        """
        if ("step", rows) in self._known:
            return
        given = {
            name: jax.ShapeDtypeStruct(shape, dtype)
            for name, (shape, dtype) in self._forms.items()
            if dtype is not None
        }
        data = {name: given.pop(name) for name in self._gathered}
        with computing():
            numbers = jax.ShapeDtypeStruct((len(self._numbers),), np.float64)
            jax.eval_shape(self._step(rows), given, data, jax.ShapeDtypeStruct((rows,), np.int64), numbers)

    def run(
        self,
        held: dict[str, jax.Array],
        data: Mapping[str, jax.Array],
        batches: np.ndarray[Any, Any],
        numbers: Mapping[str, Any],
    ) -> Results:
        """Run a step for each mini-batch.

        held     what `hold` gave, or the results of a run before: their memory is taken over
        data     what `keep` gave
        batches  row numbers, shape (steps, rows)
        numbers  for each float among the inputs its values, one for each step
        """
        steps, rows = batches.shape
        values = np.array([numbers[name] for name in self._numbers], np.float64).reshape(-1, steps).T
        losses = []
        with computing():
            for start in range(0, steps, _BLOCK):
                count = min(_BLOCK, steps - start)
                block = np.zeros((_BLOCK, rows), np.int64), np.zeros((_BLOCK, len(self._numbers)))
                for whole, some in zip(block, (batches, values), strict=True):
                    whole[:count] = some[start : start + count]
                held, some_losses = self._steps(rows, count)(held, data, *block, count)
                losses.append((self._devices.whole(some_losses), count))
                losses[-1][0].copy_to_host_async()  # while the next block is computed
            is_finite = _are_finite(held)
            found = np.concatenate([np.asarray(some)[:count] for some, count in losses])
            good = bool(np.isfinite(found).all() and self._devices.read(is_finite))
            return Results(held, found.astype(np.float64), good)

    def outputs(
        self, held: Arrays, data: Mapping[str, jax.Array], rows: np.ndarray[Any, Any]
    ) -> dict[str, np.ndarray[Any, Any]]:
        """The outputs of one step without numbers, by name; nothing is taken over."""
        key = "outputs", len(rows)
        if key not in self._known:
            self._known[key] = jax.jit(self._step(len(rows)), out_shardings=self._devices.everywhere)
        with computing():
            found = self._known[key](held, data, np.array(rows, np.int64), np.zeros(0))
            return {name: np.array(self._devices.read(value)) for name, value in found.items()}

    def _steps(self, rows: int, count: int) -> Any:
        """The compiled steps of a block.

        Every number of steps runs the same loop, so that the same steps give the same bits wherever a run is cut. On
        accelerators, which otherwise wait in each step to hear whether it is the last, whole blocks have a length that
        is known to the compiler.
        """
        known = _BLOCK if count == _BLOCK and self._devices.is_accelerator else None
        key = "steps", rows, known
        if key not in self._known:
            function = partial(_loop, self._step(rows), known)
            places = {
                name: self._devices.placement(shape)
                for name, (shape, dtype) in self._forms.items()
                if dtype is not None and name not in self._gathered
            }
            everywhere = self._devices.everywhere
            self._known[key] = jax.jit(function, donate_argnums=0, out_shardings=(places, everywhere))
        return self._known[key]

    def _step(self, rows: int) -> Any:
        """One step as a function of what is held, the data, row numbers and floats."""
        if ("step", rows) not in self._known:
            self._known["step", rows] = self._new_step(rows)
        return self._known["step", rows]

    def _new_step(self, rows: int) -> Callable[..., dict[str, Any]]:
        graph = self._trace({name: self._example(name, rows) for name in self._forms})
        numbers = self._numbers

        def calculated(values: dict[str, Any]) -> dict[str, Any]:
            return outputs_of(graph, values, numbers).values

        if self._bfloat16:
            calculated = with_rounded_products(calculated)

        def step(held: Arrays, data: Arrays, rows: Any, floats: Any) -> dict[str, Any]:
            some = {name: self._rows_of(array, rows) for name, array in data.items()}
            return calculated({**held, **some, **{name: floats[i] for i, name in enumerate(numbers)}})

        return step

    def _example(self, name: str, rows: int) -> AbstractArray:
        shape, dtype = self._forms[name]
        if dtype is None:
            return AbstractArray(input_node(name, (), np.float64, weak=True))
        if name in self._gathered:
            shape, dtype = (rows, *shape[1:]), self._dtype if dtype == _PIXELS else dtype
        return AbstractArray(input_node(name, shape, dtype))

    def _rows_of(self, array: Any, rows: Any) -> Any:
        """A mini-batch, each device having its own rows of it."""
        some = array.at[rows].get(mode="promise_in_bounds")
        some = jax.lax.with_sharding_constraint(some, self._devices.by_rows)
        return some.astype(self._dtype) / 255 if some.dtype == _PIXELS else some


def _loop(
    step: Callable[..., dict[str, Any]],
    known: int | None,
    held: dict[str, Any],
    data: Arrays,
    batches: Any,
    floats: Any,
    count: Any,
) -> tuple[dict[str, Any], Any]:
    """`count` steps: what is held after them, and their losses."""

    def body(number: Any, carry: Any) -> Any:
        held, losses = carry
        outputs = step(held, data, batches[number], floats[number])
        losses = losses.at[number].set(outputs["loss"].astype(losses.dtype))
        return {name: outputs.get(name, value) for name, value in held.items()}, losses

    start = held, jnp.zeros(len(batches))
    done: tuple[dict[str, Any], Any] = jax.lax.fori_loop(0, known or count, body, start)
    return done


def _all_finite(held: dict[str, Any]) -> Any:
    floats = (v for v in held.values() if jnp.issubdtype(v.dtype, jnp.floating))
    return jnp.stack([jnp.isfinite(v).all() for v in floats]).all()


_are_finite = jax.jit(_all_finite)
