"""The benchmark of the checker itself: its mutants are wrong, and one of every kind is caught and explained."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from mutants.checkers import Verdict, chainrule
from mutants.independent import gradients, numerical, where_wrong
from mutants.kinks import kinks
from mutants.live import Live, values_of
from mutants.mutations import Mutant, Rule, mutants, mutants_of
from mutants.rewriting import replaced, sites
from mutants.rules import RULES
from mutants.run import judged, mutant_table
from mutants.subject import Subject
from mutants.subjects import subjects
from mutants.traps import Trap, traps

KINDS = list(dict.fromkeys(rule.kind for rule in RULES))
SUBJECTS = {subject.name: subject for subject in subjects()}


def one_of(kind: str) -> Mutant:
    return next(mutants([rule for rule in RULES if rule.kind == kind]))


@pytest.mark.parametrize("kind", KINDS)
def test_one_of_every_kind_is_caught_and_diagnosed(kind):
    [outcome] = judged([one_of(kind)], {"chainrule": chainrule})
    assert outcome.is_caught("chainrule"), str(outcome)
    assert outcome.is_diagnosed, str(outcome)


def test_there_are_enough_kinds_of_mistakes():
    assert len(KINDS) >= 20


@pytest.mark.parametrize("name", SUBJECTS)
def test_right_code_is_right_and_is_not_accused(name):
    subject = SUBJECTS[name]
    assert where_wrong(subject) is None
    assert chainrule(subject, subject.point(np.random.default_rng(0))).ok


@pytest.mark.parametrize("kink", list(kinks()), ids=lambda kink: kink.label)
def test_right_code_at_a_kink_is_not_accused(kink):
    assert chainrule(kink.subject, kink.point).ok


@pytest.mark.parametrize("trap", list(traps()), ids=lambda trap: trap.label)
def test_traps_are_caught_and_explained(trap: Trap):
    verdict = chainrule(trap.subject, trap.point)
    assert verdict.ok is not trap.is_wrong
    if trap.is_wrong:
        assert verdict.kinds[0] in trap.right


def test_a_network_takes_parameters_into_its_own_arrays_and_gives_back_what_it_writes():
    rule = Rule("writes", (), "return grads", "p['W1'] -= 1\nreturn grads", only="^SigmoidNet$")
    [mutant] = mutants([rule])
    values = [value.copy() for value in values_of(mutant.subject, mutant.at)]
    live = Live(mutant.subject, mutant.at)
    live.forward(values)
    live.backward(1.0)
    differences = [
        np.unique(a - b) for a, b in zip(values, values_of(mutant.subject, mutant.at), strict=True)
    ]
    np.testing.assert_allclose(np.concatenate(differences), [*[-1.0] * len(differences[0]), 0, 0, 0])


def test_a_change_that_changes_nothing_is_no_mutant():
    rule = Rule("equivalent", (), "_a > 0", "_a >= 0", only="LeakyReLU")
    assert len(list(mutants_of(rule, SUBJECTS["LeakyReLU"], 0))) == 1
    assert list(mutants([rule])) == []


def test_code_that_raises_is_no_mutant():
    assert list(mutants([Rule("raises", (), "self.mask", "self.musk", only="ReLU$")])) == []


def test_a_checker_that_accepts_everything_catches_nothing():
    outcomes = judged(
        [one_of("sign")], {"chainrule": chainrule, "blind": lambda subject, point: Verdict(True)}
    )
    table = mutant_table(outcomes, ["chainrule", "blind"])
    assert list(table.rows[0]) == ["sign", "1", "1", "1", "1", "0"]


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(list(SUBJECTS.values())), st.integers(0, 2**31))
def test_the_independent_differences_agree_with_right_code(subject: Subject, seed: int):
    rng = np.random.default_rng(seed)
    point = subject.point(rng)
    values = values_of(subject, point)
    dout = rng.normal(size=np.shape(Live(subject, point).forward(values)))
    pairs = zip(gradients(subject, point, values, dout), numerical(subject, point, values, dout), strict=True)
    for claimed, right in pairs:
        off = np.abs(claimed - right) > 1e-6 * np.max(np.abs(right), initial=0.0) + 1e-8
        assert np.sum(off) <= 1  # a kink may be met


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("_a.sum(axis=0)", "_a.mean(axis=0)", "x = d.mean(axis=0) + y"),
        ("_a + _b", "_b - _a", "x = y - d.sum(axis=0)"),
        ("x = _e", "x = 1\nz = _e", "x = 1\n    z = d.sum(axis=0) + y"),
        ("_a + _a", "2 * _a", None),
        ("_a.sum(axis=1)", "0", None),
    ],
)
def test_a_pattern_is_replaced_where_it_fits(before: str, after: str, expected: str | None):
    tree = ast.parse("def f():\n    x = d.sum(axis=0) + y")
    found = [[(site, after)] for site in sites(tree, before, lambda function: function == "f")]
    texts = [ast.unparse(replaced(tree, place)) for place in found]
    assert texts == ([] if expected is None else [f"def f():\n    {expected}"])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.kind}: {rule.before or '_g'}")
def test_every_rule_fits_somewhere(rule: Rule):
    assert any(True for subject in SUBJECTS.values() for _ in mutants_of(rule, subject, 0))
