"""Small ONNX models, written node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
helper = onnx.helper

Wanted = tuple[str, Sequence[str], Sequence[str], Mapping[str, Any]]


def node(operator: str, inputs: str, output: str, **attributes: Any) -> Any:
    """A node; names stand side by side, parted by blanks."""
    domain = attributes.pop("domain", "")
    return helper.make_node(operator, inputs.split(), output.split(), output, domain=domain, **attributes)


def model(
    nodes: Sequence[Any],
    arrays: Mapping[str, Any],
    *,
    shape: Sequence[Any] = ("N", 4),
    outputs: str = "y",
    opset: int = 18,
    dtype: Any = np.float32,
    of_inputs: Any = None,
) -> Any:
    """A model with the input x and outputs of floating-point numbers."""
    number = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    of_x = number if of_inputs is None else helper.np_dtype_to_tensor_dtype(np.dtype(of_inputs))
    graph = helper.make_graph(
        nodes,
        "model",
        [helper.make_tensor_value_info("x", of_x, shape)],
        [helper.make_tensor_value_info(name, number, None) for name in outputs.split()],
        [onnx.numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def dense(**changes: Any) -> Any:
    """y = relu(x · W + b) · V"""
    rng = np.random.default_rng(0)
    shapes = {"W": (4, 5), "b": (5,), "V": (5, 3)}
    arrays = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    nodes = [
        node("MatMul", "x W", "a"),
        node("Add", "a b", "c"),
        node("Relu", "c", "h"),
        node("MatMul", "h V", "y"),
    ]
    settings = {"nodes": nodes, "arrays": arrays, **changes}
    return model(settings.pop("nodes"), settings.pop("arrays"), **settings)
