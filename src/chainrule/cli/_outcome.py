"""What a training run says of itself, before and after."""

from __future__ import annotations

import shlex
from typing import Any

from ..runs import (
    ClassificationResult,
    Data,
    RegressionResult,
    Settings,
    describe,
    how_to_go_on,
    measure,
    what_is_unsaved,
)
from ..training import ENDED_BY_SIGNAL, EarlyStopping, Epoch, RunFolder, Trainer
from ._screen import counted, percent


def introduction(trainer: Trainer, settings: Settings, data: Data) -> list[str]:
    """What is about to be trained."""
    lines = [str(data), *(f"  {note}" for note in data.notes)]
    ranks = f" · {trainer.comm.size} ranks" if trainer.comm.size > 1 else ""
    lines += [f"{describe(settings, data)} · engine {trainer.engine}{ranks}"]
    if trainer.step:
        lines.append(f"resumed after step {trainer.step:,}; epochs finished so far: {len(trainer.history)}")
    return lines


def what_was_saved(folder: RunFolder) -> str:
    """What is left of a run that ended with an error."""
    if folder.has_checkpoint():
        return f"  saved  {folder.checkpoint}, from before that"
    return "  saved  nothing, since that was before the first checkpoint"


class Outcome:
    """How a training run ended."""

    def __init__(self, folder: RunFolder, settings: Settings, data: Data, trainer: Trainer) -> None:
        self.folder, self.settings, self.data, self.trainer = folder, settings, data, trainer
        self.stopped = trainer.history.stopped
        self.is_cut_off = self.stopped in ENDED_BY_SIGNAL
        self.unsaved = what_is_unsaved(trainer)
        self.kept = self._kept_epoch()
        target = settings.target_accuracy
        is_done = data.preprocessing is not None and not self.is_cut_off
        self.result = measure(trainer.network, data) if is_done else None  # type: ignore[arg-type]
        self.reached = None if target is None else self.kept is not None and _accuracy(self.kept) >= target

    @property
    def exit_code(self) -> int:
        """0, or 130 after Ctrl-C and so on, or 1 for a target that was not reached and for what could not be saved."""
        if self.stopped in ENDED_BY_SIGNAL:
            return ENDED_BY_SIGNAL[self.stopped]
        return 1 if self.reached is False or self.unsaved is not None else 0

    def to_json(self) -> dict[str, Any]:
        """All of it, for a program."""
        return {
            "run": str(self.folder.path),
            "data": {"name": self.data.name, "sha256": self.data.sha256},
            "settings": self.settings.to_json(),
            "stopped": self.stopped,
            "unsaved": self.unsaved and self.unsaved.what,
            "reached_target": self.reached,
            "steps": self.trainer.step,
            "kept_epoch": self.kept and self.kept.epoch,
            "epochs": self.trainer.history.to_dicts(),
            **({} if self.data.preprocessing is None else self._of_table()),
        }

    def _of_table(self) -> dict[str, Any]:
        return {"notes": list(self.data.notes), "result": self.result and self.result.to_json()}

    def lines(self) -> list[str]:
        """All of it, for a person."""
        path = self.folder.path
        if self.is_cut_off:
            epoch = len(self.trainer.history) + 1
            saved = "all of it is saved" if self.unsaved is None else "that is not saved"
            first = f"{self.stopped} in epoch {epoch}, after step {self.trainer.step:,}; {saved}"
            return ["", first, f"  go on    {how_to_go_on(self.folder)}"]
        return [
            "",
            self._result(),
            f"  run      {path}",
            f"  picture  {self.folder.picture}",
            f"  measure  chainrule eval {shlex.quote(str(path))}",
        ]

    def not_saved(self) -> str:
        """That the end of training is lost, and what may help."""
        assert self.unsaved is not None
        return (
            f"chainrule: the last state of this run could not be saved: {self.unsaved.what}\n"
            f"  fix    {self.unsaved.fix}; then {how_to_go_on(self.folder)}\n"
            f"{what_was_saved(self.folder)}"
        )

    def missed(self) -> str:
        """That the target was not reached, and what may help."""
        best = max(self.trainer.history, key=_accuracy)
        target, share = percent(self.settings.target_accuracy or 0.0), percent(_accuracy(best))
        what = f"the target of {target} was not reached: the best was {share}, after epoch {best.epoch}"
        if self.stopped != "finished":
            return what
        return f"{what}\n  fix   {how_to_go_on(self.folder, f' --epochs {2 * self.settings.epochs}')}"

    def _result(self) -> str:
        history, kept = self.trainer.history, self.kept
        assert kept is not None, "training that was not interrupted has finished an epoch"
        seconds = sum(history["seconds"])
        text = f"{counted(len(history), 'epoch')} in {seconds:.1f} s: {self._measured(kept)}"
        if kept.epoch != len(history):
            text += f" (the network of epoch {kept.epoch} is kept, where the test loss was lowest)"
        return text

    def _measured(self, kept: Epoch) -> str:
        if isinstance(self.result, RegressionResult):
            return f"test R² {self.result.r2:.3f}, mean absolute error {self.result.mae:.4g}"
        text = f"test accuracy {percent(_accuracy(kept))}"
        if isinstance(self.result, ClassificationResult):
            text += f"; always {self.result.baseline} would be {percent(self.result.baseline_accuracy)}"
        return text

    def _kept_epoch(self) -> Epoch | None:
        """The epoch whose network is saved."""
        epochs = self.trainer.history.epochs
        if self.is_cut_off:
            return None
        for callback in self.trainer.callbacks:
            if isinstance(callback, EarlyStopping) and callback.went_back:
                return epochs[callback.best_epoch - 1]
        return epochs[-1] if epochs else None


def _accuracy(epoch: Epoch) -> float:
    assert epoch.validation_accuracy is not None, "the command always measures on the test data"
    return epoch.validation_accuracy
