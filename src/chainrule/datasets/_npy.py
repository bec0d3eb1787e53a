"""Arrays in NumPy's own format, in a file or in the member of an archive.

Read here, not with np.load: that believes the shape in the header and asks for as much memory, and reads the header as
a piece of Python.

Source: numpy.lib.format, "Format Version 1.0"
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.datasets._promise import Stream, promised_bytes, read_promised
from chainrule.errors import DataError

_MAGIC = b"\x93NUMPY"
_STARTS = {_MAGIC + bytes([version, 0]) for version in (1, 2, 3)}
_LONGEST_HEADER = 1 << 16  # bytes; what version 1 of the format allows
_LENGTH = "(?:0|[1-9][0-9]{0,18})L?"
_HEADER = (
    r"\{ *'descr': *'(?P<descr>[^']*)', *'fortran_order': *(?P<fortran>True|False),"
    rf" *'shape': *\((?P<shape>(?: *{_LENGTH} *,)*(?: *{_LENGTH})?) *\),? *\}} *\n?"
)
_NUMBERS = r"[<>|=](b1|[iu][1248]|f[248])"


def read_npy(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read one .npy file.

    path     the file, as np.save writes it
    returns  the array, in C order and in this machine's byte order
    raises   DataError, naming the file, if it is missing, damaged, or not made of numbers; nothing is ever unpickled

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/x.npy", np.eye(2))
    ...     read_npy(f"{folder}/x.npy")
    array([[1., 0.],
           [0., 1.]])
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"there is no file {path}", fix="give the path of an .npy file")
    try:
        with path.open("rb") as file:
            return read_stream(file, os.fstat(file.fileno()).st_size, str(path))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}", fix="save it again with np.save") from error


def read_stream(stream: Stream, size: int, name: str) -> NDArray[Any]:
    """The array in a stream.

    size    how many bytes there are in it
    name    of the array, for messages
    raises  DataError when that is not what the header says, or no array of numbers
    """
    dtype, in_fortran_order, shape, start = npy_header(stream, name)
    promised = promised_bytes(name, shape, dtype.itemsize)
    if start + promised != size:
        raise DataError(
            f"{name} promises {promised:,} bytes of data in an array of shape {shape}, but holds {size - start:,}"
        )
    data = read_promised(stream, promised, name)
    array = data.view(dtype).reshape(shape, order="F" if in_fortran_order else "C")
    return array.astype(dtype.newbyteorder("="), order="C", copy=False)


def npy_header(stream: Stream, name: str | Path) -> tuple[np.dtype[Any], bool, tuple[int, ...], int]:
    """Dtype, whether in Fortran order, shape, and how many bytes the header takes."""
    start = stream.read(8)  # the magic string and the format's version
    width = 2 if start == _MAGIC + b"\x01\x00" else 4  # of the length that follows
    length = int.from_bytes(stream.read(width), "little")
    if start not in _STARTS or length > _LONGEST_HEADER:
        raise DataError(f"{name} is no array of NumPy: it begins with {start.hex(' ') or 'nothing'}")
    text = stream.read(length).decode("latin-1")
    match = re.fullmatch(_HEADER, text)
    if match is None:
        raise DataError(f"{name} has a header that is not one of a plain array: {text[:200]!r}")
    if "O" in match["descr"]:
        raise DataError(
            f"{name} holds Python objects, which would have to be unpickled and could run anything",
            fix="save an array of numbers: np.stack(objects) or objects.astype(float)",
        )
    if not re.fullmatch(_NUMBERS, match["descr"]):
        raise DataError(f"{name} holds {match['descr']}, not integers, floats or booleans")
    shape = tuple(int(n) for n in re.findall("[0-9]+", match["shape"]))
    return np.dtype(match["descr"]), match["fortran"] == "True", shape, 8 + width + length
