"""What the page asks for once it is there, in one application.

Its modules hold all of chainrule and take longer to load than the browser takes for the page. So they load part by
part, in the order in which a reader meets them, and the page is drawn while the others are still on their way.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Sequence
from functools import cached_property
from importlib import import_module
from threading import Lock, Thread

from starlette.routing import Match, Route, Router
from starlette.types import Receive, Scope, Send

from ._state import State

PARTS = (("_gallery",), ("_graph", "_export"), ("_training", "_source", "_digit"))
_SWITCH = 0.0005  # seconds that a step of a request waits for the modules; usually ten times as long
_AT_ONCE = 2  # of them are what the page opens with; the rest loads when somebody asks for it


class Api:
    """The ASGI application of all requests that compute something; `load` it while nobody asks yet."""

    def __init__(self, state: State) -> None:
        self._parts = [_Part(modules, state) for modules in PARTS]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for part in self._parts:
            if not part.is_loaded:
                await asyncio.to_thread(part.load)
            if part.has(scope):
                break
        await part.router(scope, receive, send)  # the last one says that there is no such address

    def load(self) -> None:
        """Begin to load what the page opens with, without waiting for it."""
        Thread(target=self._load, daemon=True).start()

    def _load(self) -> None:
        usual = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH)
        try:
            for part in self._parts[:_AT_ONCE]:
                part.load()
        finally:
            sys.setswitchinterval(usual)


class _Part:
    """Some modules of the page, loaded once."""

    def __init__(self, modules: Sequence[str], state: State) -> None:
        self._modules, self._state, self._lock = modules, state, Lock()

    @property
    def is_loaded(self) -> bool:
        return "router" in self.__dict__

    def load(self) -> None:
        with self._lock:
            _ = self.router

    def has(self, scope: Scope) -> bool:
        """Whether the address of a request is one of this part."""
        return any(route.matches(scope)[0] is not Match.NONE for route in self.router.routes)

    @cached_property
    def router(self) -> Router:
        return Router(routes(self._modules, self._state), redirect_slashes=False)  # right or wrong


def routes(modules: Iterable[str], state: State) -> list[Route]:
    """What can be asked of some modules."""
    parts = (import_module(f".{name}", __package__) for name in modules)
    return [route for part in parts for route in part.routes(state)]
