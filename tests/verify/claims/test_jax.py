"""Functions of JAX."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import DTypeError, UnsupportedError
from chainrule.verify.claims import claim_of
from tests.verify.claims._agree import assert_right
from tests.verify.claims._book import numbers

jax: Any = pytest.importorskip("jax")
jnp = jax.numpy


def tanh_of_rows(x: Any, w: Any) -> Any:
    return jnp.tanh(x @ w)


@pytest.mark.parametrize("make", [lambda f: f, jax.jit, jax.checkpoint], ids=["plain", "jit", "checkpoint"])
def test_a_function_is_known_by_what_it_returns(make: Any) -> None:
    x, w = numbers(4, 3), numbers(3, 2, seed=1)
    claim = claim_of(make(tanh_of_rows), x, w)
    assert (claim.title, claim.kind, claim.names) == ("tanh_of_rows", "jax", ("x", "w"))
    assert claim.takes_dout
    assert claim.code["forward"] is tanh_of_rows
    dout = numbers(4, 2, seed=2)
    inner = dout * (1 - np.tanh(x @ w) ** 2)
    np.testing.assert_allclose(claim.value(claim.values), np.tanh(x @ w), rtol=1e-12)
    dx, dw = claim.gradients(claim.values, dout)
    np.testing.assert_allclose(dx, inner @ w.T, rtol=1e-12)
    np.testing.assert_allclose(dw, x.T @ inner, rtol=1e-12)
    assert_right(claim)


def test_float64_only_around_the_call_and_float32_as_given() -> None:
    def enabled() -> Any:
        return jax.config.jax_enable_x64

    before = enabled()
    claim = claim_of(tanh_of_rows, numbers(4, 3), numbers(3, 2))
    assert claim.value(claim.values).dtype == np.float64
    assert claim.gradients(claim.values, np.ones((4, 2)))[0].dtype == np.float64
    with pytest.raises(TypeError):
        claim.value([numbers(4, 3), numbers(2, 2)])
    assert enabled() == before
    narrow = claim_of(tanh_of_rows, jnp.ones((4, 3), jnp.float32), np.float32(numbers(3, 2)))
    assert {value.dtype for value in narrow.values} == {np.dtype(np.float32)}
    assert narrow.value(narrow.values).dtype == np.float32


def test_a_rule_written_by_hand() -> None:
    @jax.custom_vjp  # type: ignore[untyped-decorator]
    def cube(x: Any) -> Any:
        return x**3

    def cube_forward(x: Any) -> Any:
        return cube(x), x

    def cube_backward(x: Any, dout: Any) -> Any:
        return (2 * x**2 * dout,)  # it should be 3

    cube.defvjp(cube_forward, cube_backward)
    claim = claim_of(cube, 2.0)
    assert claim.kind == "jax"
    assert float(claim.value([np.array(2.0)])) == 8.0
    assert float(claim.gradients([np.array(2.0)], 1.0)[0]) == 8.0
    assert claim.code["backward"] is cube_backward


def test_labels_and_whole_numbers_are_not_checked() -> None:
    def loss(x: Any, t: Any, axis: int) -> Any:
        rows = jax.nn.log_softmax(x, axis=axis)
        return -jnp.mean(rows[jnp.arange(len(t)), t])

    claim = claim_of(loss, numbers(4, 3), np.array([0, 1, 2, 0]), 1)
    assert (claim.names, dict(claim.skipped)) == (("x",), {"t": "integers", "axis": "integers"})
    assert_right(claim)


def test_functions_that_do_not_fit() -> None:
    with pytest.raises(UnsupportedError, match="returned tuple; expected one of JAX's arrays"):
        claim_of(jax.jit(lambda x: (x, x)), numbers(2))
    with pytest.raises(DTypeError, match=r"has no gradient to be checked: x \(integers\)"):
        claim_of(jax.jit(lambda x: x), np.array([1, 2]))


def test_a_pair_and_a_value_with_its_gradients_are_taken_at_their_word() -> None:
    def f(x: Any) -> Any:
        return jnp.sum(x**3)

    x = numbers(4, 3)
    pair = claim_of((f, jax.grad(f)), x)
    plain, compiled = claim_of(jax.value_and_grad(f), x), claim_of(jax.jit(jax.value_and_grad(f)), x)
    assert [c.kind for c in (pair, plain, compiled)] == ["pair", "value and gradient", "value and gradient"]
    for claim in (pair, plain, compiled):
        assert np.asarray(claim.value(claim.values)).dtype == np.float64
        assert_right(claim)
    rows = claim_of(lambda p: jnp.sum(p["x"].at[0].set(1.0) ** 2), {"x": jnp.asarray(x)})
    assert rows.kind == "jax"
    wrong = claim_of(lambda x: (jnp.sum(x**3), 2 * x), jnp.asarray(x))
    np.testing.assert_allclose(wrong.gradients([x], 1.0)[0], 2 * x)
