"""What is decided of a table: the task, the columns that are left out, the split; and what a person is warned of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.datasets import TableData, load_table
from chainrule.errors import ArgumentError, DataError

RNG = np.random.default_rng(5)
X = RNG.normal(size=60).tolist()


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (["a", "b"] * 30, "classification"),
        ([True, False, None] * 20, "classification"),
        ([0, 1] * 30, "classification"),
        (list(range(20)) * 3, "classification"),
        (list(range(21)) * 2 + [0] * 18, "regression"),
        (list(range(60)), "regression"),
        ([0.5, 1.5] * 30, "regression"),
    ],
)
def test_the_target_tells_the_task(target: list[Any], task: str) -> None:
    data = load_table({"x": X, "y": target}, target="y")
    assert data.preprocessing.target.task == task
    assert f"target y: {task}, " in "".join(data.notes)
    assert data.t_train.ndim == (1 if task == "classification" else 2)


def test_somebody_may_choose_the_task() -> None:
    numbers = {"x": X, "y": [1, 2, 2.5] * 20}
    assert load_table(numbers, target="y", task="classification").preprocessing.target.classes == (
        "1",
        "2",
        "2.5",
    )
    ratings = load_table({"x": X, "y": [1, 2, 3] * 20}, target="y", task="regression")
    assert (ratings.preprocessing.target.classes, ratings.outputs) == ((), 1)
    np.testing.assert_allclose(np.concatenate([ratings.t_train]).mean(), 0, atol=1e-6)
    names = [f"n{row}" for row in range(60)]
    with pytest.raises(DataError, match="the target 'y' names nearly every row: there is nothing to learn"):
        load_table({"x": X, "y": names}, target="y")
    with pytest.raises(DataError, match="the target 'y' holds a, b: regression needs numbers"):
        load_table({"x": X, "y": ["a", "b"] * 30}, target="y", task="regression")
    with pytest.raises(ArgumentError, match="task must be one of classification, regression"):
        load_table(numbers, target="y", task="clustering")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (["same"] * 60, "it is the same in every row"),
        ([7] * 60, "it is the same in every row"),
        ([True] * 60, "it is the same in every row"),
        ([None] * 60, "it has no values"),
        ([f"w{row}" for row in range(60)], "it names nearly every row"),
        ([0.0, 1e-200] * 30, "its numbers are too close to each other to be told apart"),
    ],
)
def test_columns_that_cannot_help_are_left_out(column: list[Any], reason: str) -> None:
    data = load_table({"x": X, "c": column, "y": ["a", "b"] * 30}, target="y")
    assert data.preprocessing.left_out == {"c": reason}
    assert f"c is left out: {reason}" in data.notes
    assert data.preprocessing.inputs == ["x"]


def test_free_text_and_row_numbers_are_left_out(tmp_path: Path) -> None:
    rows = "".join(f"{row},w{row},{row % 2},{row % 3}\n" for row in range(1200))
    (tmp_path / "t.csv").write_text(",essay,x,y\n" + rows)
    data = load_table(tmp_path / "t.csv", target="y")
    assert data.preprocessing.left_out == {
        "column 1": "it counts the rows",
        "essay": "more than 1,000 different values that are no numbers: an id or free text",
    }
    numbers = load_table({"학번": list(range(20260001, 20260061)), "x": X, "y": ["a", "b"] * 30}, target="y")
    assert numbers.preprocessing.left_out == {"학번": "it counts the rows"}
    assert load_table({"t": list(range(60)), "y": X}, target="y").preprocessing.inputs == [
        "t"
    ]  # it may be time


def test_of_very_many_categories_the_most_frequent_have_a_number() -> None:
    cities = [f"c{n}" for n in range(150)] + [f"c{n}" for n in range(90)] * 4
    data = load_table({"city": cities, "x": RNG.normal(size=510), "y": RNG.normal(size=510)}, target="y")
    feature = data.preprocessing.features[0]
    assert feature.width == 100
    assert {f"c{n}" for n in range(90)} < set(feature.categories)
    assert any(note.startswith("city has 1") and "100 most frequent" in note for note in data.notes)


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        (
            {"leak": ["p", "q"] * 30, "y": ["a", "b"] * 30},
            "note: leak alone tells y; is it known before y is?",
        ),
        ({"leak": [1.5, 2.5] * 30, "y": ["a", "b"] * 30}, "note: leak alone tells y;"),
        ({"leak": [2 * x for x in X], "y": X}, "note: leak alone tells y;"),
        (
            {"user_id": RNG.permutation(60), "y": ["a", "b"] * 30},
            "note: user_id is different in every row;",
        ),
        (
            {"y": ["a"] * 55 + ["b"] * 5},
            "note: 91.7% of the training rows are a; always saying so is right as often",
        ),
        ({"y": ["a", "b"] * 29 + ["b", "c"]}, "note: fewer than two training rows are c"),
        ({"gaps": [1, 2, None, None, None] * 12, "y": X}, "gaps is missing in 5"),
    ],
)
def test_what_a_person_is_warned_of(columns: dict[str, Any], note: str) -> None:
    notes = load_table({"x": RNG.normal(size=60), **columns}, target="y").notes
    assert any(line.startswith(note) for line in notes), notes


def test_nobody_is_warned_of_honest_columns() -> None:
    honest = {"x": X, "c": ["p", "q", "r"] * 20, "y": [x + RNG.normal() for x in X]}
    assert not [note for note in load_table(honest, target="y").notes if note.startswith("note:")]
    classes = {"x": X, "c": ["p", "q", "r"] * 20, "y": ["a", "b"] * 30}
    assert not [note for note in load_table(classes, target="y").notes if note.startswith("note:")]


@given(st.integers(10, 80), st.integers(0, 3), st.sampled_from([0.1, 0.25, 0.5]))
def test_the_split_is_a_partition_that_the_seed_decides(rows: int, seed: int, share: float) -> None:
    frame = {"i": [1.5 * row for row in range(rows)], "y": (["a", "b", "b"] * rows)[:rows]}

    def load() -> TableData:
        return load_table(frame, target="y", seed=seed, test_share=share, dtype=np.float64)

    data = load()
    assert len(data.x_test) == round(rows * share)
    assert len(np.unique(np.concatenate([data.x_train, data.x_test]))) == rows
    for number in (0, 1):  # each class has its share, to a row
        own = np.count_nonzero(data.t_test == number)
        assert abs(own - share * frame["y"].count("ab"[number])) <= 1
    np.testing.assert_array_equal(load().x_train, data.x_train)


def test_another_seed_is_another_split() -> None:
    frame = {"x": X, "y": RNG.normal(size=60)}
    first, second = (load_table(frame, target="y", seed=seed) for seed in (0, 1))
    assert not np.array_equal(first.x_train, second.x_train)


@pytest.mark.parametrize(
    ("frame", "options", "sentence"),
    [
        ({"x": X}, {"target": "y"}, "the dict has no column 'y'"),
        ({"x": X, "y": X}, {"target": "y", "drop": ["z"]}, "the dict has no column 'z'"),
        ({"x": X, "y": X}, {"target": "y", "drop": ["y"]}, "'y' cannot be both the target and left out"),
        ({"x": X, "y": X}, {"target": "y", "drop": ["x"]}, "the dict has no column to predict 'y' from"),
        ({"x": X, "y": ["a"] * 60}, {"target": "y"}, "the target 'y' is 'a' in every row"),
        ({"x": X, "y": [None] * 60}, {"target": "y"}, "the target 'y' has no values"),
        ({"x": X, "y": ["2024-01-01"] * 60}, {"target": "y"}, "the target 'y' holds dates"),
        (
            {"x": X, "y": X},
            {"target": "y", "test_share": 1.0},
            "test_share must be above 0 and below 1; it is 1.0",
        ),
        ({"x": [1, 2], "y": [1, 2]}, {"target": "y"}, "of 2 rows, a test_share of 0.2 leaves none"),
        (
            {"x": [1e200, *X[1:]], "y": X},
            {"target": "y"},
            r"1e\+200",
        ),
    ],
)
def test_tables_that_cannot_be_learned_from(frame: Any, options: Any, sentence: str) -> None:
    with pytest.raises((DataError, ArgumentError), match=sentence):
        load_table(frame, **options)


def test_rows_without_a_target_are_left_out() -> None:
    data = load_table({"x": X, "y": [None, *X[1:]]}, target="y")
    assert len(data.x_train) + len(data.x_test) == 59
    assert "1 row without a target left out" in data.notes


def test_a_network_learns_it_and_knows_its_units() -> None:
    x = RNG.uniform(-2, 2, (300, 2))
    frame = {"a": x[:, 0], "b": x[:, 1], "y": 1000 + 50 * x[:, 0] * x[:, 1]}
    table = cr.load_table(frame, target="y")
    net = cr.Sequential(
        cr.Affine(table.inputs, 30), cr.Tanh(), cr.Affine(30, table.outputs), loss=cr.MeanSquaredError()
    )
    (x_train, t_train), _ = table
    cr.Trainer(net, cr.Adam(0.02), batch_size=30, engine="eager").fit(x_train, t_train, epochs=60)
    result = cr.TableModel(net, table.preprocessing).evaluate(frame)
    assert result.to_json()["r2"] > 0.97
