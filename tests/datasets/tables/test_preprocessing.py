"""How columns become numbers: as scikit-learn makes them, from the training rows alone, and back from JSON."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.datasets import Preprocessing, TableData, load_table
from chainrule.errors import DataError

FRUIT = {
    "grams": [90.0, 110.0, None, 1500.0, 100.0, 1300.0] * 10,
    "skin": ["smooth", None, "net", "net", "smooth", "warty"] * 10,
    "ripe": [True, False, True, None, True, False] * 10,
    "picked": [f"2024-05-{day:02}" for day in range(1, 31)] * 2,
    "name": ["plum", "plum", "melon", "melon", "plum", "melon"] * 10,
}


@pytest.fixture(scope="module")
def fruit() -> TableData:
    return load_table(FRUIT, target="name", dtype=np.float64)


@given(
    st.lists(
        st.tuples(
            st.floats(-1e6, 1e6, width=32) | st.none(),
            st.sampled_from(["red", "green", "빨강", None]),
            st.integers(0, 1),
        ),
        min_size=12,
        max_size=40,
    ),
    st.integers(0, 5),
)
def test_scikit_learn_makes_the_same_numbers(rows: list[tuple[Any, ...]], seed: int) -> None:
    impute, preprocessing = (
        pytest.importorskip("sklearn.impute"),
        pytest.importorskip("sklearn.preprocessing"),
    )
    frame = {name: list(values) for name, values in zip("xcy", zip(*rows, strict=True), strict=True)}
    frame["i"] = [1.5 * row for row in range(len(rows))]
    try:
        data = load_table(frame, target="y", task="classification", seed=seed, dtype=np.float64)
    except DataError:  # there is one class only
        return
    train = rows_of(data, data.x_train)
    assert sorted(train + rows_of(data, data.x_test)) == list(range(len(rows)))
    for feature in data.preprocessing.features:
        start = data.preprocessing.inputs.index(feature.inputs[0])
        own = data.x_train[:, start : start + feature.width]
        values = np.array([frame[feature.name][row] for row in train], object)
        if feature.kind == "number":
            numbers = values.astype(np.float64)[:, np.newaxis]
            filled = impute.SimpleImputer(strategy="median").fit_transform(numbers)
            expected = preprocessing.StandardScaler().fit_transform(filled)
            np.testing.assert_allclose(own, expected, rtol=1e-9, atol=1e-9)
        else:
            texts = np.array([value or "" for value in values], object)[:, np.newaxis]
            encoder = preprocessing.OneHotEncoder(sparse_output=False, handle_unknown="ignore")
            np.testing.assert_array_equal(own, encoder.fit_transform(texts))
            assert feature.categories == tuple(encoder.categories_[0])


def rows_of(data: TableData, x: Any) -> list[int]:
    """Which rows of the table these are, by the column i, which counts them in steps of 1.5."""
    feature = next(feature for feature in data.preprocessing.features if feature.name == "i")
    own = x[:, data.preprocessing.inputs.index("i")].astype(np.float64)
    rows: list[int] = np.rint((own * feature.std + feature.mean) / 1.5).astype(int).tolist()
    return rows


def test_kinds_and_their_inputs(fruit: TableData) -> None:
    made = fruit.preprocessing
    assert made.inputs == [
        "grams", "skin=(missing)", "skin=net", "skin=smooth", "skin=warty", "ripe", "picked",
    ]  # fmt: skip
    assert [feature.kind for feature in made.features] == ["number", "category", "boolean", "date"]
    assert (made.target.classes, made.target.task, fruit.inputs, fruit.outputs) == (
        ("melon", "plum"), "classification", 7, 2,
    )  # fmt: skip
    row = made.transform(
        {"grams": 90, "skin": "net", "ripe": "no", "picked": "2024-05-01", "name": "plum"}
    ).x[0]
    grams, picked = made.features[0], made.features[3]
    expected = [(90 - grams.mean) / grams.std, 0, 1, 0, 0, 0, (19844 - picked.mean) / picked.std]
    np.testing.assert_allclose(row, expected, rtol=1e-6)


def test_raw_rows_in_any_order_with_gaps_and_strangers(fruit: TableData) -> None:
    rows = [
        {"picked": None, "ripe": None, "skin": "hairy", "grams": None, "colour": "red", "name": "plum"},
        {"picked": "2024-05-03", "ripe": True, "skin": None, "grams": 3, "colour": "red", "name": "plum"},
    ]
    made = fruit.preprocessing.transform(rows, dtype=np.float64)
    np.testing.assert_array_equal(made.x[:, 1:5], [[0, 0, 0, 0], [1, 0, 0, 0]])
    assert made.x[0, 5] == 1  # the more frequent
    assert made.t is None
    median = fruit.preprocessing.features[0].typical
    assert made.notes == (
        f"grams: 1 missing, taken as {median:g}",
        "skin: 1 of no category that has a number of its own (hairy)",
        "ripe: 1 missing, taken as true",
        f"picked: 1 missing, taken as {fruit.preprocessing.features[3].show(fruit.preprocessing.features[3].typical)}",
        "not used: colour",
    )


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([{"grams": 1, "skin": "net"}], r"the list has no column 'ripe', 'picked'; it has grams, skin"),
        ([{**dict.fromkeys(FRUIT), "grams": "heavy"}], "row 0 has 'heavy' in column 'grams'"),
        ([{**dict.fromkeys(FRUIT), "grams": 1e300}], "a row has grams 1e\\+300, 2e\\+297 standard"),
        ([{**dict.fromkeys(FRUIT), "ripe": "perhaps"}], "row 0 has 'perhaps' in column 'ripe'"),
        (
            [{**dict.fromkeys(FRUIT), "picked": 3}],
            "row 0 has '3' in column 'picked', which is no date",
        ),
    ],
)
def test_rows_that_do_not_fit(fruit: TableData, rows: Any, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        fruit.preprocessing.transform(rows)


def test_targets_that_do_not_fit(fruit: TableData) -> None:
    row = dict.fromkeys(FRUIT)
    for name, sentence in (
        (None, "rows without 'name', the first of them row 1"),
        ("pear", "name is 'pear' in"),
    ):
        with pytest.raises(DataError, match=sentence):
            fruit.preprocessing.transform([{**row, "name": "plum"}, {**row, "name": name}], targets=True)


def test_only_the_training_rows_settle_anything() -> None:
    rng = np.random.default_rng(0)
    i, c, y = [1.5 * row for row in range(50)], ["a", "b"] * 25, rng.normal(size=50).tolist()
    before = load_table({"i": i, "c": c, "y": y}, target="y")
    test = rows_of(before, before.x_test)
    changed = {"i": list(i), "c": list(c), "y": list(y)}
    for row in test:
        changed["i"][row], changed["c"][row], changed["y"][row] = 1e6, "only here", -1e6
    after = load_table(changed, target="y")
    assert after.preprocessing == before.preprocessing
    np.testing.assert_array_equal(after.x_train, before.x_train)
    assert (
        f"c: {len(test)} of no category that has a number of its own (only here), in the test rows"
        in after.notes
    )


def test_json_and_back(fruit: TableData) -> None:
    text = json.dumps(fruit.preprocessing.to_json(), ensure_ascii=False, allow_nan=False)
    assert Preprocessing.from_json(json.loads(text)) == fruit.preprocessing


@given(st.data())
def test_damaged_json_is_refused_in_a_sentence(data: st.DataObject) -> None:
    value = json.loads(json.dumps(load_table(FRUIT, target="name").preprocessing.to_json()))
    place: Any = value
    key: Any = None
    while isinstance(place, dict | list) and place and (key is None or data.draw(st.booleans())):
        parent, key = (
            place,
            data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))),
        )
        place = place[key]
    other = data.draw(
        st.sampled_from([None, -1, 0, "", "x", [], {}, float("nan"), float("inf"), ["a", "a"], True])
    )
    parent[key] = other
    with suppress(DataError):  # unless it is another one that makes sense
        made = Preprocessing.from_json(value)
        assert Preprocessing.from_json(made.to_json()) == made
