"""Which settings a page may train with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.runs import READERS, Data, Settings
from chainrule.web._problem import Problem
from chainrule.web._training._limits import LIMITS, settings_of, weights_of

DATA = Data(
    "mnist",
    np.zeros((60_000, 784), np.uint8),
    np.zeros(60_000, np.int64),
    np.zeros((1, 784), np.uint8),
    np.zeros(1, np.int64),
    classes=10,
)


def problem_with(**chosen):
    with pytest.raises(Problem) as problem:
        settings_of(chosen, DATA)
    return problem.value


def test_defaults_are_those_of_the_command():
    settings = settings_of({}, DATA)
    assert settings == Settings(engine=settings.engine)


def test_what_was_chosen_is_taken():
    chosen = {"hidden": [30, 20], "optimizer": "adam", "target_accuracy": None, "seed": 3}
    settings = settings_of(chosen, DATA)
    assert (settings.hidden, settings.lr, settings.seed) == ((30, 20), 0.002, 3)


def test_weights_are_counted_as_the_network_has_them():
    settings = settings_of({"hidden": [50, 20]}, DATA)
    network = settings.network(DATA.inputs, DATA.classes)
    assert weights_of(settings, DATA) == sum(w.size for w in network.params.values())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden", 50), ("hidden", [0]), ("hidden", [50.5]), ("hidden", ["a"]), ("hidden", [4097]),
        ("hidden", [9] * 13), ("activation", "step"), ("initial", None), ("optimizer", "best"), ("lr", 0),
        ("lr", -0.1), ("lr", "fast"),
        ("lr", float("inf")), ("lr", True), ("weight_decay", -1), ("batch_size", 0), ("batch_size", 10_001),
        ("epochs", 0), ("epochs", 1001), ("target_accuracy", 97), ("patience", 0), ("seed", -1), ("seed", 2**32),
        ("engine", "warp"), ("dtype", "float16"), ("lr", [0.1]), ("lr", {}), ("seed", "9" * 6000),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_in_both_languages(name, value):
    problem = problem_with(**{name: value})
    assert (problem.code, problem.status, problem.facts["setting"]) == (f"setting_{name}", 422, name)
    for language in ("en", "ko"):
        message = problem.to_json(language)["error"]["message"]
        assert "{" not in message.replace(problem.facts["value"], "")
        assert problem.facts["value"] in message
    assert len(problem.facts["value"]) <= 41


def test_the_sentence_says_what_it_must_be():
    problem = problem_with(hidden=[5000])
    assert problem.to_json("en")["error"]["message"] == (
        "The hidden layers must be a list of at most 12 whole numbers from 1 to 4,096; it is [5000]."
    )
    assert problem.to_json("ko")["error"]["message"] == (
        "은닉층은 1에서 4,096까지의 정수를 12개까지 늘어놓은 목록이어야 합니다. 받은 값: [5000]"
    )


def test_every_setting_has_its_sentence():
    for name in READERS:
        problem = Problem(f"setting_{name}", value="?", **LIMITS)
        assert "?" in problem.to_json("ko")["error"]["message"]


def test_an_unknown_setting_is_no_setting():
    problem = problem_with(learning_rate=0.1)
    assert problem.code == "setting_unknown"
    assert "learning_rate" in problem.to_json("ko")["error"]["message"]
    assert "batch_size" in problem.to_json("en")["error"]["message"]


@pytest.mark.parametrize("chosen", [None, [], "hidden", 3])
def test_settings_are_an_object(chosen):
    with pytest.raises(Problem, match="settings_no_object"):
        settings_of(chosen, DATA)


def test_a_network_is_not_too_large_to_be_seen_learning():
    assert settings_of({"hidden": [4096, 4000]}, DATA)
    problem = problem_with(hidden=[4096, 4096, 4096])
    assert problem.to_json("en")["error"] == {
        "code": "too_many_weights",
        "message": "Such a network has 36,818,954 weights; the page trains up to 20,000,000.",
        "fix": "Make the hidden layers smaller, or train it with chainrule train.",
        "facts": {"setting": "hidden", "weights": "36,818,954", "most": "20,000,000"},
    }


def test_a_step_is_not_too_long_to_be_paused():
    problem = problem_with(hidden=[4096], batch_size=10_000)
    assert problem.to_json("en")["error"]["fix"] == "Take mini-batches of at most 1,535 rows."
    assert settings_of({"hidden": [4096], "batch_size": 1535}, DATA)
    small = Data("few", DATA.x_train[:100], DATA.t_train[:100], DATA.x_test, DATA.t_test, classes=10)
    assert settings_of({"hidden": [4096], "batch_size": 10_000}, small), "there are only so many rows"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*READERS, "other"]), JSON, max_size=3))
def test_whatever_is_sent_is_settings_or_a_sentence(chosen):
    try:
        settings = settings_of(chosen, DATA)
    except Problem as refused:
        problem = refused
    else:
        assert weights_of(settings, DATA) * min(settings.batch_size, 60_000) <= LIMITS["work"]
        return
    assert problem.status == 422
    for language in ("en", "ko"):
        assert problem.to_json(language)["error"]["message"]
