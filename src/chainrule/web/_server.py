"""uvicorn, with an end that comes at once: open streams and a training run do not hold it up."""

from __future__ import annotations

import asyncio
import signal
from socket import socket
from threading import current_thread, main_thread

import uvicorn

from ._app import app
from ._guard import Door
from ._state import State

_SECONDS_FOR_THE_LAST_ANSWERS = 1
_SECONDS_OF_SILENCE = 60  # before a connection is closed: a reader thinks longer than the usual five
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """The page on a socket."""

    def __init__(self, state: State, door: Door) -> None:
        self._state = state
        config = uvicorn.Config(
            app(state, door),
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_SECONDS_OF_SILENCE,
            timeout_graceful_shutdown=_SECONDS_FOR_THE_LAST_ANSWERS,
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Save and end the training, and its streams, without which uvicorn would wait for their readers to leave."""
        await asyncio.gather(asyncio.to_thread(self._state.worker.close), super().shutdown(sockets))

    def run_until_signal(self, listener: socket) -> None:
        """Serve until Ctrl-C or a request to terminate, and come back from either as from any call."""
        if current_thread() is not main_thread():
            self.run(sockets=[listener])
            return
        # uvicorn raises the signals again when it is done, for whoever handled them before.
        before = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}
        try:
            self.run(sockets=[listener])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
