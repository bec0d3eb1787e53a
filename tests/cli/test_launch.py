"""`chainrule launch`, as far as it goes without starting anything; tests/comm and tests/mpi start processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainrule.cli import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-n", "2"], "what is launched is a train command, not nothing"),
        (["-n", "2", "eval", "runs/one"], "what is launched is a train command, not eval"),
        (["-n", "0", "train"], "argument -n: must be a whole number of at least 1; it is '0'"),
        (["-n", "2", "--timeout", "0", "train"], "argument --timeout: must be a number above 0; it is '0'"),
        (["-n", "2", "train", "--lr", "fast"], "argument --lr: must be a number above 0; it is 'fast'"),
        (["-n", "2", "--hostfile", "gone", "train"], "there is no host file gone"),
        (
            ["-n", "2", "--stuck-after", "0", "train"],
            "argument --stuck-after: must be a number above 0; it is '0'",
        ),
        (["train"], "the following arguments are required: -n"),
    ],
)
def test_what_cannot_be_launched_is_told_before_anything_starts(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["launch", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_folder_with_something_in_it_is_no_place_for_a_new_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.txt").touch()
    assert main(["launch", "-n", "2", "train", "--out", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err
