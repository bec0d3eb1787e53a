"""The compiled step of a run: its text, and what each statement of it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..engines import available
from ..errors import UnsupportedError
from ..layers import SoftmaxWithLoss
from ..networks import Network
from ..training import Trainer, trace_step
from ._data import Array
from ._settings import Settings

if TYPE_CHECKING:
    from ..engines.fused import Stepper
    from ..engines.fused._emit import Source

_MOST_NUMBERS = 1 << 26  # of made-up data
_FLOPS, _FEWEST_STEPS, _MOST_STEPS = 10**10, 5, 2000  # of a measurement: less than a second


class Step:
    """The step of a run as the fused engine has it, and made-up data of the form that the run's own had.

    network    that of the run, or a new one with its settings
    settings   of the run
    data       what its run.json says of the data: rows, and whether they are pixels

    >>> step = Step(Settings().network(4, 3), Settings(batch_size=2), {"rows": 10})
    >>> step.rows, step.source().text.splitlines()[0]
    (2, 'def step(')
    """

    def __init__(self, network: Network, settings: Settings, data: Any) -> None:
        from ..engines.fused import Stepper

        optimizer = settings.update_rule()
        self._settings = settings
        self._arrays = Trainer(network, optimizer, engine="eager").held
        self._network, self._data = network, data if isinstance(data, dict) else {}
        x, t = self._made_up(1)
        self.stepper: Stepper = Stepper(
            lambda values: trace_step(network, optimizer, None, values),
            {**self._arrays, "x": x, "t": t, "lr": 0.0, "step": 0.0},
            gathered=("x", "t"),
            dtype=settings.dtype,
        )

    @property
    def rows(self) -> int:
        """Of a mini-batch."""
        return min(self._settings.batch_size, self._rows_of_data())

    def source(self) -> Source:
        """The text of a step on a mini-batch."""
        return self.stepper.source(self.rows)

    @property
    def threads(self) -> int:
        return self.stepper.threads(self.rows)

    def seconds(self) -> list[float]:
        """What each statement takes in one step. UnsupportedError where that cannot be measured."""
        if reason := available()["fused"]:
            raise UnsupportedError(f"the fused engine {reason}")
        self.stepper.prepare(self.rows)
        flops = self.stepper.compiled(self.rows).flops(self.rows)
        steps = int(np.clip(_FLOPS // max(1, flops), _FEWEST_STEPS, _MOST_STEPS))
        x, t = self._made_up(
            min(self._rows_of_data(), max(self.rows, _MOST_NUMBERS // self._network.input_size))
        )
        batches = np.random.default_rng(0).integers(0, len(x), (steps, self.rows))
        numbers = {"lr": np.full(steps, self._settings.lr), "step": np.arange(1, steps + 1)}
        return self.stepper.profile(self._arrays, {"x": x, "t": t}, batches, numbers)

    def _rows_of_data(self) -> int:
        rows = self._data.get("rows")
        return rows if isinstance(rows, int) and rows > 0 else self._settings.batch_size

    def _made_up(self, rows: int) -> tuple[Array, Array]:
        """Random inputs, pixels if those of the run were, and targets of the form that the loss takes."""
        rng, shape = np.random.default_rng(0), (rows, self._network.input_size)
        if self._data.get("pixels") is True:
            x: Array = rng.integers(0, 256, shape, np.uint8)
        else:
            x = rng.standard_normal(shape, np.float32).astype(self._settings.dtype, copy=False)
        outputs = self._network.predict(x[:1]).shape[1]
        if isinstance(self._network.lastLayer, SoftmaxWithLoss):
            return x, rng.integers(0, outputs, rows)
        return x, rng.standard_normal((rows, outputs)).astype(self._settings.dtype, copy=False)
