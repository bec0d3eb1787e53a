"""An ONNX file as plain Python: nodes, arrays and shapes, each looked at before it is believed.

The bytes are taken apart by the protobuf classes of the onnx package, after `_wire` has counted what they are made of.
The checker and the shape inference of onnx, which are C++ and were not made for strangers' files, are never run on
them. Nothing outside the file is opened: a tensor that says that its numbers lie in another file is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...errors import CheckpointError, MissingExtraError, UnsupportedError
from ._wire import check_parts

Array: TypeAlias = NDArray[Any]

_MOST_BYTES = 2**31  # what one protobuf message can be

# TensorProto.DataType of onnx.proto: the numbers that NumPy has, too.
_DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype(np.float32), 2: np.dtype(np.uint8), 3: np.dtype(np.int8), 4: np.dtype(np.uint16),
    5: np.dtype(np.int16), 6: np.dtype(np.int32), 7: np.dtype(np.int64), 9: np.dtype(np.bool_),
    10: np.dtype(np.float16), 11: np.dtype(np.float64), 12: np.dtype(np.uint32), 13: np.dtype(np.uint64),
}  # fmt: skip
NUMBERS = frozenset(_DTYPES.values())
"""What gates compute with."""

ONNX, TRAINING = "", "ai.onnx.preview.training"
_DOMAINS = {"ai.onnx": ONNX}


@dataclass(frozen=True)
class Node:
    """One operator applied to named values.

    inputs, outputs  names of values; an empty one stands for what was left out
    attributes       numbers, texts, tuples of them, and arrays
    opset            the version of the operators of its domain that the file was written for
    """

    name: str
    operator: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    opset: int

    def __str__(self) -> str:
        return f"the node {self.name!r:.80} ({self.operator:.80})"


@dataclass(frozen=True)
class Value:
    """What goes into a model or comes out of it.

    dtype   None where NumPy has none
    shape   None where it is not said, with None for each length that is not
    """

    name: str
    dtype: np.dtype[Any] | None
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class Model:
    """A graph of operators.

    inputs    without those that have a value of their own
    arrays    what the file holds the numbers of, by name; they cannot all be written
    nodes     in the order of the file, in which each comes after what it needs
    metadata  what its maker wrote beside it
    """

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    arrays: Mapping[str, Array]
    nodes: tuple[Node, ...]
    producer: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    def needed_for(self, outputs: Iterable[str]) -> tuple[Node, ...]:
        """The nodes that some values depend on, in order."""
        wanted, found = set(outputs), []
        for node in reversed(self.nodes):
            if wanted.intersection(node.outputs):
                wanted.update(name for name in node.inputs if name)  # an empty one was left out
                found.append(node)
        return tuple(reversed(found))


def the_package(purpose: str) -> Any:
    """The package onnx; MissingExtraError without it."""
    try:
        import onnx
        import onnx.numpy_helper
    except ImportError:
        raise MissingExtraError.for_extra("onnx", "onnx", purpose) from None
    return onnx


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a file that is no longer than an ONNX file can be."""
    try:
        size = os.stat(path).st_size
        if size > _MOST_BYTES:
            what = f"{os.fspath(path)} has {size:,} bytes; an ONNX file has at most {_MOST_BYTES:,}"
            raise CheckpointError(what)
        with open(path, "rb") as file:
            return file.read(size + 1)  # as many as are asked for are reserved, however few there are
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise CheckpointError(f"{os.fspath(path)} cannot be read: {reason:.300}") from None


def parsed(data: bytes) -> Model:
    """The model of the bytes of a file.

    raises   ValueError or UnsupportedError, saying what is wrong with them; MissingExtraError without onnx
    """
    onnx = the_package("reading an ONNX file")
    check_parts(data, onnx.ModelProto.DESCRIPTOR)
    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # of protobuf's own kinds, which differ between its versions
        raise ValueError("it is no ONNX file, or a damaged one") from None
    del data  # what the message holds now need not be held twice
    return converted(model)


def converted(model: Any) -> Model:
    """The model of an ``onnx.ModelProto``; raises as `parsed` does."""
    graph = model.graph
    if not graph.node:
        raise ValueError("there is no graph of operators in it")
    if graph.sparse_initializer:
        raise UnsupportedError("it holds sparse tensors, which chainrule does not read")
    opsets = {_domain(opset): opset.version for opset in model.opset_import}
    arrays = {_text(tensor.name): array_of(tensor) for tensor in graph.initializer}
    return Model(
        inputs=tuple(_value(value) for value in graph.input if _text(value.name) not in arrays),
        outputs=tuple(map(_value, graph.output)),
        arrays=arrays,
        nodes=tuple(_node(number, node, opsets) for number, node in enumerate(graph.node)),
        producer=_text(model.producer_name),
        metadata={_text(entry.key): _text(entry.value) for entry in model.metadata_props},
    )


def _domain(thing: Any) -> str:
    """Of a node, or of a set of operators."""
    name = _text(thing.domain)
    return _DOMAINS.get(name, name)


def _text(value: str | bytes) -> str:
    """A text of the file; protobuf hands over the bytes of what is no UTF-8."""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def dtype_of(number: int) -> np.dtype[Any] | None:
    """The dtype of one of ONNX's types of elements; None for texts and for numbers that NumPy does not have."""
    return _DTYPES.get(number)


def array_of(tensor: Any) -> Array:
    """The numbers of an ``onnx.TensorProto``; where they lie as such in it, they cannot be written."""
    onnx = the_package("reading an ONNX file")
    name = f"the tensor {_text(tensor.name)!r:.80}"
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise UnsupportedError(
            f"{name} keeps its numbers in another file, which chainrule does not open",
            fix="onnx.save(onnx.load(path), one_file), or torch.onnx.export(..., external_data=False)",
        )
    if dtype_of(tensor.data_type) is None:
        kinds = {number: kind for kind, number in onnx.TensorProto.DataType.items()}
        kind = kinds.get(tensor.data_type, tensor.data_type)
        raise UnsupportedError(f"{name} holds {kind}, which no gate computes with")
    # What the tensor says of its shape is checked against the numbers that are there, so it cannot ask for memory.
    try:
        if any(length < 0 for length in tensor.dims):
            raise ValueError
        return np.asarray(onnx.numpy_helper.to_array(tensor))
    except Exception:
        raise ValueError(f"{name} does not hold as many numbers as it says") from None


def _value(value: Any) -> Value:
    tensor = value.type.tensor_type
    if not value.type.HasField("tensor_type"):
        return Value(_text(value.name), None, None)
    if not tensor.HasField("shape"):
        return Value(_text(value.name), dtype_of(tensor.elem_type), None)
    lengths = tuple(d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim)
    return Value(_text(value.name), dtype_of(tensor.elem_type), lengths)


def _node(number: int, node: Any, opsets: Mapping[str, int]) -> Node:
    domain, operator = _domain(node), _text(node.op_type)
    name = _text(node.name) or f"{operator}_{number}"
    return Node(
        name,
        operator,
        domain,
        tuple(map(_text, node.input)),
        tuple(map(_text, node.output)),
        {_text(attribute.name): _attribute(name, attribute) for attribute in node.attribute},
        opsets.get(domain, 1),
    )


def _attribute(node: str, attribute: Any) -> Any:
    kinds = the_package("reading an ONNX file").AttributeProto
    kind = attribute.type
    if kind == kinds.TENSOR:
        return array_of(attribute.t)
    if kind == kinds.STRING:
        return _text(attribute.s)
    if kind == kinds.STRINGS:
        return tuple(map(_text, attribute.strings))
    plain = {kinds.FLOAT: "f", kinds.INT: "i", kinds.FLOATS: "floats", kinds.INTS: "ints"}
    if kind not in plain:
        raise UnsupportedError(
            f"the attribute {_text(attribute.name)!r:.80} of the node {node!r:.80} is no number, text or tensor: "
            "chainrule reads graphs without branches and loops",
        )
    value = getattr(attribute, plain[kind])
    return value if kind in (kinds.FLOAT, kinds.INT) else tuple(value)
