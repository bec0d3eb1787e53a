"""Training: mini-batches, epochs, history, callbacks, schedules, checkpoints."""

from ._callbacks import Callback, EarlyStopping, TargetAccuracy
from ._history import Epoch, History
from ._schedules import constant, cosine, step_decay
from ._step import clip, trace_step
from ._trainer import Trainer

__all__ = [
    "Callback",
    "EarlyStopping",
    "Epoch",
    "History",
    "TargetAccuracy",
    "Trainer",
    "clip",
    "constant",
    "cosine",
    "step_decay",
    "trace_step",
]
