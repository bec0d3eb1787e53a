"""Parquet files, read by pyarrow or polars, whichever is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chainrule.datasets._tables._column import Kind, Table
from chainrule.datasets._tables._frames import frame_columns
from chainrule.errors import DataError, MissingExtraError

_MAGIC = b"PAR1"
_FREE_TO_EXPAND, _LIKELY_RATIO = 64 << 20, 100  # bytes; to 1
_BYTES_A_VALUE = 8


def is_parquet(path: Path) -> bool:
    """Whether a file begins as a Parquet file does."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def parquet_table(path: Path, kinds: Mapping[str, Kind] | None) -> Table:
    """The table in a Parquet file. DataError for a damaged one, or one that was made to fill memory."""
    try:
        frame, reader = _read(path)
        columns, unread = frame_columns(frame, kinds)  # texts are decoded here
    except (DataError, MissingExtraError):
        raise
    except Exception as error:  # of two libraries, with classes of their own
        raise DataError(f"{path} cannot be read: {str(error) or type(error).__name__:.300}") from error
    return Table(str(path), columns, len(frame), (f"read as Parquet, by {reader}",), unread)


def _read(path: Path) -> tuple[Any, str]:
    try:
        import pyarrow.parquet as arrow
    except ImportError:
        pass
    else:
        with arrow.ParquetFile(path) as file:
            _check_size(path, file.metadata.num_rows, file.metadata.num_columns)
            return file.read(), "pyarrow"
    try:
        import polars
    except ImportError:
        raise MissingExtraError.for_extra("parquet", "pyarrow", "reading a Parquet file") from None
    lazy = polars.scan_parquet(path)
    rows = int(lazy.select(polars.len()).collect().item())
    _check_size(path, rows, len(lazy.collect_schema()))
    return lazy.collect(), "polars"


def _check_size(path: Path, rows: int, columns: int) -> None:
    promised, stored = rows * columns * _BYTES_A_VALUE, path.stat().st_size
    if promised > max(_FREE_TO_EXPAND, _LIKELY_RATIO * stored):
        raise DataError(
            f"{path} would expand from {stored:,} to {promised:,} bytes, as files do that are made to fill memory",
            fix="if you trust it, read it yourself and give the data frame",
        )
