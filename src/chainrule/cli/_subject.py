"""What is checked: something in somebody's file, made with arguments, and the inputs it gets."""

from __future__ import annotations

import functools
import inspect
import sys
import unicodedata
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import ArgumentError
from ._given import Given

_MOST_NAMES = 20


def load(file: Path) -> ModuleType:
    """The module of a file, run; it can import its neighbours, as a script can."""
    sys.path.insert(0, str(file.parent))
    name = file.stem
    if name in sys.modules or name in sys.stdlib_module_names:  # random.py must not become everybody's random
        name = f"checked_{name}"
    loader = SourceFileLoader(name, str(file))
    spec = spec_from_loader(name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    return module


def find(module: ModuleType, name: str) -> Any:
    """What a module calls by this name; ArgumentError if it has none."""
    try:
        return getattr(module, unicodedata.normalize("NFKC", name))  # as Python reads names
    except AttributeError:
        own = [key for key, value in vars(module).items() if _is_shown(module, key, value)]
        there_is = ", ".join(own[:_MOST_NAMES]) or "nothing that could be checked"
        file = Path(str(module.__file__)).name
        raise ArgumentError(f"{file} has no {name}; it has {there_is}") from None


def _is_shown(module: ModuleType, name: str, value: Any) -> bool:
    """Whether a name was made in the module itself."""
    return not name.startswith("_") and getattr(value, "__module__", None) == module.__name__


def made(thing: Any, name: str, arguments: Given) -> Any:
    """An object of a class, or what a function makes, of arguments or of nothing; anything else as it is."""
    has_arguments = bool(arguments.in_order or arguments.by_name)
    if inspect.isclass(thing) and not _is_used_as_class(thing):
        return _called(thing, name, arguments)
    if inspect.isfunction(thing) and not inspect.signature(thing).parameters:
        return _called(thing, name, arguments)
    if not has_arguments:
        return thing
    if not inspect.isfunction(thing):
        what = (
            f"--argument is for a class, or a function that makes something; {name} is {type(thing).__name__}"
        )
        raise ArgumentError(what, fix="--input for what forward or the function takes")
    return _called(thing, name, arguments)


def _called(maker: Callable[..., Any], name: str, arguments: Given) -> Any:
    bound = _bound(maker, name, arguments, "--argument")
    return maker(*bound.args, **bound.kwargs)


def _is_used_as_class(thing: type) -> bool:
    """Whether it is an ``autograd.Function``, of which nobody makes objects."""
    torch = sys.modules.get("torch")
    return torch is not None and issubclass(thing, torch.autograd.Function)


def inputs_of(thing: Any, name: str, given: Given) -> list[Any]:
    """The inputs in the order in which what is checked takes them."""
    taker, called = _taker(thing, name)
    bound = _bound(taker, called, given, "--input")
    if bound.kwargs:  # behind one that was left out
        bound.apply_defaults()
    if bound.kwargs:
        names = ", ".join(bound.kwargs)
        raise ArgumentError(
            f"{called} takes {names} by name only", fix="a function that takes it by position"
        )
    return list(bound.args)


def _taker(thing: Any, name: str) -> tuple[Callable[..., Any], str]:
    """What the inputs are handed to: ``loss`` of a network, ``forward`` of a layer, the function itself."""
    if inspect.isclass(thing):  # an autograd.Function, whose forward gets a context first
        return functools.partial(getattr(thing, "forward", thing), None), f"{name}.forward"
    if all(callable(getattr(thing, method, None)) for method in ("loss", "gradient")):
        return thing.loss, f"{name}.loss"
    for method in ("forward", "fit"):  # fit: the perceptrons of scikit-learn
        taker = getattr(thing, method, None)
        if callable(taker):
            return taker, f"{name}.{method}"
    if not callable(thing):
        what = f"{name} is {type(thing).__name__}: there is nothing to be checked"
        raise ArgumentError(what, fix="a class or an object with forward and backward, or a function")
    return thing, name


def _bound(function: Callable[..., Any], name: str, given: Given, flag: str) -> inspect.BoundArguments:
    """The values given, in the places of the function's parameters."""
    signature = _signature(function)
    parameters = signature.parameters
    takes = str(signature).partition(" -> ")[0]
    kinds = {parameter.kind for parameter in parameters.values()}
    in_order, by_name = given.in_order, given.by_name
    unknown = [key for key in by_name if key not in parameters]
    if unknown and inspect.Parameter.VAR_POSITIONAL in kinds:  # forward(*inputs) has no names for them
        in_order = [*in_order, *(by_name[key] for key in unknown)]
        by_name = {key: value for key, value in by_name.items() if key in parameters}
    elif unknown and inspect.Parameter.VAR_KEYWORD not in kinds:
        what = f"{name} has no parameter {', '.join(unknown)}; it takes {takes}"
        raise ArgumentError(what, fix=f"{flag} with its names, or without any, in order")
    try:
        bound = signature.bind_partial(*in_order, **by_name)
    except TypeError as error:
        raise ArgumentError(f"{name} takes {takes}; {flag}: {error}") from None
    many = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    missing = [
        key
        for key, parameter in parameters.items()
        if parameter.default is parameter.empty and parameter.kind not in many and key not in bound.arguments
    ]
    if missing:
        example = " ".join(f'{flag} "{key}=…"' for key in missing)
        raise ArgumentError(f"no value given for {', '.join(missing)}; {name} takes {takes}", fix=example)
    return bound


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # functions of C have none
        several = inspect.Parameter("inputs", inspect.Parameter.VAR_POSITIONAL)
        return inspect.Signature([several])
