"""The value `Gate`: what it reads off its functions, and which mistakes it finds when it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from itertools import islice
from typing import Any

import numpy as np
import pytest

from chainrule.errors import GateError
from chainrule.gates import ALL, Gate, multiply, softmax, softmax_with_loss


def make(forward: Callable[..., Any], wrt: Any = None, **others: Any) -> Gate:
    return Gate("mine", "m", "mine", "내 것", forward=forward, wrt=wrt or {}, **others)


def scaled(xp: Any, x: Any, y: Any, *, factor: float, axis: int = 0) -> Any:
    return x * y * factor


def joined(xp: Any, *arrays: Any, axis: int = 0) -> Any:
    return xp.concat(arrays, axis=axis)


# What the signatures say -----------------------------------------------------------------------------


def test_inputs_settings_and_defaults_are_read_off_forward() -> None:
    gate = make(scaled)
    assert gate.inputs == ("x", "y")
    assert gate.settings == ("factor", "axis")
    assert dict(gate.defaults) == {"axis": 0}
    assert not gate.variadic


def test_a_starred_input_stands_for_any_number() -> None:
    gate = make(joined, {"arrays": lambda dout, position: dout})
    assert gate.variadic
    assert gate.inputs == ("arrays",)
    assert list(islice(gate.ordered_rules, 3)) == [gate.rules["arrays"]] * 3


def test_rules_stand_in_the_order_of_the_inputs() -> None:
    gate = make(scaled, {"y": lambda dout, x: dout * x})
    assert list(gate.ordered_rules) == [None, gate.rules["y"]]


@pytest.mark.parametrize(
    ("rule", "needs"),
    [
        (lambda dout: dout, ("dout",)),
        (lambda out: out, ("out",)),
        (lambda y, dout: dout * y, ("y", "dout")),
        (lambda xp, dout, out, x_shape, factor: dout, ("xp", "dout", "out", "x_shape", "factor")),
    ],
)
def test_a_rule_needs_what_its_parameters_name(rule: Any, needs: tuple[str, ...]) -> None:
    assert make(scaled, {"x": rule}).rules["x"].needs == needs


def test_a_rule_gets_what_it_names() -> None:
    def rule(axis: Any, y: Any, xp: Any, dout: Any, factor: Any, out: Any, y_shape: Any, x: Any) -> Any:
        return axis, y, xp, dout, factor, out, y_shape, x

    gate = make(scaled, {"x": rule})
    environment = gate.environment(np, "dout", "out", ("x", "y"), ((1,), (2,)), (), {"factor": 3})
    assert gate.rules["x"](environment) == (0, "y", np, "dout", 3, "out", (2,), "x")


def test_a_rule_of_a_starred_input_gets_all_of_them_and_its_position() -> None:
    def rule(position: Any, arrays: Any, arrays_shape: Any, axis: Any) -> Any:
        return position, arrays, arrays_shape, axis

    gate = make(joined, {"arrays": rule})
    environment = gate.environment(np, "dout", "out", ("a", "b"), ((1,), (2,)), (), {}, 1)
    assert gate.rules["arrays"](environment) == (1, ("a", "b"), ((1,), (2,)), 0)


def test_a_setting_given_as_none_is_none_and_not_the_default() -> None:
    gate = make(joined, {"arrays": lambda axis: axis})
    environment = gate.environment(np, "dout", "out", ("a",), ((1,),), (), {"axis": None})
    assert gate.rules["arrays"](environment) is None


def test_what_forward_keeps_has_a_name() -> None:
    assert dict(softmax_with_loss.keeps) == {"p": softmax}
    assert "p" in softmax_with_loss.rules["x"].needs
    gate = make(lambda xp, x: (x, 2 * x), {"x": lambda dout, double: double}, keeps={"double": multiply})
    environment = gate.environment(np, "dout", "out", ("x",), ((),), ("kept",), {})
    assert gate.rules["x"](environment) == "kept"


@pytest.mark.parametrize(
    ("asked", "needed"),
    [
        ((True, False), (False, True)),  # dx = dout · y
        ((False, True), (True, False)),  # dy = dout · x
        ((True, True), (True, True)),
        ((False, False), (False, False)),
    ],
)
def test_only_what_a_rule_reads_is_needed(asked: tuple[bool, ...], needed: tuple[bool, ...]) -> None:
    assert multiply.needed_for(asked) == needed


def test_a_shape_alone_does_not_make_the_values_needed() -> None:
    assert ALL["sum"].needed_for((True,)) == (False,)
    assert ALL["concatenate"].needed_for((True, False, True)) == (False, False, False)
    assert make(joined, {"arrays": lambda arrays: arrays}).needed_for((True, False)) == (True, True)


@pytest.mark.parametrize(
    ("rule", "simple"),
    [
        (lambda xp, dout, out, x, y: dout, True),
        (lambda dout, x_shape: dout, False),
        (lambda dout, factor: dout, False),
    ],
)
def test_simple_rules_name_values_only(rule: Any, simple: bool) -> None:
    assert make(scaled, {"x": rule}).simple is simple


# Mistakes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forward", "wrt", "what", "fix"),
    [
        (
            scaled,
            {"x": lambda dout, z: dout},
            "gate 'mine', rule for 'x': unknown name 'z'",
            "a rule may name xp, dout, out, x, y, x_shape, y_shape, factor, axis",
        ),
        (
            scaled,
            {"x": lambda dout, position: dout},
            "gate 'mine', rule for 'x': unknown name 'position'",
            "a rule may name xp, dout, out, x, y, x_shape, y_shape, factor, axis",
        ),
        (
            joined,
            {"arrays": lambda dout, x: dout},
            "gate 'mine', rule for 'arrays': unknown name 'x'",
            "a rule may name xp, dout, out, arrays, arrays_shape, axis, position",
        ),
        (
            scaled,
            {"x": lambda: 0.0},
            "gate 'mine', rule for 'x': it names nothing",
            "a rule names at least dout, the upstream gradient",
        ),
        (
            scaled,
            {"factor": lambda dout: dout},
            "gate 'mine', rule for 'factor': forward has no such input; its inputs are x, y",
            None,
        ),
        (
            lambda x: x,
            {},
            "gate 'mine': the first parameter of forward must be 'xp', the array namespace",
            None,
        ),
        (
            lambda: 1,
            {},
            "gate 'mine': the first parameter of forward must be 'xp', the array namespace",
            None,
        ),
        (
            lambda xp, x, *more: x,
            {},
            "gate 'mine': '*more' must be the only input of forward",
            None,
        ),
    ],
)
def test_a_wrong_name_fails_when_the_gate_is_made(forward: Any, wrt: Any, what: str, fix: str | None) -> None:
    with pytest.raises(GateError) as caught:
        make(forward, wrt)
    assert caught.value.what == what
    assert caught.value.fix == fix


def test_what_is_kept_may_be_named_only_by_its_name() -> None:
    with pytest.raises(GateError, match="unknown name 'half'") as caught:
        make(lambda xp, x: (x, 2 * x), {"x": lambda half: half}, keeps={"double": multiply})
    assert caught.value.fix == "a rule may name xp, dout, out, x, x_shape, double"


# A value ---------------------------------------------------------------------------------------------


def test_a_gate_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        multiply.name = "times"  # type: ignore[misc]
    with pytest.raises(TypeError):
        multiply.rules["x"] = None  # type: ignore[index]
    with pytest.raises(TypeError):
        ALL["mine"] = multiply  # type: ignore[index]


def test_a_gate_is_itself_and_nothing_else() -> None:
    one, other = make(scaled), make(scaled)
    assert one != other
    assert len({one, other, one}) == 2
    assert repr(one) == "Gate('mine')"


def test_every_gate_is_known_by_its_name() -> None:
    assert all(gate.name == name for name, gate in ALL.items())
    assert len(set(ALL.values())) == len(ALL)
