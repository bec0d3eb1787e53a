"""What compiled code calls from outside: the matrix products of SciPy's BLAS."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import Any

import llvmlite.binding as llvm


@cache
def provide_symbols() -> None:
    """Let LLVM know under which names BLAS can be called."""
    capsules = _extension().__pyx_capi__
    for name in ("sgemm", "dgemm"):
        llvm.add_symbol(f"chainrule_{name}", _address(capsules[name]))
    system = ctypes.CDLL(None) if os.name == "posix" else ctypes.windll.kernel32  # type: ignore[attr-defined]
    leave = system.sched_yield if os.name == "posix" else system.SwitchToThread
    llvm.add_symbol("chainrule_yield", ctypes.cast(leave, ctypes.c_void_p).value)


def provide(name: str) -> bool:
    """Let LLVM find a function of C (sin, memset, …); whether there is one of that name."""
    if llvm.address_of_symbol(name) is not None:
        return True
    for library in (None, "libm.so.6", "msvcrt"):
        with suppress(OSError, AttributeError, TypeError):
            function = getattr(ctypes.CDLL(library), name)
            llvm.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)
            return True
    return False


def _extension() -> Any:
    """The module of SciPy that BLAS is called through: by itself, since the package around it takes 0.2 s to import."""
    name = "scipy.linalg.cython_blas"
    if name not in sys.modules:
        import scipy  # which loads what its libraries need

        paths = [os.path.join(folder, "linalg") for folder in scipy.__path__]
        found = PathFinder.find_spec(name, paths)
        if found is not None and found.loader is not None:
            module = module_from_spec(found)
            found.loader.exec_module(module)
            return module
    return import_module(name)


def _address(capsule: Any) -> int:
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = ctypes.c_char_p, [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return int(api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule)))


_lock = threading.Lock()
_inside = 0
_before: list[int] = []


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """While anybody is within it, SciPy's BLAS computes each product on one thread."""
    global _inside
    libraries = _thread_settings()
    with _lock:
        if _inside == 0:
            _before[:] = [library.get_num_threads() for library in libraries]
            for library in libraries:
                library.set_num_threads(1)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                for library, threads in zip(libraries, _before, strict=True):
                    library.set_num_threads(threads)


@cache
def _thread_settings() -> list[Any]:
    """The BLAS of SciPy; where nobody can tell which one that is, all that are loaded."""
    from threadpoolctl import ThreadpoolController

    provide_symbols()
    libraries = ThreadpoolController().select(user_api="blas").lib_controllers
    own = [library for library in libraries if "scipy" in os.path.basename(os.path.dirname(library.filepath))]
    return own or libraries
