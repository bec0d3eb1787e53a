"""What runs a graph on mini-batches: the fused engine on arrays in place, or the eager one, step by step."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...engines import Step, StepGraph, compile_step
from ._losses import Array
from ._rows import Rows

Tracer = Callable[[Mapping[str, Any]], StepGraph]

_STEPS = 256  # in one native call, after which Ctrl-C is heard
_DENSE_BYTES = 2**26  # of sparse rows that are made dense for one call
_MOST_IDLE = 16  # kinds of steps that are remembered for later
NUMBERS = ("lr", "step", "share", "decay")


class Runner:
    """Runs a graph of the inputs of an objective, parameters and state, which are replaced by outputs of their names.

    trace    records it for inputs by name
    engine   "eager" or "fused"
    trained  parameters and state by name, changed in place
    """

    def __init__(self, trace: Tracer, engine: str) -> None:
        self._trace, self.engine = trace, engine
        self.trained: dict[str, Array] = {}
        self._steppers: dict[Any, Any] = {}
        self._steps: dict[Any, Step] = {}

    def run(
        self, data: Rows, batches: Array, numbers: Mapping[str, Any]
    ) -> tuple[Array, Mapping[str, Array]]:
        """A step for each mini-batch.

        batches  row numbers, shape (steps, rows)
        numbers  `NUMBERS` by name: the value of each step, shape (steps,)
        returns  the losses, and the other outputs of the last step: until the next call
        """
        losses: list[Array] = []
        outputs: Mapping[str, Array] = {}
        for first, last in self._parts(data, batches):
            rows = batches[first:last]
            part = data
            if not isinstance(data.x, np.ndarray):
                part, rows = data[rows.ravel()], np.arange(rows.size).reshape(rows.shape)
            some = {name: values[first:last] for name, values in numbers.items()}
            run = self._fused if self.engine == "fused" else self._eager
            found, outputs = run(part.arrays(), rows, some)
            losses.append(found)
        return np.concatenate(losses), outputs

    def _parts(self, data: Rows, batches: Array) -> list[tuple[int, int]]:
        size = _STEPS
        if not isinstance(data.x, np.ndarray):
            size = max(1, _DENSE_BYTES // (batches.shape[1] * data.x.shape[1] * data.x.dtype.itemsize))
        return [(at, min(at + size, len(batches))) for at in range(0, len(batches), size)]

    def _fused(
        self, data: dict[str, Array], rows: Array, numbers: Mapping[str, Any]
    ) -> tuple[Array, Mapping[str, Array]]:
        from ...engines.fused import Stepper, readable

        data = {name: readable(values) for name, values in data.items()}
        key = tuple((name, v.shape[1:], v.dtype) for name, v in data.items())
        if key not in self._steppers:
            examples = {**self.trained, **data, **dict.fromkeys(NUMBERS, 0.0)}
            self._steppers[key] = Stepper(self._trace, examples, gathered=tuple(data), dtype=data["x"].dtype)
        return tuple(self._steppers[key].run(self.trained, data, rows, numbers))

    def _eager(
        self, data: dict[str, Array], rows: Array, numbers: Mapping[str, Any]
    ) -> tuple[Array, Mapping[str, Array]]:
        losses = np.empty(len(rows))
        outputs: dict[str, Any] = {}
        for at, batch in enumerate(rows):
            given = {name: values[batch] for name, values in data.items()}
            values = {**self.trained, **given, **{name: float(v[at]) for name, v in numbers.items()}}
            key = tuple((v.shape, v.dtype) for v in given.values())
            if key not in self._steps:
                if len(self._steps) >= _MOST_IDLE:
                    self._steps.clear()
                self._steps[key] = compile_step(self._trace(values), "eager")
            outputs = self._steps[key](values)
            losses[at] = outputs.pop("loss")
            for name in self.trained.keys() & outputs.keys():
                self.trained[name][...] = outputs[name]
        return losses, outputs


_idle: dict[Hashable, list[Runner]] = {}


@contextmanager
def borrowed(key: Hashable, make: Callable[[], Runner], trained: dict[str, Array]) -> Iterator[Runner]:
    """A runner, one that others are done with if there is one: recording and compiling take longer than a small fit.

    key      what its graph depends on
    trained  what it works on
    """
    try:
        runner = _idle[key].pop()
    except (KeyError, IndexError):
        runner = make()
    runner.trained = trained
    try:
        yield runner
    finally:
        runner.trained = {}
        if len(_idle) >= _MOST_IDLE and key not in _idle:
            _idle.clear()
        _idle.setdefault(key, []).append(runner)
