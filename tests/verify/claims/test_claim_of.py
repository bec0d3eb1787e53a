"""What is none of the kinds, and what is said of it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, UnsupportedError
from chainrule.verify.claims import claim_of
from tests.verify.claims._book import Relu, numbers


def apples(x: Any, m: Any, t: Any) -> Any:
    return 0.5 * (x * m * t - 219) ** 2


def test_what_is_none_of_these() -> None:
    with pytest.raises(
        UnsupportedError, match=r"int is nothing whose gradients .* pair \(f, df\), .* it has nothing"
    ):
        claim_of(3, 1.0)

    class Forward:
        def forward(self, x: Any) -> Any:
            return x

    with pytest.raises(UnsupportedError, match=r"Forward is nothing whose .*, it has forward\n"):
        claim_of(Forward, numbers(2))
    with pytest.raises(UnsupportedError, match="returned a tuple of 2"):
        claim_of(lambda x: (x, x), numbers(2))
    with pytest.raises(UnsupportedError, match="returned a tuple of 2"):
        claim_of(lambda x: (np.sum(x), 0.5), numbers(2))  # a loss and an accuracy
    with pytest.raises(UnsupportedError, match="returned str"):
        claim_of(lambda x: "text", numbers(2))
    with pytest.raises(DTypeError, match=r"has no gradient to be checked: x \(integers\), how \(not real"):
        claim_of(lambda x, how: x, np.array([1, 2]), "mean")
    with pytest.raises(ArgumentError, match=r"parameters=.* is for layers; apples is a function"):
        claim_of(apples, 1.0, 2.0, 3.0, parameters={"W": "dW"})
    with pytest.raises(ArgumentError, match="an input is a variable already"):
        claim_of(np.tanh, cr.Variable(1.0))


def test_the_error_that_variables_met_is_the_one_that_is_told() -> None:
    def no_gates(x: Any) -> Any:
        return np.fft.fft(x).real

    with pytest.raises(Exception) as met:  # noqa: PT011  whatever chainrule says of it
        no_gates(cr.Variable(numbers(4)))
    with pytest.raises(type(met.value)) as told:
        claim_of(no_gates, numbers(4))
    assert told.value.args == met.value.args


@pytest.mark.parametrize(
    ("thing", "inputs", "said"),
    [
        (apples, [1.0], r"apples takes \(x: .*, m: .*, t: .*\) -> .*; 1 input was given"),
        (Relu, [], r"forward takes \(x: .*\) -> .*; 0 inputs were given"),
        ((lambda x, y: x, lambda x, y: (x, y)), [1.0, 2.0, 3.0], r"takes \(x, y\); 3 inputs were given"),
    ],
)
def test_a_number_of_inputs_that_does_not_fit(thing: Any, inputs: list[Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        claim_of(thing, *inputs)


def test_a_function_that_runs_but_not_with_variables() -> None:
    numba = pytest.importorskip("numba")

    @numba.njit  # type: ignore[untyped-decorator]
    def compiled(x: Any) -> Any:
        return x * x

    with pytest.raises(UnsupportedError, match="compiled runs with arrays, but not with variables: "):
        claim_of(compiled, numbers(3))
    assert claim_of(compiled, numbers(3), gradient=lambda x, dout: 2 * x * dout).names == ("x",)


def test_no_other_library_is_loaded() -> None:
    """Each of them is looked at only where somebody else has loaded it."""
    code = (
        "import sys, numpy as np; from chainrule.verify.claims import claim_of;"
        "claim_of(np.tanh, np.ones(2)); claim_of((np.sum, np.ones_like), np.ones(2));"
        "print([name for name in ('torch', 'jax', 'sklearn', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
