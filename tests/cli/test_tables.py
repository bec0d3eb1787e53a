"""Tables on the command line, from the file to the prediction."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from chainrule.datasets import read_table
from chainrule.runs import load_run
from tests.cli.conftest import Done

Command = Callable[..., Done]
Refused = Callable[..., str]


def table(rows: int = 90) -> str:
    """Three kinds of fruit, told apart by their weight and skin; a price that depends on both."""
    rng = random.Random(1)
    lines = ["번호,무게,껍질,익음,값,과일"]
    for number in range(rows):
        fruit, grams, skin = (("자두", 60, "매끈함"), ("복숭아", 200, "보송함"), ("참외", 400, "매끈함"))[
            number % 3
        ]
        weight = round(rng.gauss(grams, 15), 1)
        price = 3 * weight + (200 if skin == "보송함" else 0) + rng.gauss(0, 5)
        weight_cell = "" if number == 7 else weight
        lines.append(f"{number + 1},{weight_cell},{skin},{rng.choice(['예', '아니오'])},{price:.0f},{fruit}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def fruit(tmp_path: Path) -> Path:
    file = tmp_path / "과일.csv"
    file.write_text(table(), encoding="cp949")
    return file


def test_classes(command: Command, fruit: Path) -> None:
    done = command("train", fruit, "--target", "과일", "--out", "run", "--epochs", 40)
    assert done.code == 0
    for line in (
        "72 training and 18 test rows of 5 numbers, 3 classes",
        "read as CP949 (Korean), cells between commas",
        "rows for training and test are drawn with seed 0",
        "numbers, standardised: 무게, 값",
        "categories, one number for each category: 껍질 (2)",
        "번호 is left out: it counts the rows",
        "무게: 1 missing, taken as",
        "target 과일: classification, 복숭아, 자두, 참외",
        "adam, lr 0.002 · batch 32",
        "40 epochs in",
        "test accuracy 100.00 %; always 복숭아 would be 33.33 %",
        "자두        6       6   100.00 %           6    100.00 %",  # wide letters are counted as wide
    ):
        assert line in done.out, done.out
    assert (
        sum(line.strip().split(" ")[0].isdigit() for line in done.out.splitlines()) == 20 + 1
    )  # "40 epochs in"
    saved = json.loads(Path("run/preprocessing.json").read_text("utf-8"))
    assert [column["name"] for column in saved["columns"]] == ["무게", "껍질", "익음", "값"]
    assert saved["left_out"] == {"번호": "it counts the rows"}


def test_a_run_goes_on_to_the_last_bit(command: Command, refused: Refused, fruit: Path) -> None:
    command("train", fruit, "--target", "값", "--drop", "번호", "--out", "whole", "--epochs", 6)
    command("train", fruit, "--target", "값", "--drop", "번호", "--out", "parts", "--epochs", 3)
    Path("parts/preprocessing.json").unlink()  # as if it had been killed right after run.json
    assert command("train", "--resume", "--out", "parts", "--epochs", 6).code == 0
    for name in ("network.safetensors", "preprocessing.json"):
        assert Path("parts", name).read_bytes() == Path("whole", name).read_bytes()
    assert "it cannot go on with 과일" in refused("train", "--resume", "--out", "parts", "--target", "과일")
    fruit.write_text(table(60), encoding="cp949")
    assert "is not what the run in parts was trained on" in refused("train", "--resume", "--out", "parts")


def test_numbers(command: Command, fruit: Path) -> None:
    done = command(
        "train",
        fruit,
        "--target",
        "값",
        "--drop",
        "과일",
        "--out",
        "run",
        "--epochs",
        40,
        "--lr",
        0.02,
        "--json",
    )
    told = done.json()
    assert told["result"]["r2"] > 0.98
    assert told["result"]["mae"] < 0.2 * told["result"]["baseline_mae"]
    assert told["settings"]["batch_size"] == 32
    assert any(note.startswith("target 값: regression, mean ") for note in told["notes"])
    measured = command("eval", "run")
    assert f"{told['result']['mae']:.6g}" in measured.out
    assert "mean absolute error" in measured.out
    assert command("eval", "run", fruit, "--json").json()["rows"] == 90
    rows = command("predict", "run", fruit, "--json").json()["rows"]
    model = load_run("run")
    assert [row["value"] for row in rows] == pytest.approx(model.predict(fruit).tolist())
    rows = fruit.read_text("cp949").splitlines()
    fruit.write_text("\n".join([*rows, *rows[1:21]]), encoding="cp949")
    assert command("predict", "run", fruit).out.endswith(
        "and 10 rows more; --out FILE.csv writes all of them\n"
    )
    assert command("predict", "run", fruit, "--out", "said.csv").out.endswith("said.csv\n")
    assert Path("said.csv").read_bytes().startswith(b"\xef\xbb\xbf")  # or Excel takes it for another encoding
    np.testing.assert_array_equal(read_table("said.csv")["값"].numbers(), model.predict(fruit))


def test_everything_else_takes_such_a_run(command: Command, fruit: Path) -> None:
    command("train", fruit, "--target", "값", "--out", "run", "--epochs", 2)
    assert "Affine1" in command("flow", "run").out
    assert "def step(" in command("show", "run", "--no-time").out
    assert command("draw", "run", "--out", "run.svg").code == 0
    assert Path("run/learning-curve.svg").exists()


def test_raw_rows(command: Command, refused: Refused, fruit: Path) -> None:
    command("train", fruit, "--target", "과일", "--out", "run", "--epochs", 20, "--lr", 0.01)
    Path("new.csv").write_text(
        "값;껍질;무게;익음;메모\n820;보송함;200;예;x\n180;털;60,5;;y\n", encoding="utf-8"
    )
    done = command("predict", "run", "new.csv")
    assert done.code == 0
    for line in (
        "껍질: 1 of no category that has a number of its own (털)",
        "익음: 1 missing",
        "not used: 메모",
    ):
        assert line in done.out
    assert [line.split()[1] for line in done.out.splitlines() if line.strip()[:1] in ("0", "1")] == [
        "복숭아",
        "자두",
    ]
    told = command("predict", "run", "new.csv", "--json").json()
    assert told["rows"][0]["class"] == "복숭아"
    assert sum(told["rows"][0]["probabilities"].values()) == pytest.approx(1)
    command("predict", "run", "new.csv", "--out", "said.csv")
    said = read_table("said.csv")
    assert said["과일"].categories == ("복숭아", "자두")
    assert said["probability of 자두"].numbers()[1] == told["rows"][1]["probabilities"]["자두"]
    Path("few.csv").write_text("무게,껍질\n1,2\n")
    assert "few.csv has no column '익음', '값'; it has 무게, 껍질" in refused("predict", "run", "few.csv")
    Path("bad.csv").write_text("무게,껍질,익음,값\n1,2,예,4\n무거움,2,예,4\n")
    assert "line 3 of bad.csv has '무거움' in column '무게', which is no number" in refused(
        "predict", "run", "bad.csv"
    )
    assert "has no column '과일'" in refused("eval", "run", "new.csv")


def test_which_column_it_was(command: Command, refused: Refused, fruit: Path) -> None:
    command("train", fruit, "--target", "과일", "--out", "run", "--epochs", 20, "--lr", 0.01)
    english = command("explain", "run", "무게=65", "껍질=매끈함").out
    assert "과일 is taken for 자두" in english
    assert "(missing)" in english
    korean = command("explain", "run", "무게=65", "값=200", "--lang", "ko").out
    assert "과일은 자두로 예측되며" in korean
    told = command("explain", "run", "무게=65", "--json").json()
    assert {column["name"] for column in told["columns"]} == {"무게", "껍질", "익음", "값"}
    assert "'길이=3' gives no column of the run a value" in refused("explain", "run", "길이=3")
    moved = command(
        "explain", "run", "무게=65", "--what-if", "무게=+1", "--what-if", "값=*1.1", "--lang", "ko"
    ).out
    assert "무게: 65 → 66" in moved
    assert "껍질 is a category, which has no slope" in refused("explain", "run", "--what-if", "껍질==x")
    assert "--element is for expressions" in refused("explain", "run", "--element", "무게[0]")


def test_wrong_input(refused: Refused, fruit: Path) -> None:
    asked = refused("train", fruit)
    assert "is a table; which column shall be predicted?" in asked
    assert "fix   --target NAME, one of 번호, 무게, 껍질, 익음, 값, 과일" in asked
    assert "has no column '색'" in refused("train", fruit, "--target", "색")
    assert "--target, --task and --drop are for the columns of a table; mnist is none" in refused(
        "train", "mnist", "--target", "x"
    )
    assert "--target-accuracy is for classes; '값' is a number" in refused(
        "train", fruit, "--target", "값", "--target-accuracy", "0.9"
    )
    assert "must be one of classification, regression" in refused(
        "train", fruit, "--target", "값", "--task", "x"
    )
    fruit.write_text("a,b\n1,2\n3\n")
    assert "has 2 columns, but line 3 has 1" in refused("train", fruit, "--target", "a")
    assert not Path("runs").exists()


def test_a_damaged_run(command: Command, refused: Refused, fruit: Path) -> None:
    command("train", fruit, "--target", "과일", "--out", "run", "--epochs", 1)
    about = json.loads(Path("run/run.json").read_text("utf-8"))
    about["data"]["table"]["drop"] = 3
    Path("run/run.json").write_text(json.dumps(about), encoding="utf-8")
    assert "says of the table what cannot be" in refused("eval", "run")
    Path("run/preprocessing.json").write_text("[]")
    assert "preprocessing.json is damaged" in refused("predict", "run", fruit)
