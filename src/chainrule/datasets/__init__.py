"""Data sets: MNIST, which comes with the package, and files in the formats such data sets come in.

Each loader gives ``(x_train, t_train), (x_test, t_test)``; a file that is damaged, or that promises
more than it holds, ends in one DataError that names it, before memory is spent on the promise.
"""

from typing import TYPE_CHECKING

from .._lazy import lazy as _lazy_names

# Who trains on images reads no tables.
__getattr__ = _lazy_names(
    __name__,
    {
        "_idx": ("load_idx", "read_idx"),
        "_mnist": ("load_mnist",),
        "_npy": ("read_npy",),
        "_npz": ("load_npz",),
        "_shards": ("has_row_groups", "has_shards", "load_shards"),
        "_tables._column": ("Column", "Table", "normal"),
        "_tables._load": ("TableData", "column_names", "load_table"),
        "_tables._preprocessing": ("Feature", "Prepared", "Preprocessing", "Target"),
        "_tables._read": ("read_table",),
    },
)

if TYPE_CHECKING:
    from ._idx import load_idx, read_idx
    from ._mnist import load_mnist
    from ._npy import read_npy
    from ._npz import load_npz
    from ._shards import has_row_groups, has_shards, load_shards
    from ._tables._column import Column, Table, normal
    from ._tables._load import TableData, column_names, load_table
    from ._tables._preprocessing import Feature, Prepared, Preprocessing, Target
    from ._tables._read import read_table

__all__ = [
    "Column",
    "Feature",
    "Prepared",
    "Preprocessing",
    "Table",
    "TableData",
    "Target",
    "column_names",
    "has_row_groups",
    "has_shards",
    "load_idx",
    "load_mnist",
    "load_npz",
    "load_shards",
    "load_table",
    "normal",
    "read_idx",
    "read_npy",
    "read_table",
]
