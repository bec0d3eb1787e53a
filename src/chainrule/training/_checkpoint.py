"""Checkpoints: everything that a run needs to go on as if it had never stopped, in one file.

The arrays and a JSON text of the rest are one safetensors file, which replaces the one before in a single rename: a
checkpoint is complete or absent, whenever the power goes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CheckpointError
from ..storage import load_arrays, save_arrays
from ._callbacks import Callback
from ._history import History
from ._step import arrays_of

if TYPE_CHECKING:
    from ._trainer import Trainer

_FORMAT = "chainrule checkpoint 1"


def save(trainer: Trainer, path: Path) -> None:
    """Write a checkpoint of a trainer between two steps."""
    arrays = {f"param/{name}": w for name, w in arrays_of(trainer.network).items()}
    arrays |= {f"state/{name}": value for name, value in trainer.state.items()}
    callbacks = []
    for number, callback in enumerate(_with_memory(trainer)):
        values, kept = callback.state()
        callbacks.append({"class": type(callback).__name__, "values": values})
        arrays |= {f"callback/{number}/{name}": value for name, value in kept.items()}
    rest = {
        "step": trainer.step,
        "epoch_loss": trainer.epoch_loss,
        "epoch_rows": trainer.epoch_rows,
        "history": trainer.history.to_dicts(),
        "rows": trainer.rows,
        "lr": trainer.optimizer.lr,
        "settings": trainer.settings,
        "callbacks": callbacks,
    }
    save_arrays(path, arrays, {"format": _FORMAT, "trainer": json.dumps(rest)})


def load(trainer: Trainer, path: Path) -> None:
    """Bring a trainer, made with the same settings, to where a checkpoint was written.

    raises  CheckpointError when the file is damaged, or was written with other settings; nothing is changed then
    """
    arrays, metadata = load_arrays(path)
    if metadata.get("format") != _FORMAT:
        raise CheckpointError(
            f"{path} is not a checkpoint of this version: its format is {metadata.get('format')!r}"
        )
    try:
        rest: dict[str, Any] = json.loads(metadata["trainer"])
        settings = dict(rest["settings"])
        history = History.from_dicts(rest["history"])
        callbacks = [(str(c["class"]), c["values"]) for c in rest["callbacks"]]
        progress = int(rest["step"]), float(rest["epoch_loss"]), int(rest["epoch_rows"])
        rows, lr = None if rest["rows"] is None else int(rest["rows"]), float(rest["lr"])
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, RecursionError) as problem:
        raise CheckpointError(f"{path} lacks a part of what a checkpoint holds: {problem}") from None
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
    except (KeyError, TypeError, ValueError) as problem:
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


def _part(arrays: dict[str, Any], prefix: str, expected: dict[str, Any], path: Path) -> dict[str, Any]:
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
