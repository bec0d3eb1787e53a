"""Which engines there are, and which one a name stands for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from ..errors import ArgumentError
from ..words import Words, words
from . import eager
from ._step import StepGraph
from .eager import Step

_PLANNED = {"xla": "JAX"}
_NEEDS: Mapping[str, tuple[str, ...]] = {"eager": (), "fused": ("numba", "scipy")}
_FASTEST_FIRST = ("fused", "eager")


def available(*, lang: str = "en") -> Mapping[str, str | None]:
    """Each engine with None, or with the reason why it cannot be used, in words of the language."""
    say = words(lang, "engines")
    planned = {name: say("planned", what=what) for name, what in _PLANNED.items()}
    return {**{name: _reason(name, needs, say) for name, needs in _NEEDS.items()}, **planned}


def _reason(name: str, needs: tuple[str, ...], say: Words) -> str | None:
    if name in _broken:
        return say("broken", problem=_broken[name])
    missing = [module for module in needs if find_spec(module) is None]
    return say("needs", modules=say("and").join(missing)) if missing else None


def report_broken(name: str, reason: str) -> None:
    """From now on the engine counts as one that cannot be used in this process."""
    _broken[name] = reason


_broken: dict[str, str] = {}


def resolve(name: str) -> str:
    """The engine that a name stands for; "auto" is the fastest one that can be used.

    raises   ArgumentError when there is no such engine, or it cannot be used

    >>> resolve("auto") in ("fused", "eager")
    True
    """
    engines = available()
    if name == "auto":
        return next(engine for engine in _FASTEST_FIRST if engines[engine] is None)
    if name not in engines:
        raise ArgumentError(f"there is no engine {name!r}", fix=f"use one of auto, {', '.join(_NEEDS)}")
    if (reason := engines[name]) is not None:
        raise ArgumentError(f"the engine {name!r} {reason}", fix="use engine='auto'")
    return name


def compile_step(step: StepGraph, engine: str = "eager") -> Step:
    """A function from the inputs of a step graph to its outputs, both by name, run by the named engine.

    >>> from chainrule.engines import trace
    >>> step = trace(lambda v: {"y": v["x"] * 2.0}, {"x": 1.0})
    >>> compile_step(step)({"x": 3.0})
    {'y': 6.0}
    """
    if resolve(engine) == "fused":
        from . import fused

        return fused.build(step)
    return eager.build(step)
