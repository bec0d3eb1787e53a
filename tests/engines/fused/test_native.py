"""Text to machine code: what it computes, that it comes from the disk the same, and what is refused."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")
pytest.importorskip("scipy")

from chainrule.engines.fused import _cache, _native
from chainrule.engines.fused._native import native

SUMS = """
def add(x, y, out, factor):
    for i in range(x.shape[0]):
        out[i] = exp(x[i]) + float32(factor) * y[i]


def run(addresses, n, factor):
    x = array_at(addresses[0], n, float32)
    y = array_at(addresses[1], n, float32)
    out = array_at(addresses[2], n, float32)
    add(x, y, out, factor)
"""
SUMS_ARGUMENTS = ("int64*", "int64", "float64")

C_FUNCTIONS = """
def run(x, n):
    for i in range(n):
        x[i] = sin(x[i]) + erf(x[i]) % 0.25
"""

RESHAPED = """
def run(addresses, n):
    x = array_at(addresses[0], (n, 2), float64)
    y = reshaped(x, (2 * n,))
    for i in range(2 * n):
        y[i] += i
"""

FRESH = """
import sys
import numpy as np
from chainrule.engines.fused._native import native

x = np.linspace(0.5, 2.0, 9)
function = native(sys.argv[1], "run", ("float64*", "int64"))
function(x.ctypes.data, len(x))
print(function.cached, "numba" in sys.modules, "scipy.linalg" in sys.modules, x.tobytes().hex())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def patch(folder: Path) -> Iterator[pytest.MonkeyPatch]:
    """Changes that are undone before `sealed` looks for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_CACHE_DIR", str(folder))
        yield patch


def add_up(function: _native.Native, n: int = 1000) -> bytes:
    rng = np.random.default_rng(1)
    x, y = (rng.standard_normal(n).astype(np.float32) for _ in range(2))
    out = np.empty(n, np.float32)
    addresses = np.array([a.ctypes.data for a in (x, y, out)])
    function(addresses.ctypes.data, n, -0.5)
    np.testing.assert_allclose(out, np.exp(x) - np.float32(0.5) * y, rtol=3e-6, atol=1e-6)
    return out.tobytes()


def test_text_is_compiled_once_and_then_loaded_with_the_same_bits() -> None:
    compiled = native(SUMS, "run", SUMS_ARGUMENTS)
    loaded = native(SUMS, "run", SUMS_ARGUMENTS)
    assert (compiled.cached, loaded.cached) == (False, True)
    assert add_up(compiled) == add_up(loaded)
    assert 0 < loaded.seconds < compiled.seconds


def test_another_process_needs_no_numba_even_for_functions_of_c() -> None:
    said = []
    for _ in range(2):
        command = [sys.executable, "-c", FRESH, C_FUNCTIONS]
        said.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert said[0][:2] == ["False", "True"]
    assert said[1][:3] == ["True", "False", "False"]
    assert said[0][3] == said[1][3]


def test_an_array_counted_otherwise_calls_nothing_of_numba() -> None:
    assert _native.compiled(RESHAPED, "run", ("int64*", "int64")).externals == ()
    x = np.zeros((3, 2))
    native(RESHAPED, "run", ("int64*", "int64"))(np.array([x.ctypes.data]).ctypes.data, 3)
    assert x.tolist() == [[0, 1], [2, 3], [4, 5]]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_array_at_lies_in_memory_as_numpy_has_it(shape: list[int], data: st.DataObject) -> None:
    index = tuple(data.draw(st.integers(0, length - 1)) for length in shape)
    memory = np.zeros(shape)
    lengths = np.array([*shape, *index])
    places(len(shape))(memory.ctypes.data, lengths.ctypes.data)
    expected = np.zeros(shape)
    expected[index] = 1.0
    np.testing.assert_array_equal(memory, expected)


def places(ndim: int) -> _native.Native:
    """Writes 1 at an index into an array of that many axes."""
    shape, index = (", ".join(f"numbers[{at}]" for at in range(first, first + ndim)) for first in (0, ndim))
    text = f"def run(address, numbers):\n    array_at(address, ({shape},), float64)[{index}] = 1.0\n"
    return native(text, "run", ("int64", "int64*"))


def test_array_at_without_axes() -> None:
    text = "def run(address):\n    array_at(address, (), float64)[()] = 7.0\n"
    memory = np.zeros(())
    native(text, "run", ("int64",))(memory.ctypes.data)
    assert memory == 7.0


def test_call_gate_calls_a_c_function() -> None:
    called: list[tuple[int, int]] = []
    callback = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)(lambda a, b: called.append((a, b)))
    text = "def run(calls):\n    call_gate(calls, 3, 5)\n"
    native(text, "run", ("int64",))(ctypes.cast(callback, ctypes.c_void_p).value)
    assert called == [(3, 5)]


def test_division_by_zero_is_that_of_ieee_754() -> None:
    text = "def run(x):\n    x[0] = x[0] / x[1]\n    x[1] = x[1] / x[1]\n"
    x = np.array([1.0, 0.0])
    native(text, "run", ("float64*",))(x.ctypes.data)
    assert x[0] == np.inf
    assert np.isnan(x[1])


@pytest.mark.parametrize(
    "change", [{"externals": ("no_such_function",)}, {"symbol": "no_such_symbol"}], ids=["external", "symbol"]
)
def test_an_entry_that_cannot_be_linked_is_compiled_anew(change: dict[str, Any]) -> None:
    text = f"def run(x):\n    x[0] = {float(len(str(change)))}\n"
    native(text, "run", ("float64*",))
    key = _cache.key(text, "run", ("float64*",))
    entry = _cache.get(key)
    assert entry is not None
    _cache.put(key, entry._replace(**change))
    assert not native(text, "run", ("float64*",)).cached
    assert native(text, "run", ("float64*",)).cached


def test_text_that_cannot_be_compiled_leaves_nothing_behind(folder: Path) -> None:
    before = sorted(folder.iterdir())
    with pytest.raises(Exception, match="no_such_name"):
        native("def run(x):\n    x[0] = no_such_name(x[0])\n", "run", ("float64*",))
    assert sorted(folder.iterdir()) == before


def test_it_works_without_a_cache(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("CHAINRULE_CACHE_DIR", "")
    text = "def run(x):\n    x[0] = 5.0\n"
    functions = [native(text, "run", ("float64*",)) for _ in range(2)]
    x = np.zeros(1)
    functions[1](x.ctypes.data)
    assert [function.cached for function in functions] == [False, False]
    assert x[0] == 5.0
