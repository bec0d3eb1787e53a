"""A trained network with its preprocessing: raw rows in, words or units out, measured and explained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, CheckpointError, DataError
from chainrule.runs import (
    ClassificationResult,
    RegressionResult,
    Settings,
    TableModel,
    TableOptions,
    load_data,
    load_run,
    measure,
    start,
    trainer_of,
)

RNG = np.random.default_rng(3)
HOUSES = {
    "area": RNG.uniform(20, 200, 200).round(1).tolist(),
    "city": RNG.choice(["서울", "부산", "대구"], 200).tolist(),
    "lift": RNG.choice([True, False], 200).tolist(),
}
HOUSES["price"] = [
    5 * area + {"서울": 400, "부산": 100, "대구": 0}[city] + 20 * lift
    for area, city, lift in zip(*HOUSES.values(), strict=True)
]
SETTINGS = Settings(
    hidden=(20,), activation="tanh", optimizer="adam", lr=0.02, epochs=30, engine="eager", dtype="float64"
)


def write(folder: Path, columns: dict[str, list[Any]]) -> Path:
    rows = zip(*columns.values(), strict=True)
    file = folder / "houses.csv"
    file.write_text(
        "\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)]), encoding="cp949"
    )
    return file


def trained(folder: Path, target: str) -> Path:
    options = TableOptions(target=target)
    data = load_data(str(write(folder, HOUSES)), SETTINGS.dtype, options)
    run = start(folder / target, SETTINGS, data)
    trainer_of(run, SETTINGS, data).fit(
        data.x_train, data.t_train, epochs=SETTINGS.epochs, validation=(data.x_test, data.t_test)
    )
    return run.path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cr.engines._choice, "_FASTEST_FIRST", ("eager",))
        return {target: trained(folder, target) for target in ("price", "city")}


@pytest.fixture
def price(runs: dict[str, Path]) -> TableModel:
    return load_run(runs["price"])


@pytest.fixture
def city(runs: dict[str, Path]) -> TableModel:
    return load_run(runs["city"])


def test_predictions_are_in_units_and_words(price: TableModel, city: TableModel) -> None:
    rows = [
        {"area": 100, "city": "서울", "lift": True},
        {"area": "30", "city": "대구", "lift": "no", "more": 1},
    ]
    np.testing.assert_allclose(price.predict(rows), [920, 150], rtol=0.15)
    known = [{"area": 100, "lift": True, "price": 920}, {"area": 100, "lift": True, "price": 520}]
    assert city.predict(known).tolist() == ["서울", "대구"]
    shares = city.probabilities(known)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert city.preprocessing.target.classes == ("대구", "부산", "서울")
    with pytest.raises(ArgumentError, match="probabilities are of classes"):
        price.probabilities(rows)


def test_scikit_learn_measures_the_same(price: TableModel, city: TableModel) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    found, t = price.evaluate(HOUSES), np.array(HOUSES["price"])
    assert isinstance(found, RegressionResult)
    y = price.predict(HOUSES)
    assert found.r2 == pytest.approx(metrics.r2_score(t, y))
    assert found.mae == pytest.approx(metrics.mean_absolute_error(t, y))
    assert found.rmse == pytest.approx(np.sqrt(metrics.mean_squared_error(t, y)))
    assert found.baseline == price.preprocessing.target.mean
    assert found.baseline_mae == pytest.approx(np.mean(np.abs(t - found.baseline)))
    classes, answers = city.evaluate(HOUSES), city.predict(HOUSES)
    assert isinstance(classes, ClassificationResult)
    assert classes.accuracy == pytest.approx(metrics.accuracy_score(HOUSES["city"], answers))
    assert classes.loss == pytest.approx(metrics.log_loss(HOUSES["city"], city.probabilities(HOUSES)))
    own = metrics.confusion_matrix(HOUSES["city"], answers)
    assert [(c.rows, c.right, c.guessed) for c in classes.classes] == [
        (own[n].sum(), own[n, n], own[:, n].sum()) for n in range(3)
    ]
    assert classes.baseline_accuracy == pytest.approx(np.mean(np.array(HOUSES["city"]) == classes.baseline))


def test_the_result_of_a_run_is_of_its_test_rows(runs: dict[str, Path], price: TableModel) -> None:
    data = load_data(str(runs["price"].parent / "houses.csv"), "float64", TableOptions(target="price"))
    result = measure(price.network, data)
    assert (result.rows, isinstance(result, RegressionResult)) == (40, True)
    assert result.loss == pytest.approx(price.network.loss(data.x_test, data.t_test))


@pytest.mark.parametrize("target", ["price", "city"])
def test_gradients_are_slopes_in_the_units_of_the_columns(runs: dict[str, Path], target: str) -> None:
    model = load_run(runs[target])
    row = {"area": 80.0, "city": "부산", "lift": True, "price": 500.0}
    found = model.explain(row)

    def prediction(**changes: Any) -> float:
        changed = {**row, **changes}
        if target == "price":
            return float(model.predict(changed)[0])
        return float(model.probabilities(changed)[0, model.preprocessing.target.classes.index(found.answer)])

    assert found.prediction == pytest.approx(prediction())
    for column in found.columns:
        feature = next(f for f in model.preprocessing.features if f.name == column.name)
        assert column.instead == pytest.approx(prediction(**{column.name: feature.typical}))
        assert column.change == pytest.approx(found.prediction - column.instead)
        if feature.kind == "number":
            up, down = (prediction(**{column.name: row[column.name] + step}) for step in (1e-3, -1e-3))
            assert column.gradient == pytest.approx((up - down) / 2e-3, rel=1e-4, abs=1e-9)
        assert (column.gradient is None) == (feature.kind == "category")
    sizes = [abs(column.change) for column in found.columns]
    assert sizes == sorted(sizes, reverse=True)


def test_what_if_a_column_were_another(price: TableModel, city: TableModel) -> None:
    row = {"area": 80.0, "city": "부산", "lift": None}
    found = cr.what_if(price.record(row), area=+10)
    (scenario,) = found.scenarios
    assert scenario.output_after == pytest.approx(price.predict({**row, "area": 90})[0])
    assert scenario.predicted == pytest.approx(
        10 * next(column.gradient or 0 for column in price.explain(row).columns if column.name == "area")
    )
    record = city.record({"area": 80, "lift": True, "price": 810})
    assert record.name == "P(서울)"
    assert cr.check_gradients(lambda area: _again(record, area), 80.0).ok


def _again(record: cr.Variable, area: Any) -> Any:
    graph = cr.Graph(record)
    leaf = next(node.variable for node in graph if node.name == "area")
    return cr.graph.rebuild([record], lambda old: area if old is leaf else old)[record]


def test_an_explanation_reads_in_both_languages(price: TableModel, city: TableModel) -> None:
    english, korean = (
        price.explain({"area": 80, "city": "광주", "lift": None}, lang=lang) for lang in ("en", "ko")
    )
    assert str(english).startswith("What moved the prediction of price\n=====")
    assert "광주 in city was not among the categories trained on" in str(english)
    assert "city의 값 광주는 학습 데이터에 없던 범주이므로" in str(korean)
    assert "(결측)" in str(korean)
    assert "서울로 예측되며" in str(city.explain({"area": 80, "lift": True, "price": 810}, lang="ko"))
    assert english.to_dict()["columns"][0].keys() == {
        "name",
        "value",
        "typical",
        "gradient",
        "instead",
        "change",
    }
    missing = next(column for column in english.columns if column.name == "lift")
    assert (missing.value, missing.change) == ("", 0)
    with pytest.raises(ArgumentError, match="one row is explained at a time; the list has 2"):
        price.explain([{"area": 1, "city": "서울", "lift": True}] * 2)


def test_a_run_that_is_damaged_or_no_table(tmp_path: Path, runs: dict[str, Path]) -> None:
    import shutil

    run = tmp_path / "run"
    shutil.copytree(runs["price"], run)
    file = run / "preprocessing.json"
    for text, sentence in (
        ("{", "cannot be read"),
        ("{}", "is damaged: the preprocessing has not exactly"),
        (
            file.read_text("utf-8").replace('"lift"', '"area"'),
            "is damaged: the preprocessing has one column twice",
        ),
        (file.read_text("utf-8").replace('"std": ', '"std": -'), "is damaged: the column"),
        (
            (runs["city"] / "preprocessing.json").read_text("utf-8"),
            "is damaged: the network takes 5 numbers and gives 1",
        ),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(CheckpointError, match=sentence):
            load_run(run)
    file.unlink()
    with pytest.raises(CheckpointError, match="was not trained on a table: it has no preprocessing.json"):
        load_run(run)


def test_a_row_without_its_columns(price: TableModel) -> None:
    with pytest.raises(DataError, match="the dict has no column 'city', 'lift'; it has area"):
        price.predict({"area": 3})
