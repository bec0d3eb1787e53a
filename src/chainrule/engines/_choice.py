"""Which engines there are, and which one a name stands for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec

from ..errors import ArgumentError
from ..words import Words, words
from . import eager
from ._step import StepGraph
from .eager import Step

_NEEDS: Mapping[str, tuple[str, ...]] = {"eager": (), "fused": ("numba", "scipy"), "xla": ("jax",)}
_EXTRAS = {"fused": "fast", "xla": "xla"}
_FASTEST_FIRST = ("fused", "eager")  # on a CPU
_DRIVERS = ("jax_plugins", "libtpu")  # packages without which JAX has nothing but the CPU


def available(*, lang: str = "en") -> Mapping[str, str | None]:
    """Each engine with None, or with the reason why it cannot be used, in words of the language."""
    say = words(lang, "engines")
    return {name: _reason(name, needs, say) for name, needs in _NEEDS.items()}


def _reason(name: str, needs: tuple[str, ...], say: Words) -> str | None:
    if name in _broken:
        return say("broken", problem=_broken[name])
    missing = [module for module in needs if find_spec(module) is None]
    return say("needs", modules=say("and").join(missing), extra=_EXTRAS[name]) if missing else None


@cache
def sees_accelerator() -> bool:
    """Whether JAX can compute on a GPU or TPU. It is imported, which takes half a second, only where a driver is."""
    if not find_spec("jax") or not any(map(find_spec, _DRIVERS)):
        return False
    import jax

    from .xla import join

    join()  # before JAX looks for devices, of which there are other processes' then
    try:
        return bool(jax.default_backend() != "cpu")
    except RuntimeError:  # the driver is installed, and there is no device for it
        return False


def report_broken(name: str, reason: str) -> None:
    """From now on the engine counts as one that cannot be used in this process."""
    _broken[name] = reason


_broken: dict[str, str] = {}


def resolve(name: str, *, on_cpu: bool = False) -> str:
    """The engine that a name stands for; "auto" is the fastest one that can be used.

    That is xla where JAX has a GPU or TPU, otherwise (or with `on_cpu`) fused, otherwise eager.

    raises   ArgumentError when there is no such engine, or it cannot be used

    >>> resolve("auto") in ("xla", "fused", "eager")
    True
    """
    engines = available()
    if name == "auto":
        order = ("xla", *_FASTEST_FIRST) if not on_cpu and sees_accelerator() else _FASTEST_FIRST
        return next(engine for engine in order if engines[engine] is None)
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
    match resolve(engine):
        case "fused":
            from . import fused

            return fused.build(step)
        case "xla":
            from . import xla

            return xla.build(step)
        case _:
            return eager.build(step)
