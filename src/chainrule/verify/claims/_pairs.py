"""Pairs ``(f, df)``: a function, and another that gives its gradients.

df is called in one of five ways, told apart by its parameters: with the inputs; with the inputs and the upstream
gradient; or, when its first parameter is called ``dout``, with that alone, with it and the inputs, or with it and what
f returned behind its result, the cache (as in Stanford's CS231n: ``out, cache = f(x)``, ``dx = df(dout, cache)``).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

import numpy as np

from ...errors import ArgumentError
from .._claim import Claim
from .._slopes import Array
from ._asked import Asked, aligned, result_of
from ._inputs import Inputs, check_something_is_claimed, is_jax
from ._jax import with_arrays
from ._live import copied
from ._names import code_of, positional, required, title_of

Function = Callable[..., Any]

_UPSTREAM = ("dout", "dy", "dz", "upstream", "grad_output")


class _Form(Enum):
    """What df is called with."""

    INPUTS = "the inputs"
    INPUTS_DOUT = "the inputs and dout"
    DOUT = "dout"
    DOUT_INPUTS = "dout and the inputs"
    DOUT_CACHE = "dout and the cache"


class _Session:
    def __init__(self, pair: tuple[Function, Function], form: _Form, inputs: Inputs) -> None:
        # Together, so that two methods of one object stay methods of one object.
        self._f, self._df = copied(pair)
        self._form, self._inputs = form, inputs
        self._title = title_of(self._df)
        self._arguments: list[Any] = []
        self._cache: Any = None

    def forward(self, values: Sequence[Array]) -> Any:
        return result_of(self.run(values), title_of(self._f))

    def run(self, values: Sequence[Any]) -> Any:
        """What f returns without its cache, for arrays or variables."""
        self._arguments = self._inputs.call_with(values)
        out = self._f(*self._arguments)
        if self._form is _Form.DOUT_CACHE:
            out, self._cache = out
        return out

    def backward(self, dout: Any) -> list[Any]:
        match self._form:
            case _Form.INPUTS:
                given = self._arguments
            case _Form.INPUTS_DOUT:
                given = [*self._arguments, dout]
            case _Form.DOUT:
                given = [dout]
            case _Form.DOUT_INPUTS:
                given = [dout, *self._arguments]
            case _Form.DOUT_CACHE:
                given = [dout, self._cache]
        return aligned(self._df(*given), self._inputs, self._title)


def is_pair(thing: Any) -> bool:
    """Whether something is a tuple of two functions."""
    return isinstance(thing, tuple) and len(thing) == 2 and all(map(callable, thing))


def claim_of_pair(pair: tuple[Function, Function], asked: Asked) -> Claim:
    """The claim of a function and the function of its gradients.

    raises   ArgumentError when df takes another number of arguments, or returns more gradients than there are inputs;
             UnsupportedError when f does not return one number or array
    """
    f, df = pair
    everything = asked.inputs_of(f)
    with np.errstate(all="ignore"):
        out = copied(f)(*everything.call_with(everything.values))
        if is_jax(out):
            pair = f, df = with_arrays(f), with_arrays(df)
            out = f(*everything.call_with(everything.values))
        has_cache = isinstance(out, tuple) and len(out) == 2
        form = _form_of(df, len(everything.given), has_cache)
        out = out[0] if form is _Form.DOUT_CACHE else out
        result_of(out, title_of(f))
        session = _Session(pair, form, everything)
        session.forward(everything.values)
        inputs = everything.claimed(session.backward(np.ones_like(out) if np.ndim(out) else 1.0))
    check_something_is_claimed(title_of(f), inputs.checked, inputs)
    return Claim(
        title_of(f),
        "pair",
        inputs.checked_names,
        inputs.values,
        functools.partial(_Session, pair, form, inputs),
        takes_dout=form is not _Form.INPUTS,
        skipped=inputs.skipped,
        code=code_of(forward=f, gradient=df),
        trace=lambda variables: _Session(pair, form, inputs).run(variables),
    )


def _form_of(df: Function, number: int, has_cache: bool) -> _Form:
    """How df is called, from the names and number of its parameters."""
    parameters = positional(df)
    if not parameters:  # a function of C, or of *args
        return _Form.INPUTS
    needed, names = len(required(df)), [p.name for p in parameters]
    if names[0] in _UPSTREAM:
        if has_cache and needed == 2:
            return _Form.DOUT_CACHE
        if needed <= 1:
            return _Form.DOUT
        if needed == number + 1:
            return _Form.DOUT_INPUTS
    elif needed == number + 1 or (needed <= number < len(names) and names[number] in _UPSTREAM):
        return _Form.INPUTS_DOUT
    elif needed <= number:
        return _Form.INPUTS
    inputs = "1 input" if number == 1 else f"{number} inputs"
    what = f"{title_of(df)} takes {', '.join(names)}; expected the {inputs}, or these and dout"
    raise ArgumentError(what, fix="def df(x, dout): return dout * ...")
