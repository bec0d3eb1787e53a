"""What notebooks ask of things, and the place where rooms further down say how to show them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from chainrule import _above
from chainrule.graph._notebook import Shown


class Thing(Shown):
    __slots__ = ()

    def __repr__(self) -> str:
        return "a thing"


@pytest.mark.parametrize(
    ("include", "exclude", "kinds"),
    [
        (None, None, ["image/svg+xml", "text/plain"]),
        ((), (), ["image/svg+xml", "text/plain"]),
        (["text/plain", "image/png"], None, ["text/plain"]),
        (None, {"text/plain"}, ["image/svg+xml"]),
        (["text/plain"], ["text/plain"], []),
    ],
)
def test_the_function_that_was_given_shows_it(
    monkeypatch: pytest.MonkeyPatch,
    include: Collection[str] | None,
    exclude: Collection[str] | None,
    kinds: list[str],
) -> None:
    shown: list[Any] = []

    def show(thing: Any) -> dict[str, str]:
        shown.append(thing)
        return {"image/svg+xml": "<svg/>", "text/plain": "drawn"}

    monkeypatch.setitem(_above._functions, "in_a_notebook", show)
    thing = Thing()
    assert list(thing._repr_mimebundle_(include=include, exclude=exclude)) == kinds
    assert shown == [thing]


def test_it_costs_an_object_nothing() -> None:
    assert not hasattr(Thing(), "__dict__")
    assert Shown.__init__ is object.__init__
    assert Shown.__new__ is object.__new__
