"""Gate by gate: whatever an equation says, each of its sides is worth what the graph computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import gates
from chainrule.explain._backpropagation import Backpropagation, backpropagation
from chainrule.explain._expression import Equation, Expression, Gradient, Name, Operation, substituted
from chainrule.explain._steps import MOST_ELEMENTS, Step, is_exact, shown, steps_of, summary_of
from chainrule.explain.notation import text
from chainrule.graph import handed_back
from tests.explain._evaluate import evaluate
from tests.explain._gates import CASES, Case


def worth(passes: Backpropagation, step: Step) -> dict[Expression, tuple[str, Any]]:
    """A value for everything that an equation of a step may name, from the graph itself."""
    output = passes.nodes[passes.graph.output].name
    variable = step.node.variable
    found: dict[Expression, Any] = {Name(node.name): node.variable._value for node in passes.graph}
    for edge in passes.edges_into[variable]:
        if edge.source is None:
            found[Name(step.node.arguments[edge.position])] = edge.value
    assert variable.gate is not None
    found.update({Name(n): kept for n, kept in zip(variable.gate.keeps, variable.kept, strict=True)})
    for whole in (True, False):
        for v, gradient in passes.gradients.items():
            found[Gradient(output, passes.nodes[v].name, whole)] = gradient
    if not step.node.variable.shape:
        local = handed_back(variable, 1.0)
        for source, part in zip(variable.inputs, local, strict=True):
            if isinstance(source, cr.Variable) and variable is not passes.graph.output:
                name = Gradient(step.node.name, passes.nodes[source].name)
                assert name not in found, "the same input twice: which local derivative is meant?"
                found[name] = part
    return {name: (f"value {i}", value) for i, (name, value) in enumerate(found.items())}


def assert_sides(equation: Equation, expected: Any, known: dict[Expression, tuple[str, Any]]) -> None:
    """All sides but the first, which is the name of it all, are worth what is expected."""
    names = {name: Name(stands) for name, (stands, _) in known.items()}
    values = dict(known.values())
    for side in equation.sides[1:]:
        with np.errstate(all="ignore"):
            found = evaluate(substituted(side, names), values)
        found = np.broadcast_to(found, np.shape(expected)) if np.ndim(found) == 0 else found
        np.testing.assert_allclose(
            found, expected, rtol=1e-6 if np.asarray(expected).dtype == np.float32 else 1e-9, atol=1e-12,
            err_msg=f"{text(side)} in {text(equation)}",
        )  # fmt: skip


def assert_all_sides(output: cr.Variable) -> None:
    passes = backpropagation(output)
    for step in steps_of(passes):
        known = worth(passes, step)
        assert_sides(step.forward, step.node.variable._value, known)
        variable = step.node.variable
        for equation, kept in zip(step.kept, variable.kept, strict=True):
            assert_sides(Equation(equation.sides[2:]), kept, known)
        handed = handed_back(variable, step.dout)
        assert [part.edge.position for part in step.parts] == [
            i for i, p in enumerate(handed) if p is not None
        ]
        for part in step.parts:
            np.testing.assert_array_equal(part.value, handed[part.edge.position])
            assert_sides(part.equation, part.value, known)
        for equation in step.sums:
            total = equation.sides[0]
            assert isinstance(total, Gradient)
            assert_sides(equation, known[Gradient(total.of, total.wrt)][1], known)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_side_of_every_equation_is_worth_the_same(case: Case) -> None:
    assert_all_sides(case.output())


def test_sides_of_scalars_of_all_elementwise_gates() -> None:
    x, y = cr.variables(x=0.7, y=1.3)
    for gate in gates.ALL.values():
        if gate.kind == "elementwise" and not gate.variadic and len(gate.inputs) <= 2:
            settings = {"dtype": np.float64} if gate is gates.astype else {}
            assert_all_sides(1.5 * cr.apply(gate, *(x, y)[: len(gate.inputs)], **settings))


def test_the_equations_of_float32_and_of_broadcasting() -> None:
    rng = np.random.default_rng(1)
    X, b = cr.variables(X=rng.normal(size=(2, 3)).astype(np.float32), b=np.full((1, 1), 0.5, np.float32))
    assert_all_sides(cr.sum(X * b + 2.0))


def branches(step: Step) -> Iterator[tuple[str, tuple[int, int]]]:
    for part in step.parts:
        assert part.edge.source is not None
        yield part.edge.source.name, part.branch


def test_branches_are_numbered_as_they_come_back() -> None:
    (x,) = cr.variables(x=3.0)
    y = x * x
    L = y * cr.sin(x) + y
    first, second, third, fourth = reversed(steps_of(backpropagation(L)))
    assert list(branches(first)) == [("multiply2", (1, 1)), ("multiply1", (1, 2))]
    assert list(branches(second)) == [("multiply1", (2, 2)), ("sin1", (1, 1))]
    assert list(branches(third)) == [("x", (1, 3))]
    assert list(branches(fourth)) == [("x", (2, 3)), ("x", (3, 3))]
    assert [len(step.sums) for step in (first, second, third, fourth)] == [0, 1, 0, 1]


def test_a_branch_on_which_nothing_comes_back_does_not_count() -> None:
    x, y = cr.variables(x=3.0, y=1.0)
    (step,) = (s for s in steps_of(backpropagation(x * (x > y))) if s.parts)
    assert list(branches(step)) == [("x", (1, 1))]
    greater = next(s for s in steps_of(backpropagation(x * (x > y))) if s.node.name == "greater1")
    assert (greater.dout, greater.parts, greater.sums) == (None, (), ())


def test_many_branches_are_not_written_as_a_sum() -> None:
    (x,) = cr.variables(x=1.0)
    for count, sides in ((MOST_ELEMENTS, 3), (MOST_ELEMENTS + 1, 2)):
        y: Any = x
        for _ in range(count - 1):
            y = y * x
        (equation,) = (e for step in steps_of(backpropagation(y)) for e in step.sums)
        assert len(equation.sides) == sides
        assert text(equation.sides[-1]) == str(count)


def test_gates_that_keep_something_say_what() -> None:
    x = cr.Variable(np.array([[1.0, 2.0]]), name="x")
    (step,) = steps_of(backpropagation(cr.softmax_with_loss(x, np.array([1]))))
    (kept,) = step.kept
    assert isinstance(kept.sides[1], Operation)
    assert text(kept) == "p = softmax(x (1, 2)) ≈ [[0.268941 0.731059]]"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.array(3.0), "3"),
        (np.float32(0.5), "0.5"),
        (True, "True"),
        (np.ones(3), "[1 1 1]"),
        (np.ones(13), None),
        (np.ones(0), None),
        (np.ones((1, 1, 2)), None),
    ],
)
def test_what_is_shown(value: Any, expected: str | None) -> None:
    found = shown(value)
    assert (None if found is None else text(found)) == expected


@pytest.mark.parametrize(
    ("value", "exact"),
    [(0.1 + 0.2, True), (1 / 3, False), (123456.0, True), (1234567.0, False), (float("inf"), True)]
    + [(np.array([0.5, 1 / 3]), False), (np.ones(12), True), (np.ones(13), False), (True, True)],
)
def test_what_is_exact(value: Any, exact: bool) -> None:
    assert is_exact(value) is exact


def test_a_summary_is_numpys() -> None:
    rng = np.random.default_rng(2)
    array = rng.normal(size=(5, 7)) * (rng.random((5, 7)) > 0.4)
    found = summary_of(array.astype(np.float32))
    assert found == pytest.approx(
        (np.linalg.norm(array), array.min(), array.max(), (array == 0).mean()), rel=1e-6
    )
    assert summary_of(np.ones((0, 3))) == (0, 0, 0, 0)


def test_at_the_output_nothing_is_said_twice() -> None:
    x, y = cr.variables(x=2.0, y=3.0)
    (step,) = steps_of(backpropagation(x * y))
    assert [text(part.equation) for part in step.parts] == [
        "∂L/∂x = ∂L/∂L · y = 1 · 3 = 3",
        "∂L/∂y = ∂L/∂L · x = 1 · 2 = 2",
    ]
