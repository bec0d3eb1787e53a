"""Parquet files as rows on the disk: what the numbers are, in which order, and how often a row group is read."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.datasets import _row_groups, load_shards
from chainrule.errors import ArgumentError, DataError

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

ROWS = 1000


@pytest.fixture
def columns():
    rng = np.random.default_rng(4)
    size = np.where(rng.random(ROWS) < 0.1, np.nan, rng.normal(5, 3, ROWS))
    return {
        "size": arrow.array(size, from_pandas=True),
        "count": arrow.array(rng.integers(-100, 100, ROWS), arrow.int16()),
        "same": arrow.array(np.ones(ROWS, np.float32)),
        "old": arrow.array(rng.random(ROWS) < 0.3),
        "kind": arrow.array(rng.choice(["oak", "ash", "elm"], ROWS)),
    }


@pytest.fixture
def folder(tmp_path, columns):
    """Three files of 4, 3 and 4 row groups, and one of the test."""
    table = arrow.table(columns)
    for number, (start, end) in enumerate([(0, 400), (400, 640), (640, 1000)]):
        parquet.write_table(
            table.slice(start, end - start), tmp_path / f"train-{number}.parquet", row_group_size=100
        )
    parquet.write_table(table.slice(0, 50), tmp_path / "test.parquet")
    return tmp_path


def test_numbers_are_those_of_the_columns_standardised_in_one_pass(folder, columns):
    (x, t), (x_test, t_test) = load_shards(folder, target="kind", dtype=np.float64)
    features = ("size", "count", "same", "old")
    whole = np.stack(
        [columns[name].to_numpy(zero_copy_only=False).astype(float) for name in features], axis=1
    )
    deviation = np.nanstd(whole, axis=0)
    expected = np.nan_to_num((whole - np.nanmean(whole, axis=0)) / np.where(deviation, deviation, 1))
    assert (x.shape, x.dtype, t.shape, t.names) == ((ROWS, 4), np.float64, (ROWS,), ("ash", "elm", "oak"))
    numbers = np.random.default_rng(0).integers(0, ROWS, 300)
    np.testing.assert_allclose(x[numbers], expected[numbers], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(np.asarray(x_test), expected[:50], rtol=1e-12, atol=1e-13)
    kinds = np.array(columns["kind"].to_pylist())
    assert np.array(t.names)[np.asarray(t)].tolist() == kinds.tolist()
    assert np.asarray(t_test).tolist() == np.asarray(t[:50]).tolist()


def test_an_epoch_reads_each_row_once_and_each_row_group_about_once(folder, monkeypatch):
    monkeypatch.setattr(_row_groups, "_BUNDLE_BYTES", 300 * 4 * 4)  # three full row groups
    (x, _), _ = load_shards(folder, target="kind")
    order = x.order(np.random.default_rng(7))
    assert sorted(order.tolist()) == list(range(ROWS))
    assert (
        order.tolist()
        == x.order(np.random.default_rng(7)).tolist()
        != x.order(np.random.default_rng(8)).tolist()
    )
    groups = np.searchsorted(x._ends, order, side="right")
    assert len(set(groups[:250].tolist())) <= 4, "neighbours come from few row groups"
    assert np.mean(np.diff(order) == 1) < 0.1, "and are no neighbours in the file"
    reads = []
    read = _row_groups.read_group
    monkeypatch.setattr(
        _row_groups, "read_group", lambda group, *more: reads.append(group) or read(group, *more)
    )
    for some in np.split(order, 20):
        x.read(some)
    assert len(set(reads)) == 11 <= len(reads) <= 15
    assert sum(rows.nbytes for rows in x._unpacked.values()) <= 300 * 4 * 4


def test_numbers_as_targets_and_the_same_bits_from_the_same_seed(tmp_path):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 3))
    table = arrow.table({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": x @ [1.0, -2.0, 0.5]})
    parquet.write_table(table, tmp_path / "train.parquet", row_group_size=50)

    def trained():
        (rows, t), _ = load_shards(tmp_path, target="y")
        assert (t.shape, t.dtype) == ((600, 1), np.float32)
        net = cr.Sequential(cr.Affine(3, 1), loss=cr.MeanSquaredError(), seed=0)
        trainer = cr.Trainer(net, cr.SGD(0.1), batch_size=20, engine="eager")
        trainer.fit(rows, t, epochs=5)
        return trainer

    one, other = trained(), trained()
    assert one.history["train_loss"][-1] < 1e-3
    np.testing.assert_array_equal(one.network.params["W1"], other.network.params["W1"])


@pytest.mark.parametrize(
    ("target", "change", "error", "what"),
    [
        (None, None, ArgumentError, "which column shall be predicted"),
        ("nothing", None, ArgumentError, "there is no column 'nothing'"),
        ("size", None, DataError, "the column 'kind' in .* holds string; shards need numbers"),
        ("kind", {"size": [1.0], "kind": ["oak"]}, DataError, "have other columns: count, old, same"),
        ("kind", b"PAR1 and no more", DataError, "train-9.parquet cannot be read"),
    ],
)
def test_what_does_not_fit_is_named(folder, target, change, error, what):
    if isinstance(change, dict):
        parquet.write_table(arrow.table(change), folder / "train-9.parquet")
    elif change:
        (folder / "train-9.parquet").write_bytes(change)
    with pytest.raises(error, match=what):
        load_shards(folder, target=target)


def test_targets_that_are_missing_or_new_are_named(folder, columns):
    table = arrow.table(columns).slice(0, 20)
    kinds = table.column("kind").to_pylist()
    for bad, what in (
        (None, "1 rows have no 'kind'"),
        ("fir", "holds 'fir' in 'kind', which no training row does"),
    ):
        rows = table.set_column(4, "kind", arrow.array([bad, *kinds[1:]]))
        parquet.write_table(rows, folder / "test.parquet")
        _, (_, t_test) = load_shards(folder, target="kind")
        with pytest.raises(DataError, match=what):
            t_test[[0]]


def test_a_column_that_cannot_be_standardised_is_named(tmp_path):
    parquet.write_table(arrow.table({"a": [1.0, np.inf], "y": [0, 1]}), tmp_path / "train.parquet")
    with pytest.raises(DataError, match="the column 'a' in .* not finite"):
        load_shards(tmp_path, target="y")
