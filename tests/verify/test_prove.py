"""Proofs: of every rule, in every region; and none for a wrong one."""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import sys
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from chainrule import gates
from chainrule.errors import MissingExtraError, UnsupportedError
from chainrule.gates import Gate
from chainrule.verify import prove
from tests.verify._mutants import Rule, with_rule

pytest.importorskip("sympy")

from chainrule.verify._symbolic import Region, exact

ELEMENTWISE = [gate for gate in gates.ALL.values() if gate.kind == "elementwise" and gate.rules]
OTHERS = [
    gates.sum, gates.mean, gates.max, gates.min, gates.logsumexp, gates.softmax, gates.log_softmax, gates.matmul,
    gates.softmax_with_loss, gates.cross_entropy_error, gates.squared_error, gates.mean_squared_error,
    gates.binary_cross_entropy_with_logits,
]  # fmt: skip
PROVED = [(gate.name, name) for gate in [*ELEMENTWISE, *OTHERS] for name in gate.rules]


proof_of = functools.cache(prove)


def name_of(gate: Gate) -> str:
    return gate.name


@pytest.mark.parametrize("gate", [*ELEMENTWISE, *OTHERS], ids=name_of)
def test_every_rule_is_the_derivative_of_forward(gate: Gate) -> None:
    proof = proof_of(gate)
    assert proof.ok, str(proof)
    assert {case.input.partition("[")[0] for case in proof.cases} == set(gate.rules)


@pytest.mark.parametrize(("gate_name", "name"), PROVED)
def test_no_wrong_rule_is_proved(gate_name: str, name: str) -> None:
    def a_thousandth_off(rule: Rule) -> Rule:
        return lambda *needs: 1.001 * np.asarray(rule(*needs))[()]

    wrong = with_rule(gates.ALL[gate_name], name, a_thousandth_off)
    proof = prove(wrong)
    assert not proof.ok
    assert {case.input.partition("[")[0] for case in proof.cases if not case.proved} == {name}


def test_a_wrong_sign_is_found() -> None:
    assert not prove(dataclasses.replace(gates.cos, wrt={"x": lambda xp, dout, x: dout * xp.sin(x)})).ok


def test_a_term_that_is_missing_is_found() -> None:
    wrong = dataclasses.replace(gates.silu, wrt={"x": lambda xp, dout, x: dout / (1 + xp.exp(-x))})
    assert not prove(wrong).ok
    wrong = dataclasses.replace(gates.softmax, wrt={"x": lambda dout, out: dout * out * (1 - out)})
    assert not prove(wrong).ok


@pytest.mark.parametrize(
    ("gate", "regions"),
    [
        (gates.relu, ["x < 0", "x = 0", "x > 0"]),
        (gates.abs, ["x < 0", "x = 0", "x > 0"]),
        (gates.maximum, ["x < y", "x = y", "x > y"]),
        (gates.max, ["x[0] < x[1]", "x[0] = x[1]", "x[0] > x[1]"]),
        (gates.where, ["condition is True", "condition is False"]),
        (gates.tanh, ["everywhere"]),
    ],
    ids=lambda value: value.name if isinstance(value, Gate) else "",
)
def test_each_side_of_each_kink_and_the_kink_itself_are_covered(gate: Gate, regions: list[str]) -> None:
    assert list(dict.fromkeys(case.region for case in proof_of(gate).cases)) == regions


def test_clip_is_proved_below_inside_and_above_and_on_both_bounds() -> None:
    regions = {case.region for case in proof_of(gates.clip).cases}
    assert {"x > low, x < high", "x > low, x = high", "x > low, x > high", "x = low, x < high"} <= regions
    assert {"without low, x = high", "without high, x = low"} <= regions


def test_a_wrong_choice_at_a_kink_is_found_though_both_sides_are_right() -> None:
    wrong = Gate("r", "r", "r", "r", lambda xp, x: xp.where(x > 0, x, -x), {
        "x": lambda xp, dout, x: xp.where(x == 0, 2 * dout, xp.where(x > 0, dout, -dout))
    })  # fmt: skip
    failed = [case for case in prove(wrong).cases if not case.proved]
    assert [(case.region, case.derivative, case.rule) for case in failed] == [
        ("x = 0", "-dout and dout", "2*dout")
    ]


def test_a_wrong_branch_is_found_in_its_region() -> None:
    wrong = with_rule(
        gates.leaky_relu, "x",
        lambda rule: lambda xp, dout, x, alpha: xp.where(x <= 0, dout * alpha, dout * alpha),
    )  # fmt: skip
    assert {case.region for case in prove(wrong).cases if not case.proved} == {"x > 0"}


def test_the_text_of_a_proof() -> None:
    assert str(proof_of(gates.sigmoid)).splitlines() == [
        "sigmoid: proved",
        "input  where    dout · derivative            rule",
        "x      x < 0    dout*exp(x)/(exp(x) + 1)**2  dout*(1 - exp(x)/(exp(x) + 1))*exp(x)/(exp(x) + 1)  proved",
        "x      x = 0    dout/4 and dout/4            dout/4                                              proved",
        "x      x > 0    dout*exp(x)/(exp(x) + 1)**2  dout*(1 - 1/(1 + exp(-x)))/(1 + exp(-x))            proved",
        "       formula  forward                      1 / (1 + exp(-x))                                   proved",
    ]


def test_a_proof_prints_in_rich_and_goes_into_json() -> None:
    screen = io.StringIO()
    Console(file=screen, width=200).print(proof_of(gates.relu))
    assert "relu: proved" in screen.getvalue()
    held = json.loads(json.dumps(proof_of(gates.relu).to_dict(), allow_nan=False))
    assert held["ok"] is True
    assert held["cases"][1]["region"] == "x = 0"


@pytest.mark.parametrize("gate", [g for g in gates.ALL.values() if g.formula], ids=name_of)
def test_a_textbook_formula_cannot_lie(gate: Gate) -> None:
    assert proof_of(gate).formula_holds
    assert_lie(dataclasses.replace(gate, formula=f"({gate.formula}) * 1.001"))


def test_a_lie_of_a_few_parts_in_a_quintillion_is_one() -> None:
    assert_lie(dataclasses.replace(gates.sigmoid, formula="1 / (1 + exp(-x)) + exp(-40)"))


def assert_lie(gate: Gate) -> None:
    proof = prove(gate)
    assert all(case.proved for case in proof.cases)
    assert not proof.formula_holds
    assert not proof.ok
    assert "WRONG" in str(proof)


@pytest.mark.parametrize("gate", [gates.reshape, gates.getitem, gates.concatenate, gates.stack], ids=name_of)
def test_gates_that_move_elements_are_for_the_other_check(gate: Gate) -> None:
    with pytest.raises(UnsupportedError, match=f"not {gate.name}, which is of the kind shape") as caught:
        prove(gate)
    assert "check_gradients" in str(caught.value.fix)


@pytest.mark.parametrize("gate", [gates.sign, gates.less, gates.isnan], ids=name_of)
def test_gates_without_rules_have_nothing_to_prove(gate: Gate) -> None:
    with pytest.raises(UnsupportedError, match="has no rules"):
        prove(gate)


def test_a_gate_of_ones_own_is_proved_too() -> None:
    cube = Gate("cube", "x³", "cube", "세제곱", lambda xp, x: x**3, {"x": lambda dout, x: 3 * dout * x * x})
    assert prove(cube).ok


@pytest.mark.parametrize(
    ("forward", "reason"),
    [
        (lambda xp, x: xp.arctan(x), "does not run on symbols"),
        (lambda xp, x: xp.where(x * xp.exp(x) + xp.sin(x) > 0, x, x), "nothing tells whether"),
    ],
)
def test_what_cannot_be_proved_is_said_with_the_reason(forward: Any, reason: str) -> None:
    proof = prove(Gate("mine", "m", "m", "m", forward, {"x": lambda dout: dout}))
    assert not proof.ok
    assert reason in str(proof)


def test_without_sympy_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("chainrule.verify._regions", "chainrule.verify._symbolic"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "sympy", None)
    with pytest.raises(MissingExtraError) as caught:
        prove(gates.exp)
    assert caught.value.fix == "pip install 'chainrule[prove]'"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.01, "1/100"), (0.5, "1/2"), (3, "3"), (-1.5, "-3/2"), (2**0.5, "sqrt(2)"), (-(3**-0.5), "-sqrt(3)/3"),
        ((2 * np.pi) ** 0.5, "sqrt(2)*sqrt(pi)"), (2 / np.pi**0.5, "2/sqrt(pi)"), (np.float64(0.25), "1/4"),
        (np.inf, "oo"), (-np.inf, "-oo"), (0.1 + 1e-9, "900719934599713/9007199254740992"),
    ],
)  # fmt: skip
def test_floats_are_read_as_what_they_were_meant_to_be(value: float, text: str) -> None:
    if text.startswith("9007"):
        assert exact(value).p / exact(value).q == value
    else:
        assert str(exact(value)) == text


def test_a_region_is_split_where_an_expression_changes_its_sign() -> None:
    import sympy

    x = sympy.Symbol("x", real=True)
    parts = Region().split(2 - 3 * x)
    assert parts is not None
    assert [part.sign(2 - 3 * x) for part in parts] == [-1, 0, 1]
    assert [part.sign(3 * x - 2) for part in parts] == [1, 0, -1]
    assert Region().split(x * x - 2) is None
