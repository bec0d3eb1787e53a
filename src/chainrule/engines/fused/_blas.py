"""Matrix products in compiled code: SciPy's BLAS for large ones, vector instructions for small and thin ones.

source  Dongarra et al., A set of level 3 basic linear algebra subprograms, ACM TOMS 16 (1990)
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from itertools import product
from pathlib import Path
from typing import Any

from ._products import Rows, Tiles

# Products for which a call of BLAS takes longer than the loops here.
_FEW_ROWS = 4  # with any number of multiplications: BLAS is made for more
_ROWS, _SMALL = 32, 8_192  # rows and multiplications


# Where BLAS is.


@cache
def blas_addresses() -> dict[str, int]:
    """The addresses of ``sgemm`` and ``dgemm``, by the names that compiled code calls them.

    raises   RuntimeError when this SciPy's BLAS counts with other numbers than the compiled code
    """
    capsules = _extension().__pyx_capi__
    return {f"chainrule_{name}": _address(capsules[name]) for name in ("sgemm", "dgemm")}


def _extension() -> Any:
    """SciPy's module of BLAS functions, without the rest of `scipy.linalg`, which takes a third of a second."""
    name = "scipy.linalg.cython_blas"
    if name in sys.modules:
        return sys.modules[name]
    folders = getattr(find_spec("scipy"), "submodule_search_locations", None) or []
    files = [Path(f, "linalg", f"cython_blas{end}") for f in folders for end in EXTENSION_SUFFIXES]
    for file in filter(Path.is_file, files):
        spec = spec_from_file_location(name, file)
        if spec is not None and spec.loader is not None:
            module = module_from_spec(spec)
            spec.loader.exec_module(module)
            sys.modules.pop(name, None)  # a later `import scipy.linalg` finds nothing half done
            return module
    return import_module(name)


def _address(capsule: Any) -> int:
    """The function in a capsule; its name is the C type of the function."""
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = ctypes.c_char_p, [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    name = api.PyCapsule_GetName(capsule)
    if b"int *" not in name or ctypes.sizeof(ctypes.c_int) != 4:
        raise RuntimeError(f"SciPy's BLAS takes {name.decode()}; expected lengths of the C type int")
    return int(api.PyCapsule_GetPointer(capsule, name))


# How many threads it uses.


class _Limit:
    """Who wants SciPy's BLAS on one thread, and what it was before."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        self.before: list[tuple[Any, int]] = []


_limit = _Limit()


@cache
def _libraries() -> list[Any]:
    """What sets the number of threads of SciPy's BLAS; of all BLAS libraries, where it has none of its own."""
    from threadpoolctl import ThreadpoolController

    blas_addresses()  # loads it
    found = ThreadpoolController().select(user_api="blas").lib_controllers
    own = [
        library for library in found if any(part.startswith("scipy") for part in Path(library.filepath).parts)
    ]
    return own or list(found)


@cache
def _setter(library: Any) -> Any:
    """What sets the number of threads of a library, from any thread.

    That of threadpoolctl does nothing for OpenBLAS, and does not say so, outside of the thread that was the first to
    use it (see its OpenBLASController).
    """
    if library.internal_api == "openblas" and library.threading_layer != "openmp":
        for before, behind in product(("", "scipy_"), ("", "64_", "_64")):
            function = getattr(library.dynlib, f"{before}openblas_set_num_threads{behind}", None)
            if function is not None:
                return function
    return library.set_num_threads


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """While anybody is within it, in whatever thread, SciPy's BLAS computes each product on one thread."""
    with _limit.lock:
        if _limit.inside == 0:
            _limit.before = [(library, library.get_num_threads()) for library in _libraries()]
            for library, _ in _limit.before:
                _setter(library)(1)
        _limit.inside += 1
    try:
        yield
    finally:
        with _limit.lock:
            _limit.inside -= 1
            if _limit.inside == 0:
                for library, threads in _limit.before:
                    _setter(library)(threads)


# In emitted text.


def matmul(x: Any, y: Any, out: Any, alpha: float, beta: float) -> None:
    """out ← alpha · (x · y) + beta · out, with NumPy; at beta = 0 what `out` holds does not matter.

    >>> import numpy as np
    >>> out = np.full((1, 1), np.nan)
    >>> matmul(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), out, 10.0, 0.0)
    >>> out
    array([[110.]])
    """
    scaled = x @ y * out.dtype.type(alpha)
    out[...] = scaled if beta == 0 else scaled + out.dtype.type(beta) * out


PLAIN_NAMES: dict[str, object] = {"matmul": matmul}


def compiled_names() -> dict[str, object]:
    """The same, compiled; Numba is imported here, since code from the cache does without it."""
    from numba.extending import intrinsic

    return {"matmul": intrinsic(_matmul)}


def _matmul(typing: Any, x: Any, y: Any, out: Any, alpha: Any, beta: Any) -> Any:
    """Of each array one axis lies element beside element."""
    from numba import types
    from numba.core import cgutils

    real = out.dtype
    if real not in (types.float32, types.float64) or {x.dtype, y.dtype} != {real}:
        return None

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        size = real.bitwidth // 8
        parts = []
        for kind, value in zip(signature.args[:3], args[:3], strict=True):
            array = context.make_array(kind)(context, builder, value)
            strides = [
                builder.sdiv(stride, stride.type(size), flags=["exact"])
                for stride in cgutils.unpack_tuple(builder, array.strides, 2)
            ]
            parts.append((array.data, *strides, *cgutils.unpack_tuple(builder, array.shape, 2)))
        (a, a0, a1, m, k), (b, b0, b1, _, n), (c, c0, c1, _, _) = parts
        # If the columns of out lie element beside element, outᵀ = yᵀ · xᵀ is computed.
        turned = builder.and_(
            builder.icmp_signed("!=", c1, c1.type(1)), builder.icmp_signed("==", c0, c0.type(1))
        )

        def either(straight: Any, other: Any) -> Any:
            return builder.select(turned, other, straight)

        operands = [
            either(a, b),
            either(a0, b1),
            either(a1, b0),
            either(b, a),
            either(b0, a1),
            either(b1, a0),
        ]
        lengths = [either(c0, c1), either(m, n), either(n, m), k]
        gemm = _gemm(builder.module, a.type, real.bitwidth, context.codegen().magic_tuple()[2])
        builder.call(gemm, [*operands, c, *lengths, *args[3:]])
        return context.get_dummy_value()

    return types.none(x, y, out, real, real), emit


def _gemm(module: Any, pointer: Any, bits: int, features: str) -> Any:
    """The product for one precision, on bare addresses: one function, whatever the arrays look like."""

    def emit(builder: Any, args: Any) -> None:
        word = args[8].type
        m, n, k = args[8:11]
        few, rows = (builder.icmp_signed("<=", m, word(most)) for most in (_FEW_ROWS, _ROWS))
        products = builder.icmp_signed("<=", builder.mul(builder.mul(m, n), k), word(_SMALL))
        with builder.if_then(builder.or_(few, builder.and_(rows, products))):
            Rows(builder, pointer.pointee, args).product()
            builder.ret_void()
        tiles = Tiles(builder, pointer.pointee, args, features)
        if tiles.height:
            with builder.if_then(tiles.pay()):
                builder.call(_tiles(module, pointer, bits, features), args)
                builder.ret_void()
        _call_blas(builder, {32: "chainrule_sgemm", 64: "chainrule_dgemm"}[bits], args)

    return _function(module, pointer, f"chainrule_gemm_{bits}", emit)


def _tiles(module: Any, pointer: Any, bits: int, features: str) -> Any:
    """The same by tiles alone. Their loops are unrolled as they are written: more of it takes long to compile."""

    def emit(builder: Any, args: Any) -> None:
        Tiles(builder, pointer.pointee, args, features).product()

    return _function(module, pointer, f"chainrule_tiles_{bits}", emit, "optsize")


def _function(
    module: Any, pointer: Any, name: str, emit: Callable[[Any, Any], None], *attributes: str
) -> Any:
    from llvmlite import ir
    from numba.core import cgutils

    word, real = ir.IntType(64), pointer.pointee
    kind = ir.FunctionType(
        ir.VoidType(), [pointer, word, word, pointer, word, word, pointer, *[word] * 4, real, real]
    )
    known = name in module.globals
    function = cgutils.get_or_insert_function(module, kind, name)
    if not known:
        function.linkage = "linkonce_odr"  # every module has its own; the linker keeps one
        for attribute in ("noinline", *attributes):
            function.attributes.add(attribute)
        for number in (0, 3, 6):
            function.args[number].add_attribute("noalias")
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        emit(builder, function.args)
        builder.ret_void()
    return function


def _call_blas(builder: Any, name: str, args: Any) -> None:
    """BLAS counts columns first: out as it lies is outᵀ = yᵀ · xᵀ. It takes all arguments by reference."""
    from llvmlite import ir
    from numba.core import cgutils

    x, x0, x1, y, y0, y1, out, ld, m, n, k, alpha, beta = args
    byte, short = ir.IntType(8), ir.IntType(32)

    def largest(one: Any, other: Any) -> Any:
        return builder.select(builder.icmp_signed(">", one, other), one, other)

    def stored(matrix_ld: Any) -> Any:
        return cgutils.alloca_once_value(builder, builder.trunc(matrix_ld, short))

    def layout(s0: Any, s1: Any, rows: Any, columns: Any) -> tuple[Any, Any]:
        # The distance from row to row is not read where there is one row, and must still be right.
        lies = builder.icmp_signed("==", s1, s1.type(1))
        flag = builder.select(lies, byte(ord("N")), byte(ord("T")))
        ld = builder.select(lies, largest(s0, columns), largest(s1, rows))
        return cgutils.alloca_once_value(builder, flag), stored(ld)

    x_flag, x_ld = layout(x0, x1, m, k)
    y_flag, y_ld = layout(y0, y1, k, n)
    passed = [y_flag, x_flag, stored(n), stored(m), stored(k), cgutils.alloca_once_value(builder, alpha), y]
    passed += [y_ld, x, x_ld, cgutils.alloca_once_value(builder, beta), out, stored(largest(ld, n))]
    kind = ir.FunctionType(ir.VoidType(), [value.type for value in passed])
    builder.call(cgutils.get_or_insert_function(builder.module, kind, name), passed)
