"""NumPy's own functions on variables: their values and their gradients."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule.graph import Variable
from chainrule.graph._numpy import FUNCTIONS, UFUNCS
from tests.graph._numerical import assert_close, slope

rng = np.random.default_rng(5)
POSITIVE = rng.uniform(0.5, 2.0, (2, 3))
MIXED = np.array([[-1.3, 0.4, 2.1], [0.7, -0.2, -1.9]])
CUBE = rng.normal(size=(2, 1, 3))

UNARY = [
    np.negative,
    np.positive,
    np.exp,
    np.expm1,
    np.square,
    np.absolute,
    np.fabs,
    np.sin,
    np.cos,
    np.tanh,
    np.sign,
]
OF_POSITIVE = [np.log, np.log1p, np.sqrt]
BINARY = [np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum]
COMPARISONS = [np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal]
LOGICAL = [np.logical_and, np.logical_or]
QUESTIONS = [np.logical_not, np.isfinite, np.isnan]


def check(f: Callable[[Any], Any], x: np.ndarray) -> None:
    """f of a variable is NumPy's f of its array, and its gradient is that of central differences."""
    v = Variable(x)
    out = f(v)
    assert isinstance(out, Variable)
    wanted = f(x)
    np.testing.assert_allclose(out.value, wanted, rtol=1e-14)
    assert out.shape == np.shape(wanted)
    upstream = np.cos(np.arange(float(out.size))).reshape(out.shape)
    out.backward(upstream)
    found = np.zeros(x.shape) if v.grad is None else v.grad
    assert found.shape == x.shape
    assert_close(found, slope(f, x, upstream))


# Ufuncs


def test_every_ufunc_has_its_test() -> None:
    tested = [*UNARY, *OF_POSITIVE, *BINARY, *COMPARISONS, *LOGICAL, *QUESTIONS, np.matmul]
    assert set(UFUNCS) == set(tested)


@pytest.mark.parametrize("ufunc", [*UNARY, *OF_POSITIVE], ids=lambda u: u.__name__)
def test_ufuncs_of_one_array(ufunc: np.ufunc) -> None:
    check(ufunc, POSITIVE)
    if ufunc in UNARY:
        check(ufunc, MIXED)
    number = Variable(0.75)
    out = ufunc(number)
    assert type(out.value) is float
    assert out.value == ufunc(0.75)


@pytest.mark.parametrize("ufunc", [*BINARY, np.matmul], ids=lambda u: u.__name__)
def test_ufuncs_of_two_arrays(ufunc: np.ufunc) -> None:
    other = rng.uniform(0.5, 2.0, (2, 3))
    if ufunc is np.matmul:
        other = other.T
    check(lambda x: ufunc(x, other), POSITIVE)
    check(lambda y: ufunc(POSITIVE, y), other)
    check(lambda x: ufunc(x, x.T if ufunc is np.matmul else x * 1.5), POSITIVE)


def test_the_larger_of_zero_and_x_is_relu() -> None:
    x = Variable(MIXED)
    np.sum(np.maximum(0, x)).backward()
    assert x.grad.tolist() == (MIXED > 0).astype(float).tolist()


@pytest.mark.parametrize("ufunc", [*COMPARISONS, *LOGICAL], ids=lambda u: u.__name__)
def test_comparisons(ufunc: np.ufunc) -> None:
    other = np.where(MIXED > 0.5, MIXED, 0.0)
    for left, right in ((Variable(MIXED), other), (MIXED, Variable(other)), (Variable(MIXED), [1, 2, 0])):
        out = ufunc(left, right)
        plain = [v.value if isinstance(v, Variable) else v for v in (left, right)]
        assert out.dtype == bool
        np.testing.assert_array_equal(out.value, ufunc(*plain))


@pytest.mark.parametrize("ufunc", QUESTIONS, ids=lambda u: u.__name__)
def test_questions(ufunc: np.ufunc) -> None:
    a = np.array([0.0, np.nan, -np.inf, 2.0])
    np.testing.assert_array_equal(ufunc(Variable(a)).value, ufunc(a))
    assert ufunc(Variable(0.0)).value is bool(ufunc(0.0))


@pytest.mark.parametrize("ufunc", [np.add, np.maximum, np.minimum], ids=lambda u: u.__name__)
def test_reductions_by_ufuncs(ufunc: np.ufunc) -> None:
    check(lambda x: ufunc.reduce(x), MIXED)
    check(lambda x: ufunc.reduce(x, axis=1, keepdims=True), MIXED)
    check(lambda x: ufunc.reduce(x, axis=(0, 1)), MIXED)


# Functions: each as NumPy's users write it, with the options that they use

MASK = MIXED > 0
EXPRESSIONS = """
np.sum(x)
np.sum(x, axis=0)
np.sum(x, 1, keepdims=True)
np.mean(x)
np.mean(x, axis=(0, 1))
np.max(x)
np.amax(x, axis=1, keepdims=True)
np.min(x)
np.amin(x, axis=-1)
np.var(x)
np.var(x, axis=0, ddof=1)
np.var(x, 1, keepdims=True)
np.std(x)
np.std(x, axis=1, ddof=1)
np.reshape(x, (3, 2))
np.reshape(x, -1)
np.reshape(x, [6], order="C")
np.ravel(x)
np.transpose(x)
np.transpose(x, (1, 0))
np.permute_dims(x, (1, 0))
np.matrix_transpose(x)
np.swapaxes(x, 0, -1)
np.moveaxis(x, 0, 1)
np.squeeze(x)
np.squeeze(x[:, None, :], axis=1)
np.expand_dims(x, 1)
np.expand_dims(x, (0, -1))
np.broadcast_to(x, (4, 2, 3))
np.concatenate([x, MIXED, x])
np.concatenate((MIXED, x), axis=1)
np.stack([x, MIXED])
np.stack([x, x], axis=-1)
np.vstack([x, x])
np.vstack([x[0], MIXED[0], x[1]])
np.hstack([x, MIXED])
np.hstack([x[0], x[0, 0], MIXED[1]])
np.where(MASK, x, 2 * x)
np.where(x > 0, 1.0, x)
np.where(MASK, x, 0)
np.clip(x, -1, 1)
np.clip(x, None, 0.5)
np.clip(x, np.full(3, 0.3), None)
np.dot(x, MIXED.T)
np.dot(MIXED[:, :2], x)
np.dot(x[0], x[1])
np.outer(x, x[0])
np.outer(MIXED, x)
""".strip().splitlines()
CONSTANTS = [np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.full_like, np.empty_like]


def test_every_function_has_its_test() -> None:
    tested = {getattr(np, name) for name in re.findall(r"\bnp\.(\w+)", " ".join(EXPRESSIONS))}
    assert set(FUNCTIONS) <= {*tested, *CONSTANTS}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_functions(expression: str) -> None:
    check(eval(f"lambda x: {expression}", globals()), MIXED)


def test_functions_of_other_shapes() -> None:
    check(lambda x: np.squeeze(x), CUBE)
    check(lambda x: np.moveaxis(x, [0, 1], [-1, -2]), CUBE)
    check(lambda x: np.swapaxes(x, 0, 2), CUBE)
    check(lambda x: np.dot(x, MIXED.T), CUBE)
    check(lambda x: np.var(x), np.array([3.0]))
    assert np.var(Variable(np.ones((0, 2))), axis=1).shape == (0,)
    assert np.var(Variable(3.0)).value == 0.0
    assert np.dot(Variable(2.0), np.ones(2)).value.tolist() == [2, 2]


def test_what_reads_the_shape_only_gives_plain_values() -> None:
    x = Variable(MIXED.astype(np.float32))
    assert (np.shape(x), np.ndim(x), np.size(x)) == ((2, 3), 2, 6)
    for made in (np.zeros_like(x), np.ones_like(x), np.full_like(x, 7), np.empty_like(x)):
        assert type(made) is np.ndarray
        assert (made.shape, made.dtype) == ((2, 3), np.float32)
    assert np.full_like(x, 7)[0, 0] == 7


def test_code_written_for_numpy_is_differentiable_as_it_stands() -> None:
    def cross_entropy_of_softmax(x: Any, t: np.ndarray) -> Any:
        x = x - np.max(x, axis=1, keepdims=True)
        y = np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)
        return -np.sum(np.log(y[np.arange(len(t)), t])) / len(t)

    t = np.array([2, 0])
    check(lambda x: cross_entropy_of_softmax(x, t), MIXED)
