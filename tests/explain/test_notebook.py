"""What a notebook shows of variables, networks and the reports of verify."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UnsupportedError
from chainrule.explain import drawing
from chainrule.explain._notebook import mimebundle
from chainrule.verify import CheckReport, GradientReport, InputCheck, Proof
from chainrule.verify._suite import Row
from chainrule.words import words


def result() -> cr.Variable:
    x, m = cr.variables(x=100.0, m=2)
    return x * m


def test_a_result_is_drawn() -> None:
    z = result()
    bundle = mimebundle(z)
    assert list(bundle) == ["image/svg+xml", "text/plain"]
    assert bundle["image/svg+xml"] == drawing.draw(z).svg()
    assert ElementTree.fromstring(bundle["image/svg+xml"]).tag == "{http://www.w3.org/2000/svg}svg"
    assert bundle["text/plain"] == "Variable(200.0)"


def test_a_leaf_is_text() -> None:
    assert mimebundle(cr.Variable(3.0, name="x")) == {"text/plain": "Variable(3.0, name='x')"}


def test_a_network_is_drawn_and_summed_up() -> None:
    network = cr.TwoLayerNet(4, 3, 2, seed=0)
    bundle = mimebundle(network)
    assert list(bundle) == ["image/svg+xml", "text/plain"]
    assert ElementTree.fromstring(bundle["image/svg+xml"]).tag == "{http://www.w3.org/2000/svg}svg"
    assert bundle["text/plain"] == network.summary()


def test_a_drawing_that_cannot_be_made_leaves_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thing: Any) -> Any:
        raise UnsupportedError("too large to be drawn")

    monkeypatch.setattr(drawing, "draw", refuse)
    assert mimebundle(result()) == {"text/plain": "Variable(200.0)"}


def test_our_own_mistakes_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(thing: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(drawing, "draw", fail)
    with pytest.raises(ZeroDivisionError):
        mimebundle(result())


def test_other_things_are_text() -> None:
    assert mimebundle([1, 2]) == {"text/plain": "[1, 2]"}


def rows_of(bundle: dict[str, str]) -> list[list[str]]:
    section = ElementTree.fromstring(bundle["text/html"])
    return [["".join(cell.itertext()) for cell in row] for row in section.iter("tr")]


def test_a_gradient_report_is_a_table() -> None:
    report = cr.check_gradients(np.tanh, np.array([0.5, -1.0]))
    bundle = mimebundle(report)
    assert list(bundle) == ["text/html", "text/plain"]
    assert bundle["text/plain"] == str(report)
    header, row = rows_of(bundle)
    assert (
        header == [name for name in str(report).splitlines()[1].split("  ") if name] or header[0] == "input"
    )
    assert row == ["✓ " + report.inputs[0].name, *report.inputs[0].row(words("en", "check"))[1:]]
    assert ElementTree.fromstring(bundle["text/html"]).findtext("h2") == report.title


def test_markup_in_a_report_is_text() -> None:
    inputs = (InputCheck("<b>[red]x[/red]", (), "float64", "wrong"),)
    bundle = mimebundle(GradientReport("f", 0, inputs))
    assert rows_of(bundle)[1][0] == "✗ <b>[red]x[/red]"


def test_a_proof_is_a_table_and_one_without_cases_a_title() -> None:
    pytest.importorskip("sympy")
    proof = cr.prove(cr.gates.multiply)
    assert [row[0] for row in rows_of(mimebundle(proof))] == ["input", "✓ x", "✓ y"]
    without = Proof("odd", (), reason="it has no formula")
    section = ElementTree.fromstring(mimebundle(without)["text/html"])
    assert [(e.tag, e.text) for e in section] == [("h2", "odd: NOT proved, it has no formula")]


def test_a_report_of_everything_shows_what_is_wrong_below() -> None:
    wrong = Proof("odd", (), reason="it has no formula")
    report = CheckReport((Row("gate", "odd", wrong, {}),), seed=0)
    section = ElementTree.fromstring(mimebundle(report)["text/html"])
    assert [e.text for e in section if e.tag in ("h2", "h3")] == [report.title, wrong.title]
    assert rows_of(mimebundle(report))[1][:3] == ["✗ gate", "odd", "it has no formula"]
