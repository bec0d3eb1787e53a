"""The compiled step of a run: its text, what each statement of it does and costs, and where that is in the network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..engines import available
from ..explain import draw
from ..networks import Network
from ..runs import Data, Settings, Statement, Step, statements
from ._request import body_of, language_of, limited
from ._state import State
from ._training._limits import settings_of

_KEPT = 8  # answers, since both languages and a reload ask for the same


def routes(state: State) -> list[Route]:
    """The step of the run of now, or of settings that are sent."""

    async def of_run(request: Request) -> Response:
        return await _answered(state.worker.told()["settings"] or {}, language_of(request))

    async def of_settings(request: Request) -> Response:
        body = await body_of(request)
        return await _answered(body.get("settings", {}), language_of(request))

    async def _answered(chosen: Any, language: str) -> Response:
        return JSONResponse(await limited(_of, state, chosen, language))

    return [
        Route("/api/source", of_run, methods=["GET"]),
        Route("/api/source", of_settings, methods=["POST"]),
    ]


def _of(state: State, chosen: Any, language: str) -> dict[str, Any]:
    data = state.data
    return source_of(settings_of(chosen, data), Form.of(data), language)


class Form(NamedTuple):
    """What a step depends on of the data; pixels are uint8 and scaled by the step itself."""

    inputs: int
    classes: int
    rows: int
    pixels: bool

    @classmethod
    def of(cls, data: Data) -> Form:
        return cls(data.inputs, data.classes, len(data.x_train), data.x_train.dtype == np.uint8)


@lru_cache(maxsize=_KEPT)
def source_of(settings: Settings, form: Form, language: str) -> dict[str, Any]:
    """The emitted step of a new network with these settings.

    returns  settings, what is known of the data, rows of a mini-batch, threads, text, drawing, names of all gates in
             the language, and why the fused engine cannot be used, if so; statements as `chainrule.runs.Statement`,
             each with the ids of the drawing's nodes that it computes and of those that it only touches

    >>> found = source_of(Settings(hidden=(3,)), Form(4, 2, 10, False), "en")
    >>> found["text"].splitlines()[0], found["statements"][0]["phase"], found["unusable"]
    ('def step(', 'data', None)
    """
    network = settings.network(form.inputs, form.classes)
    step = Step(network, settings, {"rows": form.rows, "pixels": form.pixels})
    drawing = draw(network, lang=language).to_dict()
    places = Places(network, drawing)
    source = step.source()
    gates = {about.gate.name: about.gate for _, piece in source.pieces for about in piece.about}
    return {
        "settings": settings.to_json(),
        "data": form._asdict(),
        "rows": step.rows,
        "threads": step.threads,
        "text": source.text,
        "statements": [
            {**statement.to_json(), **places.of(statement)}
            for statement in statements(source, step.rows, None)
        ],
        "gates": {name: gate.ko if language == "ko" else name for name, gate in gates.items()},
        "drawing": drawing,
        "unusable": available(lang=language)["fused"],
    }


class Places:
    """Where in the drawing of a network the names of a step belong.

    >>> network = Settings(hidden=(3,)).network(4, 2)
    >>> places = Places(network, {"nodes": [{"id": "n0", "text": "W1"}, {"id": "n1", "text": "Affine1"}]})
    >>> places.ids(["dW1", "Affine1_product", "other"])
    ['n0', 'n1']
    """

    def __init__(self, network: Network, drawing: Mapping[str, Any]) -> None:
        self._ids: dict[str, str] = {node["text"]: node["id"] for node in drawing["nodes"]}
        loss = self._ids.get(type(network.lastLayer).__name__)
        if loss is not None:
            self._ids["loss"] = loss

    def of(self, statement: Statement) -> dict[str, list[str]]:
        computed = self.ids(statement.names)
        return {"nodes": computed, "touched": [i for i in self.ids(statement.shapes) if i not in computed]}

    def ids(self, names: Iterable[str]) -> list[str]:
        """The nodes that names are about, each once; a name that is about none is left out."""
        found = (self._id(name) for name in names)
        return list(dict.fromkeys(node for node in found if node is not None))

    def _id(self, name: str) -> str | None:
        """``dW1`` is about W1, as ``W1_v`` and ``Affine1_product`` are about what stands before the underscore."""
        while name:
            for form in (name, name.removeprefix("d")):
                if form in self._ids:
                    return self._ids[form]
            name = name.rpartition("_")[0]
        return None
