"""Code with gradients that can be rewritten, and points at which it is looked at."""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

Rng = np.random.Generator


class Point(NamedTuple):
    """Arguments of the constructor, which are the parameters, and what the code is then given.

    claimed  how many of the inputs, the first ones, have a gradient; of those of a network none
    """

    parameters: Mapping[str, Any]
    inputs: tuple[Any, ...]
    claimed: int = 1


@dataclass(frozen=True)
class Subject:
    """Code with gradients.

    kind      "layer", "network", "pair" or "value and gradient"; "library" for somebody else's object
    code      the class or the functions, by name
    point     random parameters and inputs
    constant  parameters that have no gradient
    """

    name: str
    kind: str
    code: Mapping[str, Any]
    point: Callable[[Rng], Point]
    constant: tuple[str, ...] = ()
    source: str = field(default="", compare=False)

    def thing(self, parameters: Mapping[str, Any]) -> Any:
        """What a checker is given."""
        made = tuple(self.code.values())
        if self.kind in ("layer", "network"):
            return made[0](**{name: _copy(value) for name, value in parameters.items()})
        return made if self.kind == "pair" else made[0]

    @property
    def is_of_library(self) -> bool:
        return self.kind == "library"

    def text(self) -> str:
        """Its source."""
        return self.source or "\n\n".join(map(_source_of, self.code.values()))

    def rewritten(self, source: str, label: str) -> Subject:
        """The same with other source, which tracebacks and checkers can read."""
        module = inspect.getmodule(next(iter(self.code.values())))
        space = dict(vars(module))
        filename = f"<{self.name}: {label}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        exec(compile(source, filename, "exec"), space)
        return replace(self, code={name: space[name] for name in self.code}, source=source)


_source_of = cache(inspect.getsource)  # which parses the whole file each time


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value
