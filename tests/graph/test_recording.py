"""Recording: what an application keeps, plain values, settings, IEEE 754, no_grad, threads, memory."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule import gates
from chainrule.errors import ArgumentError, DTypeError, GraphError, ShapeError, UnsupportedError
from chainrule.graph import Variable, apply, new_variable, no_grad
from chainrule.graph import functions as F
from tests.graph._refusal import refused

# What is kept


def test_an_application_is_run_at_once_and_kept_in_its_result() -> None:
    x, w = Variable(3.0), Variable(np.ones(2))
    y = x * 2
    z = F.sum(y * w, axis=0)
    assert (y.gate, y.inputs, y.value) == (gates.multiply, (x, 2), 6.0)
    assert z.gate is gates.sum
    assert dict(z.settings) == {"axis": 0}
    assert x.gate is None
    assert x.inputs == ()
    assert x.number < w.number < y.number < z.number


def test_the_order_of_inputs_and_doubles_are_kept() -> None:
    x = Variable(3.0)
    assert (x * x).inputs == (x, x)
    assert (2 - x).inputs == (2, x)


def test_constants_are_kept_as_gates_take_them() -> None:
    x = Variable(np.ones(2))
    constant = (x * [1, 2]).inputs[1]
    assert type(constant) is np.ndarray
    assert constant.tolist() == [1, 2]


def test_without_a_variable_values_stay_plain() -> None:
    assert apply(gates.multiply, 2.0, 3) == 6.0
    assert type(F.exp(0.0)) is float
    out = F.relu(np.array([-1.0, 2.0]))
    assert type(out) is np.ndarray
    out[0] = 5.0  # nobody else's
    assert new_variable(np.arange(3)).dtype == np.int64


def test_what_a_gate_computed_on_its_way_is_kept() -> None:
    x = Variable(np.zeros((2, 3)))
    (p,) = F.softmax_with_loss(x, np.array([0, 2])).kept
    np.testing.assert_allclose(p, np.full((2, 3), 1 / 3))


# Settings


def test_settings_are_kept_as_they_were() -> None:
    x = Variable(np.arange(6.0))
    index, mask, shape = np.array([0, 0, 3]), np.arange(6) < 2, [2, 3]
    parts = [x[index], x[mask], x[[1, 2]], x[[]], F.getitem(x, index), np.reshape(x, shape)]
    index[:], mask[:], shape[0] = 5, True, 9
    for part, upstream in zip(
        parts, (np.ones(3), np.ones(2), np.ones(2), np.ones(0), np.ones(3)), strict=False
    ):
        part.backward(upstream)
    parts[0].backward(np.array([1.0, 2.0, 4.0]))
    assert x.grad.tolist() == [3, 0, 0, 4, 0, 0]
    parts[1].backward(np.ones(2))
    assert x.grad.tolist() == [1, 1, 0, 0, 0, 0]
    assert parts[5].settings["shape"] == (2, 3)


def test_an_index_may_be_a_variable_since_it_has_no_gradient() -> None:
    x = Variable(np.array([1.0, -2.0, 3.0]))
    x[x > 0].sum().backward()
    assert x.grad.tolist() == [1, 0, 1]
    matrix = Variable(np.ones((2, 2)))
    matrix[new_variable(np.array([1])), 0].sum().backward()
    assert matrix.grad.tolist() == [[0, 0], [1, 0]]


def test_another_setting_cannot_be_a_variable() -> None:
    low = Variable(0.0, name="low")
    with refused(
        UnsupportedError,
        "low is a setting of the gate clip; no gradient flows to it, so it cannot be a variable",
        "low=….value",
    ):
        F.clip(Variable(np.ones(2)), low=low)


# Python's numbers


@pytest.mark.parametrize(
    ("run", "value", "gradient"),
    [
        (lambda x: 1 / x, np.inf, -np.inf),
        (lambda x: -1 / x, -np.inf, np.inf),
        (lambda x: x / x, np.nan, np.nan),
        (lambda x: F.log(x), -np.inf, np.inf),
        (lambda x: F.sqrt(x), 0.0, np.inf),
        (lambda x: x**-1.0, np.inf, -np.inf),
        (lambda x: x**0.5, 0.0, np.inf),
        (lambda x: (x - 8) ** 0.5, np.nan, np.nan),
        (lambda x: (x - 8) ** 1.5, np.nan, np.nan),
        (lambda x: (x + 10) ** 400, np.inf, np.inf),
        (lambda x: F.exp(x + 1000), np.inf, np.inf),
        (lambda x: x**0, 1.0, 0.0),
    ],
)
def test_where_python_raises_ieee_754_answers(
    run: Callable[[Any], Any], value: float, gradient: float
) -> None:
    x = Variable(0.0)
    out = run(x)
    out.backward()
    assert type(out.value) is float
    assert type(x.grad) is float
    np.testing.assert_equal([out.value, x.grad], [value, gradient])


def test_numbers_of_python_stay_so_through_choices_and_conditions() -> None:
    x = Variable(3.0)
    for out in (F.where(x > 0, x, 0.0), (x > 0) * x, x * True, F.maximum(x, 0), F.clip(x, 0, 9)):
        assert type(out.value) is float
        assert out.value == 3.0
        out.backward()
        assert x.grad == 1.0
    assert F.astype(x, np.float32).dtype == np.float32


def test_a_loss_of_two_numbers_is_a_number_of_python() -> None:
    y = Variable(220.0)
    for loss, value, gradient in (
        (F.squared_error(y, 219), 0.5, 1.0),
        (F.mean_squared_error(218, y), 4.0, 4.0),
    ):
        loss.backward()
        assert (type(loss.value), loss.value, y.grad) == (float, value, gradient)


def test_a_gate_that_returns_a_number_of_python_for_an_array_is_as_good_as_others() -> None:
    rule = {"x": lambda dout, x: dout * x}
    half = gates.Gate("g", "g", "g", "g", forward=lambda xp, x: 0.5 * float(xp.sum(x * x)), wrt=rule)
    a = np.array([1.0, 2.0])
    x = Variable(a)
    y = apply(half, x)
    y.backward()
    assert x.grad.tolist() == [1, 2]
    a[0] = 9.0
    with pytest.raises(GraphError, match="changed in place"):
        y.backward()


# Errors


def test_shapes_that_do_not_fit_are_named() -> None:
    x, y = Variable(np.ones(3), name="x"), Variable(np.ones(4))
    with refused(
        ShapeError,
        "the gate add cannot take x of shape (3,), a variable of shape (4,): "
        "operands could not be broadcast together with shapes (3,) (4,)",
    ):
        x + y
    with pytest.raises(
        ShapeError, match=r"reshape cannot take x of shape \(3,\) with shape=\(2, 2\): cannot reshape"
    ):
        x.reshape(2, 2)
    with pytest.raises(ShapeError, match=r"sum cannot take 2\.0 of shape \(\) with axis=1"):
        F.sum(2.0, axis=1)
    with pytest.raises(
        ShapeError, match=r"matmul cannot take the result of multiply of shape \(\), 2 of shape"
    ):
        (Variable(1.0) * 3) @ 2
    with pytest.raises(ShapeError, match="getitem cannot take x .* index=7"):
        x[7]


def test_inputs_that_are_no_real_numbers_are_named() -> None:
    x = Variable(np.ones(3))
    for value, named in (
        (1j, "complex (1j)"),
        (np.complex64(2), "complex64 (np.complex64(2+0j))"),
        (np.array([1j, 2, 3]), "an array of dtype complex128"),
        ("a", "str ('a')"),
        (["a", "b", "c"], "an array of dtype <U1"),
        ({1, 2}, "set ({1, 2})"),
        (np.datetime64(3, "s"), "datetime64 (np.datetime64('1970-01-01T00:00:03'))"),
    ):
        with refused(DTypeError, f"a gate takes real numbers, arrays of them and variables, not {named}"):
            x * value


def test_a_whole_number_that_is_no_float_is_refused() -> None:
    for x in (Variable(2.0), Variable(np.ones(2))):
        with pytest.raises(ArgumentError, match="does not fit a float|more than 308 digits"):
            x * 10**400


def test_a_wrong_call_says_how_the_gate_is_called() -> None:
    x = Variable(np.ones(2))
    with pytest.raises(
        TypeError, match=r"the gate add is called as add\(x, y\): missing a required argument: 'y'"
    ):
        apply(gates.add, x)
    with pytest.raises(
        TypeError, match=r"sum\(x, \*, axis=None, keepdims=False\): got an unexpected .*'axes'"
    ):
        apply(gates.sum, x, axes=0)


# No warnings, and gates inside gates


def test_nothing_warns_and_the_callers_handling_of_warnings_stays() -> None:
    with np.errstate(all="raise"):
        x = Variable(np.array([-1.0, 0.0, 1e300]))
        (F.log(x) + F.sqrt(x) + 1 / x + x * x).backward(np.ones(3))
        assert np.geterr()["divide"] == "raise"


def test_a_gate_may_call_other_gates() -> None:
    inner = gates.Gate(
        "twice", "2", "twice", "두 번", forward=lambda xp, x: F.add(F.exp(x), F.exp(x)), wrt={}
    )
    for value in (0.0, np.zeros(2)):
        np.testing.assert_array_equal(apply(inner, Variable(value)).value, value + 2)


def test_an_error_inside_a_gate_comes_out_as_it_is() -> None:
    def forward(xp: Any, x: Any) -> Any:
        raise RuntimeError("mine")

    broken = gates.Gate("broken", "!", "broken", "고장", forward=forward, wrt={})
    with pytest.raises(RuntimeError, match="mine"):
        apply(broken, Variable(np.ones(2)))


def test_arrays_of_another_namespace_stay_in_it() -> None:
    xp = pytest.importorskip("array_api_strict")
    x, w = Variable(xp.asarray([[1.0, 2.0]])), Variable(xp.asarray([[3.0], [4.0]]))
    out = F.sum(F.exp(x @ w) * 2.0 + x[0, 1] + 1.0)
    out.backward()
    assert type(x.grad) is type(x.value)
    np.testing.assert_allclose(np.asarray(x.grad), 2 * np.exp(11) * np.array([[3, 4]]) + [[0, 1]])
    np.testing.assert_allclose(np.asarray(w.grad), 2 * np.exp(11) * np.array([[1], [2]]))


# Recording off


def test_within_no_grad_nothing_is_recorded() -> None:
    x, a = Variable(3.0), Variable(np.ones(2))
    with no_grad():
        for y in (x * x, a + 1, F.exp(x), a > 0):
            assert y.gate is None
            assert y.inputs == ()
        with no_grad():
            pass
        assert (x * x).gate is None
    assert (x * x).gate is gates.multiply


def test_no_grad_ends_with_an_exception_and_decorates() -> None:
    x = Variable(3.0)
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert (x * x).gate is gates.multiply

    @no_grad()
    def square() -> Variable:
        return x * x

    assert square().gate is None
    assert square().value == 9.0
    assert (x * x).gate is gates.multiply


def test_no_grad_holds_for_its_own_thread() -> None:
    x, seen = Variable(3.0), []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append((x * x).gate))
        thread.start()
        thread.join()
    assert seen == [gates.multiply]


# Threads


def test_threads_build_and_differentiate_graphs_at_once() -> None:
    shared = Variable(np.array([1.0, 2.0]))
    start = threading.Barrier(4)
    wrong: list[Any] = []

    def work(factor: float) -> None:
        start.wait()
        for _ in range(200):
            mine = Variable(factor)
            y = np.sum(shared * shared) * mine
            for _ in range(5):
                y = y + np.log(mine - mine)  # nobody is warned, in any thread
            z = np.sum(shared * shared) * mine * mine
            z.backward()
            if mine.grad != 10 * factor:
                wrong.append(mine.grad)

    threads = [threading.Thread(target=work, args=(float(i),)) for i in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# Memory


def test_a_graph_is_freed_when_nobody_holds_it() -> None:
    gc.disable()  # so that reference counting alone has to do it
    try:
        x = Variable(np.ones(3))
        y = np.sum(np.exp(x) * x)
        y.backward()
        middle = weakref.ref(y.inputs[0])
        del y
        assert middle() is None
    finally:
        gc.enable()


def test_thousands_of_steps_leave_nothing_behind() -> None:
    w = Variable(np.ones((4, 4)))

    def step() -> None:
        loss = np.sum(F.sigmoid(w @ w) * 2.0)
        loss.backward()
        w.value = w.value - 0.001 * w.grad

    def held() -> tuple[int, int]:
        gc.collect()
        return sum(type(o) is Variable for o in gc.get_objects()), sys.getallocatedblocks()

    for _ in range(1_000):
        step()
    variables, blocks = held()
    for _ in range(3_000):
        step()
    more_variables, more_blocks = held()
    assert more_variables == variables
    assert more_blocks < blocks + 1_000
