"""Parquet files as rows on the disk: the numbers of the same table in memory, their order, how often they are read."""

from __future__ import annotations

import re

import numpy as np
import pytest

import chainrule as cr
from chainrule.datasets import _row_groups, column_names, load_shards
from chainrule.errors import ArgumentError, DataError

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

ROWS = 1000


@pytest.fixture
def columns():
    rng = np.random.default_rng(4)
    size = np.where(rng.random(ROWS) < 0.1, np.nan, rng.normal(5, 3, ROWS))
    skin = rng.choice(["smooth", "net", " net", "NA", None], ROWS)
    return {
        "id": arrow.array(np.arange(ROWS)),
        "size": arrow.array(size, from_pandas=True),
        "count": arrow.array(rng.integers(-100, 100, ROWS), arrow.int16()),
        "same": arrow.array(np.ones(ROWS, np.float32)),
        "old": arrow.array(np.where(rng.random(ROWS) < 0.1, None, rng.random(ROWS) < 0.3), arrow.bool_()),
        "day": arrow.array(np.datetime64("2026-01-01") + rng.integers(0, 900, ROWS).astype("m8[D]")),
        "skin": arrow.array(skin).dictionary_encode(),
        "name": arrow.array([f"nobody {number % 600}" for number in range(ROWS)]),
        "weight": arrow.array(rng.normal(size=ROWS), arrow.float32()),
        "kind": arrow.array(rng.choice(["oak", "ash", "elm"], ROWS)),
    }


@pytest.fixture
def folder(tmp_path, columns):
    """Three files of 4, 3 and 4 row groups."""
    table = arrow.table(columns)
    for number, (start, end) in enumerate([(0, 400), (400, 640), (640, 1000)]):
        parquet.write_table(
            table.slice(start, end - start), tmp_path / f"train-{number}.parquet", row_group_size=100
        )
    return tmp_path


@pytest.mark.parametrize(("target", "drop"), [("kind", ["weight"]), ("weight", []), ("old", ["kind"])])
def test_a_folder_is_the_table_that_its_files_are_together(folder, columns, target, drop):
    parquet.write_table(arrow.table(columns), folder.with_suffix(".parquet"))
    one, other = (
        cr.load_table(source, target=target, drop=drop, seed=3, dtype=np.float64)
        for source in (folder, folder.with_suffix(".parquet"))
    )
    assert one.preprocessing.left_out == other.preprocessing.left_out
    assert one.preprocessing.left_out.keys() == {"id", "same", "name", *drop}
    assert one.preprocessing.target == other.preprocessing.target
    assert one.preprocessing.inputs == other.preprocessing.inputs
    # What is missing in numbers becomes the mean, in memory the median.
    alike = [place for place, name in enumerate(one.preprocessing.inputs) if name != "size"]
    for mine, theirs in zip(one, other, strict=True):
        rows = [np.column_stack([np.asarray(x)[:, alike], t]) for x, t in (mine, theirs)]
        np.testing.assert_allclose(*(own[np.lexsort(own.round(6).T)] for own in rows), rtol=1e-11, atol=1e-11)


def test_numbers_are_standardised_by_the_training_rows(folder, columns):
    (x, t), test = load_shards(folder, target="kind", dtype=np.float64)
    size = columns["size"].to_numpy(zero_copy_only=False)
    expected = np.nan_to_num((size - np.nanmean(size)) / np.nanstd(size))
    numbers = np.random.default_rng(0).integers(0, ROWS, 300)
    np.testing.assert_allclose(x[numbers][:, 0], expected[numbers], rtol=1e-12, atol=1e-13)
    kinds = np.array(columns["kind"].to_pylist())
    assert (np.array(["ash", "elm", "oak"])[t] == kinds).all()
    assert test is None
    assert column_names(folder) == list(columns)


def test_an_epoch_reads_each_row_once_and_each_row_group_about_once(folder, monkeypatch):
    (x, _), _ = load_shards(folder, target="kind")
    monkeypatch.setattr(_row_groups, "_BUNDLE_BYTES", 300 * x.shape[1] * 4)  # three full row groups

    def order(seed):
        return x.order(np.random.default_rng(seed), 20)

    rows = order(7)
    assert sorted(rows.tolist()) == list(range(ROWS))
    assert rows.tolist() == order(7).tolist() != order(8).tolist()
    assert len({row // 100 for row in rows[:240].tolist()}) <= 4, "neighbours come from few row groups"
    assert np.mean(np.diff(rows) == 1) < 0.1, "and are no neighbours in the file"
    read, asked = x.read, []
    monkeypatch.setattr(
        _row_groups, "read_group", lambda group, *more: asked.append(group) or groups(group, *more)
    )
    for some in np.split(rows, 20):
        read(some)
    assert len(set(asked)) == 11 <= len(asked) <= 15
    assert sum(own.nbytes for own in x._unpacked.values()) <= 300 * x.shape[1] * 4


groups = _row_groups.read_group


@pytest.mark.parametrize("ranks", [2, 4])
def test_a_rank_unpacks_its_share_of_the_row_groups(tmp_path, monkeypatch, ranks):
    """And mini-batches are the same, however many ranks there are."""
    rng = np.random.default_rng(2)
    table = arrow.table({"a": rng.normal(size=3200), "y": rng.normal(size=3200)})
    parquet.write_table(table, tmp_path / "train.parquet", row_group_size=100)
    monkeypatch.setattr(_row_groups, "_BUNDLE_BYTES", 8 * 100 * 4)  # eight row groups
    asked: list[int] = []
    monkeypatch.setattr(
        _row_groups, "read_group", lambda group, *more: asked.append(group.number) or groups(group, *more)
    )
    batches = None
    for rank in range(ranks):
        (x, _), _ = load_shards(tmp_path, target="y")
        order = x.order(np.random.default_rng(0), 40).reshape(-1, 40)
        assert batches is None or (order == batches).all()
        batches = order
        asked.clear()
        for some in np.split(order, 16):
            x.read(some[:, 40 * rank // ranks : 40 * (rank + 1) // ranks].ravel())
        assert len(asked) == 32 / ranks


def test_numbers_as_targets_and_the_same_bits_from_the_same_seed_as_in_memory(tmp_path):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 3))
    table = arrow.table({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": x @ [1.0, -2.0, 0.5]})
    parquet.write_table(table, tmp_path / "data.parquet", row_group_size=50)

    def trained(in_memory):
        (rows, t), _ = load_shards(tmp_path, target="y")
        assert (t.shape, t.dtype) == ((600, 1), np.float32)
        net = cr.Sequential(cr.Affine(3, 1), loss=cr.MeanSquaredError(), seed=0)
        trainer = cr.Trainer(net, cr.SGD(0.1), batch_size=20, engine="eager")
        orders = [rows.order(np.random.default_rng(n), 20).reshape(-1, 20) for n in range(5)]
        rows = np.asarray(rows) if in_memory else rows
        losses = [trainer.run(rows, t, batches) for batches in orders]
        return np.concatenate(losses), net

    (losses, net), (others, other) = trained(False), trained(True)
    assert losses[-1] < 1e-3
    np.testing.assert_array_equal(losses, others)
    np.testing.assert_array_equal(net.params["W1"], other.params["W1"])


@pytest.mark.parametrize(
    ("target", "change", "error", "what"),
    [
        (None, None, ArgumentError, "which column shall be predicted"),
        ("nothing", None, DataError, "has no column 'nothing'"),
        (
            "kind",
            {"size": [1.0], "kind": ["oak"]},
            DataError,
            r"train-9.parquet has other columns than .*train-0.parquet: count \(here none, there number\)",
        ),
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


def test_targets_that_are_missing_are_left_out_and_new_ones_named(folder, columns):
    table = arrow.table(columns).slice(0, 20)
    kinds = table.column("kind").to_pylist()
    for bad in (None, "fir"):
        rows = table.set_column(9, "kind", arrow.array([bad, *kinds[1:]]))
        parquet.write_table(rows, folder / "test.parquet")
        if bad is None:
            _, (x_test, t_test) = load_shards(folder, target="kind")
            assert (len(x_test), len(t_test)) == (19, 19)
            continue
        with pytest.raises(DataError, match="the test files in .*: kind is 'fir' in some rows"):
            load_shards(folder, target="kind")


@pytest.mark.parametrize(
    ("column", "what"),
    [
        ([1.0, np.inf], "train.parquet has inf in column 'a'"),
        ([1e200, 1.0], "column 'a' holds numbers up to 1e[+]200, too large"),
        ([[1.0], [2.0]], "the column 'a' of .*train.parquet holds list<.*double>: neither numbers"),
        ([1.0, 1.0], "has no column to predict 'y' from"),
    ],
)
def test_a_column_that_cannot_be_an_input_is_named(tmp_path, column, what):
    parquet.write_table(arrow.table({"a": column * 20, "y": [0, 1] * 20}), tmp_path / "train.parquet")
    with pytest.raises(DataError, match=what):
        load_shards(tmp_path, target="y")


def test_numbers_in_a_dictionary_and_more_texts_than_categories(tmp_path):
    rows = np.arange(3000)
    columns = {"a": arrow.array(rows % 7).dictionary_encode(), "b": [f"word {row % 1200}" for row in rows]}
    parquet.write_table(arrow.table({**columns, "y": rows % 2}), tmp_path / "all.parquet")
    table = cr.load_table(tmp_path, target="y")
    assert table.preprocessing.inputs == ["a"]
    assert table.preprocessing.left_out["b"].startswith("more than 1,000 different values")
    with pytest.raises(DataError, match="the target 'b' has more than 1,000 different values"):
        cr.load_table(tmp_path, target="b")


def test_a_file_that_changes_while_it_is_read_is_named(folder, monkeypatch):
    (x, _), _ = load_shards(folder, target="kind")
    file = folder / "train-1.parquet"
    file.write_bytes(b"PAR1")
    with pytest.raises(DataError, match=f"{re.escape(str(file))} cannot be read"):
        x[[450]]
