"""The flow of gradients, as the page gets it."""

from __future__ import annotations

import json

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain import gradient_flow
from chainrule.runs import checked_settings
from chainrule.web._training._flow import MOST_ROWS, flow_of
from chainrule.words import words


@pytest.fixture
def data(state):
    return state.data


def settings_with(**chosen):
    return checked_settings({"hidden": [8], "engine": "eager", **chosen})


def test_the_numbers_are_those_of_gradient_flow(data):
    settings = settings_with(batch_size=30)
    network = settings.network(data.inputs, data.classes)
    found = flow_of(network, settings, data)
    flow = gradient_flow(network, data.x_train[:30], data.t_train[:30], optimizer=cr.SGD(settings.lr))
    assert found["rows"] == 30
    assert found["loss"] == flow.loss == pytest.approx(network.loss(data.x_train[:30], data.t_train[:30]))
    for told, layer in zip(found["layers"], flow.layers, strict=True):
        for name in ("name", "activation", "gradient", "saturated", "dead", "update"):
            assert told[name] == getattr(layer, name)


def test_ten_sigmoid_layers_starve_where_relu_does_not(data):
    verdicts = {}
    for activation in ("sigmoid", "relu"):
        settings = settings_with(hidden=[30] * 10, activation=activation, batch_size=100)
        found = flow_of(settings.network(data.inputs, data.classes), settings, data)
        verdicts[activation] = found["layers"][0]["verdict"], found["text"]
    assert verdicts["sigmoid"][0] == "starved"
    assert verdicts["sigmoid"][1]["en"].startswith("The gradient starves: from Affine11 back to Affine1")
    assert verdicts["sigmoid"][1]["ko"].startswith("기울기가 사라집니다. Affine11에서 Affine1까지")
    assert verdicts["relu"][0] not in ("starved", "nothing")


def test_verdicts_are_told_in_both_languages(data):
    settings = settings_with()
    network = settings.network(data.inputs, data.classes)
    for layer in flow_of(network, settings, data)["layers"]:
        assert layer["text"] == {
            language: words(language, "flow")(f"verdict.{layer['verdict']}") for language in ("en", "ko")
        }


def test_a_large_mini_batch_is_not_measured_whole(data):
    settings = settings_with(batch_size=5000)
    assert flow_of(settings.network(16, 3), settings, data)["rows"] == min(MOST_ROWS, len(data.x_train))


def test_what_is_not_finite_can_be_sent(data):
    settings = settings_with()
    network = settings.network(data.inputs, data.classes)
    network.params["W1"][...] = np.inf
    found = flow_of(network, settings, data)
    assert found["layers"][0]["verdict"] == "not finite"
    json.dumps(found, allow_nan=False)
