"""Any sequence of building, backward passes and changes, against a model that computes all derivatives forward."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from chainrule.errors import GraphError
from chainrule.graph import Variable

numbers = st.integers(-3, 3).map(float)
pairs = st.tuples(numbers, numbers).map(np.array)


@dataclass(eq=False)
class Model:
    """What is known of a variable without looking into it.

    slopes  the derivative of its value by each of its ancestors, itself included, worked out when it was made
    needed  arrays that its graph must find unchanged, with what they were
    """

    variable: Variable
    value: np.ndarray
    slopes: dict[Model, np.ndarray] = field(default_factory=dict)
    needed: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)
    grad: np.ndarray | None = None

    def __post_init__(self) -> None:
        self.slopes[self] = np.ones(2)

    @property
    def is_spoilt(self) -> bool:
        return any(not np.array_equal(array, before) for array, before in self.needed)


def combined(variable: Variable, value: np.ndarray, parts: list[tuple[Model, np.ndarray]]) -> Model:
    """The model of a result: its parents, with the partial derivative by each."""
    slopes: dict[Model, np.ndarray] = {}
    for parent, partial in parts:
        for ancestor, slope in parent.slopes.items():
            slopes[ancestor] = slopes.get(ancestor, np.zeros(2)) + partial * slope
    needed = [pair for parent, _ in parts for pair in parent.needed]
    return Model(variable, value, slopes, needed)


class Graphs(RuleBasedStateMachine):
    """Graphs that share leaves and each other."""

    leaves = Bundle("leaves")
    results = Bundle("results")
    anything = leaves | results

    def __init__(self) -> None:
        super().__init__()
        self.models: list[Model] = []

    def keep(self, model: Model) -> Model:
        self.models.append(model)
        return model

    @initialize(target=leaves, value=pairs)
    def make_the_first_leaf(self, value: np.ndarray) -> Model:
        return self.keep(Model(Variable(value), value))

    @rule(target=leaves, value=pairs)
    def make_a_leaf(self, value: np.ndarray) -> Model:
        return self.keep(Model(Variable(value), value))

    @rule(target=results, x=anything, y=anything)
    def add(self, x: Model, y: Model) -> Model:
        parts = [(x, np.ones(2)), (y, np.ones(2))]
        return self.keep(combined(x.variable + y.variable, x.value + y.value, parts))

    @rule(target=results, x=anything, y=anything)
    def multiply(self, x: Model, y: Model) -> Model:
        parts = [(x, y.value.copy()), (y, x.value.copy())]
        product = combined(x.variable * y.variable, x.value * y.value, parts)
        for factor in (x, y):
            product.needed.append((factor.value, factor.value.copy()))
        return self.keep(product)

    @rule(target=results, x=anything, factor=numbers)
    def scale(self, x: Model, factor: float) -> Model:
        parts = [(x, np.full(2, factor))]
        return self.keep(combined(x.variable * factor, x.value * factor, parts))

    @rule(of=anything, seed=pairs, accumulate=st.booleans())
    def backward(self, of: Model, seed: np.ndarray, accumulate: bool) -> None:
        if of.is_spoilt:
            with pytest.raises(GraphError, match="changed in place"):
                of.variable.backward(seed, accumulate=accumulate)
            return
        of.variable.backward(seed, accumulate=accumulate)
        for ancestor, slope in of.slopes.items():
            before = ancestor.grad if accumulate and ancestor.grad is not None else 0.0
            ancestor.grad = before + seed * slope

    @rule(leaf=leaves, value=pairs)
    def give_a_new_value(self, leaf: Model, value: np.ndarray) -> None:
        leaf.value = leaf.variable.value = value

    @rule(leaf=leaves, place=st.integers(0, 1), value=numbers)
    def change_in_place(self, leaf: Model, place: int, value: float) -> None:
        leaf.value[place] = value

    @rule(leaf=leaves, value=numbers)
    def change_a_gradient_in_place(self, leaf: Model, value: float) -> None:
        if leaf.grad is not None:
            leaf.variable.grad *= value
            leaf.grad = leaf.grad * value

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        for model in self.models:
            np.testing.assert_array_equal(model.variable.value, model.value)
            assert (model.variable.grad is None) == (model.grad is None)
            if model.grad is not None:
                np.testing.assert_allclose(model.variable.grad, model.grad, rtol=1e-9)


TestGraphs = Graphs.TestCase
TestGraphs.settings = settings(stateful_step_count=30)
