"""Training runs as commands and the page have them: settings, data, and the folder that a run lives in."""

from typing import TYPE_CHECKING

from .._lazy import lazy as _lazy_names

# A command line is read with the names and limits of the settings alone.
__getattr__ = _lazy_names(
    __name__,
    {
        "machine": (),
        "_data": ("Data", "data_of", "load_data", "numbers"),
        "_network": ("load_network", "probabilities"),
        "_readers": ("number", "one_of", "whole"),
        "_run": ("describe", "how_to_go_on", "new_path", "start", "trainer_of"),
        "_settings": (
            "ACTIVATIONS",
            "INITIALS",
            "LEARNING_RATES",
            "READERS",
            "Settings",
            "checked_settings",
            "new_settings",
            "resumed_settings",
            "saved_settings",
        ),
        "_statements": ("Statement", "statements"),
        "_step": ("Step",),
    },
)

if TYPE_CHECKING:
    from . import machine
    from ._data import Data, data_of, load_data, numbers
    from ._network import load_network, probabilities
    from ._readers import number, one_of, whole
    from ._run import describe, how_to_go_on, new_path, start, trainer_of
    from ._settings import (
        ACTIVATIONS,
        INITIALS,
        LEARNING_RATES,
        READERS,
        Settings,
        checked_settings,
        new_settings,
        resumed_settings,
        saved_settings,
    )
    from ._statements import Statement, statements
    from ._step import Step

__all__ = [
    "ACTIVATIONS",
    "INITIALS",
    "LEARNING_RATES",
    "READERS",
    "Data",
    "Settings",
    "Statement",
    "Step",
    "checked_settings",
    "data_of",
    "describe",
    "how_to_go_on",
    "load_data",
    "load_network",
    "machine",
    "new_path",
    "new_settings",
    "number",
    "numbers",
    "one_of",
    "probabilities",
    "resumed_settings",
    "saved_settings",
    "start",
    "statements",
    "trainer_of",
    "whole",
]
