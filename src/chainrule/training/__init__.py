"""Training: mini-batches, epochs, history, callbacks, schedules, checkpoints."""

from ._callbacks import Callback, EarlyStopping, TargetAccuracy
from ._checkpoints import Attempts, Checkpoints
from ._evaluation import Evaluation
from ._history import Epoch, History
from ._interrupt import ENDED_BY_SIGNAL
from ._on_devices import check_engine
from ._run_folder import RunFolder
from ._schedules import constant, cosine, step_decay
from ._step import clip, trace_step, training_loss
from ._trainer import Trainer

__all__ = [
    "Attempts",
    "Callback",
    "Checkpoints",
    "ENDED_BY_SIGNAL",
    "EarlyStopping",
    "Epoch",
    "Evaluation",
    "History",
    "RunFolder",
    "TargetAccuracy",
    "Trainer",
    "check_engine",
    "clip",
    "constant",
    "cosine",
    "step_decay",
    "trace_step",
    "training_loss",
]
