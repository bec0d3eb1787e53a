"""What sort of thing somebody gave: found by looking at it, and, for functions, at what they return."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError, ChainruleError, UnsupportedError
from ...graph import Variable
from .._claim import Claim
from ._asked import Asked, result_of
from ._inputs import is_jax, is_tensor
from ._jax import claim_of_jax, is_of_jax
from ._layers import claim_of_layer
from ._live import copied
from ._names import required, takes_nothing, title_of
from ._networks import claim_of_network, is_network
from ._pairs import claim_of_pair, is_pair
from ._parameters import is_layer
from ._pytorch import claim_of_pytorch, is_pytorch
from ._sklearn import claim_of_perceptron, is_perceptron
from ._variables import claim_of_variables, run_with_variables
from ._with_gradient import claim_of_value_and_gradient, is_value_and_gradient

Factory = Callable[[], Any]


def claim_of(
    thing: Any,
    *inputs: Any,
    gradient: Callable[..., Any] | None = None,
    names: str | Sequence[str] | None = None,
    parameters: Mapping[str, str] | None = None,
    targets: int | str | Collection[int | str] = (),
) -> Claim:
    """A function at a point and the gradients that its code claims, whoever wrote it and however.

    Nothing that is given is ever changed: all runs are of copies.

    thing       one of these, or a class or a function without parameters that makes one:
                a function of variables (NumPy's or chainrule's functions inside);
                a pair ``(f, df)``, where df takes the inputs, or these and the upstream gradient of f's result;
                a function that returns ``(value, gradients)``, as for ``scipy.optimize`` with ``jac=True``;
                a layer with ``forward(x)`` and ``backward(dout)``;
                a network with ``loss(x, t)``, ``gradient(x, t)`` and a dictionary ``params``;
                a module, an ``autograd.Function`` or a function of PyTorch, a function of JAX, an MLPClassifier or
                MLPRegressor of scikit-learn (given X and y)
    inputs      numbers, arrays, tensors, and dictionaries and lists of these; they are copied. Integers and truth
                values (labels, indices) in arrays have no gradient; Python's whole numbers stand for floats
    gradient    df, when thing is f
    names       of the inputs, if not those in the signature
    parameters  of a layer: attributes, and those of their gradients, ``{"W": "dW"}``; found by convention if left out
    targets     names or positions of what has no gradient, though it is floats: one-hot rows; of a layer or network the
                names of arrays that are constants
    returns     a `Claim`; what it does not claim is in its ``skipped``
    raises      UnsupportedError when thing is none of these or cannot be copied; ArgumentError when it does not do what
                its kind does; DTypeError when there is no gradient to be checked

    >>> claim = claim_of((lambda x: x**2, lambda x: 2 * x), 3.0)
    >>> claim.kind, claim.names, claim.value([np.array(4.0)]), claim.gradients([np.array(4.0)], 1.0)
    ('pair', ('x',), 16.0, [8.0])
    """
    if gradient is not None:
        thing = _paired(thing, gradient)
    names = (names,) if isinstance(names, str) else names
    targets = (targets,) if isinstance(targets, int | str) else targets
    asked = Asked(inputs, names, parameters, targets)
    claim = _claim_of(_one_object(thing), asked, None)
    if parameters is not None and claim.kind != "layer":
        what = f"parameters={dict(parameters)!r} is for layers; {claim.title} is a {claim.kind}"
        raise ArgumentError(what, fix="leave parameters= out")
    return claim


def _claim_of(thing: Any, asked: Asked, factory: Factory | None) -> Claim:
    if is_pair(thing):
        return claim_of_pair(thing, asked)
    if is_pytorch(thing, asked):
        return claim_of_pytorch(thing, asked, factory)
    if is_perceptron(thing):
        return claim_of_perceptron(thing, asked)
    if inspect.isclass(thing):
        return _claim_of(_made(thing), asked, thing)
    if is_network(thing):
        return claim_of_network(thing, asked, factory)
    if is_layer(thing):
        return claim_of_layer(thing, asked, factory)
    if is_of_jax(thing, asked):
        return claim_of_jax(thing, asked)
    if callable(thing):
        if takes_nothing(thing) and factory is None:
            return _claim_of(thing(), asked, thing)
        return _claim_of_function(thing, asked)
    raise _unknown(thing)


def _claim_of_function(f: Callable[..., Any], asked: Asked) -> Claim:
    """What sort of function it is, is seen from what it returns: for variables, for arrays, for tensors."""
    inputs = asked.inputs_of(f)
    refusal: Exception | None = None
    try:
        out = run_with_variables(f, inputs)
    except Exception as error:  # functions of others may raise anything on meeting variables
        refusal, out = error, None
    if isinstance(out, Variable):
        return claim_of_variables(f, inputs)
    try:
        with np.errstate(all="ignore"):
            as_given = inputs.with_whole_numbers(asked.inputs)
            out = copied(f)(*as_given.call_with(as_given.values))
    except Exception as error:
        refusal = refusal or error
        if "torch" in sys.modules and is_tensor(_run_with_tensors(f, asked)):
            return claim_of_pytorch(f, asked)
        raise refusal from None
    if is_jax(out) or (isinstance(out, tuple) and out and is_jax(out[0])):
        return claim_of_jax(f, asked)
    if is_value_and_gradient(out, inputs):
        return claim_of_value_and_gradient(f, asked)
    result_of(out, title_of(f))
    if refusal is None:
        return claim_of_variables(f, inputs)
    if isinstance(refusal, ChainruleError):  # which says what to do
        raise refusal
    what = f"{title_of(f)} runs with arrays, but not with variables: {refusal}"
    raise UnsupportedError(what, fix="gradient=df, or NumPy's functions inside") from refusal


def _run_with_tensors(f: Callable[..., Any], asked: Asked) -> Any:
    """What f returns for tensors, None if it takes none."""
    tensor = sys.modules["torch"].tensor
    given = [tensor(value) if isinstance(value, np.ndarray) else value for value in asked.inputs]
    try:
        return f(*given)
    except Exception:  # then it is no function of PyTorch, and what it said of arrays is the answer
        return None


def _paired(f: Any, gradient: Any) -> tuple[Any, Any]:
    if not (callable(f) and callable(gradient)):
        what = (
            f"gradient= belongs to a function; {title_of(f)} and {title_of(gradient)} are not both functions"
        )
        raise ArgumentError(what, fix="claim_of(f, x, gradient=df)")
    return f, gradient


def _one_object(thing: Any) -> Any:
    """The layer, of which somebody gave the two methods as a pair."""
    if is_pair(thing):
        owners = [getattr(method, "__self__", None) for method in thing]
        names = [getattr(method, "__name__", "") for method in thing]
        if owners[0] is owners[1] is not None and names == ["forward", "backward"]:
            return owners[0]
    return thing


def _made(kind: type) -> Any:
    needed = required(kind)
    if needed:
        name = kind.__name__
        what = f"{name} is a class that needs {', '.join(needed)} to make an object"
        raise ArgumentError(what, fix=f"give an object, {name}(...), or lambda: {name}(...)")
    return kind()


def _unknown(thing: Any) -> UnsupportedError:
    has = [name for name in ("forward", "backward", "loss", "gradient", "params") if hasattr(thing, name)]
    what = f"{title_of(thing)} is nothing whose gradients can be checked: it is no function or pair (f, df)"
    looked_for = "and of forward and backward, or loss, gradient and params, it has"
    fix = "an object with forward(x) and backward(dout), or gradient=df"
    return UnsupportedError(f"{what}, {looked_for} {', '.join(has) or 'nothing'}", fix=fix)
