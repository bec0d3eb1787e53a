"""What the page can choose from: the data, the engines, the settings, and how large they may be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ... import __version__
from ...engines import available
from ...runs import ACTIVATIONS, INITIALS, LEARNING_RATES, Data, Settings, new_settings, table_defaults
from ...words import words
from .._problem import CATALOGUE
from .._state import State
from ._limits import LIMITS
from ._weights import image_of


def about(state: State, language: str) -> dict[str, Any]:
    """All that the page asks for once."""
    data = state.data
    return {
        "version": __version__,
        "folder": str(state.folder),
        "data": {
            "name": data.short_name,
            "rows": len(data.x_train),
            "test_rows": len(data.x_test),
            "inputs": data.inputs,
            "classes": data.classes,
            "image": image_of(data),
        },
        "engines": _engines(language),
        "choices": {
            "activations": list(ACTIVATIONS),
            "initials": list(INITIALS),
            "optimizers": dict(LEARNING_RATES),
            "dtypes": ["float32", "float64"],
            "engines": ["auto", *(name for name, reason in available().items() if reason is None)],
        },
        "defaults": replace(_defaults(data), engine="auto").to_json(),
        "limits": dict(LIMITS),
    }


def _defaults(data: Data) -> Settings:
    return Settings() if data.preprocessing is None else new_settings(table_defaults(len(data.x_train)))


def _engines(language: str) -> dict[str, str | None]:
    """Each engine with None, or why it cannot be used."""
    say = words(language, CATALOGUE)
    return {
        name: reason and say("engine_unusable", engine=name, reason=reason)
        for name, reason in available(lang=language).items()
    }
