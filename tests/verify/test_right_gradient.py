"""The right gradient beside a wrong one: from chainrule's gates, and never one that differences do not confirm."""

from __future__ import annotations

import copy
import json
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.verify import GradientReport, InputCheck
from chainrule.verify._rule_text import _Text
from tests.verify.claims._book import Affine, Sigmoid, TwoLayerNet, numbers

torch = pytest.importorskip("torch")

RNG_SEED = 20261126


class Untransposed(Affine):
    """The lesson's layer, W as it is where it should be transposed; it is square, so nobody notices."""

    def backward(self, dout: Any) -> Any:
        super().backward(dout)
        return np.dot(dout, self.W)


class Doubled(Affine):
    def backward(self, dout: Any) -> Any:
        dx = super().backward(dout)
        self.dW = 2 * self.dW
        self.db = np.mean(dout, axis=0)
        return dx


class SmoothNet(TwoLayerNet):
    """The lesson's network with a sigmoid, whose gradient of W1 has the wrong sign."""

    def __init__(self, W1: Any, b1: Any, W2: Any, b2: Any) -> None:
        super().__init__(W1, b1, W2, b2)
        self.layers["Relu1"] = Sigmoid()

    def gradient(self, x: Any, t: Any) -> dict[str, Any]:
        found = super().gradient(x, t)
        return {**found, "W1": -found["W1"], "W2": 0.5 * found["W2"]}


def check_of(report: GradientReport, name: str) -> InputCheck:
    (check,) = (check for check in report.inputs if check.name == name)
    return check


def upstream_of(report: GradientReport, shape: tuple[int, ...]) -> Any:
    """What the check sends back: its random numbers begin with these."""
    rng = np.random.default_rng(report.seed)
    signs, sizes = rng.choice([-1.0, 1.0], shape), rng.uniform(0.5, 1.5, shape)
    return np.float32(signs * sizes).astype(float)


def test_a_layer_without_the_transposition_is_shown_the_right_element() -> None:
    W, b, x = numbers(3, 3), numbers(3), numbers(4, 3)
    report = cr.check_gradients(Untransposed(W, b), x)
    check = check_of(report, "x")
    expected = upstream_of(report, (4, 3)) @ W.T
    assert check.correct is not None
    assert check.correct.index == check.index
    assert check.correct.value == pytest.approx(expected[check.index], rel=1e-12)
    assert check.correct.claimed == check.backprop
    assert check.correct.gates == ("add", "matmul")
    assert check.correct.rule == "matmul(x, W): dx = dout · Wᵀ"
    assert all(i.correct is None for i in report.inputs if i.ok)


def test_of_a_small_input_everything_is_shown() -> None:
    report = cr.check_gradients(Doubled(numbers(3, 2), numbers(2)), numbers(4, 3))
    dout = upstream_of(report, (4, 2))
    W, b = check_of(report, "W").correct, check_of(report, "b").correct
    assert W is not None
    assert b is not None
    assert W.index is b.index is None
    np.testing.assert_allclose(W.value, numbers(4, 3).T @ dout, rtol=1e-12)
    np.testing.assert_allclose(W.claimed, 2 * numbers(4, 3).T @ dout, rtol=1e-12)
    np.testing.assert_allclose(b.value, dout.sum(axis=0), rtol=1e-12)
    assert (b.gates, b.rule) == (("add",), "add(matmul(…), b): db = sum(dout, axis=0)")
    assert W.rule == "matmul(x, W): dW = xᵀ · dout"


def test_it_is_read_in_both_languages_and_in_json() -> None:
    layer, x = Doubled(numbers(3, 4), numbers(4)), numbers(5, 3)
    report = cr.check_gradients(layer, x)
    right = check_of(report, "W").correct
    assert right is not None
    place = f"W{list(right.index or ())}"
    numbers_shown = (
        f"{right.value:.6g} (backprop through chainrule's gates: add → matmul), yours {right.claimed:.6g}"
    )
    assert f"  {place}  right gradient {numbers_shown}\n" in str(report)
    assert "  W  local rule of matmul(x, W): dW = xᵀ · dout\n" in str(report)
    korean = str(cr.check_gradients(layer, x, lang="ko"))
    assert f"  {place}  옳은 기울기 {right.value:.6g} (chainrule 게이트의 역전파: add → matmul)" in korean
    assert "  W  국소 규칙 matmul(x, W): dW = xᵀ · dout\n" in korean
    held = json.loads(json.dumps(report.to_dict(), allow_nan=False))["inputs"][1]["correct"]
    assert held["value"] == right.value
    assert (held["gates"], held["index"]) == (["add", "matmul"], list(right.index or ()))


def test_what_differs_in_late_digits_only_is_told_apart() -> None:
    report = cr.check_gradients((lambda x: x**3, lambda x: 3.000001 * x**2), 2.0)
    assert "right gradient 12 (" in str(report)
    assert "yours 12.000004" in str(report)


def test_a_pair_and_a_function_with_its_gradient() -> None:
    x = np.array([0.5, -1.0, 2.0])
    pair = cr.check_gradients((np.tanh, lambda x: 1 + np.tanh(x) ** 2), x)
    both = cr.check_gradients(lambda x: (np.sum(np.sin(x)), np.sin(x)), x)
    found = pair.inputs[0].correct, both.inputs[0].correct
    assert found[0] is not None
    assert found[1] is not None
    np.testing.assert_allclose(found[0].value, 1 - np.tanh(x) ** 2, rtol=1e-12)
    np.testing.assert_allclose(found[1].value, np.cos(x), rtol=1e-12)
    assert (found[0].gates, found[1].gates) == (("tanh",), ("sum", "sin"))
    assert found[1].rule == "sin(x): dx = dout * cos(x)"


@pytest.mark.parametrize(
    ("f", "rule"),
    [
        (np.tanh, "tanh(x): dx = dout * (1 - out * out)"),
        (cr.relu, "relu(x): dx = where(out <= 0, 0, dout)"),
        (lambda x: x**3, "power(x, 3): dx = dout * 3 * x**2"),
        (lambda x: 1 / x, "divide(1, x): dx = -dout * out / x"),  # the guard of 0 · ∞ is no part of a formula
        (np.sqrt, "sqrt(x): dx = dout / (2 * out)"),
        (lambda x: 2 - x, "subtract(2, x): dx = -dout"),
    ],
)
def test_a_rule_has_the_brackets_that_it_needs(f: Any, rule: str) -> None:
    report = cr.check_gradients((f, lambda x: 7.77 + 0 * x), np.array([0.5, 1.5]))
    assert report.inputs[0].correct is not None
    assert report.inputs[0].correct.rule == rule


def test_products_of_two_sorts_are_told_apart() -> None:
    x, y, z = map(_Text, "xyz")
    assert [(x * (y @ z)).text, (x * y @ z).text, (x @ (y @ z)).text] == [
        "x * (y · z)",
        "(x * y) · z",
        "x · y · z",
    ]
    assert [(x - (y - z)).text, (x + (y - z)).text, (x / (y * z)).text] == [
        "x - (y - z)",
        "x + y - z",
        "x / (y * z)",
    ]
    assert [(x * (y / z)).text, (x * (y + z)).text, ((x + y) > z).text] == [
        "x * y / z",
        "x * (y + z)",
        "x + y > z",
    ]
    with pytest.raises(TypeError, match="whether two texts are equal"):
        x == y  # noqa: B015


def test_the_network_of_the_lesson() -> None:
    W1, b1, W2, b2 = numbers(3, 4), numbers(4), numbers(4, 3), numbers(3)
    x, t = numbers(5, 3), np.array([0, 1, 2, 0, 1])
    report = cr.check_gradients(SmoothNet(W1, b1, W2, b2), x, t)
    leaves = [torch.tensor(value, requires_grad=True) for value in (W1, W2)]
    h = torch.sigmoid(torch.tensor(x) @ leaves[0] + torch.tensor(b1))
    torch.nn.functional.cross_entropy(h @ leaves[1] + torch.tensor(b2), torch.tensor(t)).backward()
    for name, leaf in zip(("W1", "W2"), leaves, strict=True):
        right = check_of(report, name).correct
        assert right is not None
        assert leaf.grad is not None
        assert right.value == pytest.approx(float(leaf.grad[right.index]), rel=1e-9)
        assert right.gates[-1] == "matmul"
        assert "…" in right.gates
    first, second = check_of(report, "W1").correct, check_of(report, "W2").correct
    assert first is not None
    assert second is not None
    assert first.rule == "matmul(x, W1): dW1 = xᵀ · dout"
    assert second.rule == "matmul(divide(…), W2): dW2 = divide(…)ᵀ · dout"


def test_a_gradient_of_another_shape_stands_alone() -> None:
    class Unsummed(Affine):
        def backward(self, dout: Any) -> Any:
            dx = super().backward(dout)
            self.db = dout
            return dx

    report = cr.check_gradients(Unsummed(numbers(3, 2), numbers(2)), numbers(4, 3))
    right = check_of(report, "b").correct
    assert right is not None
    assert right.claimed is None
    np.testing.assert_allclose(right.value, upstream_of(report, (4, 2)).sum(axis=0), rtol=1e-12)
    assert "chainrule's gates: add)\n" in str(report)


# Where nothing is proved, nothing is shown


class Detached:
    """On anything but arrays it uses x as a constant in one of two places: its value is right, its slope is not."""

    def forward(self, x: Any) -> Any:
        self.x = x
        return x * getattr(x, "value", x)

    def backward(self, dout: Any) -> Any:
        return 3 * dout * self.x


class OnArraysOnly:
    def forward(self, x: Any) -> Any:
        self.x = x
        return np.sin(x) if isinstance(x, np.ndarray) else np.cos(x)

    def backward(self, dout: Any) -> Any:
        return dout * np.sin(self.x)


class WithFloat:
    def forward(self, x: Any) -> Any:
        self.x = x
        return x * float(np.sum(x))

    def backward(self, dout: Any) -> Any:
        return dout * self.x


class WritesIntoView:
    """A row of a copy, written into: a view for arrays, but not for gates, so the results differ."""

    def forward(self, x: Any) -> Any:
        self.x = x
        y = x.copy()
        row = y[0]
        row[...] = 0
        return y * y

    def backward(self, dout: Any) -> Any:
        return dout * self.x


@pytest.mark.parametrize("kind", [Detached, OnArraysOnly, WithFloat, WritesIntoView])
@pytest.mark.parametrize("shape", [(2, 2), (3, 4)])
def test_nothing_is_shown_that_is_not_proved(kind: type[Any], shape: tuple[int, ...]) -> None:
    report = cr.check_gradients(kind(), numbers(*shape))
    assert [i.verdict for i in report.inputs] == ["wrong"]
    assert report.inputs[0].correct is None
    assert "right gradient" not in str(report)


def test_what_is_wrong_only_later_has_no_right_gradient_beside_it() -> None:
    class Adding(Affine):
        def backward(self, dout: Any) -> Any:
            before = 0 if self.dW is None else self.dW
            dx = super().backward(dout)
            self.dW = before + self.dW
            return dx

    report = cr.check_gradients(Adding(numbers(3, 2), numbers(2)), numbers(4, 3))
    assert check_of(report, "W").verdict == "wrong"
    assert check_of(report, "W").correct is None


def test_the_object_stays_as_it_is_and_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    layer, x = Doubled(numbers(3, 4), numbers(4)), numbers(5, 3)
    before = copy.deepcopy(vars(layer))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cr.check_gradients(layer, x)
        cr.check_gradients((np.sqrt, np.sqrt), np.array([0.0, 1.0]))
    assert vars(layer).keys() == before.keys()
    assert all(np.array_equal(vars(layer)[key], before[key]) for key in ("W", "b"))
    assert layer.x is None
    assert capsys.readouterr() == ("", "")


# The law: of right code with a planted factor, what is shown is PyTorch's gradient

STEPS: dict[str, tuple[Any, Any]] = {
    "tanh": (np.tanh, torch.tanh),
    "exp": (lambda x: np.exp(-x), lambda x: torch.exp(-x)),
    "square": (lambda x: x * x, lambda x: x * x),
    "quotient": (lambda x: x / (1.0 + x**2), lambda x: x / (1.0 + x**2)),
    "softplus": (lambda x: np.log(1 + np.exp(x)), lambda x: torch.log(1 + torch.exp(x))),
    "centred": (lambda x: x - np.mean(x), lambda x: x - torch.mean(x)),
    "shifted": (lambda x: np.concatenate([x[1:], x[:1]]), lambda x: torch.cat([x[1:], x[:1]])),
    "relu": (lambda x: np.maximum(x, 0.0), torch.relu),
}


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=5),
    st.integers(0, 2**32 - 1),
    st.sampled_from([-1.0, 0.5, 2.0, 1.001]),
    st.sampled_from([(3, 1), (4, 3)]),
)
def test_what_is_shown_is_the_gradient_of_pytorch(
    steps: list[str], seed: int, factor: float, shape: tuple[int, int]
) -> None:
    x, w = np.random.default_rng(seed).normal(size=shape), np.random.default_rng(seed + 1).normal(size=shape)

    def f(x: Any, w: Any) -> Any:
        for step in steps:
            x = STEPS[step][0](x)
        return np.sum(x * w)

    def right(x: Any, w: Any) -> tuple[Any, Any]:
        leaves = [torch.tensor(value, requires_grad=True) for value in (x, w)]
        out = leaves[0]
        for step in steps:
            out = STEPS[step][1](out)
        (out * leaves[1]).sum().backward()
        return leaves[0].grad.numpy(), leaves[1].grad.numpy()

    dx, dw = right(x, w)
    report = cr.check_gradients((f, lambda x, w: (factor * dx, dw)), x, w)
    first, second = report.inputs
    assert second.ok
    assert second.correct is None
    if first.verdict == "wrong":  # a gradient of 0 times a factor is right
        assert first.correct is not None
        np.testing.assert_allclose(
            first.correct.value,
            dx if first.correct.index is None else dx[first.correct.index],
            rtol=1e-7,
            atol=1e-12,
        )
    else:
        assert not np.any(dx)
