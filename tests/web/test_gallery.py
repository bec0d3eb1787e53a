"""The gallery: every graph can be computed, and has the gradients that the lesson derives."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from chainrule.graph import parse
from chainrule.web._gallery import GALLERY
from chainrule.web._graph import answer
from tests.web._client import client_of

EXAMPLES = [pytest.param(e, id=f"{e['id']}-{language}") for language in GALLERY for e in GALLERY[language]]


def example(id: str, language: str = "en") -> dict[str, Any]:
    (found,) = [each for each in GALLERY[language] if each["id"] == id]
    return found


def gradients(id: str, **values: Any) -> dict[str, Any]:
    entry = example(id)
    content = json.loads(answer(entry["expression"], entry["values"] | values, "en"))
    return {each["name"]: each["gradient"] for each in content["inputs"]}


@pytest.mark.parametrize("entry", EXAMPLES)
def test_an_example_gives_every_input_a_value(entry: dict[str, Any]) -> None:
    assert sorted(entry["values"]) == sorted(parse(entry["expression"]).inputs)
    assert "undone" not in json.loads(answer(entry["expression"], entry["values"], "en"))


@pytest.mark.parametrize("entry", EXAMPLES)
def test_a_slider_reaches_the_value_that_it_starts_at(entry: dict[str, Any]) -> None:
    numbers = {name for name, value in entry["values"].items() if not isinstance(value, list)}
    assert set(entry["sliders"]) == numbers
    for name, slider in entry["sliders"].items():
        value = entry["values"][name]
        assert slider["min"] <= value <= slider["max"]
        steps = (value - slider["min"]) / slider["step"]
        assert steps == pytest.approx(round(steps))


def test_both_languages_have_the_same_graphs_in_their_own_words() -> None:
    english, korean = GALLERY["en"], GALLERY["ko"]
    assert [each["id"] for each in english] == [each["id"] for each in korean]
    assert [each["id"] for each in english] == [
        "apple",
        "fruit",
        "fan-out",
        "sigmoid",
        "softmax-with-loss",
        "batch-norm",
        "network",
    ]
    assert example("apple", "ko")["expression"] == "총액 = 사과 * 개수 * 세금"
    assert not {each["text"] for each in english} & {each["text"] for each in korean}


def test_apples_and_oranges_are_those_of_the_book() -> None:
    """Saito, Deep Learning from Scratch, exercise in section 5.3."""
    expected = {
        "apple": 2.2,
        "apples": 110,
        "orange": 3.3,
        "oranges": 165,
        "tax": 650,
    }
    assert gradients("fruit") == pytest.approx(expected)


def test_the_sigmoid_gives_y_times_one_minus_y() -> None:
    y = 1 / (1 + np.exp(-1))
    assert gradients("sigmoid")["x"] == pytest.approx(y * (1 - y))


def test_the_softmax_with_loss_gives_y_minus_t() -> None:
    scores, label = np.array([0.3, 2.9, 4.0]), np.array([0, 1, 0])
    y = np.exp(scores) / np.exp(scores).sum()
    found = gradients("softmax-with-loss")
    assert [found[f"a{i}"] for i in (1, 2, 3)] == pytest.approx(list(y - label))


def test_batch_normalisation_agrees_with_pytorch() -> None:
    torch = pytest.importorskip("torch")
    x = torch.tensor([1.0, 2, 6], dtype=torch.float64, requires_grad=True)
    gamma, beta = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (1.0, 0.0))
    hat = torch.nn.functional.batch_norm(x[:, None], None, None, training=True, eps=1e-5)[:, 0]
    ((gamma * hat + beta) * torch.tensor([1.0, 0, 0])).sum().backward()
    found = gradients("batch-norm")
    assert found["x"] == pytest.approx(x.grad.tolist())
    assert found["gamma"] == pytest.approx(gamma.grad.item())
    assert found["beta"] == pytest.approx(beta.grad.item())


def test_the_network_agrees_with_pytorch() -> None:
    torch = pytest.importorskip("torch")
    values = example("network")["values"]
    v = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in values.items()}
    h = torch.sigmoid(v["x"] @ v["W1"] + v["b1"])
    (0.5 * ((h @ v["W2"] + v["b2"] - v["t"]) ** 2).sum()).backward()
    for name, gradient in gradients("network").items():
        np.testing.assert_allclose(gradient, v[name].grad.numpy(), rtol=1e-12)


def test_the_gallery_is_asked_for_by_language() -> None:
    client = client_of()
    assert client.get("/api/gallery").json() == GALLERY["en"]
    assert client.get("/api/gallery?lang=ko").json() == GALLERY["ko"]
