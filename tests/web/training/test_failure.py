"""Why a run failed, by language."""

from __future__ import annotations

import pytest

from chainrule.errors import CheckpointError, NonFiniteError
from chainrule.runs import Settings
from chainrule.web._problem import Problem
from chainrule.web._training._failure import failure_of

SETTINGS = Settings(lr=0.5)


def burst(gate, phase, step=7):
    return NonFiniteError("…", gate=gate, variable="W1", phase=phase, step=step)


@pytest.mark.parametrize(
    ("error", "code", "en", "ko"),
    [
        (burst("exp", "forward"), "nonfinite_forward",
         "Step 7: the gate exp gave NaN or infinity for W1 in the forward pass.",
         "7번째 갱신: 순전파에서 게이트 exp가 계산한 W1에 NaN이나 무한대가 있습니다."),
        (burst("mul", "backward", 1234), "nonfinite_backward",
         "Step 1,234: the gate mul gave NaN or infinity for W1 in the backward pass.",
         "1,234번째 갱신: 역전파에서 게이트 mul이 계산한 W1에 NaN이나 무한대가 있습니다."),
        (burst("sub", "update"), "nonfinite_update",
         "Step 7: the gate sub gave NaN or infinity for W1 in the update.",
         "7번째 갱신: 매개변수를 갱신할 때 게이트 sub가 계산한 W1에 NaN이나 무한대가 있습니다."),
        (burst("input", "forward"), "nonfinite_input",
         "Step 7: W1 holds NaN or infinity to begin with.",
         "7번째 갱신: W1에 처음부터 NaN이나 무한대가 있습니다."),
    ],
    ids=["forward", "backward", "update", "input"],
)  # fmt: skip
def test_numbers_that_burst(error, code, en, ko):
    failure = failure_of(error, SETTINGS)
    assert (failure["code"], failure["message"]) == (code, {"en": en, "ko": ko})
    if code != "nonfinite_input":
        assert failure["fix"] == {
            "en": "Take a smaller learning rate than 0.5.",
            "ko": "학습률을 0.5보다 작게 하십시오.",
        }


def test_an_error_of_the_library_keeps_its_sentence():
    failure = failure_of(CheckpointError("runs/a cannot be written: disk full", fix="make room"), SETTINGS)
    assert failure["message"]["en"] == "runs/a cannot be written: disk full"
    assert "runs/a cannot be written: disk full" in failure["message"]["ko"]
    assert failure["message"]["ko"] != failure["message"]["en"]
    assert failure["fix"]["en"] == "make room"


@pytest.mark.parametrize(
    ("error", "code"), [(MemoryError(), "no_memory"), (KeyError("x"), "bug"), (Problem("closing"), "closing")]
)
def test_anything_else_has_a_sentence_too(error, code):
    failure = failure_of(error, SETTINGS)
    assert failure["code"] == code
    assert failure["message"]["en"] != failure["message"]["ko"]
