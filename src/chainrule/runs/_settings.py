"""The settings of a training run: their defaults, how each is read, and what may change when a run goes on."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

from .. import layers
from ..engines import available, resolve
from ..errors import ArgumentError, CheckpointError
from ..layers import Affine, Layer, MeanSquaredError, SoftmaxWithLoss
from ..networks import Sequential
from ..optimizers import BY_NAME, Optimizer
from ..training import check_engine
from ._readers import Reader, number, one_of, whole

ACTIVATIONS: Mapping[str, type[Layer]] = {
    "relu": layers.ReLU,
    "sigmoid": layers.Sigmoid,
    "tanh": layers.Tanh,
    "leaky_relu": layers.LeakyReLU,
    "elu": layers.ELU,
    "gelu": layers.GELU,
    "softplus": layers.Softplus,
    "silu": layers.SiLU,
}
INITIALS = ("auto", "he", "xavier")
"""How the first weights are spread; "auto" takes what suits the activation."""

# With these the lesson's network passes 97 % on MNIST in few epochs.
LEARNING_RATES = {
    "sgd": 0.1,
    "momentum": 0.05,
    "nesterov": 0.05,
    "adagrad": 0.05,
    "rmsprop": 0.001,
    "adam": 0.002,
    "adamw": 0.002,
}

_positive = number(lambda value: value > 0, "a number above 0")
READERS: Mapping[str, Reader] = {
    "hidden": whole(1),
    "activation": one_of(ACTIVATIONS),
    "initial": one_of(INITIALS),
    "optimizer": one_of(BY_NAME),
    "lr": _positive,
    "weight_decay": number(lambda value: value >= 0, "a number of at least 0"),
    "batch_size": whole(1),
    "epochs": whole(1),
    "target_accuracy": number(lambda value: 0 < value <= 1, "a number above 0 and up to 1, such as 0.97"),
    "patience": whole(1),
    "seed": whole(0),
    "engine": one_of(["auto", *available()]),
    "dtype": one_of(["float32", "float64"]),
    "precision": one_of(["bfloat16"]),
}
"""How the value of each setting is read: of a flag, of a run.json, of the page."""

_TABLE_BATCH, _TABLE_STEPS, _MOST_TABLE_EPOCHS = 32, 1000, 200
_MAY_CHANGE = {"epochs", "target_accuracy"}  # without making it another run
_MAY_BE_NONE = ("target_accuracy", "patience", "precision")


@dataclass(frozen=True)
class Settings:
    """What a run was started with, all of it resolved; see ``chainrule train --help``.

    >>> Settings(hidden=(5,)).network(inputs=4, classes=3).params["W1"].shape
    (4, 5)
    """

    hidden: tuple[int, ...] = (50,)
    activation: str = "relu"
    initial: str = "auto"
    optimizer: str = "sgd"
    lr: float = LEARNING_RATES["sgd"]
    weight_decay: float = 0.0
    batch_size: int = 100
    epochs: int = 20
    target_accuracy: float | None = None
    patience: int | None = None
    seed: int = 0
    engine: str = "auto"
    dtype: str = "float32"
    precision: str | None = None

    def network(self, inputs: int, classes: int) -> Sequential:
        """A new network with these layers, its numbers drawn from the seed.

        classes   0 for a network that predicts one number
        """
        row: list[Layer] = []
        for size, following in pairwise([inputs, *self.hidden, classes or 1]):
            row += [Affine(size, following, init=self.initial), ACTIVATIONS[self.activation]()]  # type: ignore[arg-type]
        loss = SoftmaxWithLoss() if classes else MeanSquaredError()
        return Sequential(*row[:-1], loss=loss, seed=self.seed, dtype=self.dtype)

    def update_rule(self) -> Optimizer:
        """A new optimizer."""
        return BY_NAME[self.optimizer](self.lr, weight_decay=self.weight_decay)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def new_settings(chosen: Mapping[str, Any]) -> Settings:
    """The settings of a new run: those that somebody chose, completed by the defaults.

    chosen   values as `READERS` give them

    >>> new_settings({"optimizer": "adam"}).lr
    0.002
    """
    optimizer = chosen.get("optimizer", Settings.optimizer)
    decay = BY_NAME[optimizer](LEARNING_RATES[optimizer]).weight_decay
    settings = Settings(**{"lr": LEARNING_RATES[optimizer], "weight_decay": decay, **chosen})
    settings = replace(settings, engine=resolve(settings.engine))
    check_engine(settings.engine, settings.dtype, precision=settings.precision)
    return settings


def table_defaults(rows: int) -> dict[str, Any]:
    """What is chosen for a table of so many training rows where nobody chose: tables are small beside MNIST.

    >>> table_defaults(120), table_defaults(1_000_000)["epochs"]
    ({'optimizer': 'adam', 'batch_size': 32, 'epochs': 200}, 20)
    """
    epochs = min(max(_TABLE_STEPS // -(-rows // _TABLE_BATCH), Settings.epochs), _MOST_TABLE_EPOCHS)
    return {"optimizer": "adam", "batch_size": _TABLE_BATCH, "epochs": epochs}


def checked_settings(chosen: Mapping[str, Any]) -> Settings:
    """The settings of a new run from what JSON holds.

    raises   ArgumentError that names the setting

    >>> checked_settings({"hidden": [20, 10], "optimizer": "adam"}).lr
    0.002
    """
    unknown = [name for name in chosen if name not in READERS]
    if unknown:
        what = f"there is no setting {', '.join(unknown)}; there are {', '.join(READERS)}"
        raise ArgumentError(what)
    try:
        return new_settings({name: _read(name, value) for name, value in chosen.items()})
    except ValueError as error:
        raise ArgumentError(str(error)) from None


def resumed_settings(saved: Any, chosen: Mapping[str, Any], folder: str) -> Settings:
    """The settings of a run, with the number of epochs and the target that somebody chose now.

    raises   ArgumentError for a choice that would make it another run, CheckpointError when `saved` is damaged
    """
    settings = saved_settings(saved, folder)
    for name, value in chosen.items():
        started_with = getattr(settings, name)
        if name not in _MAY_CHANGE and value != started_with:
            raise ArgumentError(
                f"the run in {folder} was started {_flag(name, started_with)}; "
                f"it cannot go on {_flag(name, value)}",
                fix=f"leave --{name.replace('_', '-')} out, or start a new run in another folder",
            )
    return replace(settings, **{name: value for name, value in chosen.items() if name in _MAY_CHANGE})


def _flag(name: str, value: Any) -> str:
    flag = f"--{name.replace('_', '-')}"
    if value is None:
        return f"without {flag}"
    values = value if isinstance(value, tuple) else (value,)
    return f"with {flag} {shlex.join(str(v) for v in values)}"


def saved_settings(saved: Any, folder: str) -> Settings:
    """The settings of a run.json, each read as its flag is.

    raises   CheckpointError when they are damaged
    """
    try:
        saved = {"initial": Settings.initial, **saved}  # earlier versions gave no choice
        if saved.keys() != READERS.keys():
            raise ValueError(f"it has {', '.join(saved)}")
        return Settings(**{name: _read(name, value) for name, value in saved.items()})
    except (TypeError, ValueError) as error:
        what = f"the settings in {folder}/run.json are damaged: {error}"
        raise CheckpointError(what, fix="start a new run") from None


def _read(name: str, value: Any) -> Any:
    """A value that JSON holds. ValueError with the name of the setting."""
    if value is None and name in _MAY_BE_NONE:
        return None
    try:
        if name != "hidden":
            return READERS[name](str(value))
        if not isinstance(value, list | tuple):
            raise ValueError(f"must be a list of whole numbers; it is {value!r}")
        return tuple(READERS[name](str(size)) for size in value)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None
