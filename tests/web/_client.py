"""The page's API without a server and without its guard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.testclient import TestClient

from chainrule.web import _export, _gallery, _graph
from chainrule.web._response import HANDLERS
from chainrule.web._state import State


def client_of() -> TestClient:
    """A client for the graph view's questions; what goes wrong inside becomes an answer, as it does for the page."""
    state = State("mnist", Path("runs"))
    routes = [*_graph.routes(state), *_gallery.routes(state), *_export.routes(state)]
    return TestClient(Starlette(routes=routes, exception_handlers=HANDLERS), raise_server_exceptions=False)


def asked(client: TestClient, expression: Any, values: Any = None, **more: Any) -> dict[str, Any]:
    """What /api/graph answers."""
    answer = client.post("/api/graph", json={"expression": expression, "values": values, **more})
    content: dict[str, Any] = answer.json()
    return content | {"status": answer.status_code}
