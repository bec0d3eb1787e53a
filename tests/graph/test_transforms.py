"""grad, value_and_grad, jacobian and hessian, of any order by nesting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import ArgumentError, DTypeError, GraphError
from chainrule.graph import Variable, grad, hessian, jacobian, no_grad, value_and_grad
from chainrule.graph import functions as F
from tests.graph._numerical import assert_close, slope
from tests.graph._refusal import refused

A = np.array([0.3, -1.2, 2.0])
M = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]])


# Gradients


def test_value_and_gradient() -> None:
    value, gradient = value_and_grad(lambda x: np.sum(x * x))(A)
    assert value == np.sum(A * A)
    assert gradient.tolist() == (2 * A).tolist()
    assert value_and_grad(lambda x, m: x * m)(100, 2) == (200.0, 2.0)


def test_gradients_for_several_arguments_in_the_order_asked_for() -> None:
    def f(x: Any, y: Any, *, power: int) -> Any:
        """Documented."""
        return np.sum(x**power) * y

    gradient = grad(f, wrt=(1, 0))
    found = gradient(A, 2.0, power=2)
    assert isinstance(found, tuple)
    dy, dx = found
    assert dy == pytest.approx(np.sum(A**2))
    np.testing.assert_allclose(dx, 4 * A)
    (dx,) = grad(f, wrt=(0,))(A, 2.0, power=2)
    np.testing.assert_allclose(dx, 4 * A)
    assert gradient.__doc__ == "Documented."


@pytest.mark.parametrize("constant", [3.0, 2, np.float32(1.5), np.array(2.0)])
def test_a_function_that_does_not_depend_on_its_argument_has_gradient_zero(constant: Any) -> None:
    def f(x: Any) -> Any:
        return constant

    assert grad(f)(2.0) == 0.0
    assert grad(f)(A).tolist() == [0, 0, 0]
    assert grad(lambda x: Variable(constant))(A).tolist() == [0, 0, 0]
    assert grad(f)(A.astype(np.float32)).dtype == np.float32
    value, _ = value_and_grad(f)(A)
    assert value == constant


def test_where_nothing_flows_there_are_zeros() -> None:
    assert jacobian(lambda x: np.ones((2, 1)))(A).tolist() == [[[0, 0, 0]], [[0, 0, 0]]]
    dx, dy = grad(lambda x, y: x, wrt=(0, 1))(1.0, A)
    assert dx == 1.0
    assert dy.tolist() == [0, 0, 0]


def test_arguments_are_taken_as_variables_take_them() -> None:
    assert grad(lambda x: x * x)(3) == 6.0
    assert grad(lambda x: np.sum(x * x))([1, 2]).tolist() == [2, 4]
    with pytest.raises(DTypeError, match="not an array of dtype int64"):
        grad(lambda x: np.sum(x))(np.array([1, 2]))


@pytest.mark.parametrize("result", [A, np.ones((1, 2)), np.ones(0)])
def test_a_gradient_of_several_numbers_is_refused(result: np.ndarray) -> None:
    what = f"the function returned shape {result.shape}; a gradient needs one number"
    fix = "use jacobian(f), or make it one number with np.sum or np.mean"
    for f in (lambda x: result, lambda x: x * result):
        with refused(GraphError, what, fix):
            grad(f)(2.0)


@pytest.mark.parametrize("make", [grad, jacobian])
@pytest.mark.parametrize("result", [None, "1", (1.0, 2.0), 1j])
def test_a_result_that_is_no_number_is_refused(make: Callable[..., Any], result: Any) -> None:
    kind = type(result).__name__
    with refused(GraphError, f"the function returned {kind}; expected a number or an array"):
        make(lambda x: result)(2.0)


def test_a_condition_has_no_gradient() -> None:
    with pytest.raises(DTypeError, match="holds bool, which has no gradient"):
        grad(lambda x: x > 0)(2.0)


@pytest.mark.parametrize("wrt", [-1, "x", 1.5, (), (0, -1), None])
def test_wrt_that_names_no_argument(wrt: Any) -> None:
    what = f"wrt={wrt!r} must be the number of a positional argument, counted from 0, or several"
    with refused(ArgumentError, what):
        grad(lambda x: x, wrt=wrt)


def test_wrt_that_does_not_fit_the_call() -> None:
    with refused(ArgumentError, "wrt=(0, 0) names an argument twice"):
        grad(lambda x: x, wrt=(0, 0))
    with refused(ArgumentError, "wrt=1, but the function was called with 1 positional arguments"):
        grad(lambda x, y=2.0: x * y, wrt=1)(3.0)


# Higher orders: known forms, and SymPy


@pytest.mark.parametrize("x", [0.7, np.float64(0.7), np.array(0.7)])
def test_derivatives_of_a_power(x: Any) -> None:
    def f(v: Any) -> Any:
        return v**5

    for factor, power in ((5, 4), (20, 3), (60, 2), (120, 1), (120, 0)):
        f = grad(f)
        found = f(x)
        assert isinstance(found, float | np.ndarray)
        assert found == pytest.approx(factor * 0.7**power)


FORMULAS = """
np.sin(x) * np.exp(x)                         is sin(x) * exp(x)
np.log(1 + x * x) / x                         is log(1 + x*x) / x
F.sigmoid(3 * x)                              is 1 / (1 + exp(-3*x))
F.softplus(x) * np.tanh(x)                    is log(1 + exp(x)) * tanh(x)
np.sqrt(x) ** 3 + 2.0**x                      is sqrt(x)**3 + 2**x
F.gelu(x)                                     is x * (1 + erf(x / sqrt(2))) / 2
F.silu(x) ** x                                is (x / (1 + exp(-x)))**x
F.logsumexp(np.stack([x, 2 * x, x * x]))      is log(exp(x) + exp(2*x) + exp(x*x))
F.softmax(np.stack([x, x * x])) @ [1.0, 2.0]  is (exp(x) + 2*exp(x*x)) / (exp(x) + exp(x*x))
F.softmax_with_loss(np.stack([x, x * x])[None], np.array([1]))  is log(1 + exp(x - x*x))
np.var(np.stack([x, x**3, 1.0]))              is (x**2 + x**6 + 1)/3 - (x + x**3 + 1)**2/9
""".strip().splitlines()


@pytest.mark.parametrize("formula", FORMULAS)
def test_three_orders_against_sympy(formula: str) -> None:
    sympy = pytest.importorskip("sympy")
    ours, theirs = formula.split(" is ")
    f, x = eval(f"lambda x: {ours}", globals()), sympy.Symbol("x")
    for order in (1, 2, 3):
        f = grad(f)
        derivative = sympy.diff(sympy.sympify(theirs), x, order)
        for at in (0.4, 1.3):
            wanted = float(derivative.subs(x, sympy.Float(at, 40)).evalf(30))
            assert f(at) == pytest.approx(wanted, rel=1e-9)


def test_partial_derivatives_commute() -> None:
    def f(x: Any, y: Any) -> Any:
        return np.exp(x * y) * np.sin(x) + y / x

    one = grad(grad(f, wrt=1), wrt=0)
    other = grad(grad(f, wrt=0), wrt=1)
    assert one(0.8, 0.3) == pytest.approx(other(0.8, 0.3), rel=1e-12)


# Nesting: each derivative is of its own variable


@pytest.mark.parametrize(
    "equation",
    [
        "grad(lambda x: x * grad(lambda y: x * y)(1.0))(3.0) == 6.0",
        "grad(lambda x: x * grad(lambda y: x + y)(1.0))(3.0) == 1.0",
        "grad(lambda x: grad(lambda y: x * y * y)(x))(3.0) == 12.0",
        "grad(lambda x: grad(lambda x: x * x)(x) * x)(3.0) == 12.0",
    ],
)
def test_perturbations_are_not_confused(equation: str) -> None:
    assert eval(equation)


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_an_inner_gradient_depends_on_the_outer_variable(a: float, b: float) -> None:
    def outer(x: Any) -> Any:
        return grad(lambda y: np.sin(x * y) * x)(b)  # x² cos(x b)

    wanted = 2 * a * np.cos(a * b) - a * a * b * np.sin(a * b)
    assert grad(outer)(a) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_variables_from_outside_stay_differentiable() -> None:
    w = Variable(2.0)
    value, slope_at_3 = value_and_grad(lambda x: x * x * w)(3.0)
    assert (value.value, slope_at_3.value) == (18.0, 12.0)
    (slope_at_3 * w).backward()
    assert w.grad == 24.0
    gradient = grad(lambda x: np.sum(x * x))(Variable(A))
    assert isinstance(gradient, Variable)
    assert gradient.value.tolist() == (2 * A).tolist()
    assert isinstance(grad(lambda x, y: x * y)(3.0, w), Variable)


def test_an_argument_that_is_a_variable_is_differentiated_for_its_own_place_only() -> None:
    x = Variable(3.0)
    dx = grad(lambda v: v * v + x * 10)(x)
    assert dx.value == 6.0
    dx.backward()
    assert x.grad == 2.0
    assert x.number < dx.number


def test_within_no_grad_gradients_are_right_and_plain() -> None:
    w = Variable(2.0)
    with no_grad():
        for expression, wanted in {
            "grad(lambda x: x * x)(3.0)": 6.0,
            "value_and_grad(lambda x: x * x * w)(3.0)": (18.0, 12.0),
            "grad(grad(lambda x: x**3))(2.0)": 12.0,
            "jacobian(lambda x: x * w)(A).tolist()": [[2, 0, 0], [0, 2, 0], [0, 0, 2]],
        }.items():
            assert eval(expression, {"w": w, **globals()}) == wanted


def test_no_grad_inside_a_function_cuts_it() -> None:
    assert grad(lambda x: _detached(x * x) * x)(3.0) == 9.0


def _detached(x: Any) -> Any:
    with no_grad():
        return x * 1.0


# Jacobians and Hessians


JACOBIANS = {
    "2.0: x * x": (),
    "2.0: x * np.ones((2, 3))": (2, 3),
    "np.array(2.0): x * x": (),
    "A: np.sum(x * x)": (3,),
    "A: np.exp(x[0:2])": (2, 3),
    "A: np.outer(x, x)": (3, 3, 3),
    "M: x @ A": (2, 2, 3),
    "M: x.T @ x": (3, 3, 2, 3),
    "A: x[3:]": (0, 3),
    "np.ones((0, 2)): np.sum(x, axis=0)": (2, 0, 2),
    "np.ones(0): np.outer(x, x)": (0, 0, 0),
}


@pytest.mark.parametrize("case", JACOBIANS)
def test_a_jacobian_has_the_shapes_of_result_and_argument(case: str) -> None:
    given_x, expression = case.split(": ", 1)
    x, f = eval(given_x), eval(f"lambda x: {expression}", globals())
    found = jacobian(f)(x)
    assert np.shape(found) == JACOBIANS[case]
    result = np.shape(f(x))
    for place in np.ndindex(result):
        upstream = np.zeros(result)
        upstream[place] = 1
        assert_close(found[place] if result else found, slope(f, x, upstream))


def test_a_jacobian_has_the_dtype_of_its_argument() -> None:
    x = A.astype(np.float32)
    for result in (np.ones(3), np.ones(0), x):
        assert jacobian(lambda x, result=result: result)(x).dtype == np.float32
        assert jacobian(lambda x, result=result: x[0] * result)(x).dtype == np.float32


def test_a_jacobian_of_one_argument_among_others() -> None:
    found = jacobian(lambda x, y: x * y, wrt=1)(A, np.ones(3))
    assert found.tolist() == np.diag(A).tolist()


def test_a_jacobian_with_rows_in_which_nothing_flows() -> None:
    w = Variable(2.0)
    found = jacobian(lambda x: np.stack([x[0] * w, np.sign(x[1]), x[1] * 3.0]))(A)
    assert found.value.tolist() == [[2, 0, 0], [0, 0, 0], [0, 3, 0]]
    found[0, 0].backward()
    assert w.grad == 1.0


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 2), (0,)])
def test_a_hessian_of_the_sum_of_cubes(shape: tuple[int, ...]) -> None:
    x = np.linspace(1, 2, int(np.prod(shape))).reshape(shape)
    found = hessian(lambda x: np.sum(x * x * x))(x)
    assert np.shape(found) == shape + shape
    np.testing.assert_allclose(np.reshape(found, (x.size, x.size)), np.diag(6 * x.ravel()))


def test_a_hessian_of_a_network_is_symmetric_and_that_of_central_differences() -> None:
    t = np.array([0, 2])

    def loss(x: Any) -> Any:
        return F.softmax_with_loss(np.tanh(x) @ M.T[:, :2] @ M, t)

    x = M * 0.3
    found = hessian(loss)(x)
    np.testing.assert_allclose(found, found.transpose(2, 3, 0, 1), rtol=1e-12, atol=1e-14)
    for i, j in np.ndindex(x.shape):
        assert_close(found[i, j], slope(lambda v, i=i, j=j: grad(loss)(v)[i, j], x))
