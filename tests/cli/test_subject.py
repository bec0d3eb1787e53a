"""What is found in a file, what it is made with and what it gets."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli._given import Given
from chainrule.cli._subject import find, inputs_of, load, made
from chainrule.errors import ArgumentError


class Layer:
    def __init__(self, size, *, scale=1.0):
        self.size, self.scale = size, scale

    def forward(self, x, t, eps=0.5, train=True):
        return x

    def backward(self, dout):
        return dout


class Net(Layer):
    def loss(self, images, labels):
        return 0.0

    def gradient(self, images, labels):
        return {}


def given(*in_order, **by_name):
    return Given(list(in_order), by_name)


@pytest.mark.parametrize("arguments", [given(3, scale=2.0), given(size=3, scale=2.0)])
def test_an_object_is_made_with_arguments(arguments):
    layer = made(Layer, "Layer", arguments)
    assert (layer.size, layer.scale) == (3, 2.0)


def test_a_function_that_gets_arguments_or_needs_none_makes_the_object():
    assert made(lambda: Layer(4), "make", given()).size == 4
    with pytest.raises(ArgumentError, match="make has no parameter size"):
        made(lambda: Layer(4), "make", given(size=4))
    assert made(lambda size: Layer(size), "make", given(size=4)).size == 4
    layer = Layer(1)
    assert made(layer, "layer", given()) is layer
    with pytest.raises(ArgumentError, match="--argument is for a class, .*; layer is Layer"):
        made(layer, "layer", given(1))


@pytest.mark.parametrize(
    ("thing", "values", "wanted"),
    [
        (Layer(1), given(t=2, x=1), [1, 2]),
        (Layer(1), given(1, t=2), [1, 2]),
        (Layer(1), given(1, 2, train=False), [1, 2, 0.5, False]),
        (Net(1), given(labels=2, images=1), [1, 2]),
        (cr.AddLayer(), given(a=1, b=2), [1, 2]),
        (np.hypot, given(1, 2), [1, 2]),
    ],
)
def test_inputs_stand_in_the_order_of_the_parameters(thing, values, wanted):
    assert inputs_of(thing, "thing", values) == wanted


@pytest.mark.parametrize(
    ("thing", "values", "what", "fix"),
    [
        (
            Layer(1),
            given(),
            "no value given for x, t; thing.forward takes (x, t, ",
            '--input "x=…" --input "t=…"',
        ),
        (Layer(1), given(t=1), "no value given for x; thing.forward", '--input "x=…"'),
        (
            Layer(1),
            given(X=1, t=2),
            "thing.forward has no parameter X; it takes (x, t, ",
            "without any, in order",
        ),
        (Net(1), given(1), "no value given for labels; thing.loss", '--input "labels=…"'),
        (
            Layer(1),
            given(1, 2, 3, 4, 5),
            "thing.forward takes (x, t, eps=0.5, train=True); --input: too many",
            "",
        ),
        (
            Layer(1),
            given(1, 2, x=3),
            "thing.forward takes (x, t, eps=0.5, train=True); --input: multiple",
            "",
        ),
        (lambda *, x: x, given(x=1), "thing takes x by name only", "a function that takes it by position"),
        (3.0, given(1), "thing is float: there is nothing to be checked", ""),
    ],
)
def test_inputs_that_do_not_fit_get_a_sentence(thing, values, what, fix):
    with pytest.raises(ArgumentError) as caught:
        inputs_of(thing, "thing", values)
    assert caught.value.what.startswith(what)
    assert fix in (caught.value.fix or "")


@pytest.fixture
def clean_modules(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.usefixtures("clean_modules")
def test_a_file_can_import_its_neighbours_and_takes_nobodys_name(tmp_path):
    (tmp_path / "a_neighbour.py").write_text("three = 3\n")
    file = tmp_path / "random.py"
    file.write_text("from a_neighbour import three\nimport math\n\ndef _hidden(): ...\n\nclass Seen: ...\n")
    before = sys.modules.get("random")
    module = load(file)
    assert sys.modules.get("random") is before
    assert find(module, "three") == 3
    with pytest.raises(ArgumentError, match=r"random\.py has no Sen; it has Seen\n"):
        find(module, "Sen")
