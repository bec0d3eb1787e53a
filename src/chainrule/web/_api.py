"""What the page asks for once it is there, in one application.

Its modules hold all of chainrule and take as long to load as the browser takes for the page: that happens at once.
"""

from __future__ import annotations

import asyncio
from functools import cached_property
from threading import Lock, Thread

from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from ._state import State


class Api:
    """The ASGI application of all requests that compute something; `load` it while nobody asks yet."""

    def __init__(self, state: State) -> None:
        self._state, self._lock = state, Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "_router" not in self.__dict__:
            await asyncio.to_thread(self._load)
        await self._router(scope, receive, send)

    def load(self) -> None:
        """Begin to load the modules, without waiting for them."""
        Thread(target=self._load, daemon=True).start()

    def _load(self) -> None:
        with self._lock:
            _ = self._router

    @cached_property
    def _router(self) -> Router:
        return Router(routes(self._state), redirect_slashes=False)  # an address is right or wrong


def routes(state: State) -> list[Route]:
    """What can be asked, of all parts of the page."""
    from . import _digit, _export, _gallery, _graph, _source, _training

    parts = (_graph, _gallery, _export, _training, _source, _digit)
    return [route for part in parts for route in part.routes(state)]
