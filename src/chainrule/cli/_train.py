"""``chainrule train``."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from datetime import datetime
from itertools import count
from math import inf
from typing import Any

from ..engines import available
from ..errors import ArgumentError, DataError, NonFiniteError, UnsupportedError
from ..explain import learning_curve
from ..networks import Network
from ..storage import write_atomically
from ..training import Callback, Checkpoints, EarlyStopping, Epoch, RunFolder, TargetAccuracy, Trainer
from . import _machine
from ._data import Data, data_of, load_data
from ._outcome import Outcome, describe, how_to_go_on, introduction, what_was_saved
from ._progress import EpochTable
from ._screen import complain, print_json
from ._settings import Settings, new_settings, resumed_settings

_SMALL = 3e8  # operations
_SECONDS_BETWEEN_RESULTS = 1.0  # of small data, an epoch is shorter than writing what came out of it


def train(options: argparse.Namespace) -> int:
    """Train a network.

    returns  the exit code: 0, 1 for a target that was not reached and for NaN, 130 after Ctrl-C
    """
    options.data = options.data or options.data_behind_hidden
    if options.resume and options.out is None:
        raise ArgumentError(
            "--resume needs to know which run shall go on", fix="--out FOLDER, with the run's folder"
        )
    folder, settings, data = _resume(options) if options.resume else _start(options)
    screen = sys.stderr if options.json else sys.stdout
    table = EpochTable(len(data.x_train), screen)
    engine_is_ours = options.engine in (None, "auto") and not folder.checkpoint.exists()
    try:
        settings, trainer = _trained(folder, settings, data, table, engine_is_ours=engine_is_ours)
    except NonFiniteError as error:
        table.close()
        complain(f"chainrule: {error.what}\n  fix    {_fix(error, settings)}\n{what_was_saved(folder)}")
        return 1
    except KeyboardInterrupt:  # the second Ctrl-C, which does not wait for the step to end
        table.close()
        complain(f"chainrule: interrupted\n  go on  {how_to_go_on(folder)}")
        return 130
    finally:
        table.close()
    outcome = Outcome(folder, settings, data, trainer)
    if options.json:
        print_json(outcome.to_json())
    print("\n".join(outcome.lines()), file=screen)
    if outcome.reached is False and outcome.exit_code == 1:
        complain(outcome.missed())
    return outcome.exit_code


def _trained(
    folder: RunFolder, settings: Settings, data: Data, table: EpochTable, *, engine_is_ours: bool
) -> tuple[Settings, Trainer]:
    """Train; where the engine was ours to choose and cannot be used after all, with the one that always can."""
    trainer = _trainer(folder, settings, data, table)
    table.say("\n".join(introduction(trainer, settings, data)))
    if engine_is_ours and settings.engine == "eager" and (reason := available()["fused"]):
        table.say(f"note: the fused engine, which is faster, {reason}")
    try:
        _fit(trainer, settings, data)
    except UnsupportedError as problem:
        if not engine_is_ours or settings.engine != "fused" or trainer.step:
            raise
        table.close()
        table.say(f"note: {problem.what}; training goes on with the eager engine")
        settings = replace(settings, engine="eager")
        folder.write_about({**folder.read_about(), "settings": settings.to_json()})
        trainer = _trainer(folder, settings, data, table)
        _fit(trainer, settings, data)
    return settings, trainer


def _fit(trainer: Trainer, settings: Settings, data: Data) -> None:
    trainer.fit(data.x_train, data.t_train, epochs=settings.epochs, validation=(data.x_test, data.t_test))


def _start(options: argparse.Namespace) -> tuple[RunFolder, Settings, Data]:
    """A new run, its folder made."""
    settings = new_settings(options)
    if options.out is not None:
        RunFolder(options.out).check_blank()  # before the data are read, which takes longer
    data = load_data(options.data or "mnist", settings.dtype)
    folder = RunFolder(options.out or _new_name(data))
    about = {"data": data.about(), "made_with": _machine.what_decides_bits(settings.engine)}
    folder.create({"settings": settings.to_json(), **about})
    return folder, settings, data


def _resume(options: argparse.Namespace) -> tuple[RunFolder, Settings, Data]:
    """The run of a folder, with the data it had."""
    folder = RunFolder(options.out)
    if folder.path.is_dir() and folder.is_blank():  # killed before anything was written
        return _start(options)
    about = folder.read_about()
    settings = resumed_settings(about.get("settings"), options, options.out)
    if reason := available().get(settings.engine):
        what = f"the run in {options.out} is one of the {settings.engine} engine, which {reason}"
        raise ArgumentError(what, fix="make that engine work here, or start a new run in another folder")
    name, sha256 = data_of(folder, about)
    data = load_data(options.data or name, settings.dtype)
    if data.sha256 != sha256:
        had, has = sha256[:12], data.sha256[:12]
        raise DataError(
            f"{data.name} is not what the run in {options.out} was trained on: that had sha256 {had}…, this has {has}…",
            fix="give the same data, or start a new run in another folder",
        )
    _say_what_changed(about, settings)
    folder.remove_leftovers()
    folder.write_about({**about, "settings": settings.to_json()})
    return folder, settings, data


def _say_what_changed(about: dict[str, Any], settings: Settings) -> None:
    """Warn where bits may differ from those of a run that was never interrupted."""
    before = about.get("made_with")
    for name, now in _machine.what_decides_bits(settings.engine).items():
        if isinstance(before, dict) and before.get(name) != now:
            complain(f"note: {name} was {before.get(name)} and is now {now}; the last digits may differ")


def _new_name(data: Data) -> str:
    name = f"runs/{data.short_name}-{datetime.now():%Y%m%d-%H%M%S}"
    names = (name if n == 1 else f"{name}-{n}" for n in count(1))
    return next(name for name in names if not RunFolder(name).path.exists())


def _trainer(folder: RunFolder, settings: Settings, data: Data, table: EpochTable) -> Trainer:
    """The trainer of a run, where its checkpoint left it."""
    callbacks: list[Callback] = []
    if settings.patience is not None:
        callbacks.append(EarlyStopping(patience=settings.patience))
    if settings.target_accuracy is not None:
        callbacks.append(TargetAccuracy(settings.target_accuracy))
    network = settings.network(data.inputs, data.classes)
    callbacks += [Checkpoints(folder.checkpoint), _Results(folder, network, describe(settings, data)), table]
    trainer = Trainer(
        network,
        settings.update_rule(),
        batch_size=settings.batch_size,
        seed=settings.seed,
        engine=settings.engine,
        callbacks=callbacks,
        # The fused engine chooses its threads itself, by the size of a step.
        deterministic=settings.engine == "eager" and _is_small(network, settings.batch_size),
    )
    if folder.checkpoint.exists():
        trainer.resume(folder.checkpoint)
    return trainer


def _fix(error: NonFiniteError, settings: Settings) -> str:
    if error.step == 1 and error.phase == "forward" and error.fix:
        return error.fix  # nothing was learned yet, so it is the data
    return f"a --lr smaller than {settings.lr:g}"


def _is_small(network: Network, batch_size: int) -> bool:
    """Whether a step is so short that sharing it among cores takes longer than doing it.

    It is most of all so where other programs want the cores: then the cores wait for each other.
    """
    numbers = sum(w.size for w in network.params.values())
    return bool(6 * batch_size * numbers < _SMALL)  # a product and a sum forward, and twice that backward


class _Results(Callback):
    """Writes what a person or another program may want of a run."""

    def __init__(self, folder: RunFolder, network: Network, title: str) -> None:
        self.folder, self.network, self.title = folder, network, title
        self.written = -inf

    def on_epoch(self, trainer: Trainer, epoch: Epoch) -> None:
        if time.monotonic() - self.written >= _SECONDS_BETWEEN_RESULTS:
            self._write(trainer)

    def on_end(self, trainer: Trainer) -> None:
        self._write(trainer)

    def _write(self, trainer: Trainer) -> None:
        self.network.save(self.folder.network)
        self.folder.write_history(trainer.history)
        write_atomically(self.folder.picture, learning_curve(trainer.history, title=self.title).encode())
        self.written = time.monotonic()
