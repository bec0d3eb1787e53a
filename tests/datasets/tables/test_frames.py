"""Tables that are no files: pandas, polars, pyarrow, anything of Arrow, dictionaries and lists; and Parquet files."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.datasets import Table, read_table
from chainrule.errors import DataError, MissingExtraError

COLUMNS: dict[str, list[Any]] = {
    "whole": [1, None, 3],
    "real": [0.1, -2.5, None],
    "text": ["x", None, "한"],
    "truth": [True, False, None],
    "day": [dt.datetime(1970, 1, 2), None, dt.datetime(2024, 2, 29, 12)],
}


def make(kind: str) -> Any:
    if kind == "rows":
        return [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
    if kind == "columns":
        return COLUMNS
    module = pytest.importorskip(kind.partition(" ")[0])
    if kind == "pyarrow":
        return module.table(COLUMNS)
    frame = module.DataFrame(COLUMNS)
    return frame.convert_dtypes() if "nullable" in kind else frame


class OnlyArrow:
    """What modin, duckdb and others give: nothing but the PyCapsule interface."""

    def __init__(self) -> None:
        self._table = make("pyarrow")

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def check(table: Table) -> None:
    assert [column.kind for column in table.columns.values()] == [
        "number",
        "number",
        "category",
        "boolean",
        "date",
    ]
    np.testing.assert_array_equal(table["whole"].numbers(), [1, np.nan, 3])
    np.testing.assert_array_equal(table["real"].numbers(), [0.1, -2.5, np.nan])
    assert (table["text"].categories, table["text"].values.tolist()) == (("x", "한"), [0, -1, 1])
    np.testing.assert_array_equal(table["truth"].numbers(), [1, 0, np.nan])
    np.testing.assert_array_equal(table["day"].numbers(), [1, np.nan, 19782.5])


@pytest.mark.parametrize("kind", ["rows", "columns", "pandas", "pandas nullable", "polars", "pyarrow"])
def test_every_kind_of_frame_gives_the_same_columns(kind: str) -> None:
    check(read_table(make(kind)))


def test_whatever_speaks_arrow_is_taken() -> None:
    pytest.importorskip("pyarrow")
    check(read_table(OnlyArrow()))


@pytest.mark.parametrize("writer", ["pandas", "polars"])
def test_parquet(tmp_path: Path, writer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    frame, file = make(writer), tmp_path / "t.parquet"
    (frame.to_parquet if writer == "pandas" else frame.write_parquet)(file)
    table = read_table(file)
    check(table)
    assert table.notes == ("read as Parquet, by pyarrow",)
    only = read_table(file, kinds={"real": "number"})
    assert (list(only.columns), only.unread) == (["real"], ("whole", "text", "truth", "day"))
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    if writer == "polars":
        check(read_table(file))
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'chainrule\[parquet\]'"):
        read_table(file)


def test_damaged_parquet(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    file = tmp_path / "t.parquet"
    make("polars").write_parquet(file)
    whole = file.read_bytes()
    for cut in (
        whole[:100],
        whole[:4],
        whole[:20] + b"\xff" * 40 + whole[60:],
        b"PAR1" + b"x" * 50 + b"PAR1",
    ):
        file.write_bytes(cut)
        with pytest.raises(DataError, match=r"t.parquet cannot be read"):
            read_table(file)


def test_parquet_that_would_fill_memory(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    file = tmp_path / "t.parquet"
    polars.DataFrame({"a": np.zeros(9_000_000, np.int8)}).write_parquet(file)
    with pytest.raises(DataError, match=r"would expand from [\d,]+ to 72,000,000 bytes"):
        read_table(file)


def test_categories_of_numbers_stay_categories() -> None:
    pandas = pytest.importorskip("pandas")
    table = read_table(pandas.DataFrame({"a": pandas.Categorical([3, 1, 3]), "b": [1.0, 2.0, 3.0]}))
    assert (table["a"].kind, table["a"].categories) == ("category", ("3", "1"))


def test_a_row_of_single_values() -> None:
    table = read_table({"a": 1, "b": "x", "c": None})
    assert (table.rows, table["a"].kind, table["b"].categories, table["c"].kind) == (
        1,
        "number",
        ("x",),
        "empty",
    )
    known = read_table({"a": 3, "b": "5", "c": True}, kinds={"a": "category", "b": "number", "c": "boolean"})
    assert (known["a"].categories, known["b"].numbers().tolist(), known["c"].numbers().tolist()) == (
        ("3",),
        [5],
        [1],
    )


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        ({"a": [1, 2], "b": [1]}, "the columns have different lengths"),
        ({"a": []}, "the dict has no rows"),
        ({"a": [[1, 2], [3, 4]], "b": np.zeros((2, 2))}, r"column 'b' is float64 of shape \(2, 2\)"),
        ({"a": [1.0, np.inf]}, "row 1 has inf in column 'a', which is no finite number"),
        ({"a": np.array([1j])}, "column 'a' is complex128 of shape"),
        ({"a": [1], " a": [2]}, "there are several columns called 'a'"),
        (3, "int is no table"),
        ([1, 2], "list is no table"),
        (np.zeros((3, 3)), "ndarray is no table"),
    ],
)
def test_what_is_no_table(frame: Any, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        read_table(frame)


def test_text_in_a_frame_is_read_as_in_a_file() -> None:
    table = read_table({"a": ["1,234", "2"], "b": ["yes", "no"], "c": ["", "NA"]})
    assert [column.kind for column in table.columns.values()] == ["number", "boolean", "empty"]
    with pytest.raises(DataError, match="row 1 has 'x' in column 'a', which is no number"):
        read_table({"a": ["1", "x"]}, kinds={"a": "number"})


def test_missing_values_of_a_dictionary_column_of_arrow_stay_missing() -> None:
    arrow = pytest.importorskip("pyarrow")
    values = ["net", None, "smooth", None]
    column = read_table(arrow.table({"skin": arrow.array(values).dictionary_encode()}))["skin"]
    assert [["net", "smooth", ""][code] for code in column.values] == ["net", "", "smooth", ""]
