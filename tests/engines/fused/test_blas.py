"""Matrix products in compiled code, against NumPy in float64, for every way in which the arrays may lie."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")
pytest.importorskip("scipy")

from chainrule.engines.fused import _blas, _native
from chainrule.engines.fused._native import Native, native

PAD = 3  # rows and columns around what is multiplied, which must stay as they are
TOLERANCE = {"float32": 2e-5, "float64": 1e-13}
lengths = st.integers(0, 40) | st.sampled_from([64, 130])


def text(dtype: str) -> str:
    """Multiplies parts of larger arrays, each as it lies or turned around; `way` says which."""
    lines = ["def run(a, sizes, way, alpha, beta):", "    m, n, k = sizes[0], sizes[1], sizes[2]"]
    for number, (name, rows, columns) in enumerate([("x", "m", "k"), ("y", "k", "n"), ("out", "m", "n")]):
        for turned, (r, c) in enumerate([(rows, columns), (columns, rows)]):
            whole = f"array_at(a[{number}], ({r} + {2 * PAD}, {c} + {2 * PAD}), {dtype})"
            part = f"[{PAD}:{PAD} + {r}, {PAD}:{PAD} + {c}]" + ".T" * turned
            lines.append(f"    {name}{turned} = {whole}{part}")
    for way, (x, y, out) in enumerate(product((0, 1), repeat=3)):
        lines += [f"    if way == {way}:", f"        matmul(x{x}, y{y}, out{out}, {dtype}(alpha), beta)"]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _cached_there(folder: Path) -> Iterator[None]:
    """Undone before `sealed` looks for changes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_CACHE_DIR", str(folder))
        yield


@pytest.fixture(scope="module")
def products(folder: Path) -> dict[str, Native]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_CACHE_DIR", str(folder))
        arguments = ("int64*", "int64*", "int64", "float64", "float64")
        return {dtype: native(text(dtype), "run", arguments) for dtype in TOLERANCE}


def check(
    function: Native, dtype: str, sizes: tuple[int, int, int], way: int, alpha: float, beta: float
) -> None:
    rng = np.random.default_rng(0)
    m, n, k = sizes
    turned = [(way >> 2) & 1, (way >> 1) & 1, way & 1]
    shapes = [(m, k), (k, n), (m, n)]
    wholes = [
        rng.standard_normal([length + 2 * PAD for length in (shape[::-1] if t else shape)]).astype(dtype)
        for shape, t in zip(shapes, turned, strict=True)
    ]
    x, y, out = (
        w[PAD:-PAD, PAD:-PAD].T if t else w[PAD:-PAD, PAD:-PAD] for w, t in zip(wholes, turned, strict=True)
    )
    x64, y64 = x.astype(np.float64), y.astype(np.float64)
    expected, scale = alpha * (x64 @ y64), np.abs(x64) @ np.abs(y64) + 1
    if beta:
        expected, scale = expected + beta * out.astype(np.float64), scale + np.abs(out)
    else:
        out[...] = np.nan
    around = wholes[2].copy()
    addresses = np.array([w.ctypes.data for w in wholes])
    function(addresses.ctypes.data, np.array(sizes).ctypes.data, way, alpha, beta)
    assert (np.abs(out - expected) <= TOLERANCE[dtype] * scale).all()
    out[...] = around[PAD:-PAD, PAD:-PAD].T if turned[2] else around[PAD:-PAD, PAD:-PAD]
    np.testing.assert_array_equal(wholes[2], around)


@given(
    dtype=st.sampled_from(sorted(TOLERANCE)),
    sizes=st.tuples(lengths, lengths, lengths),
    way=st.integers(0, 7),
    alpha=st.sampled_from([1.0, 0.0, -0.1]),
    beta=st.sampled_from([0.0, 1.0, 0.9]),
)
def test_matmul_is_the_product(
    products: dict[str, Native], dtype: str, sizes: tuple[int, int, int], way: int, alpha: float, beta: float
) -> None:
    check(products[dtype], dtype, sizes, way, alpha, beta)


@pytest.mark.parametrize("dtype", sorted(TOLERANCE))
@pytest.mark.parametrize("way", range(8))
@pytest.mark.parametrize("beta", [0.0, 1.0])
def test_small_and_large_in_every_way(products: dict[str, Native], dtype: str, way: int, beta: float) -> None:
    for sizes in [
        (3, 35, 21),
        (32, 16, 16),
        (5, 50, 784),
        (50, 70, 90),
        (40, 1, 33),
        (1, 40, 33),
        (33, 40, 1),
        (14, 83, 200),  # by tiles and what is left of them: few rows, few terms, dot products
        (71, 83, 13),
        (14, 11, 301),
    ]:
        check(products[dtype], dtype, sizes, way, -0.5, beta)


@pytest.mark.parametrize("sizes", [(0, 5, 3), (5, 0, 3), (5, 3, 0), (0, 0, 0), (40, 40, 0)])
def test_nothing_to_add_up(products: dict[str, Native], sizes: tuple[int, int, int]) -> None:
    for way, beta in product(range(8), (0.0, 0.5)):
        check(products["float64"], "float64", sizes, way, 2.0, beta)


@pytest.mark.parametrize(("m", "n"), [(40, 50), (3, 5)])
def test_a_column_turned_around_is_a_row(m: int, n: int) -> None:
    # Its rows are as far apart as its columns, nearer than BLAS takes for a distance between rows.
    turned = "def run(a, m, n):\n    y = array_at(a[1], (n, 1), float64).T\n"
    turned += "    matmul(array_at(a[0], (m, 1), float64), y, array_at(a[2], (m, n), float64), 1.0, 0.0)\n"
    function = native(turned, "run", ("int64*", "int64", "int64"))
    x, y, out = np.arange(m) + 1.0, np.arange(n) - 2.5, np.full((m, n), np.nan)
    function(np.array([a.ctypes.data for a in (x, y, out)]).ctypes.data, m, n)
    np.testing.assert_array_equal(out, np.outer(x, y))


def test_the_plain_twin_agrees() -> None:
    rng = np.random.default_rng(2)
    x, y, out = (rng.standard_normal(shape).astype(np.float32) for shape in [(4, 5), (5, 6), (4, 6)])
    expected = 0.5 * (x.astype(np.float64) @ y) - 2.0 * out.astype(np.float64)
    _blas.matmul(x, y, out, 0.5, -2.0)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)
    out[...] = np.nan
    _blas.matmul(x, y, out, 1.0, 0.0)
    np.testing.assert_allclose(out, x @ y)


def test_arrays_of_two_dtypes_are_not_multiplied() -> None:
    mixed = "def run(a):\n    x = array_at(a[0], (2, 2), float32)\n"
    mixed += "    matmul(x, x, array_at(a[1], (2, 2), float64), 1.0, 0.0)\n"
    with pytest.raises(Exception, match="matmul"):
        _native.compiled(mixed, "run", ("int64*",))


# How many threads BLAS uses.


def threads_of(libraries: list[Any]) -> list[int]:
    return [library.get_num_threads() for library in libraries]


@pytest.fixture
def _two_threads() -> Any:
    libraries = _blas._libraries()
    before = threads_of(libraries)
    for library in libraries:
        _blas._setter(library)(2)
    yield
    for library, threads in zip(libraries, before, strict=True):
        _blas._setter(library)(threads)


@pytest.mark.usefixtures("_two_threads")
def test_one_blas_thread_until_the_last_has_left() -> None:
    libraries = _blas._libraries()
    entered, leave = threading.Event(), threading.Event()

    def another() -> None:
        with _blas.one_blas_thread():
            entered.set()
            leave.wait(10)

    before = threads_of(libraries)
    thread = threading.Thread(target=another)
    with _blas.one_blas_thread():
        thread.start()
        assert entered.wait(10)
        assert set(threads_of(libraries)) == {1}
    assert set(threads_of(libraries)) == {1}
    leave.set()
    thread.join()
    assert threads_of(libraries) == before


@pytest.mark.usefixtures("_two_threads")
def test_an_error_inside_gives_the_threads_back() -> None:
    before = threads_of(_blas._libraries())
    with pytest.raises(ZeroDivisionError), _blas.one_blas_thread():
        _ = 1 // 0
    assert threads_of(_blas._libraries()) == before


@pytest.mark.usefixtures("_two_threads")
def test_the_blas_of_numpy_is_left_alone_where_it_is_another() -> None:
    from threadpoolctl import ThreadpoolController

    own = {library.filepath for library in _blas._libraries()}
    others = [
        library
        for library in ThreadpoolController().select(user_api="blas").lib_controllers
        if library.filepath not in own and "numpy" in Path(library.filepath).parent.name
    ]
    before = threads_of(others)
    with _blas.one_blas_thread():
        assert threads_of(others) == before


ALONE = """
import sys
from chainrule.engines.fused._blas import blas_addresses

first = blas_addresses()
assert "scipy.linalg" not in sys.modules
import scipy.linalg
import scipy.linalg.cython_blas
import numpy as np

assert scipy.linalg.cython_blas.__pyx_capi__
np.testing.assert_allclose(scipy.linalg.solve(np.eye(2) * 2, np.ones(2)), [0.5, 0.5])
np.testing.assert_allclose(scipy.linalg.blas.dgemm(1.0, np.eye(2), np.eye(2)), np.eye(2))
blas_addresses.cache_clear()
assert blas_addresses() == first
"""


def test_scipy_can_still_be_imported_after_its_blas_was_loaded_alone() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", ALONE], check=True)
