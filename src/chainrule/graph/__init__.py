"""Variables, define-by-run recording, the backward pass, and the expression language."""

from typing import TYPE_CHECKING

from .._lazy import lazy as _lazy_names
from . import _variable, functions  # _variable first: the others import from it
from ._arrays import as_array, is_foreign
from ._backward import gradients_of, reachable, undo_broadcasting
from ._dimension import Dimension, fitted, length_at, shape_at
from ._inputs import as_numbers, check_inputs, holds_numbers
from ._notebook import Shown, chosen
from ._part import Part, all_reduce_gate, mean_of_batch, part_of_batch, recording_part, rows_of_batch
from ._quiet import quiet
from ._recording import apply, new_variable, no_grad, run_gate, tracing
from ._transforms import grad, hessian, jacobian, value_and_grad
from ._values import constant, namespace_of
from ._variable import Variable, describe, variables

# Not everybody who differentiates also reads expressions from text or prints graphs.
__getattr__ = _lazy_names(
    __name__,
    {
        "_differences": ("central_difference", "difference_step"),
        "_listing": ("Graph", "Node", "number_text"),
        "_local": ("handed_back", "local_derivatives"),
        "_parse": ("Expression", "parse"),
        "_rebuild": ("rebuild",),
        "_tokens": ("columns_of",),
    },
)

if TYPE_CHECKING:
    from ._differences import central_difference, difference_step
    from ._listing import Graph, Node, number_text
    from ._local import handed_back, local_derivatives
    from ._parse import Expression, parse
    from ._rebuild import rebuild
    from ._tokens import columns_of

__all__ = [
    "Dimension",
    "Expression",
    "Graph",
    "Node",
    "Part",
    "Shown",
    "Variable",
    "all_reduce_gate",
    "apply",
    "as_array",
    "as_numbers",
    "central_difference",
    "chosen",
    "columns_of",
    "constant",
    "check_inputs",
    "describe",
    "difference_step",
    "fitted",
    "functions",
    "grad",
    "gradients_of",
    "handed_back",
    "hessian",
    "holds_numbers",
    "is_foreign",
    "jacobian",
    "length_at",
    "local_derivatives",
    "mean_of_batch",
    "namespace_of",
    "new_variable",
    "no_grad",
    "number_text",
    "parse",
    "part_of_batch",
    "quiet",
    "reachable",
    "rebuild",
    "recording_part",
    "rows_of_batch",
    "run_gate",
    "shape_at",
    "tracing",
    "undo_broadcasting",
    "value_and_grad",
    "variables",
]
