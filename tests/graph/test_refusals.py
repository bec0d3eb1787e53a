"""NumPy's functions that do not work on variables: named, with what to use instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError, UnsupportedError
from chainrule.graph import Variable
from chainrule.graph._refusals import INSTEAD, WITHOUT_GRADIENT
from tests.graph._refusal import refused

PLAIN = "{} of x.value gives plain numbers, without a gradient"
X = Variable(np.array([0.5, 1.5, 2.5]))


def test_nothing_is_written_into_an_array() -> None:
    x, a = Variable(np.ones(3)), np.ones(3)
    what = "cannot write a variable into an existing array (out=, +=, -= …): the graph would be lost"
    fix = "write y = y + x, or use x.value"
    with refused(UnsupportedError, f"np.add {what}", fix):
        np.add(a, x, out=a)
    with refused(UnsupportedError, f"np.exp {what}", fix):
        np.exp(x, a)
    with refused(UnsupportedError, f"np.subtract {what}", fix):
        a -= x
    with refused(UnsupportedError, f"np.matmul {what}", fix):
        np.matmul(np.eye(3), x, out=a)
    with refused(
        UnsupportedError,
        "np.add.at is not differentiable by chainrule",
        "use cr.scatter(x, index, shape), which adds x to zeros",
    ):
        np.add.at(a, [0], x[0])
    with refused(
        UnsupportedError,
        "np.sum on a variable does not take out=",
        PLAIN.format("np.sum"),
    ):
        np.sum(x, out=a)
    for write in (lambda: np.copyto(a, x), lambda: np.put(a, [0], x), lambda: np.place(a, a > 0, x)):
        with pytest.raises(UnsupportedError):
            write()
    assert a.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("call", "what", "fix"),
    [
        (lambda: np.tan(X), "np.tan is not differentiable by chainrule", "use np.sin(x) / np.cos(x)"),
        (
            lambda: np.linalg.norm(X),
            "np.linalg.norm is not differentiable by chainrule",
            "use np.sqrt(np.sum(x * x))",
        ),
        (lambda: np.fft.fft(X), "np.fft.fft is not differentiable by chainrule", PLAIN.format("np.fft.fft")),
        (lambda: np.argmax(X), "np.argmax has no gradient", PLAIN.format("np.argmax")),
        (lambda: np.round(X), "np.round has no gradient", PLAIN.format("np.round")),
        (lambda: np.ones(3) // X, "np.floor_divide has no gradient", PLAIN.format("np.floor_divide")),
        (
            lambda: np.multiply.outer(X, X),
            "np.multiply.outer is not differentiable by chainrule",
            "use x[:, None] * y",
        ),
        (
            lambda: np.multiply.reduce(X),
            "np.multiply.reduce is not differentiable by chainrule",
            "use np.exp(np.sum(np.log(x))) where x is positive",
        ),
        (
            lambda: np.add.reduceat(X, [0, 1]),
            "np.add.reduceat is not differentiable by chainrule",
            PLAIN.format("np.add.reduceat"),
        ),
        (
            lambda: np.sum(X, dtype=np.float32),
            "np.sum on a variable does not take dtype=",
            PLAIN.format("np.sum"),
        ),
        (
            lambda: np.max(X, initial=0.0, where=True),
            "np.max on a variable does not take initial=, where=",
            PLAIN.format("np.max"),
        ),
        (
            lambda: np.exp(X, where=[True] * 3),
            "np.exp on a variable does not take where",
            PLAIN.format("np.exp"),
        ),
        (
            lambda: np.where(X),
            "np.where of a variable needs three arguments",
            "np.where(x.value) gives the places",
        ),
        (
            lambda: np.reshape(X, 3, order="F"),
            "np.reshape of a variable takes order='C' only, not 'F'",
            "np.transpose first",
        ),
        (
            lambda: np.dot(X, np.ones((2, 3, 4))),
            "np.dot with a second array of more than two axes is not differentiable",
            "use @",
        ),
    ],
)
def test_what_is_not_differentiable_says_so_and_what_to_use(
    call: Callable[[], Any], what: str, fix: str
) -> None:
    with refused(UnsupportedError, what, fix):
        call()


def test_an_axis_that_does_not_exist_is_named() -> None:
    x = Variable(np.ones((2, 3)), name="x")
    for call, text in (
        (
            lambda: np.sum(x, axis=2),
            r"sum cannot take x of shape \(2, 3\) with axis=2, keepdims=False: axis 2 is out",
        ),
        (lambda: np.swapaxes(x, 0, 5), "np.swapaxes: axis2: axis 5 is out of bounds"),
        (lambda: np.squeeze(x, 0), "np.squeeze: cannot select an axis to squeeze out"),
        (lambda: np.concatenate([x, np.ones((3, 2))]), "concatenate cannot take x of shape"),
    ):
        with pytest.raises(ShapeError, match=text):
            call()


def test_scipys_functions_are_named_without_numpys_prefix() -> None:
    special = pytest.importorskip("scipy.special")
    with refused(UnsupportedError, "expit is not differentiable by chainrule", "use cr.sigmoid(x)"):
        special.expit(X)


@pytest.mark.parametrize("name", WITHOUT_GRADIENT)
def test_what_has_no_gradient_exists_in_numpy(name: str) -> None:
    assert callable(getattr(np, name))


@pytest.mark.parametrize(
    "name",
    "tan sinh cosh exp2 log2 log10 cbrt float_power reciprocal deg2rad rad2deg hypot logaddexp fmax fmin linalg.norm "
    "inner vecdot cumsum ptp flip diff column_stack atleast_2d nan_to_num copy add.outer subtract.outer "
    "multiply.outer add.accumulate array_equal allclose isclose".split(),
)
def test_what_is_suggested_gives_the_same_numbers(name: str) -> None:
    function: Any = np
    for part in name.split("."):
        function = getattr(function, part)
    a, b = np.array([0.5, 1.5, 2.5]), np.array([2.0, 0.25, 1.0])
    known = {"np": np, "cr": cr, "x": Variable(a), "y": Variable(b)}
    formula = INSTEAD[name].partition(" itself")[0]
    found = eval(formula, known)
    takes_two = "y" in formula.replace("ty", "")
    wanted = function((a, b)) if name == "column_stack" else function(a, b) if takes_two else function(a)
    plain = found.value if isinstance(found, Variable) else found
    np.testing.assert_allclose(plain, wanted, rtol=1e-14)
