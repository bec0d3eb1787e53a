"""`check_all`: nothing that has a gradient escapes it, and what is wrong shows."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest
from rich.console import Console

from chainrule import gates
from chainrule.layers import BY_NAME, LossLayer
from chainrule.verify import CheckReport, check_all
from chainrule.verify import _subjects as shipped
from chainrule.verify._examples import examples
from chainrule.verify._subjects import Subject, subjects
from tests.verify._mutants import mutant


@pytest.fixture(scope="module")
def report() -> CheckReport:
    seen = []
    found = check_all(progress=lambda done, total, name: seen.append((done, total, name)))
    assert [done for done, _, _ in seen] == list(range(len(found.rows)))
    assert {total for _, total, _ in seen} == {len(found.rows)}
    assert [name for _, _, name in seen] == [row.name for row in found.rows]
    return found


def test_all_is_right(report: CheckReport) -> None:
    assert report.ok, str(report)


def test_every_gate_with_a_rule_has_examples() -> None:
    missing = {name for name, gate in gates.ALL.items() if gate.rules} - set(examples(0))
    assert not missing, f"give {missing} an example in chainrule/verify/_examples.py"
    assert set(examples(0)) <= set(gates.ALL)


def test_every_gate_layer_and_network_is_there(report: CheckReport) -> None:
    names = {
        kind: [row.name for row in report.rows if row.kind == kind] for kind in ("gate", "layer", "network")
    }
    assert names["gate"] == list(gates.ALL)
    assert set(names["layer"]) == {*BY_NAME, "AddLayer", "MulLayer"}
    losses = [name for name, kind in BY_NAME.items() if issubclass(kind, LossLayer)]
    own = ["TwoLayerNet", "SimpleConvNet"]
    assert names["network"] == [*own, *(f"Sequential, {name}" for name in losses)]


def test_every_elementwise_gate_is_proved_and_every_gate_measured(report: CheckReport) -> None:
    pytest.importorskip("sympy")
    for row in report.rows:
        if row.kind == "gate" and gates.ALL[row.name].rules:
            if gates.ALL[row.name].kind == "elementwise":
                assert not isinstance(row.proof, str), row.name
            assert {dtype for dtype, reports in row.reports.items() if reports} == {"float64", "float32"}
            assert row.error("float64") < 1e-5
        verdicts = {i.verdict for reports in row.reports.values() for r in reports for i in r.inputs}
        assert verdicts <= {"ok", "not checked"}, f"{row.name} is checked at a kink"


def test_networks_are_checked_with_every_loss_activation_and_several_numbers_of_outputs(
    report: CheckReport,
) -> None:
    for row in report.rows:
        if row.name.startswith("Sequential"):
            assert len(row.reports["float64"]) == 8 * 4


@pytest.mark.parametrize("subject", [s for s in subjects(1) if s.kind != "network"], ids=lambda s: s.name)
def test_another_seed_makes_other_examples_and_they_are_right_too(subject: Subject) -> None:
    for dtype in subject.dtypes:
        assert all(report.ok for report in subject.check(dtype))


def test_it_prints_as_a_table(report: CheckReport) -> None:
    pytest.importorskip("sympy")
    title, header, *rows = str(report).splitlines()
    assert title == f"gradients of chainrule, seed 0: all {len(report.rows)} ok"
    assert header.split() == ["name", "proof", "float64", "float32", "verdict"]
    assert len(rows) == len(report.rows)
    relu = next(row for row in rows if row.split()[:2] == ["gate", "relu"])
    assert "proved in 3 regions" in relu
    screen = io.StringIO()
    Console(file=screen, width=150).print(report)
    assert "softmax_with_loss" in screen.getvalue()


def test_json_holds_it(report: CheckReport) -> None:
    pytest.importorskip("sympy")
    held = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert (held["ok"], held["skipped"], len(held["rows"])) == (True, "", len(report.rows))
    sigmoid = next(row for row in held["rows"] if row["name"] == "sigmoid")
    assert sigmoid["proof"]["ok"] is True
    assert sigmoid["float64"]["ok"] is True
    assert sigmoid["wrong"] == []


@pytest.fixture
def wrong_tanh(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = mutant(gates.tanh, "x", lambda g: 1.001 * g)
    wanted = [subject for subject in subjects(0) if subject.name in ("exp", "Tanh")]
    checked = [s for s in shipped._gates(0) if s.name == "tanh"]
    [tanh] = checked
    broken = shipped.Subject(
        "gate",
        "tanh",
        tanh.dtypes,
        lambda dtype: shipped._check_gate(wrong, examples(0)["tanh"], 0, dtype),
        wrong,
    )
    monkeypatch.setattr("chainrule.verify._suite.subjects", lambda seed: [*wanted, broken])


def test_what_is_wrong_shows_with_its_details(wrong_tanh: None) -> None:
    pytest.importorskip("sympy")
    report = check_all()
    assert not report.ok
    assert [row.name for row in report.rows if not row.ok] == ["tanh"]
    text = str(report)
    assert "1 of 3 WRONG" in text
    assert "tanh: NOT proved" in text
    assert "gradients of tanh, seed 0: NOT ok" in text
    held: dict[str, Any] = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert held["ok"] is False
    screen = io.StringIO()
    Console(file=screen, width=250).print(report)
    assert "NOT proved" in screen.getvalue()


def test_without_sympy_the_numbers_are_checked_and_the_missing_proofs_are_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("chainrule.verify._regions", "chainrule.verify._symbolic"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "sympy", None)
    few = [subject for subject in subjects(0) if subject.name in ("exp", "relu")]
    monkeypatch.setattr("chainrule.verify._suite.subjects", lambda seed: few)
    report = check_all()
    assert report.ok
    assert report.skipped == "no proofs, pip install 'chainrule[prove]'"
    assert report.skipped in report.title
