"""`check_gradients` of what others wrote: the report, the reasons, the lines, in both languages."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import chainrule as cr
from chainrule.errors import ArgumentError, GradientError, UnsupportedError

RNG_SEED = 0


class Affine:
    """The lesson's layer, as it should be."""

    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        dx = dout @ self.W.T
        self.dW = self.x.T @ dout
        self.db = np.sum(dout, axis=0)
        return dx


class MeanBias(Affine):
    def backward(self, dout: Any) -> Any:
        dx = super().backward(dout)
        self.db = np.mean(dout, axis=0)
        return dx


class BookRelu:
    """The lesson's book writes into the upstream gradient."""

    def forward(self, x: Any) -> Any:
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout: Any) -> Any:
        dout[self.mask] = 0
        return dout


def affine(kind: type[Affine] = Affine) -> tuple[Any, Any]:
    rng = np.random.default_rng(RNG_SEED)
    return kind(rng.normal(size=(3, 4)), np.zeros(4)), rng.normal(size=(5, 3))


def test_a_right_layer_is_ok_with_its_parameters() -> None:
    report = cr.check_gradients(*affine())
    assert report.ok
    assert not report.diagnoses
    assert [i.name for i in report.inputs] == ["x", "W", "b"]


def test_a_wrong_layer_is_told_why_and_where() -> None:
    layer, x = affine(MeanBias)
    report = cr.check_gradients(layer, x)
    assert [(i.name, i.verdict) for i in report.inputs] == [("x", "ok"), ("W", "ok"), ("b", "wrong")]
    assert report.diagnoses[0].kind == "bias_averaged"
    assert report.places["b"].text == "self.db = np.mean(dout, axis=0)"
    assert report.inputs[2].curve is not None
    text = str(report)
    assert "1. The gradient of b is the mean over the 5 rows instead of the sum" in text
    assert f"{__file__}:{report.places['b'].line}" in text


def test_it_says_so_in_korean() -> None:
    text = str(cr.check_gradients(*affine(MeanBias), lang="ko"))
    assert text.startswith("MeanBias의 기울기, 시드 0: 틀림")
    assert "b의 기울기가 5개 행의 합이 아니라 평균이다" in text


def test_a_mistake_that_the_first_look_does_not_see() -> None:
    x = np.array([[1.0, -2.0], [-3.0, 4.0]])
    report = cr.check_gradients(BookRelu(), x)
    assert not report.ok
    assert report.diagnoses[0].kind == "dout_overwritten"
    assert "only at first sight" in str(report)
    assert x.tolist() == [[1.0, -2.0], [-3.0, 4.0]]


def test_kinks_are_no_mistakes() -> None:
    def slope(x: Any, dout: Any) -> Any:
        return dout * (x > 0)

    report = cr.check_gradients((lambda x: np.maximum(x, 0.0), slope), np.array([-1.0, 0.0, 2.0]))
    assert report.ok
    assert report.inputs[0].verdict == "at a kink"


def test_labels_are_not_checked_and_it_is_said_why() -> None:
    def loss(x: Any, t: Any) -> Any:
        p = np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)
        rows = np.arange(len(t))
        gradient = p.copy()
        gradient[rows, t] -= 1
        return -np.mean(np.log(p[rows, t])), gradient / len(t)

    rng = np.random.default_rng(RNG_SEED)
    report = cr.check_gradients(loss, rng.normal(size=(4, 3)), np.array([0, 2, 1, 1]))
    assert report.ok
    assert [(i.name, i.verdict) for i in report.inputs] == [("x", "ok"), ("t", "not checked")]
    assert "whole numbers have no gradient" in str(report)


def test_a_gradient_of_another_shape_is_wrong_and_no_error() -> None:
    class Unsummed(Affine):
        def backward(self, dout: Any) -> Any:
            dx = super().backward(dout)
            self.db = dout
            return dx

    report = cr.check_gradients(*affine(Unsummed))
    assert report.diagnoses[0].kind == "bias_not_summed"
    assert "its gradient has shape (5, 4)" in str(report)


def test_everything_is_in_the_dictionary() -> None:
    held = json.loads(json.dumps(cr.check_gradients(*affine(MeanBias)).to_dict(), allow_nan=False))
    assert held["diagnoses"][0]["kind"] == "bias_averaged"
    assert held["places"]["b"]["text"] == "self.db = np.mean(dout, axis=0)"
    assert len(held["inputs"][2]["curve"]["errors"]) == 10


def test_rich_shows_the_reasons_too() -> None:
    screen = Console(file=io.StringIO(), width=200)
    screen.print(cr.check_gradients(*affine(MeanBias)))
    assert "mean over the 5 rows" in screen.file.getvalue()  # type: ignore[attr-defined]


def test_assert_gradients_takes_the_same() -> None:
    cr.assert_gradients(*affine())
    with pytest.raises(GradientError, match="the gradient of b differs") as caught:
        cr.assert_gradients(*affine(MeanBias), seed=3)
    assert caught.value.report.diagnoses[0].kind == "bias_averaged"


def test_bad_questions_get_a_sentence() -> None:
    with pytest.raises(UnsupportedError):
        cr.check_gradients("affine", np.ones(3))
    with pytest.raises(ArgumentError, match="'en' or 'ko'"):
        cr.check_gradients(*affine(), lang="fr")
    with pytest.raises(ArgumentError, match="wrt is for functions of variables"):
        cr.check_gradients(np.sin, 1.0, gradient=np.cos, wrt=0)


class BookLoss:
    """The lesson's book: 1e-7 inside the log, and a backward that knows neither it nor dout."""

    factor = 1.0

    def forward(self, x: Any, t: Any) -> Any:
        e = np.exp(x - np.max(x, axis=-1, keepdims=True))
        self.y, self.t = e / np.sum(e, axis=-1, keepdims=True), t
        return -np.sum(np.log(self.y[np.arange(len(t)), t] + 1e-7)) / len(t)

    def backward(self, dout: Any = 1) -> Any:
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return self.factor * dx / len(self.t)


class BookNetwork:
    """One layer of it before that loss."""

    def __init__(self, scale: float) -> None:
        rng = np.random.default_rng(RNG_SEED)
        self.params = {"W": scale * rng.normal(size=(3, 4)), "b": np.zeros(4)}
        self.last = BookLoss()

    def loss(self, x: Any, t: Any) -> Any:
        return self.last.forward(x @ self.params["W"] + self.params["b"], t)

    def gradient(self, x: Any, t: Any) -> Any:
        self.loss(x, t)
        dout = self.last.backward(1)
        return {"W": x.T @ dout, "b": dout.sum(axis=0)}


@pytest.mark.parametrize("scale", [1.0, 4.0])  # off by a millionth, and by a tenth
def test_the_small_constant_that_the_gradient_knows_nothing_of(scale: float) -> None:
    x, t = np.random.default_rng(1).normal(size=(6, 3)), np.array([0, 1, 2, 3, 0, 1])
    network = BookNetwork(scale)
    report = cr.check_gradients(network, x, t)
    (found,) = report.diagnoses
    assert (found.kind, found.names, found.facts) == (
        "small_constant", ("W", "b"), {"constant": "1e-07", "gate": "log"},
    )  # fmt: skip
    report = cr.check_gradients(BookLoss(), x @ network.params["W"], t)
    assert [d.kind for d in report.diagnoses] == ["upstream_ignored", "small_constant"]
    network.last.factor = 2.0  # another mistake is not excused by the constant
    report = cr.check_gradients(network, x, t)
    assert not report.ok and report.diagnoses[0].kind != "small_constant"
