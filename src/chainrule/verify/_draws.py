"""Code that draws random numbers, as a dropout layer does: the same ones in every run, so that it is one function."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ._claim import Claim, Session
from ._slopes import Array


class Draws(NamedTuple):
    """The states of the generators that everybody shares: Python's, NumPy's and, where it is loaded, PyTorch's."""

    python: Any
    numpy: Any
    torch: Any

    @classmethod
    def now(cls) -> Draws:
        torch = sys.modules.get("torch")
        own = None if torch is None else torch.get_rng_state()
        return cls(random.getstate(), np.random.get_state(), own)  # noqa: NPY002  the one that is shared

    def again(self) -> None:
        """Let the next numbers be those that were next then."""
        random.setstate(self.python)
        np.random.set_state(self.numpy)  # noqa: NPY002
        if self.torch is not None:
            sys.modules["torch"].set_rng_state(self.torch)


@contextmanager
def undisturbed() -> Iterator[Draws]:
    """Whoever draws after this draws what he would have without it."""
    draws = Draws.now()
    try:
        yield draws
    finally:
        draws.again()


class _Repeating:
    """A session whose every forward pass draws the same numbers."""

    def __init__(self, session: Session, draws: Draws) -> None:
        self._session, self._draws = session, draws

    def forward(self, values: Sequence[Array]) -> Any:
        self._draws.again()
        return self._session.forward(values)

    def backward(self, dout: Any) -> list[Any]:
        return self._session.backward(dout)


def repeating(claim: Claim, draws: Draws) -> Claim:
    """The claim, where two runs differ with the same random numbers in all of them.

    draws   where these numbers begin
    """
    with np.errstate(all="ignore"):
        one, other = claim.value(claim.values), claim.value(claim.values)
    if np.array_equal(one, other, equal_nan=True):
        return claim
    trace = claim.trace and _repeated(claim.trace, draws)
    return replace(claim, open=lambda: _Repeating(claim.open(), draws), trace=trace)


def _repeated(trace: Callable[[Sequence[Any]], Any], draws: Draws) -> Callable[[Sequence[Any]], Any]:
    def run(variables: Sequence[Any]) -> Any:
        draws.again()
        return trace(variables)

    return run
