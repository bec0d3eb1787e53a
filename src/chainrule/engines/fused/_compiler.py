"""Numba's part: from text to object code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from numba import _dynfunc
from numba.core import types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.cpu import CPUContext
from numba.core.registry import cpu_target

from . import _barrier, _blas, _clock, _memory, _vector_math
from ._cache import Code

# How many pairs of arrays LLVM may compare, to see at run time that they do not overlap, before it vectorises a loop.
llvm.set_option("chainrule", "-runtime-memory-check-threshold=64")

_NUMBERS = "float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool_ inf nan".split()
_KINDS = {"int64": types.int64, "float64": types.float64}
_OPTIONS = {
    "_nrt": False,
    "nogil": True,
    "error_model": "numpy",
    "boundscheck": False,
    "fastmath": {"reassoc", "contract"},
}


def machine_code(source: str, entry: str, arguments: tuple[str, ...]) -> Code:
    """Object code of the function `entry`, optimised for this processor."""
    names: dict[str, Any] = {name: getattr(np, name) for name in _NUMBERS}
    for module in (_vector_math, _blas, _memory, _barrier, _clock):
        names.update(module.NAMES)
    exec(source, names)  # the text that `emit` wrote from a step graph
    for name, value in list(names.items()):
        if name != entry and getattr(value, "__module__", "") is None or _is_ours(value, names):
            names[name] = numba.njit(**_OPTIONS)(value) if name != entry else value
    signature = types.void(*(_kind(argument) for argument in arguments))
    with _no_machine_code():
        compiled = numba.njit(signature, no_cpython_wrapper=True, no_cfunc_wrapper=True, **_OPTIONS)(
            names[entry]
        )
        result = compiled.overloads[signature.args]
        result.library._ensure_finalized()
    module = llvm.parse_assembly(result.library.get_llvm_str())
    externals = [f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")]
    machine = cpu_target.target_context.codegen()._tm
    return Code(result.fndesc.llvm_func_name, tuple(sorted(externals)), machine.emit_object(module))


@contextmanager
def _no_machine_code() -> Iterator[None]:
    """Within it Numba compiles to LLVM's language only.

    It would make machine code of each of our small functions by itself, to call it from Python, which nobody does.
    """
    whole = CPUContext.get_executable

    def nothing(self: Any, library: Any, fndesc: Any, env: Any) -> Any:
        return _dynfunc.make_function(fndesc.lookup_module(), fndesc.qualname, "", 0, env, (library,))

    with global_compiler_lock:
        CPUContext.get_executable = nothing
        try:
            yield
        finally:
            CPUContext.get_executable = whole


def _is_ours(value: Any, names: dict[str, Any]) -> bool:
    """Whether it is a function that the text has defined."""
    return getattr(value, "__globals__", None) is names


def _kind(argument: str) -> Any:
    return types.CPointer(_KINDS[argument[:-1]]) if argument.endswith("*") else _KINDS[argument]
