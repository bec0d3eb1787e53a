"""The settings that a page may train with: what they can be, and how large, so that every click is answered soon."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from ...errors import ArgumentError
from ...runs import READERS, Data, Settings, checked_settings
from .._problem import Problem

LIMITS: Mapping[str, int] = {
    "layers": 12,  # hidden ones
    "units": 4096,  # of a hidden layer
    "weights": 20_000_000,  # in all
    "batch_size": 10_000,
    "epochs": 1000,
    "seed": 2**32 - 1,
    "work": 5_000_000_000,  # weights · rows of a mini-batch: a step takes less than a second, and pauses come soon
}

_LONGEST = 40  # characters of what somebody sent


def settings_of(chosen: Any, data: Data) -> Settings:
    """The settings of a new run on the data.

    chosen   what a page sent
    raises   Problem that names the setting and says what it can be
    """
    if not isinstance(chosen, dict):
        raise Problem("settings_no_object")
    for name, value in chosen.items():
        if name not in READERS:
            raise Problem("setting_unknown", setting=_short(name), settings=", ".join(READERS))
        try:
            checked_settings({name: value})
        except ArgumentError:
            raise _problem(name, value) from None
    settings = checked_settings(chosen)
    _check_size(settings, data)
    return settings


def weights_of(settings: Settings, data: Data) -> int:
    """How many numbers a network learns, biases included."""
    return sum(
        before * after + after for before, after in pairwise([data.inputs, *settings.hidden, data.outputs])
    )


def _check_size(settings: Settings, data: Data) -> None:
    if len(settings.hidden) > LIMITS["layers"] or max(settings.hidden, default=0) > LIMITS["units"]:
        raise _problem("hidden", list(settings.hidden))
    for name in ("batch_size", "epochs", "seed"):
        if getattr(settings, name) > LIMITS[name]:
            raise _problem(name, getattr(settings, name))
    weights = weights_of(settings, data)
    if weights > LIMITS["weights"]:
        raise Problem(
            "too_many_weights", setting="hidden", weights=f"{weights:,}", most=f"{LIMITS['weights']:,}"
        )
    rows = min(settings.batch_size, len(data.x_train))
    if weights * rows > LIMITS["work"]:
        most = LIMITS["work"] // weights
        raise Problem(
            "too_long_step", setting="batch_size", weights=f"{weights:,}", rows=f"{rows:,}", most=f"{most:,}"
        )


def _problem(name: str, value: Any) -> Problem:
    most: dict[str, Any] = {limit: f"{number:,}" for limit, number in LIMITS.items()}
    return Problem(f"setting_{name}", setting=name, value=_short(value), **most)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
