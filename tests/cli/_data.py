"""Small data sets, as arrays and as files."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np


def make_arrays(seed: int = 0, rows: int = 60) -> dict[str, np.ndarray]:
    """Three heaps of points in four dimensions, a few of them hard to tell apart."""
    rng = np.random.default_rng(seed)
    t = rng.integers(0, 3, rows + 30)
    x = rng.normal(size=(rows + 30, 4)) + 2.0 * np.eye(4)[t]
    return {"x_train": x[:rows], "t_train": t[:rows], "x_test": x[rows:], "t_test": t[rows:]}


def write_idx(file: Path, array: np.ndarray) -> None:
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    file.write_bytes(header + array.astype(np.uint8).tobytes())


def make_bars(folder: Path) -> Path:
    """IDX files: 6 x 6 images of a light bar on dark ground, upright (class 0) or lying (class 1)."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for split, rows in (("train", 80), ("t10k", 20)):
        t = rng.integers(0, 2, rows)
        images = rng.integers(0, 30, (rows, 6, 6))
        for image, label, at in zip(images, t, rng.integers(1, 5, rows), strict=True):
            (image[:, at] if label == 0 else image[at])[...] = 250
        write_idx(folder / f"{split}-images-idx3-ubyte", images)
        write_idx(folder / f"{split}-labels-idx1-ubyte", t)
    return folder
