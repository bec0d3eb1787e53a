"""All that the page can ask for, in one application."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .. import words
from . import _static
from ._api import Api
from ._guard import Door, Guard
from ._request import language_of
from ._response import HANDLERS
from ._state import State


def app(state: State, door: Door) -> Guard:
    """The page, behind its door."""
    api = Api(state)
    routes = [*_static.routes(state.language), Route("/api/words", _words), Route("/api/{path:path}", api)]
    inside = Starlette(routes=routes, exception_handlers=HANDLERS)
    inside.router.redirect_slashes = False
    api.load()
    return Guard(inside, door)


async def _words(request: Request) -> Response:
    """The page's texts in one language."""
    return JSONResponse(_texts(language_of(request)))


@lru_cache
def _texts(language: str) -> dict[str, str]:
    """All catalogues of the page as one: ``page_graph.play`` is the text of ``play`` in page_graph.json."""
    texts: dict[str, str] = {}
    for file in sorted(files(words).joinpath(language).iterdir(), key=lambda file: file.name):
        subject = file.name.removesuffix(".json")
        if subject == "page" or subject.startswith("page_"):
            texts |= {f"{subject}.{key}": text for key, text in json.loads(file.read_text("utf-8")).items()}
    return texts
