"""From an ONNX file to a network."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from ...engines._calls import at_most, check_room
from ...errors import (
    ArgumentError,
    ChainruleError,
    CheckpointError,
    MissingExtraError,
    UnsupportedError,
)
from ...layers import BinaryCrossEntropyWithLogits, LossLayer, SoftmaxWithLoss, layer_from_config
from ._apply import is_floating
from ._model import ONNX, Array, Model, Node, Value, parsed, read_bytes
from ._network import OnnxNetwork
from ._run import check_known, run_nodes

_ROOM = 2**22  # numbers that are made for a look at a file, besides twice those that it holds

# What the operators are called that a loss has itself.
_OWN: Mapping[type[LossLayer], tuple[str, ...]] = {
    SoftmaxWithLoss: ("Softmax", "LogSoftmax"),
    BinaryCrossEntropyWithLogits: ("Sigmoid",),
}


def load(
    path: str | os.PathLike[str],
    *,
    output: str | None = None,
    loss: LossLayer | None = None,
    input_shape: Sequence[int] | None = None,
) -> OnnxNetwork:
    """The network of an ONNX file, whoever wrote it: to be looked at, explained, differentiated and trained further.

    Its parameters are the arrays of floating-point numbers in the file (numbers without an axis are constants). A
    softmax or sigmoid at its end that the loss has itself is taken off, as everywhere in chainrule: `predict` gives
    scores, `run` what the file puts out.

    path         the file; it is read and taken apart, nothing in it is run, and no other file is opened
    output       which output is meant, by name; needed only where several are floating-point numbers. Any other value
                 of the graph may be named, too: the scores in front of a sigmoid
    loss         what it is trained with. Without it the one that it was saved with; else the one that fits its last
                 operator: binary cross-entropy behind a sigmoid, otherwise softmax with cross-entropy
    input_shape  of one row of inputs, where the file does not say it
    raises       CheckpointError when it is damaged or no ONNX file; UnsupportedError when it uses what chainrule has no
                 gates for, naming it; ArgumentError when it must be told more; MissingExtraError without onnx

    >>> import tempfile
    >>> net = cr.TwoLayerNet(4, 3, 2, seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     net.to_onnx(f"{folder}/net.onnx")
    ...     again = load(f"{folder}/net.onnx")
    >>> list(again.layers), list(again.params)
    (['Affine1', 'Relu1', 'Affine2'], ['W1', 'b1', 'W2', 'b2'])
    >>> x = np.ones((1, 4))
    >>> bool(np.all(again.predict(x) == net.predict(x)))
    True
    """
    return _guarded(os.fspath(path), lambda: network_of(parsed(read_bytes(path)), output, loss, input_shape))


def loaded(
    data: bytes,
    *,
    output: str | None = None,
    loss: LossLayer | None = None,
    input_shape: Sequence[int] | None = None,
    name: str = "the file",
) -> OnnxNetwork:
    """`load`, from the bytes of a file.

    name   what errors call the file

    >>> loaded(b"no model", name="it")
    Traceback (most recent call last):
    chainrule.errors.CheckpointError: it holds no network: it is no ONNX file, or a damaged one
    ...
    """
    return _guarded(name, lambda: network_of(parsed(data), output, loss, input_shape))


def _guarded(name: str, make: Callable[[], OnnxNetwork]) -> OnnxNetwork:
    """A network; whatever is wrong with its file is said of the file."""
    try:
        return make()
    except (CheckpointError, MissingExtraError):  # no matter of what is in the file
        raise
    except (ArgumentError, UnsupportedError) as problem:
        raise type(problem)(f"{name}: {problem.what:.1000}", fix=problem.fix) from None
    except ChainruleError as problem:
        raise CheckpointError(f"{name} holds no network: {problem.what:.1000}", fix=problem.fix) from None
    except (ValueError, MemoryError, RecursionError) as problem:
        reason = str(problem) or type(problem).__name__
        raise CheckpointError(f"{name} holds no network: {reason:.500}") from None


def network_of(
    model: Model, output: str | None, loss: LossLayer | None, input_shape: Sequence[int] | None
) -> OnnxNetwork:
    """The network of a model; see `load`."""
    with at_most(_ROOM + 2 * sum(array.size for array in model.arrays.values())):
        return _network_of(model, output, loss, input_shape)


def _network_of(
    model: Model, output: str | None, loss: LossLayer | None, input_shape: Sequence[int] | None
) -> OnnxNetwork:
    if not isinstance(loss, LossLayer | None):
        raise ArgumentError(f"loss must be a layer; it is {loss!r:.80}", fix="loss=cr.MeanSquaredError()")
    name = _output(model, output)
    nodes = model.needed_for([name])
    check_known(nodes)
    given = _input(model, nodes, input_shape)
    nodes, arrays = _without_constants(nodes, model.arrays)
    nodes, ending = _without_ending(nodes)
    loss = loss or _saved_loss(model) or _fitting_loss(ending)
    if not nodes or not ending or ending[0].operator not in _OWN.get(type(loss), ()):
        nodes, ending = (*nodes, *ending), ()
    used = {i for node in nodes for i in node.inputs}
    fixed = _statistics(nodes) | set(_said(model).get("constants", ()))
    parameters = {n: np.array(a) for n, a in arrays.items() if n in used and _learns(a) and n not in fixed}
    constants = {n: a for n, a in arrays.items() if n not in parameters}
    if not parameters:
        raise UnsupportedError("it has no arrays of floating-point numbers, so there is nothing to train")
    for n, a in parameters.items():
        if a.dtype == np.float16:
            raise UnsupportedError(f"its array {n!r:.80} holds float16; gradients are float32 or float64")
    return OnnxNetwork(
        nodes, ending, given, name, constants, parameters, loss, _ids(given, nodes, parameters)
    )


def _ids(given: Value, nodes: Sequence[Node], parameters: Mapping[str, Array]) -> int | None:
    """How many rows the tables have that the inputs are numbers of; None for inputs of floating-point numbers."""
    if given.dtype in (np.float32, np.float64):
        return None
    readers = [node for node in nodes if given.name in node.inputs]
    tables = [parameters.get(node.inputs[0]) for node in readers if _takes_rows(node, given.name)]
    if given.dtype != np.int64 or not readers or len(tables) < len(readers) or any(t is None for t in tables):
        raise UnsupportedError(
            f"its input {given.name!r:.80} holds {given.dtype}; a network takes float32, float64, or, as int64, "
            "numbers of rows of a table that it learns"
        )
    return min(len(table) for table in tables if table is not None)


def _takes_rows(node: Node, ids: str) -> bool:
    by_rows = node.attributes.get("axis", 0) == 0 and node.inputs[1:] == (ids,)
    return (node.domain, node.operator) == (ONNX, "Gather") and by_rows


def _output(model: Model, asked: str | None) -> str:
    """The output that is meant: the only one, or the only one of floating-point numbers."""
    names = [value.name for value in model.outputs]
    if asked is not None:
        if asked not in names and not any(asked in node.outputs for node in model.nodes):
            raise ArgumentError(f"it has no value {asked!r:.80}; its outputs are {', '.join(names):.300}")
        return asked
    scores = [
        v.name for v in model.outputs if len(names) == 1 or (v.dtype is not None and v.dtype.kind == "f")
    ]
    if len(scores) != 1:
        raise ArgumentError(
            f"a network has one output; this model has {', '.join(names) or 'none'}"[:400],
            fix=f"load(path, output={(scores or names or [''])[0]!r:.80})",
        )
    if not scores[0]:
        raise ValueError("its output has no name")
    return scores[0]


def _input(model: Model, nodes: Sequence[Node], shape: Sequence[int] | None) -> Value:
    used = {name for node in nodes for name in node.inputs}
    inputs = [i for i in model.inputs if i.name in used]
    if not inputs:
        raise ValueError("what it puts out depends on no input")
    if len(inputs) > 1:
        names = ", ".join(i.name for i in inputs)
        raise UnsupportedError(f"a network has one input; the inputs of this model are {names:.300}")
    (given,) = inputs
    if shape is None:
        return given
    said = (given.shape or (None, *shape))[1:]
    if len(said) != len(shape) or any(n not in (None, m) for n, m in zip(said, shape, strict=True)):
        raise ArgumentError(f"input_shape is {tuple(shape)}; in the file a row has the shape {said}")
    return replace(given, shape=(None, *shape))


def _without_constants(
    nodes: Iterable[Node], arrays: Mapping[str, Array]
) -> tuple[tuple[Node, ...], dict[str, Array]]:
    """Compute once and for all what depends on no input and no parameter: shapes, axes, Constant nodes.

    raises   ValueError where there is no room: a small file could ask for all memory
    """
    values = dict(arrays)
    left: list[Node] = []
    made = 0
    for node in nodes:
        known = [values.get(name) for name in node.inputs if name]
        if all(value is not None and not _learns(value) for value in known):
            made += _computed(node, known)
            check_room((made,))
            run_nodes([node], values)
        else:
            left.append(node)
    return tuple(left), {name: np.asarray(value) for name, value in values.items()}


def _learns(array: Any) -> bool:
    return bool(np.ndim(array)) and is_floating(array)


def _statistics(nodes: Iterable[Node]) -> set[str]:
    """The arrays that batch normalisation was left with, which follow the data and no gradient."""
    return {name for node in nodes if node.operator == "BatchNormalization" for name in node.inputs[3:5]}


def _said(model: Model) -> dict[str, Any]:
    """What `to_onnx` wrote beside the graph: the loss, and the arrays that do not learn."""
    text = model.metadata.get("chainrule")
    if text is None:
        return {}
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("constants", []), list):
        raise ValueError(f"what chainrule wrote beside its graph cannot be read: {text!r:.80}")
    return {**said, "constants": [name for name in said.get("constants", []) if isinstance(name, str)]}


def _saved_loss(model: Model) -> LossLayer | None:
    said = _said(model)
    if "loss" not in said:
        return None
    try:
        layer: object = layer_from_config(said["loss"])
    except ChainruleError:
        layer = None
    if not isinstance(layer, LossLayer):
        raise ValueError(f"its loss cannot be read: {said['loss']!r:.80}")
    return layer


def _without_ending(nodes: Sequence[Node]) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """The nodes, and taken off their end the one that may be a loss's own, with those behind it that do nothing."""
    end = len(nodes) - 1
    while end > 0 and _is_identity(nodes[end]) and nodes[end].inputs[:1] == nodes[end - 1].outputs[:1]:
        end -= 1
    last = nodes[end]
    if last.domain != ONNX or not any(last.operator in own for own in _OWN.values()):
        end = len(nodes)
    return tuple(nodes[:end]), tuple(nodes[end:])


def _is_identity(node: Node) -> bool:
    return (node.domain, node.operator) == (ONNX, "Identity")


def _fitting_loss(ending: Sequence[Node]) -> LossLayer:
    is_sigmoid = bool(ending) and ending[0].operator == "Sigmoid"
    return BinaryCrossEntropyWithLogits() if is_sigmoid else SoftmaxWithLoss()


def _computed(node: Node, arrays: Sequence[Any]) -> int:
    """The most numbers that an operator can make of some arrays: as a product, broadcast, or side by side.

    Those that make more, out of shapes and places, look for themselves whether there is room.
    """
    sizes = [np.size(a) for a in arrays]
    if node.operator in ("MatMul", "Gemm"):
        return math.prod(sizes[:2])
    with suppress(ValueError):
        return max(sum(sizes), math.prod(np.broadcast_shapes(*map(np.shape, arrays))))
    return sum(sizes)
