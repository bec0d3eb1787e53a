"""What a training run has seen, epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of a history.

    epoch                number of finished epochs
    step                 number of finished steps
    loss                 mean loss of the epoch's mini-batches, weighted by their rows, each before its update
    train_loss, train_accuracy            on the whole training data after the epoch; the accuracy is None for a network
                                          that predicts numbers instead of classes
    validation_loss, validation_accuracy  the same on the validation data, None without
    seconds              duration of the epoch, evaluation included
    """

    epoch: int
    step: int
    loss: float
    train_loss: float
    train_accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float


@dataclass
class History:
    """The epochs of a run, and why it ended.

    stopped   "finished", "interrupted" (Ctrl-C), or what a callback gave as its reason

    >>> history = History()
    >>> history.append(Epoch(1, 600, 0.5, 0.3, 0.91, 0.3, 0.92, 1.0))
    >>> history["validation_accuracy"]
    [0.92]
    """

    epochs: list[Epoch] = field(default_factory=list)
    stopped: str | None = None

    def append(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)

    def __len__(self) -> int:
        return len(self.epochs)

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self.epochs)

    def __getitem__(self, name: str) -> list[Any]:
        """One quantity over all epochs."""
        return [getattr(epoch, name) for epoch in self.epochs]

    def to_dicts(self) -> list[dict[str, Any]]:
        return [asdict(epoch) for epoch in self.epochs]

    @classmethod
    def from_dicts(cls, rows: list[dict[str, Any]]) -> History:
        """What `to_dicts` gave; TypeError for anything else."""
        if not all(isinstance(value, int | float | None) for row in rows for value in row.values()):
            raise TypeError("an epoch holds something that is no number")
        return cls([Epoch(**row) for row in rows])
