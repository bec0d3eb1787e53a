"""What this machine computes with: versions, BLAS and its kernels, threads, engines."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import __version__
from ..engines import available
from ..errors import UnsupportedError

OPTIONAL = {  # distribution: what it is for
    "numba": "the fused engine",
    "scipy": "the fused engine",
    "jax": "the xla engine",
    "sympy": "proofs of the gates' rules",
    "pillow": "chainrule predict on pictures",
}
VARIABLES = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NPY_DISABLE_CPU_FEATURES",
    "JAX_PLATFORMS",
    "XLA_FLAGS",
)
"""Environment variables that change what is computed with, or on how many cores."""


def versions() -> dict[str, str]:
    """Of what computes."""
    return {"chainrule": __version__, "python": platform.python_version(), "numpy": np.__version__}


def what_decides_bits(engine: str) -> dict[str, str]:
    """What may change the last digits of a run: versions, the kernels that BLAS chose, threads."""
    libraries = [f"{b['name']} {b['version']} ({b['kernels']}, threads {b['threads']})" for b in blas()]
    decides = {**versions(), "blas": " and ".join(libraries) or "unknown"}
    if engine == "fused" and (fused := fused_engine()):
        compiler = " ".join(f"{name} {version}," for name, version in fused["compiler"].items())
        decides["the fused engine"] = f"{compiler} threads {fused['threads']}"
    if engine == "xla" and (xla := xla_engine()):
        compiler = " ".join(f"{name} {version}," for name, version in xla["compiler"].items())
        decides["the xla engine"] = f"{compiler} {' and '.join(xla['devices']) or xla['problem']}"
    return decides


def blas() -> list[dict[str, Any]]:
    """The BLAS libraries that are loaded: name, version, kernels, threads. Empty when none can be seen into."""
    from threadpoolctl import threadpool_info

    return [
        {
            "name": library["internal_api"],
            "version": library["version"],
            "kernels": library.get("architecture"),
            "threads": library["num_threads"],
        }
        for library in threadpool_info()
        if library["user_api"] == "blas"
    ]


def cores() -> int:
    """How many cores this process may use."""
    usable = getattr(os, "sched_getaffinity", None)  # Linux
    return len(usable(0)) if usable else os.cpu_count() or 1


def optional_packages() -> dict[str, str | None]:
    """The version of each optional package, None where it is not installed."""
    return {name: installed(name) for name in OPTIONAL}


def variables() -> dict[str, str | None]:
    """The environment variables of `VARIABLES`, None where one is not set."""
    return {name: os.environ.get(name) for name in VARIABLES}


def engines() -> Mapping[str, str | None]:
    """Each engine with None, or with the reason why it cannot be used."""
    return available()


def fused_engine() -> dict[str, Any] | None:
    """What the fused engine compiles with, how many threads may share a step, and its cache; None without it.

    A cache has a folder (None: there is none), a number of files, and bytes.
    """
    if available()["fused"] is not None:
        return None
    try:
        from ..engines.fused import _cache, _team
    except (ImportError, OSError):  # installed, and yet it does not load: said when it is to be used
        return None
    entries, folder = _cache.entries(), _cache.folder()
    return {
        "compiler": {name: installed(name) for name in ("numba", "llvmlite", "scipy")},
        "threads": _team.threads_allowed(),
        "cache": {
            "folder": folder and str(folder),
            "files": len(entries),
            "bytes": sum(entry.stat().st_size for entry in entries),
        },
    }


def xla_engine() -> dict[str, Any] | None:
    """What the xla engine compiles with, the devices that JAX has, and why it has none, if so; None without JAX."""
    if available()["xla"] is not None:
        return None
    devices, problem = [], None
    try:
        from ..engines import xla

        devices = xla.devices()
    except UnsupportedError as reason:
        problem = reason.what
    compiler = {name: installed(name) for name in ("jax", "jaxlib")}
    return {"compiler": compiler, "devices": devices, "problem": problem}


def installed(distribution: str) -> str | None:
    """The version of an installed package, or None."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
