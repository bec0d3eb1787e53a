"""Arrays to a file and back, alone and together with the safetensors library; what cannot be saved."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.errors import ArgumentError
from chainrule.storage import load_arrays, save_arrays
from tests._memory import limited_memory

Arrays = dict[str, np.ndarray]
Texts = dict[str, str]

DTYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"]
LAYOUTS = {
    "C order": lambda a: a,
    "Fortran order": np.asfortranarray,
    "transposed": lambda a: a.T,
    "every second": lambda a: a[..., ::2] if a.ndim else a,
    "backwards": lambda a: a[::-1] if a.ndim else a,
    "broadcast": lambda a: np.broadcast_to(a, (3, *a.shape)),
    "big endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "unaligned": lambda a: np.frombuffer(b"\0" + a.tobytes(), a.dtype, offset=1).reshape(a.shape),
}


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    layout = draw(st.sampled_from(sorted(LAYOUTS)))
    return LAYOUTS[layout](draw(hnp.arrays(dtype, shape)))


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
named_arrays = st.dictionaries(names, arrays(), max_size=5)
named_texts = st.dictionaries(texts, texts, max_size=3)


def assert_same(found: np.ndarray, wanted: np.ndarray) -> None:
    """Same shape, same dtype in this machine's byte order, same bits (NaN included)."""
    assert found.shape == wanted.shape
    assert found.dtype == wanted.dtype.newbyteorder("=")
    assert found.tobytes() == wanted.astype(found.dtype).tobytes()


def in_c_order(array: np.ndarray) -> np.ndarray:
    return np.array(array, array.dtype.newbyteorder("="), order="C")


# Round trips ---------------------------------------------------------------------------------------


def test_the_bytes_are_those_of_the_format(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    w = np.array([[1, 2], [3, 4]], "<i2")
    save_arrays(path, {"b": np.array([1], np.uint8), "w": w.T}, {"k": "값"})
    header = (
        '{"__metadata__":{"k":"값"},"b":{"dtype":"U8","shape":[1],"data_offsets":[8,9]},'
        '"w":{"dtype":"I16","shape":[2,2],"data_offsets":[0,8]}}'
    ).encode()
    length = -(-len(header) // 8) * 8
    numbers = bytes([1, 0, 3, 0, 2, 0, 4, 0, 1])
    assert path.read_bytes() == struct.pack("<Q", length) + header.ljust(length) + numbers


@given(wanted=named_arrays, metadata=named_texts)
def test_what_is_saved_comes_back(
    tmp_path_factory: pytest.TempPathFactory, wanted: Arrays, metadata: Texts
) -> None:
    path = tmp_path_factory.mktemp("a") / "x.safetensors"
    save_arrays(path, wanted, metadata)
    found, found_metadata = load_arrays(path)
    assert found_metadata == metadata
    assert list(found) == list(wanted)
    for name, array in found.items():
        assert_same(array, wanted[name])
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.flags.aligned


@given(wanted=named_arrays, metadata=named_texts)
def test_the_safetensors_library_reads_what_is_saved(
    tmp_path_factory: pytest.TempPathFactory, wanted: Arrays, metadata: Texts
) -> None:
    library = pytest.importorskip("safetensors")
    path = tmp_path_factory.mktemp("a") / "x.safetensors"
    save_arrays(path, wanted, metadata)
    with library.safe_open(path, framework="numpy") as file:
        assert sorted(file.keys()) == sorted(wanted)
        assert (file.metadata() or {}) == metadata
        for name in wanted:
            assert_same(file.get_tensor(name), wanted[name])


@given(given_arrays=named_arrays, metadata=named_texts)
def test_what_the_safetensors_library_saves_is_read(
    tmp_path_factory: pytest.TempPathFactory, given_arrays: Arrays, metadata: Texts
) -> None:
    library = pytest.importorskip("safetensors.numpy")
    path = tmp_path_factory.mktemp("a") / "x.safetensors"
    # In C order: the library takes other layouts' memory as it lies (safetensors issue 825).
    wanted = {name: in_c_order(array) for name, array in given_arrays.items()}
    # None for nothing: of an empty mapping and no arrays the library makes a header that is not JSON.
    library.save_file(wanted, path, metadata or None)
    found, found_metadata = load_arrays(path)
    assert found_metadata == metadata
    assert found.keys() == wanted.keys()
    for name in wanted:
        assert_same(found[name], wanted[name])


def test_bfloat16_is_read_as_float32_to_the_bit_and_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    every = np.arange(2**16, dtype=np.uint16)  # every number of bfloat16 there is, NaN and inf included
    many = np.resize(every, 3 << 20)  # more than one piece
    header = '{"e":{"dtype":"BF16","shape":[256,256],"data_offsets":[0,131072]},'
    header += f'"m":{{"dtype":"BF16","shape":[{many.size}],"data_offsets":[131072,{131072 + many.nbytes}]}}}}'
    path.write_bytes(struct.pack("<Q", len(header)) + header.encode() + every.tobytes() + many.tobytes())
    with limited_memory(2 * path.stat().st_size + (3 << 20)):
        found, _ = load_arrays(path)
    assert found["e"].shape == (256, 256)
    # 1 is 0x3f80, and −2 is 0xc000: the sign, eight bits of exponent and the first seven of the fraction.
    assert found["e"].dtype == np.float32
    assert (found["e"].ravel()[0x3F80], found["e"].ravel()[0xC000], found["e"].ravel()[0x0001]) == (
        1,
        -2,
        2.0**-133,
    )
    for name, halves in {"e": every, "m": many}.items():
        np.testing.assert_array_equal(found[name].ravel().view(np.uint32) >> 16, halves)
        assert not (found[name].ravel().view(np.uint32) & 0xFFFF).any()


def test_each_array_has_memory_of_its_own(tmp_path: Path) -> None:
    save_arrays(tmp_path / "x", {"a": np.zeros(3), "b": np.zeros(3)})
    found, _ = load_arrays(tmp_path / "x")
    found["a"][:] = 1
    assert found["b"].tolist() == [0, 0, 0]
    assert found["a"].nbytes == 24
    assert found["a"].base is None


def test_scalars_of_numpy_memory_maps_and_long_longs_are_arrays(tmp_path: Path) -> None:
    np.arange(6.0).tofile(tmp_path / "raw")
    mapped = np.memmap(tmp_path / "raw", np.float64, "r", shape=(2, 3))
    long = np.array([1], np.longlong)
    save_arrays(tmp_path / "x", {"s": np.float32(1.5), "m": mapped, "q": long})
    found, _ = load_arrays(tmp_path / "x")
    assert found["s"].shape == ()
    assert found["s"] == np.float32(1.5)
    assert found["m"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["q"].dtype == np.int64


def test_a_name_is_never_a_path(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    save_arrays(tmp_path / "folder" / "x", {"../../y": np.ones(1), " z": np.zeros(1)})
    assert list(load_arrays(tmp_path / "folder" / "x")[0]) == ["../../y", " z"]
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "x"]


# What cannot be saved ------------------------------------------------------------------------------


class _Subclass(np.ndarray):
    pass


@pytest.mark.parametrize("name", ["", "a\0b", "__metadata__", "half a pair \ud800", 3, b"a"])
def test_what_cannot_name_an_array_is_refused(tmp_path: Path, name: Any) -> None:
    with pytest.raises(ArgumentError, match=f"{re.escape(repr(name))} cannot name an array: a name is text"):
        save_arrays(tmp_path / "x", {name: np.ones(1)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("array", "message"),
    [
        ([1.0], "a is a list; only plain NumPy arrays are stored"),
        (1.0, "a is a float; only"),
        (np.ma.masked_array([1.0], [True]), "a is a MaskedArray; only"),
        (np.ones(1).view(_Subclass), "a is a _Subclass; only"),
        (np.ones(1, complex), "a holds complex128, which has no place in the file"),
        (np.array(["x"]), "a holds <U1, which"),
        (np.array([None]), "a holds object, which"),
        (np.zeros(1, "M8[s]"), r"a holds datetime64\[s\], which"),
        (np.zeros(1, "i4,f4"), "which has no place"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(tmp_path: Path, array: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        save_arrays(tmp_path / "x", {"a": array})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "value"), [("a", 1), ("a", None), (1, "a"), ("a", "\udfff"), ("\udfff", "a")]
)
def test_metadata_that_is_not_text_is_refused(tmp_path: Path, key: Any, value: Any) -> None:
    message = f"metadata maps text to text; {key!r} is mapped to {value!r}"
    with pytest.raises(ArgumentError, match=re.escape(message)):
        save_arrays(tmp_path / "x", {}, {key: value})
    assert list(tmp_path.iterdir()) == []


def test_what_could_not_be_loaded_for_its_size_is_not_saved(tmp_path: Path) -> None:
    many = [str(n) for n in range(100_001)]
    with pytest.raises(ArgumentError, match="metadata has 100,001 entries"):
        save_arrays(tmp_path / "x", {}, dict.fromkeys(many, ""))
    with pytest.raises(ArgumentError, match="100,001 arrays are given"):
        save_arrays(tmp_path / "x", dict.fromkeys(many, np.ones(1)))
    with pytest.raises(ArgumentError, match="names and metadata take 100,000,0"):
        save_arrays(tmp_path / "x", {}, {"a": "x" * 100_000_000})
    assert list(tmp_path.iterdir()) == []
