"""``chainrule info``: what there is, and what is in force."""

from __future__ import annotations

import platform

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import chainrule as cr
from chainrule.engines import available
from chainrule.runs import machine


@pytest.fixture(autouse=True)
def _jax_is_not_imported(monkeypatch):
    """Which takes a second, changes the environment, and reads the versions that are made up here."""
    facts = {"compiler": {"jax": "9.8", "jaxlib": "9.7"}, "devices": ["cpu 0", "cpu 1"], "problem": None}
    monkeypatch.setattr(machine, "xla_engine", lambda: facts)


def test_the_devices_of_jax_are_told(command, monkeypatch):
    assert "\nxla engine\n  compiler  jax 9.8, jaxlib 9.7\n  devices   cpu 0, cpu 1\n" in command("info").out
    facts = {"compiler": {"jax": "9.8", "jaxlib": "9.7"}, "devices": [], "problem": "no driver"}
    monkeypatch.setattr(machine, "xla_engine", lambda: facts)
    assert "\n  devices   none: no driver\n" in command("info").out
    monkeypatch.setattr(machine, "xla_engine", lambda: None)
    assert "xla engine" not in command("info").out


def test_the_facts_are_true(command):
    facts = command("info", "--json").json()
    assert facts["versions"]["chainrule"] == cr.__version__
    assert facts["versions"]["numpy"] == np.__version__
    assert facts["versions"]["python"] == platform.python_version()
    assert facts["engines"] == dict(available())
    assert facts["machine"]["cores"] >= 1
    seen = [(b["name"], b["kernels"], b["threads"]) for b in facts["blas"]]
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    assert seen == [(b["internal_api"], b.get("architecture"), b["num_threads"]) for b in libraries]


@pytest.mark.parametrize("missing", ["numba", "scipy", "jax", "sympy", "pillow"])
def test_an_optional_package_that_is_missing_is_said(command, monkeypatch, missing):
    from importlib import metadata

    def version(name):
        if name == missing:
            raise metadata.PackageNotFoundError(name)
        return f"1.2.{len(name)}"

    monkeypatch.setattr(metadata, "version", version)
    assert command("info", "--json").json()["optional"][missing] is None
    lines = {line.split()[0]: line for line in command("info").out.splitlines() if line.startswith("  ")}
    assert "not installed; for " in lines[missing]
    for other in {"numba", "scipy", "jax", "sympy", "pillow"} - {missing}:
        assert lines[other].split() == [other, f"1.2.{len(other)}"]


@pytest.mark.parametrize("value", [None, "Haswell"])
def test_kernels_that_the_environment_forces_are_said(command, monkeypatch, value):
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    if value is not None:
        monkeypatch.setenv("OPENBLAS_CORETYPE", value)
    assert command("info", "--json").json()["environment"]["OPENBLAS_CORETYPE"] == value
    (line,) = (line for line in command("info").out.splitlines() if line.startswith("  OPENBLAS_CORETYPE"))
    assert line.split()[1:3] == (["not", "set"] if value is None else ["Haswell", "(it"])
    assert ("decides the kernels" in line) is (value is not None)


def test_why_an_engine_cannot_be_used(command):
    out = command("info").out
    assert "\n  eager  available\n" in out
    for name, reason in available().items():
        assert reason is None or f"\n  {name}" in out
        assert reason is None or reason in out


def test_what_the_fused_engine_would_use(command, monkeypatch, tmp_path):
    numba, llvmlite = pytest.importorskip("numba"), pytest.importorskip("llvmlite")
    scipy = pytest.importorskip("scipy")
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "one.o").write_bytes(bytes(1500))
    (tmp_path / "cache" / "two.o").write_bytes(bytes(500))
    facts = command("info", "--json").json()
    assert facts["fused"] == {
        "compiler": {
            "numba": numba.__version__, "llvmlite": llvmlite.__version__, "scipy": scipy.__version__
        },
        "threads": 1,
        "cache": {"folder": str(tmp_path / "cache"), "files": 2, "bytes": 2000},
    }  # fmt: skip
    assert facts["environment"]["NUMBA_NUM_THREADS"] == "1"
    out = command("info").out
    assert f"  cache     {tmp_path / 'cache'}: 2 compiled steps, 2 kB\n" in out
    assert "  threads   at most 1 share a step; a short one has 1\n" in out
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", "")
    assert "  cache     none, as CHAINRULE_CACHE_DIR says\n" in command("info").out


def test_without_the_fused_engine_nothing_is_said_of_it(command, monkeypatch):
    monkeypatch.setattr(machine, "available", lambda: {"eager": None, "fused": "needs numba"})
    assert command("info", "--json").json()["fused"] is None
    out = command("info").out
    assert "  fused  needs numba\n" in out
    assert "\nfused engine\n" not in out


def test_a_run_on_the_fused_engine_remembers_compiler_and_threads(monkeypatch):
    numba = pytest.importorskip("numba")
    pytest.importorskip("scipy")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    decides = machine.what_decides_bits("fused")
    assert decides["the fused engine"].startswith(f"numba {numba.__version__}, llvmlite ")
    assert decides["the fused engine"].endswith(", threads 1")
    assert {**machine.what_decides_bits("eager"), "the fused engine": decides["the fused engine"]} == decides
