"""onnx's published tests of operators, on chainrule's backend."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", minversion="1.23", reason="older cases of Adam leave out its epsilon")
import onnx_conformance as conformance  # noqa: E402  of scripts/

from chainrule.errors import UnsupportedError  # noqa: E402
from chainrule.onnx import Backend  # noqa: E402


@pytest.fixture(scope="module")
def counts():
    """All cases, once: making them takes longer than running them."""
    return conformance.counts()


def test_no_published_case_fails(counts, capsys):
    with capsys.disabled():
        print(f"\nonnx {onnx.__version__}: {counts['all']}, minimal {counts['minimal']}")
    assert counts["failures"] == {}


def test_every_operator_of_a_dense_network_passes_all_its_cases(counts):
    # Those that are refused compute with texts, sequences or numbers that NumPy does not have.
    refused = {name for name in conformance.MINIMAL if counts["operators"][name]["refused"]}
    assert refused <= {"Identity"}
    assert counts["minimal"]["passed"] >= 242


def test_all_cases_of_training_pass(counts):
    assert {name: counts["operators"][name]["passed"] for name in conformance.TRAINING} == {
        "Adagrad": 2,
        "Adam": 2,
        "Gradient": 2,
        "Momentum": 3,
    }


def test_a_wrong_result_is_noticed(monkeypatch):
    (case,) = conformance.cases_of("Abs")
    monkeypatch.setitem(conformance.OPERATORS, ("", "Abs"), lambda x: x)
    with pytest.raises(AssertionError):
        conformance.run(case)


def test_an_operator_without_gates_is_named():
    node = onnx.helper.make_node("Det", ["x"], ["y"])
    with pytest.raises(UnsupportedError, match="chainrule has no gates for the operator Det") as refusal:
        Backend.run_node(node, [np.eye(2)])
    assert "docs/onnx.md" in refusal.value.fix
