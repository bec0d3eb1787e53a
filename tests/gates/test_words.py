"""The words of every gate: names in English and Korean, a symbol, and a text with an example that runs."""

from __future__ import annotations

import doctest
import re
from collections import Counter
from operator import attrgetter

import numpy as np
import pytest

import chainrule
from chainrule.gates import ALL, Gate
from chainrule.graph import functions

every_gate = pytest.mark.parametrize("gate", ALL.values(), ids=attrgetter("name"))
HANGUL = re.compile("[가-힣]")


@every_gate
def test_a_gate_has_a_name_in_both_languages_and_a_symbol(gate: Gate) -> None:
    assert gate.symbol.strip()
    assert gate.en.strip()
    assert not HANGUL.search(gate.en)
    assert HANGUL.search(gate.ko)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_two_gates_have_one_name(language: str) -> None:
    names = Counter(getattr(gate, language) for gate in ALL.values())
    assert [name for name, times in names.items() if times > 1] == []


@every_gate
def test_the_text_of_a_gate_says_what_its_inputs_and_settings_are(gate: Gate) -> None:
    first, _, rest = gate.doc.partition("\n")
    assert first.strip()
    for name in (*gate.inputs, *gate.settings):
        assert re.search(rf"^ *(\w+, )?{name}(, \w+)*  ", rest, re.MULTILINE), f"{name} is not described"


@every_gate
def test_the_example_of_a_gate_runs(gate: Gate) -> None:
    names = {"cr": chainrule, "np": np}
    test = doctest.DocTestParser().get_doctest(gate.doc, names, gate.name, None, 0)
    assert test.examples
    report: list[str] = []
    doctest.DocTestRunner().run(test, out=report.append)
    assert report == []


@pytest.mark.parametrize("name", functions.__all__)
def test_a_function_is_its_gate_with_its_text(name: str) -> None:
    function = getattr(functions, name)
    assert function.__doc__ == ALL[name].doc
    assert function.__name__ == name
    assert getattr(chainrule, name) is function
    found = doctest.DocTestFinder(recurse=False).find(function, name, module=functions)
    assert any(test.examples for test in found)
