"""The graph view's questions: an expression with values goes in; its graph, every step and every number comes out."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..engines._abstract import AbstractArray
from ..engines._node import input_node
from ..explain import Explanation, explain
from ..explain._backpropagation import Backpropagation
from ..explain._what_if import each_alone
from ..explain.drawing import draw_passes
from ..graph import Expression, Graph, Variable, holds_numbers, new_variable, parse
from ._graph_steps import Steps, plain
from ._problem import Problem
from ._request import body_of, language_of, limited
from ._state import State
from ._tree import Memory

MOST_NODES = 200
MOST_NUMBERS = 10_000  # of an array
_MOST_AXES = 4
_MOST_LETTERS = 10_000
_MOST_RERUNS = 200_000  # numbers that are computed to see what +1 does
_ROOM = 78.0  # pixels: what four figures with a sign, a point and an arrow need

# What is made here is a tree; to look for circles in it would take a third of the time of writing it.
_JSON = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"))

Values = dict[str, Any]
Shapes = tuple[tuple[str, tuple[int, ...]], ...]


def routes(state: State) -> list[Route]:
    return [Route("/api/graph", _graph, methods=["POST"])]


async def _graph(request: Request) -> Response:
    body = await body_of(request)
    content = await limited(answer, body.get("expression"), body.get("values"), language_of(request))
    return Response(content, media_type="application/json")


def answer(expression: Any, values: Any, language: str) -> bytes:
    """All that the page shows of a graph, as JSON.

    expression  a text of the expression language
    values      for its inputs, by name: a number or nested lists; an input without one is 1, and listed as undone
    language    "en" or "ko"
    raises      Problem, ParseError, ShapeError
    """
    graph = graph_of(expression, values)
    shapes = tuple((name, np.shape(value)) for name, value in graph.values.items())
    content = _content(graph, explain(graph.output, lang=language), _memory(expression, language, shapes))
    return _JSON.encode(content).encode()


class Typed(NamedTuple):
    """The graph of an expression that somebody typed.

    values  of its inputs
    undone  inputs that were given no value
    """

    output: Variable
    values: Values
    undone: list[str]


def graph_of(expression: Any, values: Any) -> Typed:
    """The graph of an expression.

    raises   Problem when it is too large, or its result is no single number that depends on an input; ParseError;
             ShapeError
    """
    if not isinstance(expression, str):
        raise Problem("graph_no_text", 400)
    if len(expression) > _MOST_LETTERS:
        raise Problem("graph_long", most=_MOST_LETTERS)
    if not isinstance(values, Mapping | None):
        raise Problem("graph_no_values", 400)
    program = _parsed(expression)
    given = {unicodedata.normalize("NFKC", name): value for name, value in (values or {}).items()}
    undone = [name for name in program.inputs if given.get(name) is None]
    known = {name: 1.0 if name in undone else _value(name, given[name]) for name in program.inputs}
    if any(np.ndim(value) for value in known.values()):
        _check_sizes(expression, tuple((name, np.shape(value)) for name, value in known.items()))
    output = program(**known)
    _check(output, Graph(output))
    return Typed(output, known, undone)


@lru_cache(maxsize=64)
def _parsed(expression: str) -> Expression:
    return parse(expression)


def _value(name: str, value: Any) -> Any:
    """A number or an array, as the page gave it."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:  # a whole number of 400 figures
            number = math.inf
        if math.isfinite(number):
            return number
    if isinstance(value, list) and holds_numbers(value, _MOST_AXES):
        try:
            array = np.array(value, dtype=np.float64)
        except (ValueError, OverflowError):  # rows of different lengths
            array = np.zeros(0)
        if array.size > MOST_NUMBERS:
            raise Problem("graph_large_array", name=name, count=array.size, most=MOST_NUMBERS)
        if array.size and np.all(np.isfinite(array)):
            return array
    raise Problem("graph_value", name=name)


@lru_cache(maxsize=64)
def _check_sizes(expression: str, shapes: Shapes) -> None:
    """Refuse arrays that do not fit together, or grow too large, before any of them is computed."""
    inputs = {
        name: new_variable(AbstractArray(input_node(name, shape, np.float64)), name) for name, shape in shapes
    }
    output = _parsed(expression)(**inputs)
    for node in Graph(output):
        if node.variable.size > MOST_NUMBERS:
            raise Problem("graph_large_array", name=node.name, count=node.variable.size, most=MOST_NUMBERS)


def _check(output: Variable, graph: Graph) -> None:
    *_, last = graph
    if output.gate is None:
        raise Problem("graph_no_gate", name=last.name)
    if len(graph) > MOST_NODES:
        raise Problem("graph_large", count=len(graph), most=MOST_NODES)
    if output.size != 1:
        raise Problem("graph_not_one", name=last.name, shape=str(output.shape))


@lru_cache(maxsize=32)
def _memory(expression: str, language: str, shapes: Shapes) -> Memory:
    """What stays the same while sliders move."""
    return {}


def _content(graph: Typed, explanation: Explanation, memory: Memory) -> dict[str, Any]:
    passes = explanation.passes
    drawing = draw_passes(passes, lang=explanation.language, room=_ROOM)
    picture, ids = drawing.to_dict(), drawing.ids
    steps = Steps(explanation, drawing, memory)
    plus_one = _plus_one(explanation.passes)
    leaves = {node.name: node.variable for node in passes.graph if node.variable.gate is None}
    gradients = {passes.nodes[variable].name: gradient for variable, gradient in passes.gradients.items()}
    inputs = [
        {
            "name": name,
            "node": ids.nodes[leaves[name]] if name in leaves else None,
            "value": plain(value),
            "gradient": plain(gradients.get(name, np.zeros(np.shape(value)))),
            "shape": list(np.shape(value)),
            "plus_one": plus_one.get(name),
        }
        for name, value in graph.values.items()
    ]
    content = {
        "output": passes.nodes[graph.output].name,
        "heading": explanation.title,
        "inputs": inputs,
        "drawing": picture,
        "steps": steps.steps(picture["nodes"]),
        "meaning": list(explanation.meaning),
        "table": steps.table(),
    }
    return content | ({"undone": graph.undone} if graph.undone else {})


def _plus_one(passes: Backpropagation) -> dict[str, dict[str, Any]]:
    """For each input that is a number what +1 really does, beside what its gradient predicts."""
    numbers = [node.name for node in passes.graph if node.variable.gate is None and not node.variable.shape]
    if len(numbers) * sum(node.variable.size for node in passes.graph) > _MOST_RERUNS:
        return {}
    return {
        name: {"actual": plain(run.change), "predicted": plain(run.predicted), "exact": run.is_exact}
        for name, run in each_alone(passes, dict.fromkeys(numbers, 1.0)).items()
    }
