"""One object of a subject, called in a uniform way that knows nothing of chainrule."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from .subject import Point, Subject


def names_of(subject: Subject, point: Point) -> list[str]:
    """What has a gradient: inputs first, then parameters."""
    first = next(iter(subject.code.values()))
    taker = first.forward if subject.kind == "layer" else first
    inputs = [name for name in inspect.signature(taker).parameters if name != "self"]
    return [*inputs[: point.claimed], *(n for n in point.parameters if n not in subject.constant)]


def values_of(subject: Subject, point: Point) -> list[Any]:
    """The values of what has a gradient, in the order of `names_of`."""
    inputs = point.inputs[: point.claimed]
    return [*inputs, *(v for n, v in point.parameters.items() if n not in subject.constant)]


class Live:
    """One object; what it keeps between its calls it keeps."""

    def __init__(self, subject: Subject, point: Point) -> None:
        self._kind, self._point = subject.kind, point
        self._thing = subject.thing(point.parameters)
        self._parameters = [n for n in point.parameters if n not in subject.constant]
        self._given: list[Any] = []
        self._gradients: Any = None
        self._shared: list[tuple[Any, Any]] = []  # parameters of a network: what was given, and its own array

    def forward(self, values: Sequence[Any]) -> Any:
        """The result for other values, which the code gets as they are."""
        claimed = self._point.claimed
        self._given = [*values[:claimed], *self._point.inputs[claimed:]]
        held = zip(self._parameters, values[claimed:], strict=True)
        if self._kind == "layer":
            for name, value in held:
                setattr(self._thing, name, value)
            return self._thing.forward(*self._given)
        if self._kind == "network":
            self._shared = [(value, self._thing.params[name]) for name, value in held]
            for value, own in self._shared:
                own[...] = value  # its layers may hold the same array
            loss = self._thing.loss(*self._given)
            self._give_back()
            return loss
        if self._kind == "pair":
            return self._thing[0](*self._given)
        out, self._gradients = self._thing(*self._given)
        return out

    def backward(self, dout: Any) -> list[Any]:
        """The claimed gradients, one for each value; times the upstream gradient where the code takes none."""
        if self._kind == "layer":
            returned = self._thing.backward(dout)
            of_parameters = [getattr(self._thing, f"d{name}") for name in self._parameters]
            return [*_listed(returned)[: self._point.claimed], *of_parameters]
        if self._kind == "network":
            gradients = self._thing.gradient(*self._given)
            self._give_back()
            return [dout * np.asarray(gradients[name]) for name in self._parameters]
        if self._kind == "pair":
            takes_dout = "dout" in inspect.signature(self._thing[1]).parameters
            if takes_dout:
                return _listed(self._thing[1](*self._given, dout))
            return [dout * np.asarray(g) for g in _listed(self._thing[1](*self._given))]
        return [dout * np.asarray(g) for g in _listed(self._gradients)]

    def _give_back(self) -> None:
        """What the network writes into its parameters is seen in what was given, as if they were the same arrays."""
        for value, own in self._shared:
            value[...] = own


def _listed(gradients: Any) -> list[Any]:
    return list(gradients) if isinstance(gradients, tuple) else [gradients]
