"""Data sets in one .npz file, NumPy's zip archive of arrays."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy.typing import NDArray

from chainrule.datasets._forms import Split, arrange, class_numbers
from chainrule.datasets._npy import read_stream
from chainrule.datasets._promise import check_promise
from chainrule.errors import DataError

if TYPE_CHECKING:
    from zipfile import ZipFile

_AnyPath: TypeAlias = str | os.PathLike[str]

# The names that each array may have.
_NAMES = (("x_train",), ("t_train", "y_train"), ("x_test",), ("t_test", "y_test"))


def load_npz(
    path: _AnyPath, *, normalize: bool = True, flatten: bool = True, one_hot_label: bool = False
) -> tuple[Split, Split]:
    """Read a data set from an .npz file with the arrays x_train, t_train, x_test and t_test.

    path           the file, as np.savez or np.savez_compressed writes it; the labels may be called
                   y_train and y_test; inputs are (N, …), labels (N,) or rows (N, outputs)
    normalize      inputs of uint8 as float32 from 0 to 1; inputs of other dtypes are left as they are
    flatten        inputs (N, numbers), else as they are, but (N, height, width) as (N, 1, height, width)
    one_hot_label  class numbers as rows (N, classes) float32, else as int64 (N,); integers (N,) and
                   (N, 1) are class numbers, all other labels are left as they are
    returns        (x_train, t_train), (x_test, t_test)
    raises         DataError, naming the file and the array, if one is missing, damaged, not made of
                   numbers, or does not fit the others; nothing is ever unpickled
    source         numpy.lib.format, "Format Version 1.0"

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     x, t = np.zeros((3, 8, 8), np.uint8), np.array([0, 1, 2])
    ...     np.savez(f"{folder}/small.npz", x_train=x, t_train=t, x_test=x[:1], t_test=t[:1])
    ...     (x_train, t_train), (x_test, t_test) = load_npz(f"{folder}/small.npz")
    >>> x_train.shape, x_train.dtype, t_train, x_test.shape
    ((3, 64), dtype('float32'), array([0, 1, 2]), (1, 64))
    """
    import zipfile  # takes longer to import than the rest of this room

    path = Path(path)
    if not path.is_file():
        raise DataError(f"there is no file {path}", fix="give the path of an .npz file")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_beginning(path)
            keys = [_find_key(archive, path, *names) for names in _NAMES]
            x_train, t_train, x_test, t_test = (_read_array(archive, path, key) for key in keys)
    # What zipfile raises for damaged archives, passwords, and compression that it does not know.
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, UnicodeError) as error:
        raise DataError(f"{path} cannot be read: {error}", fix="save it again with np.savez") from error
    _check_shapes(path, dict(zip(keys, (x_train, t_train, x_test, t_test), strict=True)))
    return arrange(
        (x_train, _labels(t_train, f"{keys[1]} in {path}")),
        (x_test, _labels(t_test, f"{keys[3]} in {path}")),
        normalize=normalize,
        flatten=flatten,
        one_hot_label=one_hot_label,
        name=str(path),
    )


def _check_beginning(path: Path) -> None:
    """Refuse what only its end makes an archive, such as a program that unpacks itself: NumPy does not read it either.

    raises   OSError
    """
    with path.open("rb") as file:
        if not file.read(4).startswith(b"PK"):
            raise OSError("there is something before the beginning of the archive")


def _find_key(archive: ZipFile, path: Path, *names: str) -> str:
    """Which of the names an array has in the archive."""
    there = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    found = [name for name in names if name in there]
    if len(found) != 1:
        problem = "no" if not found else "more than one"
        raise DataError(
            f"{path} holds {problem} {' or '.join(names)}; it holds {', '.join(there)[:200] or 'nothing'}",
            fix="np.savez(path, x_train=…, t_train=…, x_test=…, t_test=…)",
        )
    return found[0]


def _read_array(archive: ZipFile, path: Path, key: str) -> NDArray[Any]:
    """One array of the archive, in C order and in this machine's byte order."""
    from zipfile import ZIP_DEFLATED, ZIP_STORED

    name, member = f"{key} in {path}", archive.getinfo(f"{key}.npy")
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise DataError(f"{name} is compressed in a way that NumPy never uses", fix="np.savez_compressed")
    stored = min(member.compress_size, path.stat().st_size)
    check_promise(name, member.file_size, stored, packed=member.compress_type == ZIP_DEFLATED)
    with archive.open(member) as stream:
        return read_stream(stream, member.file_size, name)


def _check_shapes(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Inputs and labels are as many, and those of train and test are of one form."""
    shapes = ", ".join(f"{key} {array.shape}" for key, array in arrays.items())
    x_train, t_train, x_test, t_test = arrays.values()
    for x, t in ((x_train, t_train), (x_test, t_test)):
        if x.ndim < 2 or x.size == 0 or t.ndim not in (1, 2) or len(x) != len(t):
            raise DataError(
                f"{path} needs inputs (N, …) and labels (N,) or (N, outputs), N of each: {shapes}"
            )
    if x_train.shape[1:] != x_test.shape[1:] or t_train.shape[1:] != t_test.shape[1:]:
        raise DataError(f"{path} needs train and test of the same form: {shapes}")


def _labels(t: NDArray[Any], name: str) -> NDArray[Any]:
    """Integers (N,) or (N, 1) as class numbers (N,), other labels as they are."""
    if t.dtype.kind in "iub" and t.shape[1:] in ((), (1,)):
        return class_numbers(t.reshape(-1), name)
    return t
