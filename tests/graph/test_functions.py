"""The gates as functions, and as the namespace in which rules are differentiated again."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule import gates
from chainrule.graph import Variable, functions, grad
from chainrule.graph import functions as F
from tests.gates._examples import EXAMPLES

A = np.array([[0.3, -1.2, 2.0], [1.0, 0.5, -0.5]])
FITTING = {
    "add_rows",
    "average_pool",
    "conv2d",
    "fold",
    "max_pool",
    "take_rows",
    "windows",
}  # need inputs of their own
NAMESPACE_ONLY = {
    "arange",
    "concat",
    "float32",
    "float64",
    "full_like",
    "isdtype",
    "negative",
    "ones_like",
} | {
    "permute_dims",
    "pow",
    "scatter_add",
    "zeros_like",
    "isfinite",
    "isnan",
}


def test_every_gate_that_is_no_comparison_is_a_function_of_its_name() -> None:
    wanted = {name for name, gate in gates.ALL.items() if gate.kind != "comparison"}
    assert set(functions.__all__) == wanted


@pytest.mark.parametrize("name", functions.__all__)
def test_a_function_has_name_text_and_signature_of_its_gate(name: str) -> None:
    function, gate = getattr(F, name), gates.ALL[name]
    assert function.__name__ == name
    assert function.__doc__ == gate.doc
    parameters = inspect.signature(function).parameters
    if gate.variadic:
        assert list(parameters) == ["arrays", "axis"]
    else:
        assert list(parameters) == [*gate.inputs, *gate.settings]
        assert {p.default for p in parameters.values()} >= set(gate.defaults.values())


def test_inputs_and_settings_are_given_by_place_or_by_name() -> None:
    x, y = Variable(A, name="x"), Variable(A, name="y")
    for made in (F.multiply(x, y), F.multiply(x, y=y), F.multiply(y=y, x=x)):
        assert made.inputs == (x, y)
    for made in (F.sum(x, 1, True), F.sum(x, axis=1, keepdims=True), F.sum(keepdims=True, axis=1, x=x)):
        assert dict(made.settings) == {"axis": 1, "keepdims": True}
        assert made.shape == (2, 1)
    assert F.clip(x, -1, high=1).value.max() == 1
    assert F.stack([x, y], 1).shape == F.stack(arrays=(x, y), axis=1).shape == (2, 2, 3)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: F.exp(1.0, 2.0), r"exp\(x\): too many positional arguments"),
        (lambda: F.add(1.0), r"add\(x, y\): missing a required argument: 'y'"),
        (
            lambda: F.sum(A, axes=0),
            r"sum\(x, axis=None, keepdims=False\): got an unexpected keyword argument 'axes'",
        ),
        (lambda: F.sum(A, 0, axis=0), r"sum\(.*\): multiple values for argument 'axis'"),
        (
            lambda: F.reshape(A),
            r"reshape is called as reshape\(x, \*, shape\): missing a required argument: 'shape'",
        ),
        (lambda: F.exp(), r"exp\(x\): missing a required argument: 'x'"),
    ],
)
def test_a_wrong_call_names_the_function_and_what_it_takes(call: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        call()


@pytest.mark.parametrize(
    "name", [n for n in functions.__all__ if n not in ("stack", "concatenate", "dropout_mask")]
)
def test_plain_arrays_give_plain_arrays_that_are_the_callers(name: str) -> None:
    gate = gates.ALL[name]
    settings = {
        "reshape": {"shape": (3, 2)},
        "broadcast_to": {"shape": (2, 2, 3)},
        "expand_dims": {"axis": 0},
        "getitem": {"index": 0},
        "scatter": {"index": slice(None), "shape": (2, 3)},
        "astype": {"dtype": np.float32},
        "matmul": {},
    }.get(name, {})
    inputs: list[Any] = [np.abs(A) / 4 + 0.1 for _ in gate.inputs]
    if name == "where":
        inputs[0] = A > 0
    if name == "matmul":
        inputs[1] = inputs[1].T
    if name in ("softmax_with_loss", "cross_entropy_error"):
        inputs = [np.full((2, 3), 1 / 3), np.array([0, 2])]
    if name in FITTING:
        inputs, settings = list(EXAMPLES[name][0].inputs), EXAMPLES[name][0].settings
    out = getattr(F, name)(*inputs, **settings)
    assert not isinstance(out, Variable)
    assert isinstance(out, np.ndarray | np.generic)


def test_the_package_offers_every_function() -> None:
    for name in functions.__all__:
        assert getattr(chainrule, name) is getattr(F, name)


# As the array namespace of rules


def test_the_namespace_answers_to_the_names_that_rules_use() -> None:
    x = Variable(A)
    np.testing.assert_array_equal(F.concat([x, x], axis=1).value, np.concatenate([A, A], axis=1))
    np.testing.assert_array_equal(F.permute_dims(x, axes=(1, 0)).value, A.T)
    np.testing.assert_array_equal(F.pow(x, 2).value, A**2)
    np.testing.assert_array_equal(F.negative(x).value, -A)
    np.testing.assert_array_equal(F.scatter_add(x, slice(1, 3), (4, 3)).value[1:3], A)
    assert F.isdtype(np.dtype(np.int64), "integral")
    assert F.arange(3).tolist() == [0, 1, 2]


@pytest.mark.parametrize("value", [2.0, np.float32(2), A, A.astype(np.float32), np.ones((0, 2))])
def test_constants_like_a_value_have_its_shape_and_dtype(value: Any) -> None:
    for make, number in ((F.zeros_like, 0), (F.ones_like, 1), (lambda x: F.full_like(x, 7.0), 7)):
        for given in (value, Variable(value)):
            made = make(given)
            assert not isinstance(made, Variable)
            assert np.shape(made) == np.shape(value)
            assert np.asarray(made).dtype == np.asarray(value).dtype
            assert np.all(made == number)
    assert type(F.zeros_like(Variable(2.0))) is float


def test_numbers_of_python_stay_so_through_second_derivatives() -> None:
    for f in (
        F.log,
        F.sqrt,
        F.sigmoid,
        F.gelu,
        F.elu,
        lambda x: x**3,
        lambda x: x**x,
        lambda x: F.maximum(x, 1.0),
    ):
        assert type(grad(f)(1.5)) is float
        assert type(grad(grad(f))(1.5)) is float
