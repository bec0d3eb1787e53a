"""A graph to take along: as a picture, as formulas, in the languages of other drawers, as a program, as data."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..explain import Explanation, explain
from ..explain.drawing import Drawing, draw_passes
from ._graph import Typed, graph_of
from ._problem import Problem
from ._program import program
from ._request import body_of, language_of, limited
from ._state import State


class Given(NamedTuple):
    """What is written in a form."""

    expression: str
    graph: Typed
    explanation: Explanation
    drawing: Drawing


class Form(NamedTuple):
    """A form: the ending of the file's name, its media type, and what makes its text or its bytes."""

    ending: str
    media: str
    write: Callable[[Given], str | bytes]


def _png(given: Given) -> bytes:
    if find_spec("matplotlib") is None:
        raise Problem("export_no_plot")
    return given.drawing.png()


def _program(given: Given) -> str:
    inputs = [node.name for node in given.explanation.passes.graph if node.name in given.graph.values]
    return program(given.expression, given.graph.values, inputs)


FORMS: Mapping[str, Form] = {
    "svg": Form("svg", "image/svg+xml", lambda given: given.drawing.svg()),
    "png": Form("png", "image/png", _png),
    "latex": Form("tex", "application/x-tex", lambda given: given.explanation.to_latex()),
    "mermaid": Form("mmd", "text/plain", lambda given: given.drawing.mermaid() + "\n"),
    "dot": Form("dot", "text/vnd.graphviz", lambda given: given.drawing.dot()),
    "tikz": Form("tikz.tex", "application/x-tex", lambda given: given.drawing.tikz()),
    "python": Form("py", "text/x-python", _program),
    "json": Form("json", "application/json", lambda given: given.explanation.to_json(indent=1) + "\n"),
}


def routes(state: State) -> list[Route]:
    return [Route("/api/graph/export", _export, methods=["POST"])]


async def _export(request: Request) -> Response:
    body = await body_of(request)
    return JSONResponse(
        await limited(
            exported, body.get("expression"), body.get("values"), body.get("form"), language_of(request)
        )
    )


def exported(expression: Any, values: Any, form: Any, language: str) -> dict[str, str]:
    """A file: its name, its media type, and its text or, as base64, its bytes.

    raises   Problem, ParseError, ShapeError; ChainruleError for a picture of letters that no font has
    """
    if not isinstance(form, str) or form not in FORMS:
        raise Problem("export_form", forms=", ".join(FORMS))
    ending, media, write = FORMS[form]
    graph = graph_of(expression, values)
    explanation = explain(graph.output, lang=language)
    drawing = draw_passes(explanation.passes, lang=language)
    written = write(Given(expression, graph, explanation, drawing))
    name = f"{explanation.passes.nodes[graph.output].name}.{ending}"
    if isinstance(written, bytes):
        return {"name": name, "media": media, "base64": b64encode(written).decode()}
    return {"name": name, "media": media, "text": written}
