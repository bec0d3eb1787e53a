"""The page on a table: classes are trained for, numbers are refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainrule.errors import ArgumentError, DataError
from chainrule.runs import TableOptions, checked_settings, load_run
from chainrule.web._state import State
from chainrule.web._training._about import about
from tests.web.training.conftest import wait_for_status


@pytest.fixture
def birds(tmp_path: Path) -> str:
    file = tmp_path / "birds.csv"
    rows = [
        f"{40 + row % 7 + 20 * (row % 2)},{row * 0.1:.1f},{('참새', '까치')[row % 2]}" for row in range(60)
    ]
    file.write_text("\n".join(["부리,무게,종", *rows]), encoding="utf-8")
    return str(file)


def test_a_table_is_trained_on_and_answers_afterwards(birds: str, tmp_path: Path) -> None:
    state = State(birds, tmp_path / "runs", "ko", TableOptions(target="종"))
    told = about(state, "ko")
    assert (told["data"]["inputs"], told["data"]["classes"], told["data"]["image"]) == (2, 2, None)
    assert (told["defaults"]["optimizer"], told["defaults"]["batch_size"]) == ("adam", 32)

    run = state.worker.start(checked_settings({"hidden": [4], "epochs": 2, "engine": "eager"}))
    wait_for_status(run, "finished")
    assert load_run(run.folder.path).preprocessing.target.classes == ("까치", "참새")
    state.worker.close()


def test_numbers_and_a_missing_target_are_refused(birds: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the target of birds is a number; the page trains for classes"):
        _ = State(birds, tmp_path, None, TableOptions(target="무게")).data
    with pytest.raises(ArgumentError, match="which column shall be predicted"):
        _ = State(birds, tmp_path).data
