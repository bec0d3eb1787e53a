"""Choosing an engine, and finding where numbers went bad."""

from __future__ import annotations

import sys
from contextlib import suppress

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import available, first_nonfinite, resolve, trace
from chainrule.engines._choice import sees_accelerator
from chainrule.errors import ArgumentError
from chainrule.graph import functions as F
from chainrule.graph import gradients_of

# Before any test: JAX sets variables, and its stand-in below is none for the whole room.
with suppress(ImportError):
    import chainrule.engines.xla


def test_auto_is_an_engine_that_can_be_used():
    assert available()[resolve("auto")] is None


def test_an_engine_that_cannot_be_used_says_why(monkeypatch):
    monkeypatch.setattr("chainrule.engines._choice.find_spec", lambda module: None)
    with pytest.raises(ArgumentError, match=r"the engine 'xla' needs jax: pip install 'chainrule\[xla\]'"):
        resolve("xla")


@pytest.mark.parametrize(
    ("packages", "platform", "chosen"),
    [
        ({"numba", "scipy"}, None, "fused"),
        ({"jax"}, None, "eager"),  # without a driver there is nothing but the CPU, and JAX is not asked
        ({"jax", "numba", "scipy", "jax_plugins"}, "cpu", "fused"),
        ({"jax", "numba", "scipy", "jax_plugins"}, "gpu", "xla"),
        ({"jax", "libtpu"}, "tpu", "xla"),
    ],
)
def test_auto_is_xla_where_jax_has_an_accelerator(packages, platform, chosen, monkeypatch):
    pytest.importorskip("jax")

    class Jax:
        @staticmethod
        def default_backend():
            return platform

    monkeypatch.setattr(
        "chainrule.engines._choice.find_spec", lambda name: name if name in packages else None
    )
    monkeypatch.setattr("chainrule.engines._choice._FASTEST_FIRST", ("fused", "eager"))
    monkeypatch.setattr("chainrule.engines._choice.sees_accelerator", sees_accelerator)
    monkeypatch.setitem(sys.modules, "jax", Jax if platform else None)  # None: an import fails
    sees_accelerator.cache_clear()
    try:
        assert resolve("auto") == chosen
        assert resolve("auto", on_cpu=True) == ("fused" if "numba" in packages else "eager")
    finally:
        sees_accelerator.cache_clear()


def test_a_missing_module_is_told_in_both_languages(monkeypatch):
    monkeypatch.setattr("chainrule.engines._choice.find_spec", lambda module: None)
    assert available()["fused"] == "needs numba and scipy: pip install 'chainrule[fast]'"
    assert available(lang="ko")["fused"] == "numba, scipy 필요: pip install 'chainrule[fast]'"


def test_an_unknown_engine_is_refused():
    with pytest.raises(ArgumentError) as problem:
        resolve("warp")
    assert problem.value.what == "there is no engine 'warp'"
    assert problem.value.fix == "use one of auto, eager, fused, xla"


def test_the_first_bad_application_is_found():
    step = trace(lambda v: {"y": F.exp(F.log(v["x"]) - v["x"]) * 0.0}, {"x": np.ones(2)})
    found = first_nonfinite(step, {"x": np.array([1.0, -1.0])})
    assert found.gate.name == "log"
    assert found.phase == "forward"
    assert first_nonfinite(step, {"x": np.ones(2)}) is None


def test_a_bad_input_is_found_by_name():
    step = trace(lambda v: {"y": v["x"] * 2.0}, {"x": 1.0})
    found = first_nonfinite(step, {"x": float("nan")})
    assert (found.gate, found.name) == (None, "x")


def test_an_infinity_that_nobody_took_is_not_blamed():
    def function(v):
        untaken = F.log(v["x"] * 0.0)
        return {"y": F.where(v["x"] > 0, v["x"], untaken) * F.sqrt(v["z"])}

    step = trace(function, {"x": np.ones(2), "z": np.ones(2)})
    assert first_nonfinite(step, {"x": np.ones(2), "z": np.ones(2)}) is None
    assert first_nonfinite(step, {"x": np.ones(2), "z": -np.ones(2)}).gate.name == "sqrt"


def test_a_bad_input_that_spoiled_nothing_is_not_blamed():
    step = trace(lambda v: {"y": v["x"] * 2.0}, {"x": 1.0, "unused": 1.0})
    assert first_nonfinite(step, {"x": 1.0, "unused": float("nan")}) is None


def test_what_a_gate_keeps_beside_its_result_may_be_what_is_bad():
    """Its result is finite, but its rule reads NaN."""
    gate = cr.gates.Gate(
        "first", "first", "first", "첫째", kind="loss",
        forward=lambda xp, x: (x[0], xp.log(x)),
        wrt={"x": lambda dout, logs: dout * logs},
        keeps={"logs": cr.gates.log},
    )  # fmt: skip

    def function(v):
        loss = cr.apply(gate, v["x"])
        (dx,) = gradients_of(loss, [v["x"]], as_graph=True)
        return {"loss": loss, "dx": dx}

    step = trace(function, {"x": np.ones(2)})
    found = first_nonfinite(step, {"x": np.array([1.0, -1.0])})
    assert (found.gate, found.index, found.judged.cause) == (gate, (1,), "unknown")
