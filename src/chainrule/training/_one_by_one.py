"""Steps one at a time, for engines whose step is a function from inputs to outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engines import Step, StepGraph, compile_step
from ._nonfinite import is_good, refuse
from ._step import step_settings, trace_step

if TYPE_CHECKING:
    from ._trainer import Trainer

Array = np.ndarray[Any, Any]


class OneByOne:
    """Runs a trainer's steps; see `steps`."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._known: dict[Any, tuple[StepGraph, Step]] = {}

    def steps(self, x: Array, t: Array, batches: Array) -> Iterator[list[float]]:
        """One step for each mini-batch; yields its loss once the network holds the result."""
        trainer = self._trainer
        parameters = {name: w.copy() for name, w in trainer.network.params.items()}
        for rows in batches:
            values = trainer.inputs_of_step({**parameters, **trainer.state}, x[rows], t[rows])
            graph, run = self._step_for(values)
            outputs = run(values)
            loss = float(outputs.pop("loss"))
            if not is_good(loss, outputs.values()):
                refuse(trainer.network, graph, values, trainer.step + 1)
            self._commit(parameters, outputs)
            yield [loss]
            if trainer.is_watched:  # who watches may have changed the network
                parameters = {name: w.copy() for name, w in trainer.network.params.items()}

    def _commit(self, parameters: dict[str, Array], outputs: dict[str, Any]) -> None:
        """Let the network hold the results of a step: all of them, or, when that is interrupted, none."""
        params = self._trainer.network.params
        try:
            for name, w in params.items():
                w[...] = outputs[name]
        except BaseException:
            for name, w in params.items():
                if w.flags.writeable:
                    w[...] = parameters[name]
            raise
        for name in params:
            parameters[name] = outputs.pop(name)
        self._trainer.state, self._trainer.step = outputs, self._trainer.step + 1

    def _step_for(self, values: dict[str, Any]) -> tuple[StepGraph, Step]:
        """The compiled step for mini-batches of this shape and the settings of now."""
        trainer = self._trainer
        x, t = values["x"], values["t"]
        key = (x.shape, x.dtype, t.shape, t.dtype, *step_settings(trainer.optimizer, trainer.clip_norm))
        if key not in self._known:
            graph = trace_step(trainer.network, trainer.optimizer, trainer.clip_norm, values)
            self._known[key] = graph, compile_step(graph, trainer.engine)
        return self._known[key]
