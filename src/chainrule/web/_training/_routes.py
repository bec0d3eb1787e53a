"""What the page asks for and orders while a network learns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from .._problem import Problem
from .._request import body_of, language_of, limited
from .._state import State
from ._about import about
from ._earlier import earlier_runs
from ._flow import flow_of
from ._limits import settings_of
from ._run import Wanted
from ._stream import stream
from ._weights import MOST_UNITS, image_of, tiles

_ORDERS: dict[str, Wanted] = {"pause": "pause", "continue": "go", "step": "step", "stop": "stop"}
_UNITS = 50  # that are shown unless more are asked for


def routes(state: State) -> list[Route]:
    """Everything about training."""

    async def about_(request: Request) -> Response:
        return JSONResponse(await limited(about, state, language_of(request)))

    async def run(request: Request) -> Response:
        return JSONResponse(state.worker.told())

    async def start(request: Request) -> Response:
        body = await body_of(request)
        return JSONResponse(await limited(_start, state, body), 201)

    def order(wanted: Wanted) -> Callable[[Request], Awaitable[Response]]:
        async def ordered(request: Request) -> Response:
            body = await body_of(request)
            await limited(state.worker.order, body.get("id"), wanted)
            return JSONResponse(state.worker.told())

        return ordered

    async def reset(request: Request) -> Response:
        body = await body_of(request)
        await limited(state.worker.reset, body.get("id"))
        return JSONResponse(state.worker.told())

    async def log(request: Request) -> Response:
        since = _number(request, "since", 0)
        events = state.worker.log.since(since)
        return JSONResponse({"events": events, "next": events[-1]["n"] if events else since})

    async def stream_(request: Request) -> StreamingResponse:
        return stream(state.worker.log, _since(request))

    async def weights(request: Request) -> Response:
        most = _number(request, "most", _UNITS, least=1, most=MOST_UNITS)
        return await limited(_weights, state, most)

    async def runs(request: Request) -> Response:
        return JSONResponse(await limited(_earlier, state))

    async def flow(request: Request) -> Response:
        body = await body_of(request)
        return JSONResponse(await limited(_fresh_flow, state, body.get("settings", {})))

    return [
        Route("/api/about", about_),
        Route("/api/run", run),
        Route("/api/run/start", start, methods=["POST"]),
        *(Route(f"/api/run/{name}", order(wanted), methods=["POST"]) for name, wanted in _ORDERS.items()),
        Route("/api/run/reset", reset, methods=["POST"]),
        Route("/api/run/log", log),
        Route("/api/run/stream", stream_),
        Route("/api/run/weights", weights),
        Route("/api/runs", runs),
        Route("/api/flow", flow, methods=["POST"]),
    ]


def _start(state: State, body: dict[str, Any]) -> dict[str, Any]:
    settings = settings_of(body.get("settings", {}), state.data)
    return state.worker.start(settings, paused=body.get("paused") is True).to_json()


def _weights(state: State, most: int) -> Response:
    run = state.worker.run
    if run is None:
        raise Problem("run_none", 404)
    image = image_of(run.data)
    if image is None:
        raise Problem("no_image", 404)
    found = run.between_steps(lambda network: tiles(network, image[1], most))
    headers = {
        "X-Units": str(len(found.pixels)),
        "X-Width": str(found.width),
        "X-Height": str(found.height),
        "X-Scale": repr(found.scale),
    }
    return Response(found.pixels.tobytes(), media_type="application/octet-stream", headers=headers)


def _earlier(state: State) -> list[dict[str, Any]]:
    run = state.worker.run
    return earlier_runs(state.folder, without=None if run is None else run.id)


def _fresh_flow(state: State, chosen: Any) -> dict[str, Any]:
    settings = settings_of(chosen, state.data)
    data = state.worker.data_for(settings)
    return flow_of(settings.network(data.inputs, data.classes), settings, data)


def _since(request: Request) -> int:
    """Where a stream goes on: a browser that comes again says which message was its last."""
    last = request.headers.get("last-event-id", "")
    return int(last) if last.isascii() and last.isdigit() and len(last) < 16 else _number(request, "since", 0)


def _number(request: Request, name: str, default: int, *, least: int = 0, most: int = 2**53) -> int:
    """A whole number of the query."""
    text = request.query_params.get(name, str(default))
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 17 else -1
    if not least <= number <= most:
        raise Problem("wrong_whole_number", name=name, least=least, most=most)
    return number
