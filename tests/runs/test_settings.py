"""Settings of a run: what is filled in, what JSON may hold, and what a damaged run.json says."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import ArgumentError, CheckpointError
from chainrule.layers import Affine
from chainrule.runs import ACTIVATIONS, INITIALS, LEARNING_RATES, Settings, checked_settings, saved_settings


def test_each_optimizer_brings_its_own_rate() -> None:
    rates = {name: checked_settings({"optimizer": name}).lr for name in LEARNING_RATES}
    assert rates == LEARNING_RATES
    assert checked_settings({"optimizer": "adam", "lr": 0.5}).lr == 0.5
    assert checked_settings({"optimizer": "adamw"}).weight_decay == 0.01


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_network_is_as_its_settings_say(activation: str) -> None:
    network = checked_settings({"hidden": [6, 5], "activation": activation}).network(inputs=4, classes=3)
    names = [type(layer).__name__ for layer in network.layers.values()]
    assert names == ["Affine", names[1], "Affine", names[1], "Affine"]
    assert isinstance(network.layers[next(iter(network.layers))], Affine)
    assert [network.params[name].shape for name in ("W1", "W2", "W3")] == [(4, 6), (6, 5), (5, 3)]


@pytest.mark.parametrize(("initial", "variance"), [("he", 2.0), ("xavier", 1.0)])
def test_the_first_weights_are_spread_as_asked(initial: str, variance: float) -> None:
    network = checked_settings({"initial": initial, "hidden": [400], "activation": "tanh"}).network(1000, 10)
    assert np.var(network.params["W1"]) * 1000 == pytest.approx(variance, rel=0.02)


def test_auto_is_what_suits_the_activation() -> None:
    def first(activation: str, initial: str) -> Any:
        return checked_settings({"activation": activation, "initial": initial}).network(9, 3).params["W1"]

    np.testing.assert_array_equal(first("relu", "auto"), first("relu", "he"))
    np.testing.assert_array_equal(first("sigmoid", "auto"), first("sigmoid", "xavier"))


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"lr": 0}, "lr must be a number above 0; it is '0'"),
        ({"lr": math.nan}, "lr must be a number above 0; it is 'nan'"),
        ({"hidden": [5, 0]}, "hidden must be a whole number of at least 1; it is '0'"),
        ({"hidden": 5}, "hidden must be a list of whole numbers; it is 5"),
        ({"hidden": "55"}, "hidden must be a list of whole numbers; it is '55'"),
        ({"batch_size": True}, "batch_size must be a whole number of at least 1; it is 'True'"),
        ({"activation": None}, "activation must be one of relu"),
        ({"initial": "zeros"}, f"initial must be one of {', '.join(INITIALS)}; it is 'zeros'"),
        ({"depth": 3}, "there is no setting depth; there are hidden, activation"),
    ],
)
def test_a_wrong_choice_is_named(chosen: dict[str, Any], says: str) -> None:
    with pytest.raises(ArgumentError) as refusal:
        checked_settings(chosen)
    assert refusal.value.what.startswith(says)


@given(st.dictionaries(st.sampled_from([*Settings().to_json(), "other"]), st.none() | st.booleans() | st.integers() |
                       st.floats() | st.text(max_size=5) | st.lists(st.integers(-2, 9), max_size=3)))  # fmt: skip
def test_whatever_json_holds_gives_settings_or_a_sentence(chosen: dict[str, Any]) -> None:
    try:
        settings = checked_settings(chosen)
    except ArgumentError:
        return
    assert saved_settings(json.loads(json.dumps(settings.to_json())), "runs/x") == settings


def test_a_run_of_an_earlier_version_goes_on() -> None:
    """Its run.json has no "initial": there was no choice then."""
    saved = Settings(engine="eager").to_json()
    del saved["initial"]
    assert saved_settings(saved, "runs/x") == Settings(engine="eager")


@pytest.mark.parametrize("saved", [None, [], 3, {}, {"lr": 1}, {**Settings().to_json(), "lr": "x"}])
def test_damaged_settings_are_refused(saved: Any) -> None:
    with pytest.raises(CheckpointError, match=r"the settings in runs/x/run.json are damaged"):
        saved_settings(saved, "runs/x")
