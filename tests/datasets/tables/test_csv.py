"""CSV files: whatever csv writes is read the same, in every usual spelling; what is no table is told with its line."""

from __future__ import annotations

import csv
import io
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chainrule.datasets import read_table
from chainrule.datasets._tables._dialect import DELIMITERS, Dialect
from chainrule.datasets._tables._rows import Rows
from chainrule.errors import DataError
from tests._memory import limited_memory

# Cells of anything but the delimiters that are not used: which one is used must be told from the file.
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff,;\t|")) | st.sampled_from(
    ['"', '""', "\n", "\r\n", "a\rb", " ", "한글", "1,5", "\x1f"]
)


def write(folder: Path, text: str, encoding: str = "utf-8", name: str = "t.csv") -> Path:
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return file


def kinds(file: Path) -> dict[str, str]:
    return {name: column.kind for name, column in read_table(file).columns.items()}


@given(st.data(), st.sampled_from(list(DELIMITERS)), st.integers(2, 4))
def test_what_csv_writes_is_read_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, delimiter: str, columns: int
) -> None:
    cells = CELLS.filter(lambda cell: delimiter == "," or "," not in cell)
    rows = data.draw(st.lists(st.lists(cells, min_size=columns, max_size=columns).filter(any), min_size=1))
    names = [f"name {number}" for number in range(columns)]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows([names, *rows])
    file = write(tmp_path_factory.mktemp("csv"), buffer.getvalue())
    found = Rows(file, Dialect("utf-8", delimiter, 0, True))
    read = [row for chunk in found.chunks() for row in zip(*chunk.columns, strict=True)]
    assert found.names == names
    assert read == [tuple(cell.strip() for cell in row) for row in rows]
    assert list(read_table(file).columns) == names  # the delimiter is found, too


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70), min_size=1))
def test_numbers_are_read_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[float]
) -> None:
    file = write(tmp_path_factory.mktemp("csv"), "a,b\n" + "".join(f"{number!r},x\n" for number in numbers))
    column = read_table(file).columns["a"]
    assert column.kind == "number"
    np.testing.assert_array_equal(column.numbers(), np.array(numbers, np.float64))


@given(
    st.lists(
        st.tuples(
            st.integers(-(10**9), 10**9) | st.none(),
            st.floats(allow_nan=False, allow_infinity=False) | st.none(),
            st.sampled_from(["x", "y", "한", "a,b", 'q"q', None]),
        ),
        min_size=2,
    )
)
def test_pandas_reads_the_same(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple]) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(rows, columns=["whole", "real", "text"]).dropna(how="all")
    assume(len(frame) and not frame.isna().all().any())
    file = tmp_path_factory.mktemp("csv") / "t.csv"
    frame.to_csv(file, index=False)
    frame = pandas.read_csv(file)
    table = read_table(file)
    for name in ("whole", "real"):
        np.testing.assert_allclose(table[name].numbers(), frame[name].to_numpy(np.float64), rtol=1e-15)
    texts, places = table["text"].texts()
    assert [texts[place] for place in places] == frame["text"].fillna("").tolist()


KOREAN = "종류,길이,비고\n펭귄,1.5,좋음\n곰,2.5,나쁨\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_korean_files_of_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    table = read_table(write(tmp_path, KOREAN, encoding))
    assert list(table.columns) == ["종류", "길이", "비고"]
    assert table["종류"].categories == ("펭귄", "곰")
    assert table["길이"].numbers().tolist() == [1.5, 2.5]


def test_a_western_file_is_not_taken_for_a_korean_one(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "Straße;Größe\nMädchenweg;1,5\nCafé;2\n", "cp1252"))
    assert table["Straße"].categories == ("Mädchenweg", "Café")
    assert table.notes == (
        "read as Windows-1252 (Western Europe), cells between semicolons",
        "numbers are read with decimal commas: 1.234,5 is 1234.5",
    )


def test_a_name_is_the_same_in_either_normal_form(tmp_path: Path) -> None:
    import unicodedata

    table = read_table(write(tmp_path, unicodedata.normalize("NFD", KOREAN)))
    assert list(table.columns) == ["종류", "길이", "비고"]
    assert table["종류"].categories == ("펭귄", "곰")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1.5,x\n-2e3,y\n", [1.5, -2000]),
        ('a,b\n"1,234",x\n"12,345.5",y\n', [1234, 12345.5]),
        ("a;b\n1,5;x\n1.234,25;y\n", [1.5, 1234.25]),
        ("a;b\n1.5;x\n2.25;y\n", [1.5, 2.25]),
        ("a;b\n1,234;x\n2,000;y\n", [1.234, 2.0]),  # the semicolons are there because of the commas
        ("a\tb\n1,234\tx\n2,000\ty\n", [1234, 2000]),
        ("a;b;c\n1.234;x;0,5\n2.000;y;1,5\n", [1234, 2000]),  # c tells what the points of a are
        ("a;b\n1,5;1,234.5\n2,5;2\n", [1.5, 2.5]),  # each column has its own way
        ('a|b\n"1 234,5"|x\n2|y\n', [1234.5, 2]),
        ("a,b\n.5,x\n5.,y\n", [0.5, 5]),
        ("a,b\n95 %,x\nNA,y\n-7.5%,y\n", [95, np.nan, -7.5]),
        ("a;b\n95,5 %;x\n7%;y\n", [95.5, 7]),
        ("a,b\nNA,x\n?,x\n-,x\n7,y\n,z\n", [np.nan, np.nan, np.nan, 7, np.nan]),
        ("sep=;\na;b\n1;x\n2;y\n", [1, 2]),
        ("a,b\r\n1,x\r\n\r\n,\r\n2,y\r\n", [1, 2]),
        ("a,b\r1,x\r2,y", [1, 2]),
        (" a , b \n 1 , x \n 2 ,y\n", [1, 2]),
    ],
)
def test_numbers_as_people_write_them(tmp_path: Path, text: str, expected: list[float]) -> None:
    column = read_table(write(tmp_path, text)).columns["a"]
    assert column.kind == "number"
    np.testing.assert_array_equal(column.numbers(), expected)


@pytest.mark.parametrize("cell", ["1_000", "0x10", "١٢", "1,2,3", "1e", "--1", "1 2", "1\x1f2", "12%%"])
def test_what_is_no_number_makes_a_category(tmp_path: Path, cell: str) -> None:
    assert kinds(write(tmp_path, f'a,b\n1,x\n"{cell}",y\n'))["a"] == "category"


def test_kinds_of_columns(tmp_path: Path) -> None:
    rows = ["yes,2024-01-02,참,2024/1/3 12:00,2024-01,", "no,1969-12-31,거짓,,2024-02,", "NA,NA,,NA,,"]
    table = read_table(write(tmp_path, "a,b,c,d,e,f\n" + "\n".join(rows)))
    assert [column.kind for column in table.columns.values()] == [
        "boolean", "date", "boolean", "date", "date", "empty",
    ]  # fmt: skip
    np.testing.assert_array_equal(table["a"].numbers(), [1, 0, np.nan])
    np.testing.assert_array_equal(table["b"].numbers(), [19724, -1, np.nan])
    np.testing.assert_array_equal(table["d"].numbers(), [19725.5, np.nan, np.nan])
    np.testing.assert_array_equal(table["e"].numbers(), [19723, 19754, np.nan])


@given(st.datetimes(timezones=st.none() | st.sampled_from([__import__("datetime").timezone.utc])))
def test_dates_are_days_since_1970(moment: object) -> None:
    table = read_table([{"d": str(moment)}, {"d": None}])
    expected = (
        np.datetime64(str(moment).removesuffix("+00:00").replace(" ", "T")).astype("M8[us]").astype(int)
        / 864e8
    )
    assert table["d"].numbers()[0] == pytest.approx(expected, abs=1e-9)


def test_a_file_without_names(tmp_path: Path) -> None:
    file = write(tmp_path, "5.1,3.5,setosa\n4.9,3.0,setosa\n")
    table = read_table(file)
    assert (list(table.columns), table.rows) == (["column 1", "column 2", "column 3"], 2)
    assert "the first line holds numbers, so it is a row" in table.notes[1]
    assert read_table(file, known=["5.1"]).rows == 1  # somebody says that it is a name
    assert list(read_table(write(tmp_path, "나라,2019,2020\nKR,1,2\n")).columns) == ["나라", "2019", "2020"]


def test_more_than_a_thousand_categories_are_text(tmp_path: Path) -> None:
    lines = "".join(f"w{number},{number % 1000}x\n" for number in range(1001))
    assert kinds(write(tmp_path, f"a,b\n{lines}")) == {"a": "text", "b": "category"}


REFUSED = {
    "": "{file} holds no rows",
    "a,b\n": "{file} has no rows",
    "a,b\n1,2\n3\n4,5,6\n7,8\n9\n9\n": "{file} has 2 columns, but line 3 has 1, line 4 has 3, line 6 has 1 and 1 more",
    'a,b\n"x\ny",1\n"z,2\n': "line 4 of {file} cannot be read: unexpected end of data",
    'a,b\n1,"x"y\n': "line 2 of {file} cannot be read: ',' expected after '\"'",
    "a,b,a\n1,2,3\n": "{file} has several columns called a",
    "a,b\n1,x\n\n2,y\n1e999,z\n": "line 5 of {file} has 1e999 in column 'a', which is no finite number",
    "a,b\n2024-02-30,x\n2024-02-01,y\n": "line 2 of {file} has 2024-02-30 in column 'a': day is out of range for month",
    "a\0,b\n1,2\n": "{file} holds NUL characters, so it is no table in text",
    "PK\3\4rest": "{file} is an Excel workbook or another zip archive, not a table in text",
    "\x1f\x8brest": "{file} is no text in UTF-8, CP949 or Windows-1252",
    ",".join(map(str, range(10001))): "{file} has 10,001 columns; at most 10,000 are read",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:20]))
def test_what_is_no_table_is_told_in_one_sentence(tmp_path: Path, text: str) -> None:
    file = write(tmp_path, text, "utf-8" if text[:2] != "\x1f\x8b" else "latin-1")
    with pytest.raises(DataError) as caught:
        read_table(file)
    expected = REFUSED[text].format(file=file)
    if text[:2] == "\x1f\x8b":
        expected = f"{file} is compressed with gzip, not a table in text"
    assert caught.value.what == expected
    assert caught.value.fix


def test_a_cell_of_another_kind_than_is_wanted(tmp_path: Path) -> None:
    file = write(tmp_path, 'a,b\n1,"x\nx"\nabc,y\n')
    with pytest.raises(DataError, match=r"line 4 of .*t.csv has 'abc' in column 'a', which is no number"):
        read_table(file, kinds={"a": "number"})
    with pytest.raises(DataError, match=r"line 3 of .*t.csv has '1' in column 'a', which is no date"):
        read_table(file, kinds={"a": "date"})
    assert read_table(file, kinds={"a": "category"}).unread == ("b",)


def test_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(DataError, match="has no column 'c'"):
        read_table({"a": [1], "b": [2]})["c"]


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n" + "1" * 200_000 + "x,2\n",
        "a,b\n" + '"' + "x,\n" * 300_000,
        "a,b\n" + '"\n1",' * 430_000,
        "a" * 5_000_000,
        "," * 3_000_000,
        "a,b\n" + "1,2\n" * 30_000 + "x,y,z\n",
    ],
    ids=["long cell", "open quote", "row of many lines", "one line", "many columns", "ragged at the end"],
)
def test_files_that_are_made_to_hurt_cost_little(tmp_path: Path, text: str) -> None:
    file, start = write(tmp_path, text), time.process_time()
    with limited_memory(64 << 20), pytest.raises(DataError):
        read_table(file)
    assert time.process_time() - start < 10  # a hang, not a matter of speed


@given(
    st.lists(
        st.sampled_from(
            [b",", b";", b"\t", b"\n", b'"', b"\r", b"\xff", b"\0", b"1", b"1,5", b"x", b"\xb0\xa1"]
        )
    )
)
def test_of_any_bytes_there_is_a_table_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    file = tmp_path_factory.mktemp("csv") / "t.csv"
    file.write_bytes(b"".join(pieces))
    with suppress(DataError):
        table = read_table(file)
        assert {len(column.values) for column in table.columns.values()} == {table.rows}
