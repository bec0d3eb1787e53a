"""``chainrule train FOLDER`` with a folder of Parquet files: from the files to the prediction, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli._runs import assert_same_run

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

WORDS = ("--target", "kind", "--drop", "notes", "--engine", "eager", "--hidden", 6)


@pytest.fixture
def columns():
    """Fruit, told apart by its weight and skin, in two files of five row groups each."""
    rng = np.random.default_rng(1)
    kind = rng.integers(0, 3, 400)
    columns = {
        "grams": arrow.array(np.array([60.0, 200, 210])[kind] + rng.normal(0, 15, 400)),
        "skin": arrow.array(np.array(["smooth", "soft", "smooth"])[kind]),
        "ripe": arrow.array(rng.random(400) < 0.5),
        "notes": arrow.array([[1.0]] * 400),
        "kind": arrow.array(np.array(["plum", "peach", "melon"])[kind]),
    }
    Path("fruit").mkdir()
    for number in range(2):
        own = arrow.table({name: column[number::2] for name, column in columns.items()})
        parquet.write_table(own, f"fruit/part-{number}.parquet", row_group_size=40)
    return columns


def test_from_the_files_to_the_prediction(command, columns):
    words = (*WORDS, "--epochs")
    done = command("train", "fruit", *words, 12, "--out", "whole")
    assert (done.code, done.err) == (0, "")
    for said in (
        "fruit: 320 training and 80 test rows of 4 numbers, 3 classes",
        "read as Parquet, 10 row groups",
        "rows for training and test are drawn with seed 0",
        "categories, one number for each category: skin (2)",
        "target kind: classification, melon, peach, plum",
    ):
        assert said in done.out
    assert command("train", "fruit", *words, 5, "--out", "run").code == 0
    assert command("train", "--resume", "--out", "run", "--epochs", 12).code == 0
    assert_same_run("run", "whole")
    measured = command("eval", "run", "--json").json()
    assert measured["rows"] == 80
    assert measured["accuracy"] > 0.95
    rows = arrow.table({name: columns[name] for name in ("ripe", "skin", "grams")}).slice(0, 3)
    parquet.write_table(rows, "new.parquet")
    found = command("predict", "run", "new.parquet", "--json").json()["rows"]
    assert [row["class"] for row in found] == columns["kind"].slice(0, 3).to_pylist()
    assert command("show", "run", "--no-time", "--plain").code == 0
    Path("fruit/part-1.parquet").unlink()
    done = command("train", "--resume", "--out", "run", "--epochs", 13)
    assert done.code == 2
    assert "is not what the run in run was trained on" in done.err


def test_files_of_a_test_are_the_test_and_targets_may_be_numbers(command, columns):
    for split, number in (("train", 0), ("test", 1)):
        Path(f"fruit/part-{number}.parquet").rename(f"fruit/{split}.parquet")
    done = command("train", "fruit", "--target", "grams", *WORDS[2:], "--lr", 0.02, "--epochs", 25, "--json")
    assert done.code == 0
    found = done.json()["result"]
    assert found["rows"] == 200
    assert found["r2"] > 0.9


@pytest.mark.parametrize(
    ("file", "table", "words", "said"),
    [
        ("x.parquet", None, (), "fruit is a table; which column shall be predicted?\n  fix   --target NAME"),
        ("x.parquet", None, ("--target", "kind"), "the column 'notes' of fruit/part-0.parquet holds list<"),
        ("x.parquet", {"kind": ["plum"]}, WORDS[:4], "fruit/x.parquet has other columns than fruit/part-0.parquet"),
        ("x.parquet", b"PAR1", WORDS[:4], "fruit/x.parquet cannot be read: "),
        ("train.parquet", {"grams": [], "kind": []}, WORDS[:2], "the Parquet files in fruit have no rows for training"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence_that_names_the_file(refused, columns, file, table, words, said):
    if isinstance(table, bytes):
        Path("fruit", file).write_bytes(table)
    elif table is not None:
        parquet.write_table(arrow.table(table), Path("fruit", file))
    assert refused("train", "fruit", *words).startswith(f"chainrule: {said}")


def test_a_folder_without_data(refused):
    Path("empty").mkdir()
    assert refused("train", "empty", "--target", "kind").startswith(
        "chainrule: the folder empty holds no data set: no shards, no IDX files and no Parquet files\n"
    )
