"""Graphs to begin with: those of the lesson, small enough to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..words import LANGUAGES, words
from ._request import language_of
from ._state import State


@dataclass(frozen=True)
class Example:
    """An expression with values.

    expression  with names in braces, which are those of the language
    values      by the same names
    sliders     for inputs that are numbers: least, most, and the step between
    names       for each name in braces its word in each language
    """

    id: str
    expression: str
    values: Mapping[str, Any]
    sliders: Mapping[str, tuple[float, float, float]]
    names: Mapping[str, Mapping[str, str]]

    def to_json(self, language: str) -> dict[str, Any]:
        say = words(language, "gallery")
        name = {key: forms[language] for key, forms in self.names.items()}
        sliders = {
            name.get(key, key): dict(zip(("min", "max", "step"), slider, strict=True))
            for key, slider in self.sliders.items()
        }
        return {
            "id": self.id,
            "title": say(f"title.{self.id}"),
            "text": say(f"text.{self.id}"),
            "expression": self.expression.format(**name),
            "values": {name.get(key, key): value for key, value in self.values.items()},
            "sliders": sliders,
        }


def routes(state: State) -> list[Route]:
    return [Route("/api/gallery", _gallery)]


async def _gallery(request: Request) -> Response:
    return JSONResponse(GALLERY[language_of(request)])


def _in_both(**forms: tuple[str, str]) -> Mapping[str, Mapping[str, str]]:
    return {key: dict(zip(LANGUAGES, pair, strict=True)) for key, pair in forms.items()}


_PRICE, _COUNT, _TAX = (10.0, 200.0, 1.0), (1.0, 10.0, 1.0), (1.0, 1.5, 0.01)
_SCORE, _LABEL = (-5.0, 5.0, 0.1), (0.0, 1.0, 1.0)

EXAMPLES = (
    Example(
        "apple",
        "{total} = {apple} * {count} * {tax}",
        {"apple": 100, "count": 2, "tax": 1.1},
        {"apple": _PRICE, "count": _COUNT, "tax": _TAX},
        _in_both(
            total=("total", "총액"), apple=("apple", "사과"), count=("count", "개수"), tax=("tax", "세금")
        ),
    ),
    Example(
        "fruit",
        "{total} = ({apple}*{apples} + {orange}*{oranges}) * {tax}",
        {"apple": 100, "apples": 2, "orange": 150, "oranges": 3, "tax": 1.1},
        {"apple": _PRICE, "apples": _COUNT, "orange": _PRICE, "oranges": _COUNT, "tax": _TAX},
        _in_both(
            total=("total", "총액"),
            apple=("apple", "사과"),
            apples=("apples", "사과_개수"),
            orange=("orange", "귤"),
            oranges=("oranges", "귤_개수"),
            tax=("tax", "세금"),
        ),
    ),
    Example("fan-out", "y = x * x", {"x": 3}, {"x": (-5.0, 5.0, 0.1)}, {}),
    Example("sigmoid", "y = 1 / (1 + exp(-x))", {"x": 1}, {"x": (-8.0, 8.0, 0.1)}, {}),
    Example(
        "softmax-with-loss",
        "e1 = exp(a1)\ne2 = exp(a2)\ne3 = exp(a3)\n"
        "S = e1 + e2 + e3\nr = 1 / S\n"
        "y1 = e1 * r\ny2 = e2 * r\ny3 = e3 * r\n"
        "L = -(t1*log(y1) + t2*log(y2) + t3*log(y3))",
        {"a1": 0.3, "a2": 2.9, "a3": 4, "t1": 0, "t2": 1, "t3": 0},
        dict.fromkeys(("a1", "a2", "a3"), _SCORE) | dict.fromkeys(("t1", "t2", "t3"), _LABEL),
        {},
    ),
    Example(
        "batch-norm",
        "mu = mean(x)\nd = x - mu\nvar = mean(d * d)\nxhat = d / sqrt(var + 0.00001)\n"
        "y = gamma * xhat + beta\nL = sum(y * dout)",
        {"x": [1, 2, 6], "gamma": 1, "beta": 0, "dout": [1, 0, 0]},
        {"gamma": (0.1, 3.0, 0.1), "beta": (-2.0, 2.0, 0.1)},
        {},
    ),
    Example(
        "network",
        "h = sigmoid(x @ W1 + b1)\ny = h @ W2 + b2\nL = 0.5 * sum((y - t)**2)",
        {
            "x": [[1, 0.5]],
            "W1": [[0.1, 0.3], [0.2, 0.4]],
            "b1": [0.1, 0.2],
            "W2": [[0.5], [-0.6]],
            "b2": [0.1],
            "t": [[1]],
        },
        {},
        {},
    ),
)

GALLERY: Mapping[str, list[dict[str, Any]]] = {
    language: [example.to_json(language) for example in EXAMPLES] for language in LANGUAGES
}
