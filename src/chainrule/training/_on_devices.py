"""Many steps in one call of the xla engine, on parameters and data that stay on its devices."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from ..comm import Comm, comm_of
from ..errors import ArgumentError, RankError
from ._in_chunks import InChunks

if TYPE_CHECKING:
    from ._trainer import Trainer

Array = np.ndarray[Any, Any]

_LEAST_SECONDS, _MOST_SECONDS = 0.25, 1.0  # of a chunk: what Ctrl-C and the progress on the screen wait for
_COPY_SHARE = 0.01  # of the time may go into bringing the results of chunks to the network


def check_engine(
    engine: str, dtype: Any, *, precision: str | None = None, parameters: str = "replicated"
) -> None:
    """Refuse settings of the xla engine that are none, and any where the engine or the dtype is another.

    raises   ArgumentError
    """
    chosen = {"precision": (precision, None, "bfloat16"), "parameters": (parameters, "replicated", "split")}
    for name, (value, usual, other) in chosen.items():
        if value not in (usual, other):
            raise ArgumentError(f"{name} is {usual!r} or {other!r}, not {value!r}")
        if value != usual and engine != "xla":
            what = f"{name}={value!r} is for the xla engine; this is the {engine} engine"
            raise ArgumentError(what, fix="choose the xla engine")
    if precision is not None and dtype != np.float32:
        what = f"precision={precision!r} is for networks of float32; this one has {dtype}"
        raise ArgumentError(what, fix="make the network with dtype float32")


def processes_of(comm: Comm | str | None) -> Comm:
    """The processes whose devices train together: those that JAX joins, whatever else they are joined by.

    comm     as `Trainer` takes it; what counts is how many ranks it has
    raises   RankError where JAX knows of fewer
    """
    from ..engines.xla import Processes

    asked, found = comm_of(comm), Processes()
    if asked.size > found.size:
        what = f"the communicator has {asked.size} ranks, but JAX joins {found.size} processes"
        raise RankError(
            what, fix="chainrule launch, mpiexec, srun or torchrun start processes that JAX joins"
        )
    return found


class OnDevices(InChunks):
    """Runs a trainer's steps on devices; the network gets the result of each chunk, see `steps`.

    Data are copied to the devices once for each call of `Trainer.fit` or `Trainer.run`.
    """

    def __init__(self, trainer: Trainer) -> None:
        super().__init__(trainer)
        self._held: Any = None  # what the devices hold, None where the network knows better
        self._data: dict[str, tuple[Array, Any]] = {}  # an array, and where it lies on the devices
        self._copying = 0.0  # seconds
        self._was_good = True

    def forget_data(self) -> None:
        """The data may be others the next time, or the same arrays with other numbers."""
        self._data.clear()
        self._changed()

    def _new_stepper(self, *form: Any, **more: Any) -> Any:
        from ..engines.xla import Stepper

        trainer = self._trainer
        return Stepper(
            *form, **more, bfloat16=trainer.precision == "bfloat16", split=trainer.parameters == "split"
        )

    @property
    def _seconds(self) -> float:
        return min(max(_LEAST_SECONDS, self._copying / _COPY_SHARE), _MOST_SECONDS)

    def _changed(self) -> None:
        self._held = None

    def _copies(self, stepper: Any) -> Any:
        return stepper.copies(self._on_devices(stepper))

    def _put(self, stepper: Any, copies: Any) -> None:
        stepper.read_into(self._trainer.held, copies)
        self._changed()

    def _on_devices(self, stepper: Any) -> Any:
        """What a step may change, on the devices."""
        if self._held is None:
            self._held = stepper.hold(self._trainer.held)
        return self._held

    def _run(self, stepper: Any, x: Array, t: Array, rows: Array) -> Array:
        data = {name: self._kept(stepper, name, array) for name, array in (("x", x), ("t", t))}
        start = time.perf_counter()
        held, self._held = self._on_devices(stepper), None  # until all went well: the steps take its memory
        copying = time.perf_counter() - start
        results = stepper.run(held, data, rows, self._numbers(rows))
        start = time.perf_counter()
        stepper.read_into(self._trainer.held, results.held)
        self._held, self._was_good = results.held, results.good
        self._copying = copying + time.perf_counter() - start
        losses: Array = results.losses
        return losses

    def _kept(self, stepper: Any, name: str, array: Array) -> Any:
        """Data on the devices."""
        if name not in self._data or self._data[name][0] is not array:
            self._data[name] = array, stepper.keep({name: array})[name]
        return self._data[name][1]

    def _is_good(self, losses: Array) -> bool:
        return self._was_good
