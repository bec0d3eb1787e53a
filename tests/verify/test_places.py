"""Which line makes a gradient."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from chainrule.verify._places import Place, place_of, written_at


class Layer:
    def backward(self, dout: Any) -> Any:
        dx = dout @ self.W.T  # type: ignore[attr-defined]
        self.dW = self.x.T @ dout  # type: ignore[attr-defined]
        self.db = np.sum(dout)
        if dout.ndim > 1:
            self.db = np.sum(dout, axis=0)
        return dx


class Relu:
    def backward(self, dout: Any) -> Any:
        dout[self.mask] = 0  # type: ignore[attr-defined]
        dx = dout
        return dx

    def directly(self, dout: Any) -> Any:
        return dout * self.mask  # type: ignore[attr-defined]

    def in_place(self, dout: Any) -> Any:
        dx = dout.copy()
        dx[self.mask] = 0  # type: ignore[attr-defined]
        return dx


def two(dout: Any) -> Any:
    dx, dy = dout, -dout
    return dx, dy


def network(x: Any, t: Any) -> Any:
    grads = {}
    grads["W1"] = x
    grads["b1"] = t
    return grads


def text(place: Place | None) -> str:
    assert place is not None
    return place.text.partition("  #")[0]


@pytest.mark.parametrize(
    ("function", "name", "position", "line"),
    [
        (Layer.backward, "W", None, "self.dW = self.x.T @ dout"),
        (Layer.backward, "b", None, "self.db = np.sum(dout, axis=0)"),
        (Layer.backward, "x", 0, "dx = dout @ self.W.T"),
        (Relu.backward, "x", 0, "dx = dout"),
        (Relu.directly, "x", 0, "return dout * self.mask"),
        (Relu.in_place, "x", 0, "dx[self.mask] = 0"),
        (two, "y", 1, "dx, dy = dout, -dout"),
        (network, "W1", None, 'grads["W1"] = x'),
    ],
)
def test_the_line_that_sets_the_gradient(function: Any, name: str, position: int | None, line: str) -> None:
    place = place_of(function, name, position)
    assert text(place) == line
    assert place is not None
    lines, _ = inspect.findsource(function)
    assert lines[place.line - 1].strip() == place.text
    assert place.file == __file__


def test_without_a_line_the_function_itself_is_meant() -> None:
    assert text(place_of(Layer.backward, "gamma", None)) == "def backward(self, dout: Any) -> Any:"


def test_what_has_no_source_has_no_place() -> None:
    assert place_of(np.tanh, "x", 0) is None
    assert place_of(len, "x", 0) is None


def test_the_line_that_writes_into_an_array_and_not_one_that_names_another() -> None:
    def backward(self: Any, x: Any, grads: Any) -> None:
        self.W = self.W * 1
        y = x[0]
        x[y > 0] = 0
        self.W -= 0.1 * self.dW
        self.params["b"] -= grads["b"]

    found = [written_at(backward, name) for name in ("x", "W", "b", "missing")]
    assert [place and place.text for place in found] == [
        "x[y > 0] = 0",
        "self.W -= 0.1 * self.dW",
        'self.params["b"] -= grads["b"]',
        "def backward(self: Any, x: Any, grads: Any) -> None:",
    ]
