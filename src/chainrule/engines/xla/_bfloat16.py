"""Mixed precision: matrix products of operands rounded to bfloat16, added up in float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Jaxpr, Literal

_PRODUCTS = ("dot_general", "conv_general_dilated")
# Of a list of operations, which is run as well.
_CALLS = ("jit", "pjit", "custom_jvp_call", "custom_vjp_call")


def with_rounded_products(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function of arrays with every float32 matrix product (and convolution, which is one) in bfloat16.

    The function is traced, and its list of operations run with other products; so no gate has to know of it, and
    parameters, sums and all else stay float32.

    source   Kalamkar et al., A Study of BFLOAT16 for Deep Learning Training, arXiv:1905.12322, section 3

    >>> with_rounded_products(lambda x, y: x @ y)(jnp.float32([[1.001]]), jnp.float32([[1.0]]))
    Array([[1.]], dtype=float32)
    """

    def rounded(*arguments: Any) -> Any:
        closed, shapes = jax.make_jaxpr(function, return_shape=True)(*arguments)
        outputs = _run(closed.jaxpr, closed.consts, jax.tree.leaves(arguments))
        return jax.tree.unflatten(jax.tree.structure(shapes), outputs)

    return rounded


def _run(operations: Jaxpr, constants: Any, arguments: Any) -> list[Any]:
    """The operations one by one; calls are opened."""
    known = dict(zip((*operations.constvars, *operations.invars), (*constants, *arguments), strict=True))

    def value(atom: Any) -> Any:
        return atom.val if isinstance(atom, Literal) else known[atom]

    for operation in operations.eqns:
        given, settings = [value(atom) for atom in operation.invars], operation.params
        if operation.primitive.name in _PRODUCTS:
            made = [_product(operation, *given)]
        elif operation.primitive.name in _CALLS:
            inner = settings["jaxpr"] if "jaxpr" in settings else settings["call_jaxpr"]
            made = _run(inner.jaxpr, inner.consts, given)
        else:
            results = operation.primitive.bind(*given, **settings)
            made = results if operation.primitive.multiple_results else [results]
        known.update(zip(operation.outvars, made, strict=True))
    return [value(atom) for atom in operations.outvars]


def _product(operation: Any, x: Any, y: Any) -> Any:
    if not x.dtype == y.dtype == jnp.float32:
        return operation.primitive.bind(x, y, **operation.params)
    settings = {**operation.params, "precision": None, "preferred_element_type": jnp.dtype(jnp.float32)}
    return operation.primitive.bind(x.astype(jnp.bfloat16), y.astype(jnp.bfloat16), **settings)
