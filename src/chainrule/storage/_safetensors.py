"""Arrays in one file and back.

The file format is safetensors (https://github.com/huggingface/safetensors, README "Format"):

    8 bytes   N, the length of the header, little endian
    N bytes   JSON: {"W1": {"dtype": "F32", "shape": [784, 50], "data_offsets": [0, 156800]}, ...},
              and under "__metadata__" what else is to be known, text by text
    the rest  the numbers, little endian, in C order, without a gap

It is written here in Python because the base install compiles nothing, and because a file comes
from anywhere: every length in it is checked against the size of the file before it is believed.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError, CheckpointError
from chainrule.storage._atomic import AnyPath, reason, replacing

_DTYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"), "I32": np.dtype("<i4"), "I16": np.dtype("<i2"), "I8": np.dtype("i1"),
    "U64": np.dtype("<u8"), "U32": np.dtype("<u4"), "U16": np.dtype("<u2"), "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
# The upper half of a float32. NumPy has no such dtype, so these numbers are read as float32, which holds each exactly.
_BFLOAT16 = "BF16"
_ITEMSIZES = {_BFLOAT16: 2, **{name: dtype.itemsize for name, dtype in _DTYPES.items()}}
_METADATA = "__metadata__"

_LONGEST_HEADER = 100_000_000  # bytes; the reference library's limit
_MOST_MEMBERS = 100_000  # of the header (arrays and metadata), and of the metadata
_LONGEST_ENTRY = 4096  # bytes; a shape of 64 axes of 20 digits each fits with room to spare
_MOST_AXES = 64  # NumPy's limit
_PIECE = 1 << 18  # numbers that are widened at a time


def save_arrays(
    path: AnyPath,
    arrays: Mapping[str, NDArray[Any]],
    metadata: Mapping[str, str] | None = None,
    *,
    keep: int = 0,
) -> None:
    """Write named arrays into one safetensors file, complete or not at all.

    path      the file; its folder must exist
    arrays    name to array, any shape and memory layout; float16/32/64, integers of 8 to 64 bits, bool
    metadata  name to text, kept beside the arrays
    keep      how many of the files before it stay beside it, see `earlier`
    raises    ArgumentError for a name, array or metadata the format cannot hold (nothing is written),
              CheckpointError if the file cannot be written (the old file is then still there)
    source    the safetensors format, see the head of this module

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_arrays(f"{folder}/net.safetensors", {"W": np.eye(2).T}, {"epoch": "3"})
    ...     load_arrays(f"{folder}/net.safetensors")
    ({'W': array([[1., 0.],
           [0., 1.]])}, {'epoch': '3'})
    """
    if len(arrays) + bool(metadata) > _MOST_MEMBERS:
        raise ArgumentError(f"{len(arrays):,} arrays are given; one file holds fewer than {_MOST_MEMBERS:,}")
    dtypes = {name: _storable(name, array) for name, array in arrays.items()}
    # Wide numbers first: every array then starts at a multiple of its item size.
    order = sorted(arrays, key=lambda name: -dtypes[name].itemsize)
    header = _header(arrays, dtypes, order, _checked_metadata(metadata or {}))
    with replacing(path, keep) as file:
        file.write(len(header).to_bytes(8, "little"))
        file.write(header)
        for name in order:
            # The bytes are taken from a C-ordered, little-endian array: those of a transposed view,
            # taken as they lie in memory, would be another matrix (safetensors issue 825).
            file.write(np.asarray(arrays[name], dtype=dtypes[name], order="C").data)


def checksum(arrays: Mapping[str, NDArray[Any]], text: str) -> str:
    """A SHA-256 of named arrays, in any order, and a text, in hexadecimal digits.

    >>> checksum({"W": np.eye(2)}, "") == checksum({"W": np.eye(2).T.copy()}, "") != checksum({"V": np.eye(2)}, "")
    True
    """
    from hashlib import sha256

    digest = sha256(text.encode())
    for name, array in sorted(arrays.items()):
        array = np.asarray(array, dtype=_storable(name, array), order="C")
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _storable(name: str, array: NDArray[Any]) -> np.dtype[Any]:
    """The dtype under which an array goes into the file; an error for what cannot."""
    if not _is_text(name) or not name or "\0" in name or name == _METADATA:
        raise ArgumentError(
            f"{name!r} cannot name an array: a name is text, not empty, without NUL, and not {_METADATA}"
        )
    # Of subclasses only a memory map is nothing but its numbers (a masked array would lose its mask).
    if not (type(array) is np.ndarray or isinstance(array, np.memmap | np.generic)):
        raise ArgumentError(
            f"{name} is a {type(array).__name__}; only plain NumPy arrays are stored", fix="np.array(...)"
        )
    dtype = array.dtype.newbyteorder("<")
    if dtype not in _NAMES:
        raise ArgumentError(
            f"{name} holds {array.dtype}, which has no place in the file",
            fix=f"one of {', '.join(str(dtype) for dtype in _NAMES)}",
        )
    return dtype


def _is_text(value: object) -> bool:
    """Whether ``value`` is a string that UTF-8 can hold (half a surrogate pair it cannot)."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _checked_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    if len(metadata) > _MOST_MEMBERS:
        raise ArgumentError(f"metadata has {len(metadata):,} entries; at most {_MOST_MEMBERS:,} are stored")
    for key, value in metadata.items():
        if not _is_text(key) or not _is_text(value):
            raise ArgumentError(f"metadata maps text to text; {key!r} is mapped to {value!r}", fix="str(...)")
    return dict(metadata)


def _header(
    arrays: Mapping[str, NDArray[Any]],
    dtypes: dict[str, np.dtype[Any]],
    order: list[str],
    metadata: dict[str, str],
) -> bytes:
    """The JSON header, its entries in the caller's order, filled up to a multiple of 8 bytes."""
    offsets, end = {}, 0
    for name in order:
        begin, end = end, end + arrays[name].nbytes
        offsets[name] = [begin, end]
    entries: dict[str, Any] = {_METADATA: metadata} if metadata else {}
    for name, array in arrays.items():
        entries[name] = {"dtype": _NAMES[dtypes[name]], "shape": array.shape, "data_offsets": offsets[name]}
    header = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    if len(header) > _LONGEST_HEADER:
        raise ArgumentError(f"names and metadata take {len(header):,} bytes of at most {_LONGEST_HEADER:,}")
    return header


# Reading -----------------------------------------------------------------------------------------


class _Place(NamedTuple):
    """What the header says of one array; begin and end count bytes from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def load_arrays(path: AnyPath) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Read a safetensors file, believing nothing in it before it is checked.

    path     the file
    returns  name to array (C order, native byte order, each with memory of its own), in the order of
             the header; and the metadata, name to text. Numbers of bfloat16 become float32, unchanged
    raises   CheckpointError, naming the file and what is wrong with it, for every file that is missing,
             damaged or not what it says
    source   the safetensors format, see the head of this module

    Names are only ever keys: "../x" is a name like any other and never a path. The numbers are read
    straight into their arrays, and what the header costs is bounded by its length.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(f"{folder}/net.safetensors", "wb") as file:
    ...         _ = file.write(b"hello")
    ...     try:
    ...         load_arrays(f"{folder}/net.safetensors")
    ...     except CheckpointError as error:
    ...         print(error.what.removeprefix(folder))
    /net.safetensors cannot be loaded: it ends after 5 bytes, inside the length of its header
    """
    try:
        if not os.path.isfile(path):
            raise ValueError("there is no such file")
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            places, metadata, start = _read_header(file, size)
            _check_places(places, size - start)
            arrays = {name: _read_array(file, start, name, place) for name, place in places.items()}
    # Inside, all that is wrong with a file is a ValueError, as it is in json and NumPy.
    except (ValueError, OSError, MemoryError, RecursionError) as error:
        raise CheckpointError(
            f"{os.fspath(path)} cannot be loaded: {reason(error)}",
            fix=_OTHERS.get(os.path.splitext(path)[1], "give the path of a complete file, or save it again"),
        ) from error
    return arrays, metadata


_OTHERS = dict.fromkeys(
    (".pt", ".pth", ".bin"), "safetensors.torch.save_file(module.state_dict(), path), and that file"
) | {".onnx": "chainrule.onnx.load(path), which reads ONNX files"}
"""What to do with files of other formats that weights are kept in, by the ends of their names."""


def _read_header(file: BinaryIO, size: int) -> tuple[dict[str, _Place], dict[str, str], int]:
    """Where each array lies, the metadata, and where the numbers start."""
    if size < 8:
        raise ValueError(f"it ends after {size} bytes, inside the length of its header")
    length = int.from_bytes(file.read(8), "little")
    if length > _LONGEST_HEADER:
        raise ValueError(
            f"it is no safetensors file: its header would take {length:,} bytes; {_LONGEST_HEADER:,} are allowed"
        )
    if length > size - 8:
        raise ValueError(f"its header is to take {length:,} bytes; {size - 8:,} follow")
    header = file.read(length)
    if len(header) < length:
        raise ValueError("it became shorter while it was read")
    places: dict[str, _Place] = {}
    metadata: dict[str, str] = {}
    for name, value in _members(header.rstrip(b" "), _MEMBER_OBJECT, "the header"):
        if name == _METADATA:
            metadata = {key: _text(text) for key, text in _members(value, _MEMBER_TEXT, _METADATA)}
        elif not name or "\0" in name:
            raise ValueError(f"{name!r} cannot name an array: a name is not empty and has no NUL")
        else:
            places[name] = _place(name, value)
    return places, metadata, 8 + length


# The header is taken apart one member at a time instead of with one json.loads: a hundred megabytes
# of "[],[],[]," would become gigabytes of Python lists before anybody could say no. The possessive
# quantifiers (*+) never go back, so the time is linear in the header's length.
_SPACE = rb"[ \t\n\r]*+"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_OBJECT = rb'\{[^{}"]*+(?:' + _STRING + rb'[^{}"]*+)*+\}'
_MEMBER = _SPACE + b"(" + _STRING + b")" + _SPACE + b":" + _SPACE + b"(%s)" + _SPACE + b"([,}])"
_MEMBER_TEXT = _MEMBER % _STRING
_MEMBER_OBJECT = _MEMBER % _OBJECT
_EMPTY = rb"\{" + _SPACE + rb"\}"


def _members(text: bytes, member: bytes, what: str) -> Iterator[tuple[str, bytes]]:
    """The members of the JSON object ``text``: the name of each, and its value as it is written."""
    if re.fullmatch(_EMPTY, text):
        return
    if not text.startswith(b"{"):
        raise ValueError(f"{what} is not a JSON object")
    match_member = re.compile(member).match
    names: set[str] = set()
    position = 1
    while True:
        match = match_member(text, position)
        if match is None:
            value = "text" if member == _MEMBER_TEXT else "object"
            raise ValueError(f"in {what}, what follows byte {position} is not a name and its {value}")
        name = _text(match[1])
        if name in names:
            raise ValueError(f"in {what}, {name!r} occurs twice")
        if len(names) == _MOST_MEMBERS:
            raise ValueError(f"{what} has more than {_MOST_MEMBERS:,} members")
        names.add(name)
        yield name, match[2]
        position = match.end()
        if match[3] == b"}":
            break
    if position != len(text):
        raise ValueError(f"{what} goes on after its end at byte {position}")


def _text(quoted: bytes) -> str:
    """The text that a JSON string stands for."""
    text = json.loads(quoted.decode())
    if not _is_text(text):
        raise ValueError(f"{text!r} holds half a surrogate pair")
    return str(text)


def _without_duplicates(members: list[tuple[str, Any]]) -> dict[str, Any]:
    entry = dict(members)
    if len(entry) != len(members):
        raise ValueError(f"the same field occurs twice in {members}")
    return entry


def _whole(text: str) -> float:
    """A whole number; -0 is none to the reference library, and nobody who counts writes it."""
    return -0.0 if text == "-0" else int(text)


def _place(name: str, text: bytes) -> _Place:
    """Read the entry of one array."""
    if len(text) > _LONGEST_ENTRY:
        raise ValueError(f"the entry of {name!r} takes {len(text):,} bytes, over {_LONGEST_ENTRY:,}")
    entry = json.loads(text.decode(), object_pairs_hook=_without_duplicates, parse_int=_whole)
    if entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"the entry of {name!r} has {sorted(entry)}, not data_offsets, dtype and shape")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _ITEMSIZES:
        raise ValueError(f"{name!r} has the dtype {dtype!r}, known are {', '.join(_ITEMSIZES)}")
    if not _are_counts(shape) or len(shape) > _MOST_AXES:
        raise ValueError(f"{name!r} has the shape {shape}, not a list of at most {_MOST_AXES} whole numbers")
    if not _are_counts(offsets) or len(offsets) != 2:
        raise ValueError(f"{name!r} has the data_offsets {offsets}, not a begin and an end")
    itemsize = _ITEMSIZES[dtype]
    # NumPy refuses what would be too large even where an axis of 0 makes it nothing.
    if math.prod(n for n in shape if n) * (4 if dtype == _BFLOAT16 else itemsize) >= 2**63:
        raise ValueError(f"{name!r} is larger than memory can ever be: its shape is {shape}")
    begin, end = offsets
    if end - begin != math.prod(shape) * itemsize:
        raise ValueError(
            f"{name!r} of shape {shape} and dtype {dtype} does not fit its data_offsets {offsets}"
        )
    return _Place(dtype, tuple(shape), begin, end)


def _are_counts(values: object) -> bool:
    return isinstance(values, list) and all(type(n) is int and n >= 0 for n in values)


def _check_places(places: dict[str, _Place], size: int) -> None:
    """The arrays lie one after the other and fill the ``size`` bytes after the header exactly."""
    end = 0
    for name, place in sorted(places.items(), key=lambda item: (item[1].begin, item[1].end)):
        if place.begin != end:
            kind = "overlaps the array before it" if place.begin < end else "leaves a hole before it"
            raise ValueError(f"{name!r} {kind}: it begins at byte {place.begin}, not {end}")
        end = place.end
    if end != size:
        raise ValueError(f"its arrays take {end:,} bytes, {size:,} follow the header")


def _read_array(file: BinaryIO, start: int, name: str, place: _Place) -> NDArray[Any]:
    """Read one array straight into its own memory."""
    file.seek(start + place.begin)
    if place.dtype == _BFLOAT16:
        return _read_bfloat16(file, place.shape)
    array = np.empty(place.shape, _DTYPES[place.dtype])
    _fill(file, array)
    # Any other byte is a bool that is neither equal to True nor to False.
    if array.dtype == np.bool_ and array.size and array.view(np.uint8).max() > 1:
        raise ValueError(f"{name!r} holds bools that are neither 0 nor 1")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _fill(file: BinaryIO, array: NDArray[Any]) -> None:
    raw = array.reshape(-1).view(np.uint8)
    if file.readinto(raw.data) != raw.size:  # type: ignore[attr-defined]  # every file opened "rb" has it
        raise ValueError("it became shorter while it was read")


def _read_bfloat16(file: BinaryIO, shape: tuple[int, ...]) -> NDArray[Any]:
    """Read upper halves of float32, piece by piece, so that the file is never in memory besides the result."""
    array = np.empty(shape, np.float32)
    bits = array.reshape(-1).view(np.uint32)
    for begin in range(0, bits.size, _PIECE):
        halves = np.empty(min(_PIECE, bits.size - begin), "<u2")
        _fill(file, halves)
        np.left_shift(halves, 16, out=bits[begin : begin + halves.size], dtype=np.uint32)
    return array
