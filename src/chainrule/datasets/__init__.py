"""Data sets: MNIST, which comes with the package, and files in the formats such data sets come in.

Each loader gives ``(x_train, t_train), (x_test, t_test)``; a file that is damaged, or that promises
more than it holds, ends in one DataError that names it, before memory is spent on the promise.
"""

from chainrule.datasets._idx import load_idx, read_idx
from chainrule.datasets._mnist import load_mnist
from chainrule.datasets._npy import read_npy
from chainrule.datasets._npz import load_npz
from chainrule.datasets._tables import (
    Column,
    Feature,
    Prepared,
    Preprocessing,
    Table,
    TableData,
    Target,
    load_table,
    normal,
    read_table,
)

__all__ = [
    "Column",
    "Feature",
    "Prepared",
    "Preprocessing",
    "Table",
    "TableData",
    "Target",
    "load_idx",
    "load_mnist",
    "load_npz",
    "load_table",
    "normal",
    "read_idx",
    "read_npy",
    "read_table",
]
