"""Many steps in one native call, on arrays in place."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...errors import MissingExtraError, UnsupportedError
from ...graph import Dimension, quiet, shape_at
from .._abstract import AbstractArray, xp
from .._calls import settings_at
from .._node import Node, input_node
from .._step import StepGraph
from ._compiled import Compiled, compiled
from ._emit import Source

Arrays = Mapping[str, np.ndarray[Any, Any]]
Tracer = Callable[[Mapping[str, Any]], StepGraph]

_PIXELS = np.dtype(np.uint8)
_ANOTHER_PRIME = 999_979  # for a second look at what depends on the number of rows
_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)


class Results(NamedTuple):
    """What steps leave behind, besides what they have changed in place.

    losses   the output "loss" of each step, float64 of shape (steps,); zeros when there is none
    outputs  of the last step, by name: views that the next run writes over
    """

    losses: np.ndarray[Any, Any]
    outputs: Mapping[str, np.ndarray[Any, Any]]


class Stepper:
    """Runs one kind of step, for mini-batches of any size.

    trace     records the step for inputs by name, see `engines.trace`
    inputs    an example of each input by name: arrays that stay, floats, and data of which a step takes some rows
    gathered  the names of the data
    dtype     in which pixels (data of uint8) are computed with
    threads   how many share a step; None chooses

    >>> from chainrule.engines import trace
    >>> from chainrule.graph import functions as F
    >>> def double(values):
    ...     return trace(lambda v: {"w": v["w"] + v["lr"] * F.sum(v["x"], axis=0)}, values)
    >>> w, x = np.zeros(2), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> stepper = Stepper(double, {"w": w, "x": x, "lr": 0.0}, gathered=["x"])
    >>> _ = stepper.run({"w": w}, {"x": x}, np.array([[0, 1], [1, 2]]), {"lr": [10.0, 1.0]})
    >>> w
    array([48., 70.])
    """

    def __init__(
        self,
        trace: Tracer,
        inputs: Mapping[str, Any],
        *,
        gathered: Collection[str],
        dtype: Any = np.float64,
        threads: int | None = None,
    ) -> None:
        self._trace, self._gathered, self._dtype = trace, frozenset(gathered), np.dtype(dtype)
        self._shapes = {name: np.shape(value) for name, value in inputs.items()}
        self._dtypes = {name: getattr(value, "dtype", None) for name, value in inputs.items()}
        self._general: Compiled | None = None
        self._particular: dict[int, Compiled] = {}
        self._workspace: dict[str, np.ndarray[Any, Any]] = {}
        self._threads = threads
        self._team: Any = None
        self._lock = threading.Lock()

    # What is run.

    def compiled(self, rows: int) -> Compiled:
        """The step for mini-batches of so many rows: the same for all numbers, unless something depends on it."""
        if self._general is None and not self._particular:
            graph, inputs = self._traced(Dimension(1, 0))
            again, _ = self._traced(Dimension(1, 0, _ANOTHER_PRIME))
            if alike(graph, again):
                self._general = compiled(graph, inputs)
        if self._general is not None:
            return self._general
        if rows not in self._particular:
            self._particular[rows] = compiled(*self._traced(rows))
        return self._particular[rows]

    def _traced(self, rows: int) -> tuple[StepGraph, dict[str, Node]]:
        inputs: dict[str, Node] = {}
        values: dict[str, Any] = {}
        for name, shape in self._shapes.items():
            dtype = self._dtypes[name]
            if dtype is None:
                inputs[name] = input_node(name, (), np.float64, weak=True)
                values[name] = AbstractArray(inputs[name])
                continue
            data = name in self._gathered
            node = input_node(name, (rows, *shape[1:]) if data else shape, dtype, gathered=data)
            inputs[name] = node
            values[name] = AbstractArray(node)
            if data and dtype == _PIXELS:
                pixels = values[name]
                values[name] = xp.asarray(pixels, dtype=self._dtype) / 255
                inputs[name] = values[name].node
        return self._trace(values), inputs

    def threads(self, rows: int) -> int:
        """How many threads share a step: decided once, so that the same steps give the same bits."""
        if self._threads is None:
            self._threads = self.compiled(rows).threads(rows)
        return self._threads

    def source(self, rows: int) -> Source:
        """The text of a step with so many rows, as it runs."""
        return self.compiled(rows).source(self.threads(rows))

    def prepare(self, rows: int) -> None:
        """Compile now what runs mini-batches of so many rows.

        raises   UnsupportedError when that cannot be done on this machine
        """
        with self._lock:
            try:
                self.compiled(rows).native(self.threads(rows))
            except MissingExtraError:
                raise
            except Exception as problem:
                reason = str(problem).strip().splitlines() or [type(problem).__name__]
                what = f"the fused engine cannot be used here: {reason[0]}"
                raise UnsupportedError(what, fix="engine='eager', which needs NumPy alone") from problem

    def run(
        self, arrays: Arrays, data: Arrays, batches: np.ndarray[Any, Any], numbers: Mapping[str, Any]
    ) -> Results:
        """Run a step for each mini-batch; `arrays` are changed in place.

        arrays   the inputs that stay, by name; what a step puts out under the name of an input replaces it
        data     rows are taken from these, C-contiguous
        batches  row numbers, shape (steps, rows)
        numbers  for each float among the inputs its values, one for each step
        returns  see `Results`
        """
        with self._lock:
            return self._run(arrays, data, batches, numbers)

    def profile(
        self, arrays: Arrays, data: Arrays, batches: np.ndarray[Any, Any], numbers: Mapping[str, Any]
    ) -> list[float]:
        """`run`, with a clock: the seconds that a step spends in each piece of its source, in the first thread."""
        rows = batches.shape[1]
        ticks = np.zeros(len(self.source(rows).pieces) + 1, np.int64)
        with self._lock:
            self._run(arrays, data, batches, numbers, ticks)  # which compiles, and warms the caches
            ticks[:] = 0
            start = time.perf_counter()
            self._run(arrays, data, batches, numbers, ticks)
            seconds = (time.perf_counter() - start) / len(batches)
        shares = ticks[1:] / max(1, ticks[1:].sum())
        return [float(seconds * share) for share in shares]

    def _run(
        self,
        arrays: Arrays,
        data: Arrays,
        batches: np.ndarray[Any, Any],
        numbers: Mapping[str, Any],
        ticks: np.ndarray[Any, Any] | None = None,
    ) -> Results:
        from ._blas import one_blas_thread
        from ._team import Team

        batches = np.ascontiguousarray(batches, np.int64)
        steps, rows = batches.shape
        step = self.compiled(rows)
        threads = self.threads(rows)
        source = step.source(threads)
        native = step.native(threads, profile=ticks is not None)
        for output in step.placement.outputs.values():
            if output.given is not None and not arrays[output.given].flags.writeable:
                raise ValueError(f"{output.given} is read-only, and a step would write to it")
        held = {
            name: np.require(array, requirements=("C", "A"))
            for name, array in (*arrays.items(), *data.items())
        }
        memory = self._memory(source, held, rows, threads)
        losses = np.zeros(steps)
        table = np.array([a.ctypes.data for a in memory.values()], np.int64)
        values = np.array([numbers[name] for name in source.numbers], np.float64).T.copy()
        calls = _Calls(source, memory, rows)
        clock = () if ticks is None else (ticks.ctypes.data,)
        self._team = self._team or Team(threads)
        with one_blas_thread():
            self._team.run(
                native, table.ctypes.data, values.ctypes.data, batches.ctypes.data, losses.ctypes.data, rows,
                steps, calls.address, *clock,
            )  # fmt: skip
        calls.raise_problem()
        for name, array in arrays.items():
            if held[name] is not array:
                array[...] = held[name]
        outputs = {
            name: memory[array.name].reshape(shape_at(self._output_shape(step, name), rows))
            for name, array in step.placement.outputs.items()
            if array.kind == "output"
        }
        return Results(losses, outputs)

    @staticmethod
    def _output_shape(step: Compiled, name: str) -> tuple[int, ...]:
        return step.placement.schedule.units.program.outputs[name].shape

    def _memory(
        self, source: Source, held: Arrays, rows: int, threads: int
    ) -> dict[str, np.ndarray[Any, Any]]:
        """An array for each parameter, in order."""
        space = self._workspace
        memory = {}
        for array in source.arrays:
            if array.given is not None:
                memory[array.name] = held[array.given]
                continue
            if array.value is not None:
                memory[array.name] = np.ascontiguousarray(array.value)
                continue
            shape = (*([threads] if array.kind == "parts" else []), *shape_at(array.shape, rows))
            key = array.name if array.slot is None else f"slot {array.slot}"
            size = int(np.prod(shape))
            if key not in space or space[key].size < size:
                space[key] = np.empty(size, array.dtype)
            memory[array.name] = space[key][:size].reshape(shape)
        return memory


def readable(t: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Targets in memory as compiled code reads it: whole numbers as int64."""
    return np.ascontiguousarray(t if t.dtype in (np.float32, np.float64) else t.astype(np.int64, copy=False))


def alike(one: StepGraph, other: StepGraph) -> bool:
    """Whether two recordings, with different numbers of rows, are the same but for that number, where it is known."""

    def said(graph: StepGraph) -> Any:
        constants = {
            slot: value.tobytes() if isinstance(value, np.ndarray) else repr(value)
            for slot, value in graph.constants.items()
        }
        return [
            (id(a.gate), a.inputs, a.output, a.kept, repr(a.settings)) for a in graph.applications
        ], constants

    return bool(said(one) == said(other))


class _Calls:
    """Gates that are run as they are, with NumPy, from inside the native code."""

    def __init__(self, source: Source, memory: Arrays, rows: int) -> None:
        self._source, self._memory, self._rows = source, memory, rows
        self._problem: BaseException | None = None
        self._callback = _CALLBACK(self._run) if source.calls else None
        self.address = ctypes.cast(self._callback, ctypes.c_void_p).value if self._callback else 0

    def _run(self, number: int, rows: int) -> None:
        if self._problem is not None:  # what comes after it has nothing to work on, and would wait for nobody
            return
        try:
            run_call(self._source, number, self._memory, rows)
        except BaseException as problem:  # it cannot pass through native code
            self._problem = problem

    def raise_problem(self) -> None:
        if self._problem is not None:
            raise self._problem


def run_call(source: Source, number: int, memory: Arrays, rows: int) -> None:
    """Run the gate of call `number` on arrays in memory."""
    node, given, made = source.calls[number]
    gate, settings = node.settings["gate"], settings_at(node.settings["settings"], rows)
    shapes = [shape_at(arg.shape, rows) for arg in node.args]
    values = [memory[a.name].reshape(shape) for a, shape in zip(given, shapes, strict=True)]
    if given == tuple(made.values()):  # a gate that may
        quiet.run(gate.forward, np, *values, **settings, in_place=True)
        return
    results = quiet.run(gate.forward, np, *values, **settings)
    results = results if gate.keeps else (results,)
    for position, array in made.items():
        memory[array.name][...] = np.reshape(results[position], memory[array.name].shape)
