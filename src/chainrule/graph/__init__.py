"""Variables, define-by-run recording, the backward pass, and the expression language."""

from . import _variable, functions  # _variable first: the others import from it
from ._backward import gradients_of, reachable
from ._parse import Expression, parse
from ._transforms import grad, hessian, jacobian, value_and_grad
from ._variable import Variable, apply, describe, namespace_of, new_variable, no_grad, quiet, variables

__all__ = [
    "Expression",
    "Variable",
    "apply",
    "describe",
    "functions",
    "grad",
    "gradients_of",
    "hessian",
    "jacobian",
    "namespace_of",
    "new_variable",
    "no_grad",
    "parse",
    "quiet",
    "reachable",
    "value_and_grad",
    "variables",
]
