"""What things, their inputs and their code are called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ...errors import ArgumentError


def title_of(thing: Any) -> str:
    """``rosenbrock`` for a function, ``MyAffine`` for a class or an object of it."""
    name = getattr(thing, "__name__", None)
    return name if isinstance(name, str) else type(thing).__name__


def positional(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """The parameters that may be given by position, the bound ones left out; None where nobody can tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # functions of C have no signature
        return None
    return [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def required(function: Callable[..., Any]) -> list[str]:
    """The names of what must be given, by position or by name."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.default is p.empty and p.kind not in optional]


def takes_nothing(function: Callable[..., Any]) -> bool:
    """Whether it can be called without arguments only, as ``lambda: MyAffine(W, b)``."""
    try:
        return not inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def input_names(function: Callable[..., Any], number: int) -> tuple[str, ...]:
    """What a function calls its inputs; several inputs of one parameter are numbered.

    >>> input_names(lambda x, *rest: x, 3)
    ('x', 'rest[0]', 'rest[1]')
    """
    names = [p.name for p in positional(function) or []][:number]
    several = "input"
    if positional(function) is not None:
        parameters = inspect.signature(function).parameters.values()
        several = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), several)
    return (*names, *(f"{several}[{i}]" for i in range(number - len(names))))


def check_number(function: Callable[..., Any], number: int) -> None:
    """Refuse a number of inputs that a function does not take."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # it will say so itself
        return
    try:
        signature.bind(*[None] * number)
    except TypeError as error:
        inputs = "1 input was" if number == 1 else f"{number} inputs were"
        what = f"{title_of(function)} takes {signature}; {inputs} given"
        raise ArgumentError(
            what, fix="an input for each parameter, or a lambda that fills in the others"
        ) from error


def code_of(**functions: Any) -> dict[str, Callable[..., Any]]:
    """Of these functions the ones with Python code, without what is wrapped around it."""
    bare = {role: _bare(function) for role, function in functions.items()}
    return {role: function for role, function in bare.items() if inspect.isfunction(function)}


def _bare(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    if not inspect.isroutine(function) and not hasattr(function, "__wrapped__"):
        function = getattr(type(function), "__call__", None)  # noqa: B004  an object that is called
    return inspect.unwrap(getattr(function, "__func__", function))
