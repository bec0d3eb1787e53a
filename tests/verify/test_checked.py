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
from chainrule.verify._draws import Draws

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
    assert not report.ok
    assert report.diagnoses[0].kind != "small_constant"


def test_a_last_layer_is_checked_as_one_if_asked_to() -> None:
    x, t = np.random.default_rng(1).normal(size=(6, 4)), np.array([0, 1, 2, 3, 0, 1])
    assert not cr.check_gradients(BookLoss(), x, t, last=True).ok
    report = cr.check_gradients(BookLoss(), x, t, last=True, tolerance=1e-3)
    assert (report.ok, report.diagnoses) == (True, ())
    BookLoss.factor = 2.0
    try:
        report = cr.check_gradients(BookLoss(), x, t, last=True, tolerance=1e-3)
    finally:
        BookLoss.factor = 1.0
    assert not report.ok
    with pytest.raises(ArgumentError, match="last=True is for code that takes an upstream gradient"):
        cr.check_gradients(np.tanh, x, last=True)


class Dropout:
    """The lesson's book draws from NumPy's own generator."""

    def __init__(self, passes: float = 0.0) -> None:
        self.passes = passes

    def forward(self, x: Any) -> Any:
        self.mask = np.random.rand(*x.shape) > 0.5  # noqa: NPY002
        return x * self.mask

    def backward(self, dout: Any) -> Any:
        return dout * np.where(self.mask, 1.0, self.passes)


def test_a_layer_that_draws_random_numbers_draws_the_same_in_every_run() -> None:
    x = np.random.default_rng(1).normal(size=(6, 4))
    before = Draws.now()
    assert cr.check_gradients(Dropout(), x).ok
    report = cr.check_gradients(Dropout(passes=0.25), x)
    assert not report.ok
    assert report.inputs[0].correct is not None
    assert report.inputs[0].correct.gates == ("multiply",)

    class Fresh(Dropout):
        def forward(self, x: Any) -> Any:
            self.mask = np.random.default_rng().random(x.shape) > 0.5
            return x * self.mask

    with pytest.raises(ArgumentError, match=r"f gave two answers to one question.*\n.*\n.*np\.random itself"):
        cr.check_gradients(Fresh(), x)
    np.testing.assert_equal(before.numpy, Draws.now().numpy)  # whoever draws next draws what he would have


def test_a_wrong_gradient_never_stands_without_a_reason() -> None:
    at_kink = cr.check_gradients(
        (lambda x: np.maximum(x, 0), lambda x: np.where(x == 0, 2.0, x > 0)), np.array([-1.0, 0.0, 2.0])
    )
    assert at_kink.reasons == (
        "The function has a kink at (1,): whatever is between the slopes of its two sides, 0 and 1, is right there "
        "for x; 2 is not.",
    )
    tiny = cr.check_gradients((lambda x: x**2, lambda x: 2.0000008 * x), np.array([1.0, 2.0]))
    assert (tiny.ok, [d.kind for d in tiny.diagnoses]) == (False, ["unknown"])
    outside = cr.check_gradients((np.log, lambda x: 1 / x), np.array([-1.0, 2.0]))
    assert (outside.inputs[0].note, outside.diagnoses) == ("f itself is not finite here", ())


def test_what_is_nothing_but_a_sum_of_squares_has_no_penalty() -> None:
    report = cr.check_gradients((lambda w: np.sum(w**2), lambda w: 3 * w), np.array([1.0, -2.0, 0.5, 3.0]))
    assert [(d.kind, d.facts) for d in report.diagnoses] == [("other", {"factor": 1.5})]


def test_the_line_that_changes_a_parameter_is_named() -> None:
    class Impatient(Affine):
        def backward(self, dout: Any) -> Any:
            dx = super().backward(dout)
            self.W -= 0.1 * self.dW
            return dx

    layer, x = affine(Impatient)
    assert cr.check_gradients(layer, x).places["W"].text == "self.W -= 0.1 * self.dW"


def test_what_forward_should_have_returned() -> None:
    class Numbers(Affine):
        def forward(self, x: Any) -> Any:
            return super().forward(x).tolist()

    class Nothing(Affine):
        def forward(self, x: Any) -> Any:
            super().forward(x)

    for kind, fix in (
        (Numbers, r"return np\.array\(…\) of it"),
        (Nothing, "end it with return and the result"),
    ):
        layer, x = affine(kind)
        with pytest.raises(UnsupportedError, match=rf"fix   {fix}"):
            cr.check_gradients(layer, x)


class ReluNetwork:
    """As the lesson makes it: small weights, many rows, so that many units are near their kinks."""

    def __init__(self, dtype: Any, row: float = 1.0) -> None:
        rng = np.random.default_rng(RNG_SEED)
        shapes = {"W1": (300, 40), "W2": (40, 10)}
        self.params = {name: (0.01 * rng.normal(size=shape)).astype(dtype) for name, shape in shapes.items()}
        self.row = row

    def loss(self, x: Any, t: Any) -> Any:
        self.h = np.maximum(x @ self.params["W1"], 0)
        z = self.h @ self.params["W2"]
        self.y = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        return -np.mean(np.log(self.y[np.arange(len(t)), t]))

    def gradient(self, x: Any, t: Any) -> Any:
        self.loss(x, t)
        dz = (self.y - np.eye(10)[t]) / len(t)
        found = {"W1": x.T @ (dz @ self.params["W2"].T * (self.h > 0)), "W2": self.h.T @ dz}
        found["W1"][200] *= self.row
        return found


@pytest.mark.parametrize(("dtype", "seed"), [(np.float64, 0), (np.float32, 1)])
def test_of_a_large_matrix_before_many_kinks_right_is_ok_and_a_wrong_row_is_found(
    dtype: Any, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x, t = rng.normal(size=(100, 300)).astype(dtype), rng.integers(0, 10, 100)
    report = cr.check_gradients(ReluNetwork(dtype), x, t, seed=seed)
    assert [(i.name, i.verdict) for i in report.inputs[:2]] == [("W1", "ok"), ("W2", "ok")]
    (check, *_) = cr.check_gradients(ReluNetwork(dtype, row=1.1), x, t, seed=seed).wrong
    assert check.name == "W1"
    assert check.index is not None
    assert check.index[0] == 200


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_value_that_goes_three_ways_of_which_one_is_not_counted(kept: int) -> None:
    class Three:
        def forward(self, x: Any) -> Any:
            self.y = np.tanh(x)
            return self.y * np.sum(self.y, axis=1, keepdims=True) + np.exp(self.y)

        def backward(self, dout: Any) -> Any:
            ways = [
                dout * np.sum(self.y, axis=1, keepdims=True),
                np.sum(dout * self.y, axis=1, keepdims=True),
                dout * np.exp(self.y),
            ]
            del ways[kept]
            return (ways[0] + ways[1]) * (1 - self.y**2)

    report = cr.check_gradients(Three(), np.random.default_rng(kept).normal(size=(3, 4)))
    assert report.diagnoses[0].kind == "missing_term"
