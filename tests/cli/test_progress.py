"""What is shown while a network learns."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli import _progress
from chainrule.cli._progress import EpochTable
from chainrule.training import Epoch


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test winds: each step takes 4 milliseconds."""

    class Clock:
        now = 0.0

        def perf_counter(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(_progress, "time", clock)
    return clock


class Ticking(cr.training.Callback):
    def __init__(self, clock):
        self.clock = clock

    def on_steps(self, trainer, losses):
        self.clock.now += 0.004


class Compiled:
    """A trainer whose first step takes as long as the table needs to say why."""

    engine, step, epoch_rows, epoch_loss, history = "fused", 0, 10, 5.0, ()


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(_progress, "_SECONDS_UNTIL_SAID", 0.01)
    table = EpochTable(100, Terminal())
    yield table
    table.close()


def test_that_the_step_is_compiled_is_said_while_it_takes_time(table):
    table.on_start(Compiled)
    table.compiling.join()
    assert "compiling the step …" in table.console.file.getvalue()
    table.on_steps(Compiled, [0.5])
    assert table.compiling is None
    assert table.console.file.getvalue().count("compiling") == 1


def test_nothing_is_said_of_compiling_where_it_was_done_before(table, monkeypatch):
    monkeypatch.setattr(_progress, "_SECONDS_UNTIL_SAID", 60)
    table.on_start(Compiled)
    table.on_steps(Compiled, [0.5])
    table.close()
    assert "compiling" not in table.console.file.getvalue()


def test_nothing_is_said_of_compiling_on_the_eager_engine_or_in_a_file(monkeypatch):
    class Eager(Compiled):
        engine = "eager"

    for trainer, stream in ((Eager, Terminal()), (Compiled, io.StringIO())):
        table = EpochTable(100, stream)
        table.on_start(trainer)
        assert table.compiling is None
        table.close()


def train(stream, clock, rows=1000, epochs=2):
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(rows, 3)).astype(np.float32), rng.integers(0, 2, rows)
    table = EpochTable(rows, stream)
    trainer = cr.Trainer(
        cr.Sequential(cr.Affine(3, 2)), cr.SGD(0.1), batch_size=1, callbacks=[Ticking(clock), table]
    )
    trainer.fit(x, t, epochs=epochs, validation=(x, t))
    table.close()
    return trainer


def test_a_line_for_each_epoch_where_nobody_watches(clock):
    stream = io.StringIO()
    trainer = train(stream, clock)
    lines = stream.getvalue().splitlines()
    assert lines[0].split() == ["epoch", "train", "loss", "accuracy", "test", "loss", "accuracy", "time"]
    assert len(lines) == 3
    assert "\x1b" not in stream.getvalue()
    for line, epoch in zip(lines[1:], trainer.history, strict=True):
        assert line.split()[:2] == [str(epoch.epoch), f"{epoch.train_loss:.4f}"]
        assert len(line) == len(lines[0])


def test_a_bar_on_a_terminal_at_most_ten_times_a_second(clock, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    stream = Terminal()
    train(stream, clock)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    frames = re.findall(r"epoch (\d) \S+ ([\d,]+)/1,000 loss (\d\.\d{4}) (\d+) steps/s", shown)
    seconds = 2 * 1000 * 0.004
    assert seconds * 8 <= len(set(frames)) <= seconds * 10
    assert {speed for _, _, _, speed in frames} == {"250"}
    assert {epoch for epoch, *_ in frames} == {"1", "2"}
    assert stream.getvalue().endswith("\x1b[2K") or "\x1b[?25h" in stream.getvalue(), "the cursor is back"


def test_the_loss_shown_is_the_mean_of_the_epoch_so_far(clock, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    stream = Terminal()
    trainer = train(stream, clock, rows=25, epochs=1)  # one frame, after the 25th step
    loss = re.search(r"25/25 loss (\d\.\d{4})", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue()))
    assert float(loss[1]) == pytest.approx(trainer.history["loss"][0], abs=1e-4)


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        (0.12345, "0.1235"),
        (999.9, "999.9000"),
        (123456.7, "1.23e+05"),
        (float("nan"), "nan"),
        (1e300, "1e+300"),
    ],
)
def test_a_loss_of_any_size_keeps_the_columns_apart(loss, text):
    cells = _progress._cells(Epoch(12, 1, loss, loss, 0.5, loss, None, 1234.56))
    assert cells[1] == cells[3] == text
    line = _progress._line(cells)
    assert line.split()[:4] == ["12", text, "50.00", "%"]
