"""Steps one at a time, for engines whose step is a function from inputs to outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engines import Step, compile_step
from ._nonfinite import is_good
from ._step import arrays_of, step_settings, trace_step

if TYPE_CHECKING:
    from ._trainer import Trainer

Array = np.ndarray[Any, Any]


class OneByOne:
    """Runs a trainer's steps; see `steps`."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._known: dict[Any, Step] = {}

    def forget_data(self) -> None:
        """There are none to forget."""

    def steps(self, x: Array, t: Array, batches: Array) -> Iterator[list[float]]:
        """One step for each mini-batch; yields its loss once the network holds the result."""
        trainer = self._trainer
        arrays = {name: w.copy() for name, w in arrays_of(trainer.network).items()}
        for rows in batches:
            (own,), part = trainer.ranks.rows(rows[np.newaxis])
            values = trainer.inputs_of_step({**arrays, **trainer.state}, x[own], t[own])
            values |= {name: float(value[0]) for name, value in part.items()}
            run = self._step_for(values)
            outputs = run(values)
            loss = float(outputs.pop("loss"))
            if not is_good(loss, outputs.values()):
                trainer.refuse_step({**arrays, **trainer.state}, x[rows], t[rows])
            self._commit(arrays, outputs)
            yield [loss]
            if trainer.is_watched:  # who watches may have changed the network
                arrays = {name: w.copy() for name, w in arrays_of(trainer.network).items()}

    def _commit(self, arrays: dict[str, Array], outputs: dict[str, Any]) -> None:
        """Let the network hold the results of a step: all of them, or, when that is interrupted, none."""
        held = arrays_of(self._trainer.network)
        changed = [name for name in held if name in outputs]
        try:
            for name in changed:
                held[name][...] = outputs[name]
        except BaseException:
            for name in changed:
                if held[name].flags.writeable:
                    held[name][...] = arrays[name]
            raise
        for name in changed:
            arrays[name] = outputs.pop(name)
        self._trainer.state, self._trainer.step = outputs, self._trainer.step + 1

    def _step_for(self, values: dict[str, Any]) -> Step:
        """The compiled step for mini-batches of this shape and the settings of now."""
        trainer = self._trainer
        x, t = values["x"], values["t"]
        settings = step_settings(trainer.optimizer, trainer.clip_norm)
        key = (x.shape, x.dtype, t.shape, t.dtype, trainer.ranks.is_alone, *settings)
        if key not in self._known:
            graph = trace_step(trainer.network, trainer.optimizer, trainer.clip_norm, values, trainer.ranks)
            self._known[key] = compile_step(graph, trainer.engine)
        return self._known[key]
