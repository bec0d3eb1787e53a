"""The digit view's answers: what a network thinks of a drawn digit, and how the error flows back to its pixels."""

from __future__ import annotations

import base64
import binascii
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .._json import json_ready
from ..runs import probabilities
from ._classifier import Array, Classifier, choices, classifier_of, flow_back, losses_of
from ._drawn import as_in_mnist
from ._problem import Problem
from ._request import body_of, limited
from ._state import State
from ._training._weights import image_of

_MOST_PIXELS = 256 * 256  # of a drawing
_HARDEST = 30
_MOST_UNITS = 100  # of a layer whose units are shown one by one


def routes(state: State) -> list[Route]:
    """What the digit view asks for."""
    digits = _Digits(state)
    return [
        Route("/api/digit", digits.about, methods=["GET"]),
        Route("/api/digit", digits.look, methods=["POST"]),
        Route("/api/digit/back", digits.back, methods=["POST"]),
        Route("/api/digit/test", digits.test, methods=["GET"]),
        Route("/api/digit/hardest", digits.hardest, methods=["GET"]),
    ]


class _Digits:
    """All requests about digits, and the losses of the test data as the last network had them."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = Lock()
        self._measured: tuple[Any, Array, Array] | None = None

    async def about(self, request: Request) -> Response:
        """Which network answers, and what there is to look at."""
        return await _answer(partial(self._about, request.query_params.get("run")))

    async def look(self, request: Request) -> Response:
        """A drawing as the network sees it, and the probability of each class."""
        body = await body_of(request)
        return await _answer(partial(self._look, body))

    async def back(self, request: Request) -> Response:
        """The loss of an image for a label, and the gradients of every layer and pixel."""
        body = await body_of(request)
        return await _answer(partial(self._back, body))

    async def test(self, request: Request) -> Response:
        """One row of the test data."""
        asked = request.query_params
        return await _answer(partial(self._test, asked.get("index", ""), asked.get("run")))

    async def hardest(self, request: Request) -> Response:
        """The test rows with the largest losses."""
        return await _answer(partial(self._hardest, request.query_params.get("run")))

    def _about(self, run: str | None) -> dict[str, Any]:
        classifier, data = classifier_of(self._state, run), self._state.data
        return {
            "network": _named(classifier),
            "runs": json_ready(choices(self._state)),
            "side": self._side(),
            "classes": data.classes,
            "tests": len(data.x_test),
        }

    def _look(self, body: dict[str, Any]) -> dict[str, Any]:
        side = self._side()
        pixels = _decoded(body.get("pixels"))
        height, width = _whole(body, "height", 1, 4096), _whole(body, "width", 1, 4096)
        if pixels.size != height * width or pixels.size > _MOST_PIXELS:
            raise Problem("wrong_drawing", most=_MOST_PIXELS)
        image = as_in_mnist(pixels.reshape(height, width), side).reshape(-1)
        return {"image": _encoded(image), "empty": not image.any(), **self._answered(image, _run(body))}

    def _answered(self, image: Array, run: str | None) -> dict[str, Any]:
        classifier = classifier_of(self._state, run)
        shares = probabilities(classifier.network, image[np.newaxis])[0]
        return {
            "network": _named(classifier),
            "probabilities": json_ready(shares.tolist()),
            "answer": int(shares.argmax()),
        }

    def _back(self, body: dict[str, Any]) -> dict[str, Any]:
        data = self._state.data
        image = _decoded(body.get("image"))
        if image.size != data.inputs:
            raise Problem("wrong_image", given=image.size, expected=data.inputs)
        classifier = classifier_of(self._state, _run(body))
        flow = flow_back(classifier.network, image, _whole(body, "label", 0, data.classes - 1))
        largest = float(np.max(np.abs(flow.pixels), initial=0))
        ready: dict[str, Any] = json_ready(
            {
                "network": _named(classifier),
                "loss": flow.loss,
                "probabilities": flow.shares.tolist(),
                "layers": [_layer(*layer) for layer in flow.layers],
                "pixels": flow.pixels.tolist(),
                "largest": largest,
                "size": _size(flow.pixels),
            }
        )
        return ready

    def _test(self, index: str, run: str | None) -> dict[str, Any]:
        data = self._state.data
        if not index.isdecimal() or int(index[:9]) >= len(data.x_test):
            raise Problem("no_such_row", 404, last=len(data.x_test) - 1)
        row = int(index)
        self._side()
        image = data.x_test[row]
        return {
            "index": row,
            "image": _encoded(image),
            "label": int(data.t_test[row]),
            **self._answered(image, run),
        }

    def _hardest(self, run: str | None) -> dict[str, Any]:
        self._side()
        classifier, data = classifier_of(self._state, run), self._state.data
        losses, answers = self._losses(classifier)
        worst = np.argsort(-losses, kind="stable")[:_HARDEST]
        rows = [
            {
                "index": int(row),
                "image": _encoded(data.x_test[row]),
                "label": int(data.t_test[row]),
                "answer": int(answers[row]),
                "loss": float(losses[row]),
            }
            for row in worst
        ]
        wrong = int(np.sum(answers != data.t_test))
        about = {"network": _named(classifier), "wrong": wrong, "tests": len(data.x_test)}
        ready: dict[str, Any] = json_ready({**about, "rows": rows})
        return ready

    def _losses(self, classifier: Classifier) -> tuple[Array, Array]:
        with self._lock:
            if self._measured is None or self._measured[0] != classifier.key:
                self._measured = classifier.key, *losses_of(classifier.network, self._state.data)
            return self._measured[1:]

    def _side(self) -> int:
        """Of the square images. Problem where the data are none."""
        data = self._state.data
        image = image_of(data)
        if image is None or data.x_test.dtype != np.uint8:
            raise Problem("no_images", 404, data=data.short_name)
        return image[0]


async def _answer(compute: Any) -> Response:
    return JSONResponse(await limited(compute))


def _named(classifier: Classifier) -> dict[str, Any]:
    sizes = [classifier.network.input_size, *classifier.network.sizes.values()]
    shape = "-".join(str(size) for size, before in zip(sizes, [None, *sizes], strict=False) if size != before)
    return {"run": classifier.run, "step": classifier.step, "shape": shape}


def _layer(name: str, result: Array, gradient: Array) -> dict[str, Any]:
    """How large the numbers of a layer are, and of a small one each of them."""
    about = {"name": name, "units": result.size, "activation": _size(result), "gradient": _size(gradient)}
    if result.size <= _MOST_UNITS:
        about |= {"values": result.tolist(), "gradients": gradient.tolist()}
    return about


def _size(array: Array) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(array, dtype=np.float64))))


def _whole(body: dict[str, Any], name: str, least: int, most: int) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Problem("wrong_whole_number", name=name, least=least, most=most)
    return value


def _run(body: dict[str, Any]) -> str | None:
    """The name of the run that the reader chose."""
    name = body.get("run")
    return None if name is None else str(name)


def _decoded(text: Any) -> Array:
    """Bytes from base64."""
    try:
        return np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    except (TypeError, ValueError, binascii.Error):
        raise Problem("no_pixels") from None


def _encoded(image: Array) -> str:
    return base64.b64encode(np.ascontiguousarray(image).data).decode()
