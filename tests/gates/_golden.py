"""The golden vectors: what PyTorch computed for every example, in one file that needs no PyTorch to be read.

A case ``add/0`` holds the arrays ``add/0/input/0``, …, ``add/0/upstream``, ``add/0/value`` and, for each input that
has one, ``add/0/gradient/0``, …; its settings stand in the metadata, as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count, takewhile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chainrule.storage import load_arrays
from tests.gates._examples import Example
from tests.gates._run import Result

GOLDEN = Path(__file__).with_name("golden.safetensors")


class Case(NamedTuple):
    """What goes into a gate, and what comes out."""

    given: Example
    upstream: Any
    result: Result

    def arrays(self) -> dict[str, Any]:
        """The arrays by the last part of their name."""
        numbered = {
            "input": self.given.inputs,
            "gradient": self.result.gradients,
        }
        named = {f"{kind}/{i}": x for kind, several in numbered.items() for i, x in enumerate(several)}
        return {**named, "upstream": self.upstream, "value": self.result.value}


def read() -> dict[str, Case]:
    """All cases by name."""
    arrays, metadata = load_arrays(GOLDEN)
    return {name: _case(name, arrays, text) for name, text in metadata.items() if "/" in name}


def _case(name: str, arrays: Mapping[str, Any], settings: str) -> Case:
    inputs, gradients = (_numbered(f"{name}/{kind}", arrays) for kind in ("input", "gradient"))
    given = Example(tuple(inputs), json.loads(settings, object_hook=_decoded))
    return Case(given, arrays[f"{name}/upstream"], Result(arrays[f"{name}/value"], gradients))


def _numbered(name: str, arrays: Mapping[str, Any]) -> list[Any]:
    names = takewhile(arrays.__contains__, (f"{name}/{i}" for i in count()))
    return [arrays[one] for one in names]


# Settings as JSON: what it lacks is an object with one member that says what it is ----------------------


def encoded(setting: Any) -> Any:
    """A setting as JSON can write it."""
    if isinstance(setting, slice):
        return {"a slice": [setting.start, setting.stop, setting.step]}
    if isinstance(setting, tuple):
        return {"a tuple": [encoded(part) for part in setting]}
    if isinstance(setting, type):
        return {"a dtype": np.dtype(setting).name}
    return {"an ellipsis": []} if setting is ... else setting


def _decoded(member: dict[str, Any]) -> Any:
    match member:
        case {"a slice": parts}:
            return slice(*parts)
        case {"a tuple": parts}:
            return tuple(parts)
        case {"a dtype": name}:
            return np.dtype(name).type
        case {"an ellipsis": _}:
            return ...
    return member
