"""Parameters in dictionaries and lists, as arguments of functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import ArgumentError
from chainrule.verify.claims import claim_of
from chainrule.verify.claims._trees import flatten, matched, positions, rebuilt
from tests.verify.claims._agree import assert_right
from tests.verify.claims._book import numbers

PARAMETERS = {"W": numbers(3, 2), "b": numbers(2)}
X = numbers(4, 3, seed=1)

nested = st.recursive(
    st.floats(-1, 1) | st.none(),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner) | st.lists(inner).map(lambda v: [*v, None]),
)


@settings(max_examples=50, deadline=None)
@given(nested, st.integers(0, 3))
def test_a_tree_of_leaves_is_the_argument_again(value: Any, start: int) -> None:
    tree, names, leaves = flatten("p", value, start)
    assert positions(tree) == list(range(start, start + len(leaves)))
    assert len(set(names)) == len(names) == len(leaves)
    assert rebuilt(tree, [None] * start + leaves) == value
    assert [leaf for _, leaf in matched(tree, value)] == leaves


def loss(params: Any, x: Any) -> Any:
    return np.sum(np.tanh(x @ params["W"] + params["b"]))


def slopes(params: Any, x: Any) -> Any:
    inner = 1 - np.tanh(x @ params["W"] + params["b"]) ** 2
    return {"W": x.T @ inner, "b": inner.sum(axis=0)}


def with_ds(params: Any, x: Any) -> Any:
    return {f"d{name}": gradient for name, gradient in slopes(params, x).items()}


@pytest.mark.parametrize(
    ("thing", "kind"),
    [
        (loss, "function"),
        ((loss, slopes), "pair"),
        ((loss, with_ds), "pair"),
        ((loss, lambda params, x: (slopes(params, x), None)), "pair"),
        (lambda params, x: (loss(params, x), slopes(params, x)), "value and gradient"),
        (lambda params, x: (loss(params, x), {"params": with_ds(params, x)}), "value and gradient"),
    ],
)
def test_a_dictionary_of_parameters(thing: Any, kind: str) -> None:
    claim = claim_of(thing, PARAMETERS, X)
    assert claim.kind == kind
    assert claim.names[:2] == ("params['W']", "params['b']")
    if kind != "function":
        assert (claim.names[2:], dict(claim.skipped)) == ((), {"x": "no gradient claimed"})
    assert_right(claim)


def test_lists_of_pairs() -> None:
    def deep(params: Any, x: Any) -> Any:
        for w, b in params:
            x = x @ w + b
        return np.sum(x * x)

    def gradients(params: Any, x: Any) -> Any:
        inputs = [x]
        for w, b in params:
            inputs.append(inputs[-1] @ w + b)
        dout, found = 2 * inputs.pop(), []
        for w, _ in reversed(params):
            found.append((inputs.pop().T @ dout, dout.sum(axis=0)))
            dout = dout @ w.T
        return found[::-1]

    params = [(numbers(3, 4), numbers(4)), (numbers(4, 2), numbers(2))]
    for thing in (deep, (deep, gradients), lambda params, x: (deep(params, x), gradients(params, x))):
        claim = claim_of(thing, params, X, targets=["x"])
        assert claim.names == ("params[0][0]", "params[0][1]", "params[1][0]", "params[1][1]")
        assert dict(claim.skipped) == {"x": "target"}
        assert_right(claim)


def test_jax_and_its_trees() -> None:
    jax: Any = pytest.importorskip("jax")

    def deep(params: Any, x: Any) -> Any:
        return jax.numpy.tanh(x @ params["first"]["W"] + params["first"]["b"])

    claim = claim_of(deep, {"first": PARAMETERS}, X)
    assert claim.names == ("params['first']['W']", "params['first']['b']", "x")
    assert_right(claim)


def test_what_is_in_the_dictionary_stays() -> None:
    before = {name: value.copy() for name, value in PARAMETERS.items()}

    def greedy(params: Any, x: Any) -> Any:
        params["W"] *= 2
        return np.sum(x @ params["W"])

    claim_of((greedy, slopes), PARAMETERS, X)
    for name, value in before.items():
        np.testing.assert_array_equal(PARAMETERS[name], value)


def test_gradients_that_are_no_arrays() -> None:
    with pytest.raises(ArgumentError, match="a gradient is dict; expected one number or array"):
        claim_of((loss, lambda params, x: ({"W": {}}, None)), PARAMETERS, X)
    with pytest.raises(ArgumentError, match="a gradient is a list of 2; expected one number or array"):
        claim_of((np.sum, lambda x: ([x, x[:1]],)), X)
    with pytest.raises(ArgumentError, match="returned gradients of V; its inputs are params"):
        claim_of((loss, lambda params, x: {"V": X}), PARAMETERS, X)
