"""What is to be checked: a function of arrays at a point, and the gradients that somebody claims for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ._slopes import Array


class Session(Protocol):
    """One live object with the state that it keeps between its calls: a layer, a network, a function.

    What it is given it may keep or, wrongly, write into; so whoever looks for such mistakes gives copies.
    """

    def forward(self, values: Sequence[Array]) -> Any:
        """The result, one number or array, for values of what has a gradient."""

    def backward(self, dout: Any) -> list[Any]:
        """The claimed gradients after a `forward`, one for each value; None where nothing is claimed.

        dout   the upstream gradient, of the shape of the result
        """


@dataclass(frozen=True, slots=True)
class Claim:
    """A function at a point, and the gradients that are claimed for it.

    title      what it is called: ``MyAffine``, ``rosenbrock``
    kind       what sort of thing it is: "function", "pair", "value and gradient", "layer", "network", "pytorch",
               "jax", "scikit-learn"
    names      of what has a gradient: inputs first, then parameters
    values     of these: our own float arrays, in the precision they were given
    parameters how many of the names, the last ones, are parameters
    open       a new live object, whose state nobody has touched; with values of another precision it computes in that
    takes_dout whether an upstream gradient reaches the code; otherwise it starts from 1
    skipped    what is not checked, and why, in the words of a catalogue: a key for each name
    code       the functions that hold forward and backward, as far as there is Python code to be shown
    trace      the bare result of an object that has seen nothing, for chainrule's variables in place of the values; it
               raises whatever the code raises on meeting them. None where the code is not NumPy's
    """

    title: str
    kind: str
    names: tuple[str, ...]
    values: tuple[Array, ...]
    open: Callable[[], Session]
    parameters: int = 0
    takes_dout: bool = True
    skipped: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    trace: Callable[[Sequence[Any]], Any] | None = None

    def value(self, values: Sequence[Array]) -> Any:
        """The result for other values, by an object that has seen nothing before."""
        return self.open().forward(copies(values))

    def gradients(self, values: Sequence[Array], dout: Any) -> list[Any]:
        """The claimed gradients for other values, by an object that has seen nothing before."""
        session = self.open()
        session.forward(copies(values))
        return session.backward(np.array(dout) if np.ndim(dout) else dout)


def copies(values: Sequence[Array]) -> list[Array]:
    """Arrays of our own, in C order, whatever happens to them."""
    return [np.array(value, order="C") for value in values]
