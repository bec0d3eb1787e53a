"""Which engines there are, and which one a name stands for."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ArgumentError
from . import eager
from ._step import StepGraph
from .eager import Step

_BUILDERS = {"eager": eager.build}
_PLANNED = {"fused": "Numba", "xla": "JAX"}


def available() -> Mapping[str, str | None]:
    """Each engine with None, or with the reason why it cannot be used."""
    planned = {name: f"comes with a later version ({what})" for name, what in _PLANNED.items()}
    return {**dict.fromkeys(_BUILDERS), **planned}


def resolve(name: str) -> str:
    """The engine that a name stands for; "auto" is the fastest one that can be used.

    raises   ArgumentError when there is no such engine, or it cannot be used

    >>> resolve("auto")
    'eager'
    """
    if name == "auto":
        return next(iter(_BUILDERS))
    if name not in _BUILDERS:
        reason = available().get(name)
        what = f"the engine {name!r} {reason}" if reason else f"there is no engine {name!r}"
        raise ArgumentError(what, fix=f"use one of auto, {', '.join(_BUILDERS)}")
    return name


def compile_step(step: StepGraph, engine: str = "auto") -> Step:
    """A function from the inputs of a step graph to its outputs, both by name, run by the named engine.

    >>> from chainrule.engines import trace
    >>> step = trace(lambda v: {"y": v["x"] * 2.0}, {"x": 1.0})
    >>> compile_step(step)({"x": 3.0})
    {'y': 6.0}
    """
    return _BUILDERS[resolve(engine)](step)
