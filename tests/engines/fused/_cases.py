"""Functions to compile, each with the inputs it is tried with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Case:
    """A function of named arrays that returns arrays by name.

    inputs   for each argument its value, or the shape (a tuple) of an array of random numbers
    options  of `check`
    """

    function: Callable[..., Mapping[str, Any]]
    inputs: Mapping[str, Any]
    options: Mapping[str, Any]

    def __call__(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        by_keyword = inspect.signature(self.function).parameters
        return self.function(**values) if "values" not in by_keyword else self.function(values)

    def values(self, rng: Any) -> dict[str, Any]:
        return {
            name: rng.normal(size=given) if type(given) is tuple else given
            for name, given in self.inputs.items()
        }


class Cases:
    """Collects functions: ``@cases(x=(3, 2))``; `each` parametrises a test with them."""

    def __init__(self) -> None:
        self.all: dict[str, Case] = {}

    def __call__(self, options: Mapping[str, Any] | None = None, /, **inputs: Any) -> Callable[..., Any]:
        def collect(function: Callable[..., Mapping[str, Any]]) -> Callable[..., Mapping[str, Any]]:
            assert function.__name__ not in self.all
            self.all[function.__name__] = Case(function, inputs, options or {})
            return function

        return collect

    def each(self, test: Any) -> Any:
        return pytest.mark.parametrize("case", self.all.values(), ids=self.all.keys())(test)
