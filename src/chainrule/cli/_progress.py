"""What is shown while a network learns: a line for each epoch, and on a terminal a bar for the one under way."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Timer
from typing import TextIO

from ..training import Callback, Epoch, Trainer
from ._screen import complain, percent

_SECONDS_BETWEEN_FRAMES = 0.1
_SECONDS_UNTIL_SAID = 0.5  # what is compiled already is there sooner
_COLUMNS = ("epoch", "train loss", "accuracy", "test loss", "accuracy", "time")
_WIDTHS = (5, 12, 11, 11, 11, 10)


class EpochTable(Callback):
    """Prints a line for each epoch, and shows how far the one under way is.

    rows     how many training rows an epoch has
    stream   where to: stdout, or stderr where a program reads stdout
    every    a line is printed for each epoch whose number this divides
    """

    writes = True
    changes_network = False

    def __init__(self, rows: int, stream: TextIO, *, every: int = 1) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self.rows, self.every = rows, every
        self.console = Console(file=stream, highlight=False, markup=False, soft_wrap=True)
        columns = [TextColumn(f"{{task.fields[{name}]}}") for name in ("epoch", "rows", "loss", "speed")]
        # Drawn by on_steps alone: a thread of its own would take time from the steps.
        self.bar = Progress(
            columns[0], BarColumn(), *columns[1:], console=self.console, auto_refresh=False, transient=True
        )
        self.task = self.bar.add_task("", total=rows, epoch="", rows="", loss="", speed="")
        self.drawn = 0.0  # when, and at which step
        self.step_drawn = 0
        self.has_head = False
        self.compiling: Timer | None = None  # until the first step is done

    def say(self, text: str) -> None:
        """Print lines of text."""
        self.console.print(text)

    def note(self, text: str) -> None:
        """Print what somebody should know: to stderr, but above the bar where there is one."""
        if self.console.is_terminal:
            self.say(text)
        else:
            complain(text)

    def on_start(self, trainer: Trainer) -> None:
        if not self.has_head:
            self.console.print(_line(_COLUMNS), style="bold")
        self.has_head = True
        self.drawn, self.step_drawn = time.perf_counter(), trainer.step
        if self.console.is_terminal:
            self.bar.start()
            if trainer.engine != "eager":
                self.compiling = Timer(_SECONDS_UNTIL_SAID, self._say_compiling)
                self.compiling.daemon = True
                self.compiling.start()

    def on_steps(self, trainer: Trainer, losses: Sequence[float]) -> None:
        if self.compiling is not None:  # that was not a slow step
            self._end_compiling()
            self.drawn, self.step_drawn = time.perf_counter(), trainer.step
        now = time.perf_counter()
        if now - self.drawn >= _SECONDS_BETWEEN_FRAMES and self.console.is_terminal:
            self._draw(trainer, (trainer.step - self.step_drawn) / (now - self.drawn))
            self.drawn, self.step_drawn = now, trainer.step

    def on_epoch(self, trainer: Trainer, epoch: Epoch) -> None:
        if epoch.epoch % self.every == 0:
            self.console.print(_line(_cells(epoch)))
        self.drawn, self.step_drawn = time.perf_counter(), trainer.step  # the evaluation was not a slow step

    def on_end(self, trainer: Trainer) -> None:
        if len(trainer.history) % self.every:  # the last epoch is always shown
            self.console.print(_line(_cells(trainer.history.epochs[-1])))

    def close(self) -> None:
        """Take the bar away; also after an error."""
        self._end_compiling()
        if self.console.is_terminal:
            self.bar.stop()

    def _say_compiling(self) -> None:
        self.bar.update(self.task, epoch="compiling the step …", rows="", loss="", speed="", refresh=True)

    def _end_compiling(self) -> None:
        if self.compiling is not None:
            self.compiling.cancel()
            self.compiling.join()  # so that what it draws is not drawn last
            self.compiling = None

    def _draw(self, trainer: Trainer, steps_per_second: float) -> None:
        self.bar.update(
            self.task,
            completed=trainer.epoch_rows,
            epoch=f"epoch {len(trainer.history) + 1}",
            rows=f"{trainer.epoch_rows:,}/{self.rows:,}",
            loss=f"loss {_loss(trainer.epoch_loss / trainer.epoch_rows)}",
            speed=f"{steps_per_second:,.0f} steps/s",
            refresh=True,
        )


def _cells(epoch: Epoch) -> tuple[str, ...]:
    train = _loss(epoch.train_loss), _share(epoch.train_accuracy)
    test = _loss(epoch.validation_loss), _share(epoch.validation_accuracy)
    return f"{epoch.epoch}", *train, *test, f"{epoch.seconds:.1f} s"


def _loss(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if value < 1000 else f"{value:.3g}"


def _share(value: float | None) -> str:
    return "" if value is None else percent(value)


def _line(cells: tuple[str, ...]) -> str:
    return "".join(cell.rjust(width) for cell, width in zip(cells, _WIDTHS, strict=True))
