"""``chainrule info``."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterator
from typing import Any

from ..runs import machine
from ._screen import counted, print_json, short


def info(options: argparse.Namespace) -> int:
    """Print what chainrule computes with here."""
    facts: dict[str, Any] = {
        "versions": {
            **machine.versions(),
            **{name: machine.installed(name) for name in ("rich", "threadpoolctl")},
        },
        "optional": machine.optional_packages(),
        "machine": {"system": platform.system(), "processor": platform.machine(), "cores": machine.cores()},
        "blas": machine.blas(),
        "environment": machine.variables(),
        "engines": dict(machine.engines()),
        "fused": machine.fused_engine(),
        "xla": machine.xla_engine(),
    }
    if options.json:
        print_json(facts)
    else:
        print("\n".join(_lines(facts)))
    return 0


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    yield from _section("versions", facts["versions"])
    optional = facts["optional"]
    missing = {
        name: f"not installed; for {use}" for name, use in machine.OPTIONAL.items() if optional[name] is None
    }
    yield from _section("optional packages", {**optional, **missing})
    yield from _section("machine", facts["machine"])
    yield from _section(
        "matrix products (BLAS)", dict(map(_blas, facts["blas"])) or {"unknown": "no BLAS can be seen into"}
    )
    values = {name: value or "not set" for name, value in facts["environment"].items()}
    if facts["environment"]["OPENBLAS_CORETYPE"]:
        values["OPENBLAS_CORETYPE"] += (
            "  (it decides the kernels; unset it, and OpenBLAS takes those made for this processor)"
        )
    yield from _section("environment", values)
    yield from _section("engines", {name: reason or "available" for name, reason in facts["engines"].items()})
    if facts["fused"]:
        yield from _section("fused engine", dict(_fused(facts["fused"])))
    if facts["xla"]:
        yield from _section("xla engine", dict(_xla(facts["xla"])))


def _fused(fused: dict[str, Any]) -> Iterator[tuple[str, str]]:
    cache = fused["cache"]
    yield "compiler", ", ".join(f"{name} {version}" for name, version in fused["compiler"].items())
    yield "threads", f"at most {fused['threads']} share a step; a short one has 1"
    kept = f"{counted(cache['files'], 'compiled step')}, {short(cache['bytes'], 'B')}"
    yield "cache", f"{cache['folder']}: {kept}" if cache["folder"] else "none, as CHAINRULE_CACHE_DIR says"


def _xla(xla: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "compiler", ", ".join(f"{name} {version}" for name, version in xla["compiler"].items())
    yield "devices", ", ".join(xla["devices"]) or f"none: {xla['problem']}"


def _blas(library: dict[str, Any]) -> tuple[str, str]:
    kernels = library["kernels"] or "unknown"
    return library["name"], f"{library['version'] or ''}, kernels {kernels}, threads {library['threads']}"


def _section(title: str, values: dict[str, Any]) -> Iterator[str]:
    yield title
    width = max(map(len, values))
    yield from (f"  {name:<{width}}  {value}" for name, value in values.items())
