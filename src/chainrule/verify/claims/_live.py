"""Copies of somebody's object that compute with other parameters, while the object itself never changes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import UnsupportedError
from .._slopes import Array
from ._names import title_of
from ._parameters import Place

Memo = dict[int, Any]


def copied(thing: Any) -> Any:
    """A deep copy. UnsupportedError where there is none, since a check must not change what it is given."""
    try:
        return copy.deepcopy(thing)
    except Exception as error:  # whatever it is made of may refuse
        what = f"{title_of(thing)} cannot be copied ({error}), and a check must not change yours"
        raise UnsupportedError(
            what, fix="give a function that makes a new one: lambda: MyLayer(...)"
        ) from error


@dataclass(frozen=True)
class Source:
    """Where new objects come from: copies of one, or a factory whose objects cannot be copied."""

    pristine: Any
    make: Callable[[], Any] | None = None

    @classmethod
    def of(cls, thing: Any, factory: Callable[[], Any] | None) -> Source:
        try:
            return cls(copied(thing))
        except UnsupportedError:
            if factory is None:
                raise
            return cls(thing, factory)

    def new(self) -> Any:
        """One that has seen nothing."""
        return copy.deepcopy(self.pristine) if self.make is None else self.make()


class Live:
    """One object with the state that it keeps between calls, and whose parameters can be replaced.

    An array is replaced wherever the object refers to it, so that layers go on sharing it with a dictionary: a deep
    copy finds all these places, and it takes the new array for the copy of the old one.
    """

    def __init__(self, source: Source, places: Sequence[Place]) -> None:
        self._source, self._places = source, places
        self._held: list[Any] = [place.get(source.pristine) for place in places]
        self._object: Any = None

    def holding(self, values: Sequence[Array]) -> Any:
        """The object, its parameters replaced by these arrays themselves."""
        natives = [_native(value, held) for value, held in zip(values, self._held, strict=True)]
        changed = any(new is not held for new, held in zip(natives, self._held, strict=True))
        if self._object is None or changed:
            memo = {
                id(held): new
                for held, new in zip(self._held, natives, strict=True)
                if isinstance(held, np.ndarray)
            }
            self._object = self._renewed(memo)
            self._held = natives
            for place, value in zip(self._places, natives, strict=True):
                if place.get(self._object) is not value:  # numbers, and what the deep copy did not see
                    place.set(self._object, value)
        return self._object

    def _renewed(self, memo: Memo) -> Any:
        if self._source.make is not None:
            return self._source.make() if self._object is None else self._object
        return copy.deepcopy(self._source.pristine if self._object is None else self._object, memo)

    @property
    def object(self) -> Any:
        return self._object


def acts(source: Source, place: Place, run: Callable[[Any], Any], out: Any) -> bool:
    """Whether what is at a place counts for the result.

    run  what gives the result of an object
    out  the result of an object as it is
    """
    value = place.get(source.pristine)
    try:
        moved = run(Live(source, [place]).holding([1.01 * value + 0.01]))
    except Exception:  # the code is somebody's: of other values than its own it may raise anything
        return False
    return not np.array_equal(moved, out, equal_nan=True)


def _native(value: Any, held: Any) -> Any:
    """A number where the object holds a number."""
    return float(value) if isinstance(held, float) and isinstance(value, np.ndarray | np.generic) else value
