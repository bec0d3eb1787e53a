"""Tables as people have them: CSV and Parquet files and data frames, their columns typed, and made into numbers."""

from chainrule.datasets._tables._column import Column, Table, normal
from chainrule.datasets._tables._load import TableData, load_table
from chainrule.datasets._tables._preprocessing import Feature, Prepared, Preprocessing, Target
from chainrule.datasets._tables._read import read_table

__all__ = [
    "Column",
    "Feature",
    "Prepared",
    "Preprocessing",
    "Table",
    "TableData",
    "Target",
    "load_table",
    "normal",
    "read_table",
]
