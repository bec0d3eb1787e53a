"""Checkpoints: everything that a run needs to go on as if it had never stopped, in one file.

The arrays and a JSON text of the rest are one safetensors file, which replaces the one before in a single rename: a
checkpoint is complete or absent, whenever the power goes. What becomes of it later, its checksum tells, and then the
one before it can be used.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import CheckpointError, CheckpointWarning
from ..storage import checksum, earlier, load_arrays, save_arrays
from ._callbacks import Callback
from ._history import History
from ._step import arrays_of

if TYPE_CHECKING:
    from ._trainer import Trainer

_FORMAT = "chainrule checkpoint 1"
KEPT = 3  # checkpoints of a run: the newest, and those before it


class Saved(NamedTuple):
    """What a checkpoint holds."""

    arrays: dict[str, Any]
    settings: dict[str, Any]
    history: History
    callbacks: list[tuple[str, Any]]
    progress: tuple[int, float, int]
    rows: int | None
    lr: float


def contents(trainer: Trainer) -> Saved:
    """What a checkpoint of a trainer holds between two steps: arrays and history of its own, not copies."""
    arrays = {f"param/{name}": w for name, w in arrays_of(trainer.network).items()}
    arrays |= {f"state/{name}": value for name, value in trainer.state.items()}
    callbacks = []
    for number, callback in enumerate(_with_memory(trainer)):
        values, kept = callback.state()
        callbacks.append((type(callback).__name__, values))
        arrays |= {f"callback/{number}/{name}": value for name, value in kept.items()}
    progress = trainer.step, trainer.epoch_loss, trainer.epoch_rows
    lr = trainer.optimizer.lr
    return Saved(arrays, trainer.settings, trainer.history, callbacks, progress, trainer.rows, lr)


def save(trainer: Trainer, path: Path, *, keep: int = 0) -> None:
    """Write a checkpoint of a trainer between two steps.

    keep   how many of those before it stay beside it
    """
    saved = contents(trainer)
    step, epoch_loss, epoch_rows = saved.progress
    rest = {
        "step": step,
        "epoch_loss": epoch_loss,
        "epoch_rows": epoch_rows,
        "history": saved.history.to_dicts(),
        "rows": saved.rows,
        "lr": saved.lr,
        "settings": saved.settings,
        "callbacks": [{"class": name, "values": values} for name, values in saved.callbacks],
    }
    text = json.dumps(rest)
    about = {"format": _FORMAT, "trainer": text, "sha256": checksum(saved.arrays, text)}
    save_arrays(path, saved.arrays, about, keep=keep)


def load(trainer: Trainer, path: Path) -> None:
    """Bring a trainer, made with the same settings, to where a checkpoint was written.

    Where that is damaged, the one before it is taken, and a CheckpointWarning says so.

    raises  CheckpointError when all are damaged, or were written with other settings; nothing is changed then
    """
    files = [path, *(earlier(path, number) for number in range(1, KEPT))]
    problems: list[str] = []
    for file in files:
        if problems and not file.exists():
            continue
        try:
            saved = _read(file)
        except CheckpointError as problem:
            if not any(other.exists() for other in files if other != path):
                raise
            problems.append(problem.what)
            continue
        put(trainer, saved, file)
        if problems:
            what = f"{'; '.join(problems)}. Training goes on from {file}, after step {trainer.step:,}"
            warnings.warn(CheckpointWarning(what), stacklevel=4)
        return
    raise CheckpointError(
        f"no checkpoint is left that can be used: {'; '.join(problems)}", fix="start a new run"
    )


def _read(path: Path) -> Saved:
    """What a file holds, nothing of which is damaged. CheckpointError where that is not so."""
    arrays, metadata = load_arrays(path)
    if metadata.get("format") != _FORMAT:
        raise CheckpointError(
            f"{path} is not a checkpoint of this version: its format is {metadata.get('format')!r}"
        )
    text = metadata.get("trainer", "")
    # Those of earlier versions have no checksum.
    if metadata.get("sha256", same := checksum(arrays, text)) != same:
        raise CheckpointError(f"{path} is damaged: its checksum is not that of what it holds")
    try:
        rest: dict[str, Any] = json.loads(text)
        return Saved(
            arrays,
            settings=dict(rest["settings"]),
            history=History.from_dicts(rest["history"]),
            callbacks=[(str(c["class"]), c["values"]) for c in rest["callbacks"]],
            progress=(int(rest["step"]), float(rest["epoch_loss"]), int(rest["epoch_rows"])),
            rows=None if rest["rows"] is None else int(rest["rows"]),
            lr=float(rest["lr"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, RecursionError) as problem:
        raise CheckpointError(f"{path} lacks a part of what a checkpoint holds: {problem}") from None


def put(trainer: Trainer, saved: Saved, path: Path | str) -> None:
    """Let a trainer take over what was saved of one with the same settings, or raise before anything is changed."""
    arrays, settings, history, callbacks, progress, rows, lr = saved
    mine = json.loads(json.dumps(trainer.settings))
    for name in mine:
        if settings.get(name) != mine[name]:
            raise CheckpointError(
                f"{path} was written with {name} = {settings.get(name)!r}; this trainer has {mine[name]!r}",
                fix="resume with the settings of the run, or start a new run",
            )
    params = _part(arrays, "param/", arrays_of(trainer.network), path)
    state = _part(arrays, "state/", trainer.state, path)
    if [name for name, _ in callbacks] != [type(c).__name__ for c in _with_memory(trainer)]:
        raise CheckpointError(
            f"{path} was written with other callbacks: {', '.join(name for name, _ in callbacks)}"
        )
    try:  # first, since only they can still find something wrong
        for number, (callback, (_, values)) in enumerate(zip(_with_memory(trainer), callbacks, strict=True)):
            callback.restore(values, _under(arrays, f"callback/{number}/"))
    except (KeyError, TypeError, ValueError, OverflowError) as problem:
        raise CheckpointError(f"{path} lacks what the callbacks remember: {problem}") from None
    for name, w in arrays_of(trainer.network).items():
        w[...] = params[name]
    trainer.state, trainer.optimizer.lr, trainer.rows = state, lr, rows
    trainer.step, trainer.epoch_loss, trainer.epoch_rows = progress
    trainer.history = history


def _with_memory(trainer: Trainer) -> list[Callback]:
    """The callbacks that have something to remember: of the others a resumed run may have any."""
    return [callback for callback in trainer.callbacks if type(callback).state is not Callback.state]


def _under(arrays: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The arrays whose names begin with a prefix, by the rest of their names."""
    return {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}


def _part(arrays: dict[str, Any], prefix: str, expected: dict[str, Any], path: Path | str) -> dict[str, Any]:
    """The arrays under a prefix, which must be those that are expected, of the same shapes and dtypes."""
    found = _under(arrays, prefix)
    if found.keys() != expected.keys():
        raise CheckpointError(f"{path} holds {', '.join(found)}; expected {', '.join(expected)}")
    for name, array in found.items():
        if array.shape != expected[name].shape or array.dtype != expected[name].dtype:
            given = f"{array.dtype} of shape {array.shape}"
            raise CheckpointError(
                f"{path}: {name} is {given}; expected {expected[name].dtype} of {expected[name].shape}"
            )
    return found
