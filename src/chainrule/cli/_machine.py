"""What this machine computes with: versions, BLAS and its kernels, threads, engines."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import __version__
from ..engines import available

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
    "NPY_DISABLE_CPU_FEATURES",
)
"""Environment variables that change what NumPy and its BLAS run, or on how many cores."""


def versions() -> dict[str, str]:
    """Of what computes."""
    return {"chainrule": __version__, "python": platform.python_version(), "numpy": np.__version__}


def what_decides_bits() -> dict[str, str]:
    """What may change the last digits of a run: versions, and the kernels that BLAS chose."""
    libraries = [f"{b['name']} {b['version']} ({b['kernels']}, threads {b['threads']})" for b in blas()]
    return {**versions(), "blas": " and ".join(libraries) or "unknown"}


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


def installed(distribution: str) -> str | None:
    """The version of an installed package, or None."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
