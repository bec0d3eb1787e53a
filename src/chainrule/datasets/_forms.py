"""The forms in which every loader gives inputs and labels."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError

Split: TypeAlias = tuple[NDArray[Any], NDArray[Any]]

_MOST_ONE_HOT = 1 << 30  # bytes


def arrange(
    train: Split, test: Split, *, normalize: bool, flatten: bool, one_hot_label: bool, name: str
) -> tuple[Split, Split]:
    """Inputs and labels as asked for; whatever may stay as it is is not copied.

    train, test    inputs (N, …), of which uint8 is taken for pixels, and labels
    normalize      uint8 becomes float32 from 0 to 1; other dtypes stay as they are
    flatten        (N, …) becomes (N, numbers); else (N, height, width) becomes (N, 1, height, width)
    one_hot_label  labels (N,) become (N, classes) float32, classes counted over train and test
    name           of the file or folder, for messages
    raises         DataError if labels (N,) cannot become rows
    """
    (x_train, t_train), (x_test, t_test) = train, test
    if one_hot_label and t_train.ndim == 1:
        if t_train.dtype != np.int64 or t_test.dtype != np.int64:
            raise DataError(f"the labels in {name} are no class numbers", fix="one_hot_label=False")
        classes = int(max(t_train.max(), t_test.max())) + 1
        t_train, t_test = _one_hot(t_train, classes, name), _one_hot(t_test, classes, name)
    x_train, x_test = (_images(x, normalize, flatten) for x in (x_train, x_test))
    return (x_train, t_train), (x_test, t_test)


def class_numbers(labels: NDArray[Any], name: str) -> NDArray[np.int64]:
    """Integer labels as int64, in which arithmetic does not wrap (0 - 1 is 255 in uint8)."""
    if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < 2**63:
        raise DataError(f"{name} holds labels from {labels.min()} to {labels.max()}; classes count from 0 up")
    return labels.astype(np.int64)


def _one_hot(labels: NDArray[np.int64], classes: int, name: str) -> NDArray[np.float32]:
    if labels.size * classes * 4 > _MOST_ONE_HOT:
        raise DataError(
            f"{labels.size:,} labels of {classes:,} classes in {name} are too many for one-hot rows",
            fix="one_hot_label=False",
        )
    rows = np.zeros((labels.size, classes), np.float32)
    rows[np.arange(labels.size), labels] = 1
    return rows


def _images(x: NDArray[Any], normalize: bool, flatten: bool) -> NDArray[Any]:
    if flatten:
        x = x.reshape(len(x), -1)
    elif x.ndim == 3:
        x = x[:, np.newaxis]
    if normalize and x.dtype == np.uint8:
        x = np.divide(x, np.float32(255), dtype=np.float32)  # piece by piece, with no float64 between
    return x
