"""``chainrule train``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any

from ..comm import Comm
from ..engines import available
from ..errors import ArgumentError, CheckpointError, DataError, NonFiniteError, UnsupportedError
from ..interop.tensorboard import TensorBoard
from ..runs import (
    Data,
    Settings,
    TableOptions,
    checkpoint_every,
    data_of,
    how_to_go_on,
    keep_preprocessing,
    load_data,
    machine,
    new_path,
    new_settings,
    resumed_settings,
    start,
    table_defaults,
    trainer_of,
)
from ..training import Callback, RunFolder, Trainer
from ._outcome import Outcome, introduction, what_was_saved
from ._progress import EpochTable
from ._ranks import communicator, engine_asked
from ._result import show_result
from ._screen import complain, print_json, warnings_as_notes
from ._table_options import table_options

_MOST_LINES = 20  # for the epochs of a table


def train(options: argparse.Namespace) -> int:
    """Train a network.

    returns  the exit code: 0, 1 for a target that was not reached, for NaN and for what could not be saved, 130 after
             Ctrl-C, 143 after SIGTERM
    """
    options.data = options.data or options.data_behind_hidden
    if options.resume and options.out is None:
        raise ArgumentError(
            "--resume needs to know which run shall go on", fix="--out FOLDER, with the run's folder"
        )
    comm = communicator(engine_asked(options))
    folder, settings, data, checkpoints = _begun(options, comm)
    screen = sys.stderr if options.json else sys.stdout
    table = EpochTable(len(data.x_train), screen, every=_lines_apart(settings, data))
    # A run that has a log goes on with it, asked or not.
    has_log = options.tensorboard or folder.tensorboard.is_dir()
    logs = [TensorBoard(folder.tensorboard)] if has_log else []
    engine_is_ours = options.engine in (None, "auto") and not folder.has_checkpoint()
    try:
        with warnings_as_notes(table.note):
            settings, trainer = _trained(
                folder, settings, data, table, logs, checkpoints, comm, engine_is_ours=engine_is_ours
            )
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
    if outcome.result is not None:
        show_result(outcome.result, screen)
    if outcome.unsaved is not None:
        complain(outcome.not_saved())
    elif outcome.reached is False and outcome.exit_code == 1:
        complain(outcome.missed())
    return outcome.exit_code


def _trained(
    folder: RunFolder,
    settings: Settings,
    data: Data,
    table: EpochTable,
    logs: Sequence[Callback],
    checkpoints: Mapping[str, Any],
    comm: Comm,
    *,
    engine_is_ours: bool,
) -> tuple[Settings, Trainer]:
    """Train; where the engine was ours to choose and cannot be used after all, with the one that always can."""
    trainer = trainer_of(folder, settings, data, [table, *logs], checkpoints, comm)
    table.say("\n".join(introduction(trainer, settings, data)))
    if engine_is_ours and settings.engine == "eager" and (reason := available()["fused"]):
        table.say(f"note: the fused engine, which is faster, {reason}")
    try:
        _fit(trainer, settings, data)
    except UnsupportedError as problem:
        if not engine_is_ours or settings.engine == "eager" or trainer.step:
            raise
        table.close()
        table.say(f"note: {problem.what}; training goes on with the eager engine")
        settings = replace(settings, engine="eager")
        if comm.rank == 0:
            folder.write_about({**folder.read_about(), "settings": settings.to_json()})
        trainer = trainer_of(folder, settings, data, [table, *logs], checkpoints, comm)
        _fit(trainer, settings, data)
    return settings, trainer


def _fit(trainer: Trainer, settings: Settings, data: Data) -> None:
    with suppress(SystemExit):  # of SIGTERM; the history says so
        trainer.fit(data.x_train, data.t_train, epochs=settings.epochs, validation=(data.x_test, data.t_test))


def _begun(options: argparse.Namespace, comm: Comm) -> tuple[RunFolder, Settings, Data, dict[str, Any]]:
    """The run of these options, and when checkpoints are saved; rank 0 makes its folder, and all see the same of it."""
    folder = RunFolder(options.out) if options.resume else None
    # A run that was killed before anything was written, and is to be resumed, begins.
    is_blank = folder is not None and folder.path.is_dir() and folder.is_blank()
    resumes = comm.broadcast(folder is not None and not is_blank)
    begun = _resume(options, comm) if resumes else _start(options, comm)
    return *begun, _keep_checkpoint_every(begun[0], options, comm)


def _start(options: argparse.Namespace, comm: Comm) -> tuple[RunFolder, Settings, Data]:
    """A new run, its folder made."""
    settings = new_settings(_chosen(options))
    if options.out is not None and comm.rank == 0:
        RunFolder(options.out).check_blank()  # before the data are read, which takes longer
    data = load_data(options.data or "mnist", settings.dtype, table_options(options, settings.seed))
    if data.preprocessing is not None:
        settings = new_settings({**table_defaults(len(data.x_train)), **_chosen(options)})
    if not data.classes and settings.target_accuracy is not None:
        what = f"--target-accuracy is for classes; {options.target!r} is a number"
        raise ArgumentError(what, fix="leave it out, or --task classification")
    path = comm.broadcast(str(options.out or new_path(data)))
    folder = start(path, settings, data) if comm.rank == 0 else RunFolder(path)
    comm.first(None)  # the others read what is now there
    return folder, settings, data


def _resume(options: argparse.Namespace, comm: Comm) -> tuple[RunFolder, Settings, Data]:
    """The run of a folder, with the data it had."""
    folder = RunFolder(options.out)
    about = folder.read_about()
    settings = resumed_settings(about.get("settings"), _chosen(options), options.out)
    if reason := available().get(settings.engine):
        what = f"the run in {options.out} is one of the {settings.engine} engine, which {reason}"
        raise ArgumentError(what, fix="make that engine work here, or start a new run in another folder")
    name, sha256, asked = data_of(folder, about)
    _check_unchanged(options, asked)
    data = load_data(options.data or name, settings.dtype, asked)
    if data.sha256 != sha256:
        had, has = sha256[:12], data.sha256[:12]
        raise DataError(
            f"{data.name} is not what the run in {options.out} was trained on: that had sha256 {had}…, this has {has}…",
            fix="give the same data, or start a new run in another folder",
        )
    _say_what_changed(about, settings)
    if comm.rank == 0:
        folder.remove_leftovers()
        folder.write_about({**about, "settings": settings.to_json()})
        keep_preprocessing(folder, data)
    return folder, settings, data


def _keep_checkpoint_every(folder: RunFolder, options: argparse.Namespace, comm: Comm) -> dict[str, Any]:
    """How often checkpoints are saved, as the user said now or at the start; remembered for the next time."""
    about = folder.read_about()
    text = options.checkpoint_every or about.get("checkpoint_every")
    if text is None:
        return {}
    try:
        every = checkpoint_every(str(text))
    except ValueError as error:
        raise CheckpointError(
            f"in {folder.about}, checkpoint_every {error}", fix="--checkpoint-every N"
        ) from None
    if comm.rank == 0:
        folder.write_about({**about, "checkpoint_every": text})
    return every


def _check_unchanged(options: argparse.Namespace, asked: TableOptions) -> None:
    """Refuse to go on with another column, or others left out, than the run was started with."""
    for name, before in (("target", asked.target), ("task", asked.task), ("drop", list(asked.drop))):
        now = getattr(options, name)
        if now and now != before:
            what = f"the run in {options.out} was started with --{name} {before}; it cannot go on with {now}"
            raise ArgumentError(what, fix=f"leave --{name} out, or start a new run in another folder")


def _lines_apart(settings: Settings, data: Data) -> int:
    """How many epochs a line is printed for: those of a small table are many and short."""
    return 1 if data.preprocessing is None else max(1, settings.epochs // _MOST_LINES)


def _chosen(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that the user gave."""
    values = {field.name: getattr(options, field.name) for field in fields(Settings)}
    if values["engine"] == "auto":
        values["engine"] = None
    return {name: value for name, value in values.items() if value is not None}


def _say_what_changed(about: dict[str, Any], settings: Settings) -> None:
    """Warn where bits may differ from those of a run that was never interrupted."""
    before = about.get("made_with")
    for name, now in machine.what_decides_bits(settings.engine).items():
        if isinstance(before, dict) and before.get(name) != now:
            complain(f"note: {name} was {before.get(name)} and is now {now}; the last digits may differ")


def _fix(error: NonFiniteError, settings: Settings) -> str:
    if error.step == 1 and error.phase == "forward" and error.fix:
        return error.fix  # nothing was learned yet, so it is the data
    return f"a --lr smaller than {settings.lr:g}"
