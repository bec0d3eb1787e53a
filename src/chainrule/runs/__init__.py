"""Training runs as commands and the page have them: settings, data, and the folder that a run lives in."""

from typing import TYPE_CHECKING

from .._lazy import lazy as _lazy_names

# A command line is read with the names and limits of the settings alone.
__getattr__ = _lazy_names(
    __name__,
    {
        "machine": (),
        "_data": ("Data", "data_of", "load_data", "numbers"),
        "_influence": ("ColumnInfluence", "Influence"),
        "_network": ("load_network", "probabilities"),
        "_readers": ("checkpoint_every", "number", "one_of", "whole"),
        "_result": ("ClassResult", "ClassificationResult", "RegressionResult", "measure"),
        "_run": (
            "describe",
            "how_to_go_on",
            "keep_preprocessing",
            "new_path",
            "start",
            "trainer_of",
            "what_is_unsaved",
        ),
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
            "table_defaults",
        ),
        "_statements": ("Statement", "statements"),
        "_step": ("Step",),
        "_table_model": ("TableModel", "load_run"),
        "_table_options": ("TASKS", "TableOptions"),
    },
)

if TYPE_CHECKING:
    from . import machine
    from ._data import Data, data_of, load_data, numbers
    from ._influence import ColumnInfluence, Influence
    from ._network import load_network, probabilities
    from ._readers import checkpoint_every, number, one_of, whole
    from ._result import ClassificationResult, ClassResult, RegressionResult, measure
    from ._run import describe, how_to_go_on, keep_preprocessing, new_path, start, trainer_of, what_is_unsaved
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
        table_defaults,
    )
    from ._statements import Statement, statements
    from ._step import Step
    from ._table_model import TableModel, load_run
    from ._table_options import TASKS, TableOptions

__all__ = [
    "TASKS",
    "ACTIVATIONS",
    "ClassResult",
    "ClassificationResult",
    "ColumnInfluence",
    "Data",
    "INITIALS",
    "Influence",
    "LEARNING_RATES",
    "READERS",
    "RegressionResult",
    "Settings",
    "Statement",
    "Step",
    "TableModel",
    "TableOptions",
    "checked_settings",
    "checkpoint_every",
    "data_of",
    "describe",
    "how_to_go_on",
    "keep_preprocessing",
    "load_data",
    "load_network",
    "load_run",
    "machine",
    "measure",
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
    "table_defaults",
    "trainer_of",
    "what_is_unsaved",
    "whole",
]
