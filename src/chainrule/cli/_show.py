"""``chainrule show``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engines import available
from ..errors import UnsupportedError
from ..networks import Network
from ..training import RunFolder, Trainer, trace_step
from ._data import Array
from ._listing import listing, summary
from ._network import load_network
from ._screen import complain, counted, print_json
from ._settings import Settings, saved_settings
from ._statements import statements

if TYPE_CHECKING:
    from ..engines.fused import Stepper

_MOST_NUMBERS = 1 << 26  # of made-up data
_FLOPS, _FEWEST_STEPS, _MOST_STEPS = 10**10, 5, 2000  # of a measurement: less than a second


def show(options: argparse.Namespace) -> int:
    """Print the step of a run as the fused engine has it, with what each statement works on and what it costs."""
    from rich.console import Console

    about = RunFolder(options.run_folder).read_about()
    settings = saved_settings(about.get("settings"), options.run_folder)
    step = _Step(load_network(options.run_folder), settings, about.get("data"))
    source, seconds = step.stepper.source(step.rows), None
    if options.time:
        with Console(stderr=True).status("compiling and timing the step …"):
            seconds = step.seconds()
    costs = list(statements(source, step.rows, seconds))
    if options.json:
        said = {"rows": step.rows, "threads": step.threads, "seconds": seconds and sum(seconds)}
        pieces = [statement.to_json() for statement in costs]
        print_json({"run": options.run_folder, **said, "text": source.text, "statements": pieces})
        return 0
    plain = Console(color_system=None if options.plain else "auto", highlight=False, markup=False)
    print(
        f"{options.run_folder}: one step on {counted(step.rows, 'row')}, by {counted(step.threads, 'thread')}\n"
    )
    for line in listing(source.text, costs, plain.width if plain.is_terminal else None):
        plain.print(line, soft_wrap=True)
    print(f"\n{summary(costs)}")
    return 0


class _Step:
    """The step of a run, and made-up data of the form that its own had."""

    def __init__(self, network: Network, settings: Settings, data: Any) -> None:
        from ..engines.fused import Stepper

        optimizer = settings.update_rule()
        self._settings = settings
        self._arrays = {**network.params, **Trainer(network, optimizer, engine="eager").state}
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

    @property
    def threads(self) -> int:
        return self.stepper.threads(self.rows)

    def seconds(self) -> list[float] | None:
        """What each statement takes in one step; None, and a note, where that cannot be measured."""
        try:
            if reason := available()["fused"]:
                raise UnsupportedError(f"the fused engine {reason}")
            self.stepper.prepare(self.rows)
        except UnsupportedError as problem:
            complain(f"note: no times: {problem.what}")
            return None
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
        """Random inputs, pixels if those of the run were, and classes."""
        rng, shape = np.random.default_rng(0), (rows, self._network.input_size)
        if self._data.get("pixels") is True:
            x: Array = rng.integers(0, 256, shape, np.uint8)
        else:
            x = rng.standard_normal(shape, np.float32).astype(self._settings.dtype, copy=False)
        classes = self._network.predict(x[:1]).shape[1]
        return x, rng.integers(0, classes, rows)
