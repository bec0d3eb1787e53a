"""The operators that chainrule knows: each a function made of gates."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ...errors import UnsupportedError
from ...gates import Gate
from ._apply import call
from ._model import ONNX, Node
from ._pairs import PAIRS

Operator = Callable[..., Any]

OPERATORS: dict[tuple[str, str], Operator] = {}
"""By domain and name: a function of the inputs by place (None for what is left out) and of the attributes by name.

One that has a parameter ``opset`` is told for which version of its domain the file was written, one with a parameter
``count`` how many outputs are asked for. It returns its output, or a list of them.
"""


def operator(*names: str, domain: str = ONNX) -> Callable[[Operator], Operator]:
    """Register a function under the names of operators."""

    def register(function: Operator) -> Operator:
        OPERATORS.update({(domain, name): function for name in names})
        return function

    return register


def _of_gate(gate: Gate) -> Operator:
    def run(*inputs: Any, **settings: Any) -> Any:
        return call(gate, *inputs, **settings)

    parameters = list(inspect.signature(gate.forward).parameters.values())[1:]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


OPERATORS.update({(ONNX, name): _of_gate(gate) for gate, name in PAIRS.items()})


def is_known(node: Node) -> bool:
    return (node.domain, node.operator) in OPERATORS


def unknown(nodes: Sequence[Node]) -> UnsupportedError:
    """The error for operators that chainrule lacks, all of them at once."""
    names = sorted({f"{n.domain}.{n.operator}".lstrip(".") for n in nodes})
    first = nodes[0]
    several = f"the operators {', '.join(names)}" if len(names) > 1 else f"the operator {names[0]}"
    if first.domain not in (ONNX, "ai.onnx.ml", "com.microsoft") and "." in first.domain:
        fix = "onnx.inliner.inline_local_functions(model), if the file defines them itself"
    else:
        fix = "export the model without them; docs/onnx.md lists the operators that there are"
    return UnsupportedError(f"chainrule has no gates for {several:.400}; the first is {first}", fix=fix)


def run_operator(node: Node, inputs: Sequence[Any]) -> list[Any]:
    """The outputs of a node for the values of its inputs, None for those that are left out.

    raises   UnsupportedError for an operator, an attribute or an input that chainrule lacks
    """
    function = OPERATORS[node.domain, node.operator]
    signature = inspect.signature(function)
    told = {"opset": node.opset, "count": len(node.outputs)}
    settings = {**node.attributes, **{k: v for k, v in told.items() if k in signature.parameters}}
    try:
        signature.bind(*inputs, **settings)
    except TypeError as problem:
        raise UnsupportedError(
            f"chainrule's {node.operator} takes ({', '.join(signature.parameters)}): {problem}"
        ) from None
    out = function(*inputs, **settings)
    return out if isinstance(out, list) else [out]
