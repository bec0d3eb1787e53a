"""The IDX format of the MNIST files, plain or gzip-compressed.

    2 bytes   zero
    1 byte    type of the numbers: 0x08 uint8, 0x09 int8, 0x0B int16, 0x0C int32, 0x0D float32, 0x0E float64
    1 byte    number of axes
    4 bytes   for each axis its length, big endian
    the rest  the numbers, big endian, in C order

Source: Yann LeCun, "The MNIST database of handwritten digits", section "File formats".
"""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.datasets._forms import Split, arrange, class_numbers
from chainrule.datasets._promise import Stream, check_promise, promised_bytes, read_promised
from chainrule.errors import DataError

_AnyPath: TypeAlias = str | os.PathLike[str]

_DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"


def read_idx(path: _AnyPath) -> NDArray[Any]:
    """Read one IDX file, plain or gzip-compressed (its content tells, not its name).

    path     the file
    returns  the array, in this machine's byte order
    raises   DataError, naming the file, if it is missing, damaged, or not what its header says
    source   the IDX format, see the head of this module

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "t10k-labels-idx1-ubyte")
    ...     _ = file.write_bytes(bytes([0, 0, 0x08, 1]) + (3).to_bytes(4) + bytes([7, 2, 1]))
    ...     read_idx(file)
    array([7, 2, 1], dtype=uint8)
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"there is no file {path}", fix="give the path of an IDX file")
    try:
        with path.open("rb") as file:
            stored = os.fstat(file.fileno()).st_size
            packed = file.read(2) == _GZIP
            file.seek(0)
            stream = gzip.GzipFile(fileobj=file, mode="rb") if packed else file
            dtype, _, shape, _ = idx_header(stream, path)
            promised = promised_bytes(str(path), shape, dtype.itemsize)
            check_promise(str(path), promised, stored, packed=packed)
            data = read_promised(stream, promised, str(path))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be read: {error}", fix="get the file again: it is cut short or damaged"
        ) from error
    return data.view(dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def idx_header(stream: Stream, path: Path) -> tuple[np.dtype[Any], bool, tuple[int, ...], int]:
    """Dtype, whether in Fortran order, shape, and how many bytes the header takes."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _DTYPES or magic[3] == 0:
        raise DataError(
            f"{path} is no IDX file: it begins with {magic.hex(' ') or 'nothing'}, an IDX file with "
            "00 00, a type (08, 09, 0b, 0c, 0d or 0e) and the number of axes"
        )
    lengths = stream.read(4 * magic[3])
    if len(lengths) < 4 * magic[3]:
        raise DataError(f"{path} ends inside its header", fix="get the file again: it is cut short")
    shape = tuple(np.frombuffer(lengths, ">u4").tolist())
    return np.dtype(_DTYPES[magic[2]]), False, shape, 4 + len(lengths)


def load_idx(
    folder: _AnyPath, *, normalize: bool = True, flatten: bool = True, one_hot_label: bool = False
) -> tuple[Split, Split]:
    """Read a folder of four IDX files, named as those of MNIST are.

    folder         holds train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
                   t10k-labels-idx1-ubyte; also with .gz, with .idx for -idx, with test for t10k
    normalize      pixels as float32 from 0 to 1, else as uint8 from 0 to 255
    flatten        images (N, height · width), else (N, 1, height, width)
    one_hot_label  labels (N, classes) float32, else class numbers (N,) int64
    returns        (x_train, t_train), (x_test, t_test)
    raises         DataError, naming the file, if one is missing, damaged, or does not fit the others
    source         the IDX format; the arguments are those of load_mnist in
                   WegraLee/deep-learning-from-scratch, dataset/mnist.py

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_idx(folder)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    chainrule.errors.DataError: ... holds no images of train; looked for train-images-idx3-ubyte, ...
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}", fix="give a folder that holds IDX files")
    train_files = _find(folder, ("train",), "images", 3), _find(folder, ("train",), "labels", 1)
    test_files = _find(folder, ("t10k", "test"), "images", 3), _find(folder, ("t10k", "test"), "labels", 1)
    train, test = _read_split(*train_files), _read_split(*test_files)
    size, test_size = train[0].shape[1:], test[0].shape[1:]
    if size != test_size:
        raise DataError(f"images in {train_files[0]} are {size}, in {test_files[0]} {test_size}")
    return arrange(
        train,
        test,
        normalize=normalize,
        flatten=flatten,
        one_hot_label=one_hot_label,
        name=str(folder),
    )


def _find(folder: Path, splits: tuple[str, ...], what: str, axes: int) -> Path:
    """The file of a split's images or labels under one of the names it may have."""
    names = [
        f"{split}-{what}{joint}idx{axes}-ubyte{packed}"
        for split in splits
        for joint in "-."
        for packed in ("", ".gz")
    ]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise DataError(f"{folder} holds no {what} of {splits[0]}; looked for {', '.join(names)}")


def _read_split(images_file: Path, labels_file: Path) -> Split:
    """The images (N, height, width) uint8 and labels (N,) int64 of two files that belong together."""
    images, labels = read_idx(images_file), read_idx(labels_file)
    if images.ndim != 3 or images.dtype != np.uint8 or images.size == 0:
        raise DataError(
            f"{images_file} holds {images.dtype} of shape {images.shape}, not images: uint8 (N, height, width)"
        )
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataError(
            f"{labels_file} holds {labels.dtype} of shape {labels.shape}, not labels: integers (N,)"
        )
    if len(images) != len(labels):
        raise DataError(f"{images_file} holds {len(images):,} images, {labels_file} {len(labels):,} labels")
    return images, class_numbers(labels, str(labels_file))
