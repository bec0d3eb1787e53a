"""Files that are damaged or lie: each ends in one CheckpointError that says what is wrong, and costs little."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from chainrule.errors import CheckpointError
from chainrule.storage import load_arrays, save_arrays
from tests._memory import limited_memory


def packed(header: str | bytes, data: bytes = b"") -> bytes:
    """A safetensors file put together by hand."""
    header = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(header)) + header + data


def entry(fields: str) -> str:
    """The JSON entry of one array from its dtype, shape and data_offsets as in ``"F32" [2] [0,8]``."""
    dtype, shape, offsets = fields.split()
    return f'{{"dtype":{dtype},"shape":{shape},"data_offsets":{offsets}}}'


def array_a(fields: str) -> str:
    """The header of a file with one array."""
    return f'{{"a":{entry(fields)}}}'


GOOD_HEADER = array_a('"F32" [2] [0,8]')
GOOD = packed(GOOD_HEADER, bytes(8))
NINES = "9" * 4000

# Whole files.
FILES = {
    "empty": (b"", "it ends after 0 bytes, inside the length of its header"),
    "seven bytes": (GOOD[:7], "it ends after 7 bytes"),
    "no header": (bytes(8), "the header is not a JSON object"),
    "header cut": (GOOD[:20], "its header is to take 54 bytes; 12 follow"),
    "huge header": (
        struct.pack("<Q", 2**63) + b"{}",
        "it is no safetensors file: its header would take 9,223,372,036,854,775,808 bytes",
    ),
    "length one too long": (struct.pack("<Q", 3) + b"{}", "its header is to take 3 bytes; 2 follow"),
    "length one too short": (struct.pack("<Q", 1) + b"{}", "byte 1 is not a name and its object"),
    "numbers cut": (GOOD[:-1], "its arrays take 8 bytes, 7 follow the header"),
    "trailing byte": (GOOD + b"\0", "its arrays take 8 bytes, 9 follow the header"),
    "trailing byte without arrays": (packed("{}", b"\0"), "its arrays take 0 bytes, 1 follow"),
    "npy file": (b"\x93NUMPY\x01\x00v\x00{'descr'", "it is no safetensors file"),
    "pickle": (packed(b"\x80\x04K\x01."), "the header is not a JSON object"),
    "a bool of 2": (packed(array_a('"BOOL" [2] [0,2]'), b"\1\2"), "neither 0 nor 1"),
}

# Headers, with nothing behind them.
HEADERS: dict[str, tuple[str | bytes, str]] = {
    "list": ("[]", "the header is not a JSON object"),
    "number": ("1", "the header is not a JSON object"),
    "byte order mark": ("\ufeff{}", "the header is not a JSON object"),
    "leading space": (" {}", "the header is not a JSON object"),
    "utf-16": ("{}".encode("utf-16"), "the header is not a JSON object"),
    "not closed": ('{"a":{}', "byte 1 is not a name and its object"),
    "trailing comma": ('{"__metadata__":{},}', "byte 19 is not a name and its object"),
    "no comma": ('{"__metadata__":{} "a":{}}', "byte 1 is not a name and its object"),
    "two objects": ("{}{}", "byte 1 is not a name and its object"),
    "text after the end": ('{"__metadata__":{}}x', "the header goes on after its end at byte 19"),
    "single quotes": ("{'a':{}}", "is not a name and its object"),
    "comment": ("{/**/}", "is not a name and its object"),
    "not UTF-8": (b'{"\xff":{}}', "can't decode byte 0xff"),
    "half a surrogate pair": (r'{"\ud800":{}}', "half a surrogate pair"),
    "unknown escape": (r'{"\x":{}}', r"Invalid \\escape"),
    "line break in a name": ('{"a\n":{}}', "Invalid control character"),
    "empty name": ('{"":{}}', "'' cannot name an array"),
    "NUL in a name": (r'{"a\u0000":{}}', r"'a\\x00' cannot name an array"),
    "metadata twice": ('{"__metadata__":{},"__metadata__":{}}', "in the header, '__metadata__' occurs twice"),
    "same metadata twice": ('{"__metadata__":{"k":"","k":""}}', "in __metadata__, 'k' occurs twice"),
    "metadata is a list": ('{"__metadata__":[]}', "byte 1 is not a name and its object"),
    "metadata holds a number": (
        '{"__metadata__":{"k":1}}',
        "in __metadata__, .* byte 1 is not a name and its text",
    ),
    "metadata holds null": ('{"__metadata__":{"k":null}}', "is not a name and its text"),
    "metadata holds an object": ('{"__metadata__":{"k":{}}}', "is not a name and its object"),
    "entry is null": ('{"a":null}', "is not a name and its object"),
    "entry is a list": ('{"a":[1]}', "is not a name and its object"),
    "empty entry": ('{"a":{}}', r"the entry of 'a' has \[\], not data_offsets, dtype and shape"),
    "deep objects": ('{"a":' * 5000 + "1" + "}" * 5000, "is not a name and its object"),
    "deep lists": ('{"a":{"b":' + "[" * 2000 + "]" * 2000 + "}}", "recursion|not data_offsets"),
    "lists not closed": ('{"a":{"b":[[[[[}}', "Expecting value"),
    "missing field": ('{"a":{"dtype":"F32","shape":[0]}}', "'shape'\\], not data_offsets, dtype and shape"),
    "unknown field": ('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}}', "'shape', 'x'\\], not"),
    "field twice": ('{"a":{"dtype":"U8","shape":[0],"shape":[0]}}', "the same field occurs twice"),
    "product overflows beside 0": (array_a(f'"U8" [{NINES},0] [0,0]'), "larger than memory can ever be"),
    "hole before nothing": (array_a('"U8" [0] [1,1]'), "'a' leaves a hole before it"),
    "a long entry": (array_a(f'"U8" [0,{NINES}{NINES}] [0,0]'), "takes 8,048 bytes, over 4,096"),
}

# Entries of one array, "a", with eight bytes behind the header.
ENTRIES = {
    "unknown dtype": ('"F33" [2] [0,8]', "'a' has the dtype 'F33', known are BF16, F64, F32, F16, I64"),
    "dtype in small letters": ('"f32" [2] [0,8]', "has the dtype 'f32'"),
    "dtype is a number": ("32 [2] [0,8]", "has the dtype 32"),
    "dtype is a list": ('["F32"] [2] [0,8]', r"has the dtype \['F32'\]"),
    "bfloat16 of half the size": ('"BF16" [2] [0,8]', "dtype BF16 does not fit its data_offsets"),
    "float8": ('"F8_E4M3" [8] [0,8]', "has the dtype 'F8_E4M3'"),
    "shape is a number": ('"F32" 2 [0,8]', "'a' has the shape 2, not a list of at most 64 whole numbers"),
    "negative axes": ('"F32" [-1,-2] [0,8]', r"has the shape \[-1, -2\], not"),
    "axis is minus 0": ('"F32" [-0] [0,0]', r"has the shape \[-0.0\], not"),
    "axis with a point": ('"F32" [2.0] [0,8]', r"has the shape \[2.0\], not"),
    "axis is true": ('"F64" [true] [0,8]', r"has the shape \[True\], not"),
    "axis is NaN": ('"F32" [NaN] [0,8]', r"has the shape \[nan\], not"),
    "axis is null": ('"F32" [null] [0,8]', r"has the shape \[None\], not"),
    "axis is text": ('"F32" ["2"] [0,8]', r"has the shape \['2'\], not"),
    "65 axes": (f'"F32" [2{",1" * 64}] [0,8]', "not a list of at most 64 whole numbers"),
    "axis of 4000 digits": (f'"F32" [{NINES}] [0,8]', "than memory can ever be"),
    "product wraps to 8": ('"U8" [9223372036854775812,2] [0,8]', "than memory can ever be"),
    "itemsize wraps to 8": ('"F64" [2305843009213693953] [0,8]', "than memory can ever be"),
    "shape too large": ('"F32" [3] [0,8]', r"'a' of shape \[3\] and dtype F32 does not fit its data_offsets"),
    "shape too small": ('"F32" [1] [0,8]', "does not fit its data_offsets"),
    "one offset": ('"F32" [2] [8]', r"data_offsets \[8\], not a begin and an end"),
    "three offsets": ('"F32" [2] [0,8,8]', "not a begin and an end"),
    "negative offset": ('"F32" [2] [-8,0]', "not a begin and an end"),
    "swapped offsets": ('"F32" [2] [8,0]', "does not fit its data_offsets"),
    "past the end": ('"F32" [2] [8,16]', "'a' leaves a hole before it: it begins at byte 8, not 0"),
    "far past the end": ('"F32" [2] [18446744073709551616,18446744073709551624]', "leaves a hole before it"),
    "too little": ('"F32" [1] [0,4]', "its arrays take 4 bytes, 8 follow the header"),
    "too much": ('"F32" [3] [0,12]', "its arrays take 12 bytes, 8 follow the header"),
    "hole at the start": ('"F32" [1] [4,8]', "leaves a hole before it"),
}

# Second arrays after "a", which takes bytes 0 to 8; sixteen bytes follow the header.
SECOND_ARRAYS = {
    "overlap": ('"b": "F32" [3] [4,16]', "'b' overlaps the array before it: it begins at byte 4, not 8"),
    "the same place": ('"b": "F32" [2] [0,8]', "overlaps the array before it"),
    "hole": ('"b": "F32" [1] [12,16]', "'b' leaves a hole before it: it begins at byte 12, not 8"),
    "same name": ('"a": "F32" [2] [8,16]', "in the header, 'a' occurs twice"),
    "same name, escaped": (r'"\u0061": "F32" [2] [8,16]', "in the header, 'a' occurs twice"),
}


def damaged() -> Iterator[tuple[str, bytes, str]]:
    """Every case: its name, the file, and what the error must say."""
    for case, (content, message) in FILES.items():
        yield case, content, message
    for case, (header, message) in HEADERS.items():
        yield case, packed(header), message
    for case, (fields, message) in ENTRIES.items():
        yield case, packed(array_a(fields), bytes(8)), message
    for case, (member, message) in SECOND_ARRAYS.items():
        name, _, fields = member.partition(" ")
        yield case, packed(GOOD_HEADER[:-1] + f",{name}{entry(fields)}}}", bytes(16)), message


@pytest.mark.parametrize(("content", "message"), [pytest.param(*what, id=case) for case, *what in damaged()])
def test_a_damaged_file_is_refused_in_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_arrays(path)
    assert caught.value.what.startswith(f"{path} cannot be loaded: ")
    assert caught.value.fix


def test_the_good_file_that_damaged_ones_are_made_from_is_good(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(GOOD)
    assert load_arrays(tmp_path / "x")[0]["a"].tolist() == [0, 0]


def test_a_file_that_is_missing_or_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "nothing", tmp_path, tmp_path / "pipe", f"{tmp_path}/a\0b"):
        with pytest.raises(CheckpointError, match="cannot be loaded: there is no such file"):
            load_arrays(path)


def test_a_file_that_shrinks_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_bytes(GOOD)
    as_it_was = os.stat(tmp_path / "x")
    monkeypatch.setattr(os, "fstat", lambda _: as_it_was)
    for size in (len(GOOD) - 1, 20):
        os.truncate(tmp_path / "x", size)
        with pytest.raises(CheckpointError, match="it became shorter while it was read"):
            load_arrays(tmp_path / "x")


def test_too_many_arrays_are_refused(tmp_path: Path) -> None:
    empty = entry('"U8" [0] [0,0]')
    entries = [f'"{n}":{empty}' for n in range(100_001)]
    (tmp_path / "x").write_bytes(packed("{" + ",".join(entries) + "}"))
    with pytest.raises(CheckpointError, match="the header has more than 100,000 members"):
        load_arrays(tmp_path / "x")


def test_random_mutations_load_or_are_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    """2,000 files with a few bytes changed, cut, doubled or put in; also: never laxer than the library."""
    save_arrays(
        tmp_path / "good",
        {"W1": np.ones((40, 2), "f4"), "b": np.array(2.0), "m": np.array([True]), "e": np.ones((0, 2), "i2")},
        {"epoch": "3"},
    )
    good = (tmp_path / "good").read_bytes()
    loaded = 0
    for number in range(2000):
        path = tmp_path / f"mutated-{number % 2}"
        path.write_bytes(mutated(good, rng))
        try:
            found, metadata = load_arrays(path)
        except CheckpointError as error:
            if str(path) in error.what:
                continue
            raise
        loaded += 1
        _assert_the_library_agrees(path, found, metadata)
    assert 50 < loaded < 1900  # a changed number or name leaves a good file, most other changes do not


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """A file with one to three changes, half of them in the header."""
    changed = bytearray(content)
    header_end = 8 + int.from_bytes(content[:8], "little")
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(min(header_end, len(changed)) if rng.random() < 0.5 else len(changed)))
        byte = rng.choice([*b'{}[]",:\\0129-.etFI\0\x7f\x80\xff ', int(rng.integers(256))])
        match rng.integers(5):
            case 0:
                del changed[at : at + rng.integers(1, 9)]
            case 1:
                changed.insert(at, byte)
            case 2:
                changed[at:at] = changed[at : at + rng.integers(1, 40)]
            case _:
                changed[at] = byte
    return bytes(changed)


def _assert_the_library_agrees(path: Path, found: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    try:
        from safetensors import safe_open
    except ImportError:
        return
    with safe_open(path, framework="numpy") as file:
        assert (file.metadata() or {}) == metadata
        assert sorted(file.keys()) == sorted(found)
        for name, array in found.items():
            theirs = file.get_tensor(name)
            assert (array.dtype, array.shape) == (theirs.dtype, theirs.shape)
            assert array.tobytes() == theirs.tobytes()


def test_memory_stays_near_the_size_of_the_file(tmp_path: Path) -> None:
    save_arrays(tmp_path / "large", {"W": np.ones(1_000_000)})
    with limited_memory(8_000_000 * 1.1):
        load_arrays(tmp_path / "large")


def test_headers_made_to_fill_memory_cost_little(tmp_path: Path) -> None:
    lists = '{"a":{"b":[' + "[]," * 300_000 + "[]]}}"
    pairs = ",".join(f'"{n}":""' for n in range(120_000))
    names = 20_000_000  # bytes, of 100,000 names as Python holds them
    for header, most in ((lists, 0), (f'{{"__metadata__":{{{pairs}}}}}', names)):
        (tmp_path / "x").write_bytes(packed(header))
        with limited_memory(3.1 * len(header) + most), pytest.raises(CheckpointError):
            load_arrays(tmp_path / "x")


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("net.pt", "safetensors.torch.save_file"),
        ("net.onnx", "chainrule.onnx.load"),
        ("net", "complete file"),
    ],
)
def test_what_to_do_with_a_file_of_another_kind(name: str, fix: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04" + bytes(10) + b"\xff")
    with pytest.raises(CheckpointError) as refused:
        load_arrays(tmp_path / name)
    assert fix in (refused.value.fix or "")
