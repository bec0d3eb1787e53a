"""Where an object keeps its parameters and their gradients: by the conventions of courses and books, or as told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import numpy as np

from ...errors import ArgumentError
from ._inputs import is_float
from ._names import title_of

Step = Callable[[Any], Any]

# Dictionaries or lists of the same keys, and names made from that of the parameter.
_CONTAINERS = (("params", "grads"), ("parameters", "gradients"))
_GRADIENT_NAMES = ("d{}", "grad_{}", "{}_grad")


class Place(NamedTuple):
    """An attribute or an item somewhere in an object.

    name     as Python would call it: ``W``, ``layers['Affine1'].W``
    steps    from the object to what holds it
    key      the attribute, or the key of an item
    is_item  which of the two
    """

    name: str
    steps: tuple[Step, ...]
    key: Any
    is_item: bool = False

    def get(self, thing: Any) -> Any:
        """What is there, None if nothing is."""
        try:
            for step in self.steps:
                thing = step(thing)
            return thing[self.key] if self.is_item else getattr(thing, self.key)
        except Exception:  # a property may raise anything before its time
            return None

    def set(self, thing: Any, value: Any) -> None:
        for step in self.steps:
            thing = step(thing)
        if self.is_item:
            thing[self.key] = value
        else:
            setattr(thing, self.key, value)


class Candidate(NamedTuple):
    """A place that may hold a parameter, and the places where its gradient would be."""

    parameter: Place
    gradients: tuple[Place, ...]

    def gradient(self, thing: Any) -> Any:
        found = (place.get(thing) for place in self.gradients)
        return next((gradient for gradient in found if _is_gradient(gradient)), None)


def candidates(thing: Any, told: Mapping[str, str] | None) -> list[Candidate]:
    """The places that may hold parameters.

    thing   an object that has not run yet
    told    names of attributes by the caller, parameter to gradient, dots allowed; by convention if None
    raises  ArgumentError when there is no such attribute
    """
    if told is None:
        return _distinct(thing, _by_convention(thing))
    found = [Candidate(_dotted(name), (_dotted(gradient),)) for name, gradient in told.items()]
    for candidate in found:
        name = candidate.parameter.name
        if not is_float(candidate.parameter.get(thing)):
            there_are = ", ".join(c.parameter.name for c in candidates(thing, None)) or "none"
            what = f"{title_of(thing)} has no array of floats called {name}; those it has: {there_are}"
            raise ArgumentError(what, fix="parameters={'W': 'dW'}: attributes, and those of their gradients")
    return found


def _dotted(name: str) -> Place:
    *owners, key = name.split(".")
    return Place(name, (attrgetter(".".join(owners)),) if owners else (), key)


def _distinct(thing: Any, found: Iterator[Candidate]) -> list[Candidate]:
    """Each array once, with all the places where its gradient may be."""
    by_array: dict[int | str, Candidate] = {}
    for candidate in found:
        value = candidate.parameter.get(thing)
        key = id(value) if isinstance(value, np.ndarray) else candidate.parameter.name
        first = by_array.get(key)
        if first is None:
            by_array[key] = candidate
        else:
            by_array[key] = Candidate(first.parameter, first.gradients + candidate.gradients)
    return list(by_array.values())


def _by_convention(
    thing: Any, prefix: str = "", steps: tuple[Step, ...] = (), seen: tuple[int, ...] = ()
) -> Iterator[Candidate]:
    for parameters, gradients in _CONTAINERS:
        container = _attribute(thing, parameters)
        for key in _keys(container):
            if is_float(container[key]):
                name = f"{prefix}{key}" if isinstance(key, str) else f"{prefix}{parameters}[{key}]"
                gradient = Place(name, (*steps, attrgetter(gradients)), key, True)
                yield Candidate(Place(name, (*steps, attrgetter(parameters)), key, True), (gradient,))
    yield from _attributes(thing, prefix, steps)
    for name, step, part in _parts(thing):
        if id(part) not in seen:
            yield from _by_convention(part, f"{prefix}{name}.", (*steps, *step), (*seen, id(thing)))


def _attributes(thing: Any, prefix: str, steps: tuple[Step, ...]) -> Iterator[Candidate]:
    names = [
        *getattr(thing, "__dict__", {}),
        *dir(thing),
    ]  # in the order they were made; then slots, properties
    floats = {name: None for name in names if not name.startswith("_") and is_float(_attribute(thing, name))}
    of_others = {pattern.format(name) for name in floats for pattern in _GRADIENT_NAMES}
    for name in floats:
        if name not in of_others:
            gradients = (pattern.format(name) for pattern in _GRADIENT_NAMES)
            places = tuple(Place(f"{prefix}{g}", steps, g) for g in gradients)
            yield Candidate(Place(f"{prefix}{name}", steps, name), places)


def _parts(thing: Any) -> Iterator[tuple[str, tuple[Step, ...], Any]]:
    """The layers that an object is made of: attributes, or items of an attribute."""
    for name, value in getattr(thing, "__dict__", {}).items():
        if is_layer(value):
            yield name, (attrgetter(name),), value
        for key in _keys(value):
            if is_layer(value[key]):
                yield f"{name}[{key!r}]", (attrgetter(name), itemgetter(key)), value[key]


def is_layer(thing: Any) -> bool:
    """Whether something has the interface of a layer: `forward` and `backward`."""
    return all(callable(_attribute(thing, name)) for name in ("forward", "backward"))


def _attribute(thing: Any, name: str) -> Any:
    try:
        return getattr(thing, name, None)
    except Exception:  # a property may raise anything before its time
        return None


def _keys(container: Any) -> Sequence[Any]:
    if isinstance(container, Mapping):
        return list(container)
    return range(len(container)) if isinstance(container, list | tuple) else ()


def _is_gradient(value: Any) -> bool:
    return isinstance(value, int | float | list | np.ndarray | np.generic)
