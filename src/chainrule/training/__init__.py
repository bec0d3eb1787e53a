"""Training: mini-batches, epochs, history, callbacks, schedules, checkpoints."""

from ._callbacks import Callback, Checkpoints, EarlyStopping, TargetAccuracy
from ._evaluation import Evaluation
from ._history import Epoch, History
from ._run_folder import RunFolder
from ._schedules import constant, cosine, step_decay
from ._step import clip, trace_step, training_loss
from ._trainer import Trainer

__all__ = [
    "Callback",
    "Checkpoints",
    "EarlyStopping",
    "Epoch",
    "Evaluation",
    "History",
    "RunFolder",
    "TargetAccuracy",
    "Trainer",
    "clip",
    "constant",
    "cosine",
    "step_decay",
    "trace_step",
    "training_loss",
]
