"""Emitted text to machine code, and machine code to something that can be called.

Numba compiles; what is kept on disk is the object code that LLVM makes of it, so that a later process needs LLVM alone
to load it, and nothing is ever unpickled.
"""

from __future__ import annotations

import ctypes
import sys
import time
from contextlib import suppress
from functools import cache
from typing import Any

import llvmlite.binding as llvm

from . import _cache
from ._blas import blas_addresses

_C_TYPES = {"int64": ctypes.c_int64, "float64": ctypes.c_double}
_NUMBERS = "float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool_ inf nan".split()


class Native:
    """Machine code of one function; calling it lets other Python threads go on meanwhile.

    cached   whether it came from the disk
    seconds  what compiling or loading took
    """

    def __init__(self, address: int, engine: Any, arguments: tuple[str, ...]) -> None:
        types: list[Any] = [_C_TYPES.get(kind, ctypes.c_void_p) for kind in arguments]
        # Numba's convention: where the result goes, where an error goes, then the arguments; the answer is a status.
        self._function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *types)(address)
        self._nowhere = (ctypes.c_void_p * 2)()
        self._result = ctypes.addressof(self._nowhere)
        self._error = self._result + ctypes.sizeof(ctypes.c_void_p)
        self._engine = engine  # which owns the code
        self.cached, self.seconds = False, 0.0

    def __call__(self, *args: Any) -> None:
        self._function(self._result, self._error, *args)


def native(source: str, entry: str, arguments: tuple[str, ...]) -> Native:
    """The machine code of the function `entry` in some text, from the disk or compiled now.

    source     functions that return nothing, `entry` among them; they may use numbers of NumPy and the names that
               `_vector_math`, `_blas`, `_team` and `_memory` compile
    arguments  "int64", "float64", or one of them with "*" for an address
    """
    started = time.perf_counter()
    key = _cache.key(source, entry, arguments)
    _provide_symbols()
    code = _cache.get(key)
    function = _loaded(code, arguments) if code is not None else None
    cached = function is not None
    if function is None:
        code = compiled(source, entry, arguments)
        function = _loaded(code, arguments)
        if function is None:
            raise RuntimeError(f"compiled code calls what is not there: {', '.join(code.externals)}")
        _cache.put(key, code)
    function.cached, function.seconds = cached, time.perf_counter() - started
    return function


def _provide_symbols() -> None:
    """Let LLVM know where the functions are that compiled code calls by our names for them."""
    if sys.platform == "win32":
        leave = ctypes.WinDLL("kernel32").SwitchToThread
    else:
        leave = ctypes.CDLL(None).sched_yield
    llvm.add_symbol("chainrule_yield", ctypes.cast(leave, ctypes.c_void_p).value)
    for name, address in blas_addresses().items():
        llvm.add_symbol(name, address)
    if sys.platform == "linux":
        with suppress(
            RuntimeError
        ):  # elsewhere, and with another C library, these functions are always there
            llvm.load_library_permanently("libm.so.6")


def _loaded(code: _cache.Code, arguments: tuple[str, ...]) -> Native | None:
    """What can be called; None when something that it calls is not there, at which LLVM would end the process."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)  # from now on it sees the C library
    if any(llvm.address_of_symbol(name) is None for name in code.externals):
        return None
    engine.add_object_file(llvm.ObjectFileRef.from_data(code.object))
    engine.finalize_object()
    address = engine.get_function_address(code.symbol)
    return Native(address, engine, arguments) if address else None


# Numba's part.


def compiled(source: str, entry: str, arguments: tuple[str, ...]) -> _cache.Code:
    """Object code of the function `entry`, optimised for this processor."""
    import numpy as np
    from numba import types
    from numba.core.compiler import compile_extra
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.registry import cpu_target

    names = {name: getattr(np, name) for name in _NUMBERS} | _library_names()
    exec(source, names)  # the text that `emit` wrote from a step graph
    for name, value in names.items():
        if name != entry and getattr(value, "__globals__", None) is names:
            names[name] = _callee(value)
    kinds = {"int64": types.int64, "float64": types.float64}
    kinds |= {f"{name}*": types.CPointer(kind) for name, kind in kinds.items()}
    _vectorise_more()
    typing = cpu_target.typing_context
    with global_compiler_lock:
        target = _context(cpu_target.target_context)
        library = target.codegen().create_library(entry)
        given = [kinds[argument] for argument in arguments]
        result = compile_extra(typing, target, names[entry], given, types.void, _flags(), {}, library=library)
        library.finalize()
    module = library._final_module
    externals = (f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm."))
    return _cache.Code(result.fndesc.llvm_func_name, tuple(sorted(externals)), library.emit_native_object())


@cache  # LLVM takes an option once
def _vectorise_more() -> None:
    """Let LLVM compare more pairs of arrays at run time, to see that they do not overlap, before it leaves a loop."""
    llvm.set_option("chainrule", "-runtime-memory-check-threshold=64")


def _library_names() -> dict[str, Any]:
    from . import _blas, _clock, _memory, _team, _vector_math

    return {
        **_vector_math.NAMES,
        **_blas.compiled_names(),
        **_team.compiled_names(),
        **_memory.compiled_names(),
        **_clock.compiled_names(),
    }


def _flags() -> Any:
    from numba.core.compiler import Flags
    from numba.core.cpu import FastMathOptions

    flags = Flags()
    flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    flags.error_model = "numpy"
    flags.fastmath = FastMathOptions({"reassoc", "contract"})
    return flags


def _context(usual: Any) -> Any:
    """Numba's view of this processor, but for object code alone: nothing is loaded, and no address is in it."""
    from numba.core.codegen import AOTCodeLibrary, JITCPUCodegen

    class ObjectCode(JITCPUCodegen):  # type: ignore[misc]
        _library_class = AOTCodeLibrary

        def _add_module(self, module: Any) -> None:
            pass

    usual.refresh()
    return usual.subtarget(_internal_codegen=ObjectCode("chainrule"), aot_mode=True)


def _callee(function: Any) -> Any:
    """A function of the text as another one calls it: compiled into the same module, to be optimised with it."""
    from inspect import Parameter, signature

    from numba import types
    from numba.core.compiler import compile_extra
    from numba.extending import intrinsic

    def typed(typing: Any, *args: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            library = context.active_code_library
            result = compile_extra(
                context.typing_context,
                context,
                function,
                signature.args,
                types.none,
                _flags(),
                {},
                library=library,
            )
            return context.call_internal(builder, result.fndesc, signature, values)

        return types.none(*args), emit

    typed.__signature__ = signature(function).replace(  # type: ignore[attr-defined]
        parameters=[
            Parameter("typing", Parameter.POSITIONAL_OR_KEYWORD),
            *signature(function).parameters.values(),
        ]
    )
    return intrinsic(typed)
