"""Running the nodes of a model, on arrays or on variables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, MutableMapping
from typing import Any

import numpy as np

from ...errors import ChainruleError, ShapeError, UnsupportedError
from ...graph import Variable
from . import (  # noqa: F401  they register their operators
    _elementwise,
    _from_shapes,
    _images,
    _losses,
    _matrices,
    _normalizations,
    _reductions,
    _shapes,
)
from ._apply import is_floating
from ._model import TRAINING, Node
from ._registry import is_known, run_operator, unknown
from ._training import gradient

_GRADIENT = (TRAINING, "Gradient")


def check_known(nodes: Iterable[Node]) -> None:
    """Refuse operators that chainrule lacks, before anything runs."""
    missing = [node for node in nodes if not is_known(node) and not _is_gradient(node)]
    if missing:
        raise unknown(missing)


def run_nodes(nodes: Iterable[Node], values: MutableMapping[str, Any]) -> None:
    """Add the outputs of some nodes to the values, by name.

    nodes    each after those whose outputs it needs
    values   arrays and variables; what the operator Gradient asks for becomes a variable
    raises   UnsupportedError, ShapeError, … naming the node
    """
    nodes = list(nodes)
    watched = {name for node in nodes if _is_gradient(node) for name in node.attributes.get("xs", ())}
    values.update({name: _followed(values[name], name) for name in watched & values.keys()})
    for node in nodes:
        missing = [name for name in node.inputs if name and name not in values]
        if missing:
            raise ValueError(f"{node} needs the value {missing[0]!r:.80}, which nothing before it makes")
        outputs = _outputs(node, values)
        for name, value in zip(node.outputs, outputs, strict=False):
            if name:
                values[name] = _followed(value, name) if name in watched else value


def _outputs(node: Node, values: Mapping[str, Any]) -> list[Any]:
    try:
        if _is_gradient(node):
            return _gradients(node, values)
        outputs = run_operator(node, [values[name] if name else None for name in node.inputs])
    except ChainruleError as problem:
        error = type(problem).__new__(type(problem))
        ChainruleError.__init__(error, f"{node}: {problem.what}", fix=problem.fix)
        raise error from None
    except MemoryError:
        raise
    except Exception as problem:  # what NumPy and Python say of arrays that do not fit each other
        shapes = ", ".join(str(np.shape(values[name])) for name in node.inputs if name)
        reason = str(problem).strip() or type(problem).__name__
        raise ShapeError(f"{node} cannot take inputs of shape {shapes}: {reason:.300}") from None
    if len(outputs) < sum(bool(name) for name in node.outputs):
        raise UnsupportedError(
            f"{node} is asked for {len(node.outputs)} outputs; chainrule has {len(outputs)}"
        )
    return outputs


def _is_gradient(node: Node) -> bool:
    return (node.domain, node.operator) == _GRADIENT


def _followed(value: Any, name: str) -> Any:
    """A value as a variable, so that gradients can be asked for it."""
    return (
        value if isinstance(value, Variable) or not is_floating(value) else Variable(np.asarray(value), name)
    )


def _gradients(node: Node, values: Mapping[str, Any]) -> list[Any]:
    xs, y = node.attributes.get("xs", ()), node.attributes.get("y", "")
    if node.inputs[: len(xs)] != tuple(xs):
        raise UnsupportedError(
            f"its inputs {', '.join(node.inputs)} are not the values {', '.join(xs)} that y was computed from"
        )
    missing = [name for name in (*xs, y) if name not in values]
    if missing:
        raise ValueError(f"there is no value {missing[0]!r:.80}")
    return gradient(values[y], [values[x] for x in xs])


def plain(values: Mapping[str, Any], names: Collection[str]) -> tuple[Any, ...]:
    """Some of the values as arrays."""
    found = (values[name] for name in names)
    return tuple(np.asarray(v._value if isinstance(v, Variable) else v) for v in found)
