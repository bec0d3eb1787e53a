"""From a network to an ONNX file: the graph that it records, gate by gate."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ... import gates
from ...errors import ArgumentError, UnsupportedError
from ...gates import Gate
from ...graph import functions as f
from ...layers import BinaryCrossEntropyWithLogits, LossLayer, SoftmaxWithLoss, is_known, layer_to_config
from ...networks import Network
from ...storage import write_atomically
from ._model import the_package
from ._network import OnnxNetwork
from ._operators import Application, write
from ._recorded import INPUT, Result, dtype_of_inputs, recorded
from ._writer import Writer

_MOST_BYTES = 2**31 - 1  # of a protobuf message

# What comes behind the scores, for whoever wants probabilities.
_ENDINGS: Mapping[type[LossLayer], Callable[[Any], Any]] = {
    SoftmaxWithLoss: f.softmax,
    BinaryCrossEntropyWithLogits: f.sigmoid,
}


def save(network: Network, path: str | os.PathLike[str], *, probabilities: bool | None = None) -> None:
    """`Network.to_onnx`.

    >>> import tempfile
    >>> net = cr.TwoLayerNet(2, 3, 2, seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     net.to_onnx(f"{folder}/net.onnx", probabilities=True)
    ...     again = cr.onnx.load(f"{folder}/net.onnx")
    >>> again.run(np.zeros((1, 2)))
    array([[0.5, 0.5]])
    """
    if sum(value.nbytes for value in network.params.values()) > _MOST_BYTES - 2**20:
        raise UnsupportedError("an ONNX file holds less than 2 GB", fix="net.save(path), a safetensors file")
    write_atomically(path, model_of(network, probabilities=probabilities).SerializeToString())


def model_of(network: Network, *, probabilities: bool | None = None) -> Any:
    """A network as an ``onnx.ModelProto``, which onnx's own checker has looked at; see `Network.to_onnx`."""
    onnx = the_package("writing an ONNX file")
    ending, output = _ending(network, probabilities)
    results = recorded(network, ending)
    given = network.input_name if isinstance(network, OnnxNetwork) else "x"
    writer = Writer(given)
    last = _written(writer, results, network.arrays, given)
    writer.rename(last, output)

    def described(name: str, shape: Any, dtype: np.dtype[Any]) -> Any:
        number = onnx.helper.np_dtype_to_tensor_dtype(dtype)
        return onnx.helper.make_tensor_value_info(name, number, ["N", *shape])

    graph = onnx.helper.make_graph(
        writer.nodes,
        type(network).__name__,
        [described(given, network.input_shape, dtype_of_inputs(network))],
        [described(output, map(int, results[-1].shape[1:]), results[-1].dtype)],
        [onnx.numpy_helper.from_array(array, name) for name, array in writer.initializers.items()],
    )
    opsets = [onnx.helper.make_opsetid("", writer.opset)]
    model = onnx.helper.make_model(
        graph,
        opset_imports=opsets,
        ir_version=onnx.helper.find_min_ir_version_for(opsets),  # older runtimes refuse newer ones
        producer_name="chainrule",
        producer_version=_version(),
    )
    about: dict[str, Any] = {
        "constants": [name for name in writer.initializers if name not in network.params]
    }
    if is_known(network.lastLayer):
        about["loss"] = layer_to_config(network.lastLayer)
    onnx.helper.set_model_props(model, {"chainrule": json.dumps(about)})
    try:
        onnx.checker.check_model(model, full_check=True)
    except Exception as problem:  # of kinds of its own, which differ between its versions
        raise UnsupportedError(
            f"onnx's checker refuses the graph of this network: {problem!s:.300}"
        ) from None
    return model


def _version() -> str:
    from ... import __version__

    return __version__


def _ending(network: Network, probabilities: bool | None) -> tuple[Callable[[Any], Any], str]:
    """What is put behind the scores, and what the output is called then."""
    of_file = isinstance(network, OnnxNetwork) and bool(network.ending)
    if isinstance(network, OnnxNetwork) and probabilities in (None, of_file):
        return network.finish, network.output_name
    if not probabilities:
        return lambda scores: scores, "scores"
    kind = type(network.lastLayer)
    if kind not in _ENDINGS:
        raise ArgumentError(
            f"a network with the loss {kind.__name__} gives no probabilities", fix="net.to_onnx(path)"
        )
    return _ENDINGS[kind], "probabilities"


def _written(writer: Writer, results: list[Result], arrays: Mapping[str, Any], given: str) -> str:
    """Write all values of a graph; the name of the last one."""
    names: list[str] = []
    for result in results:
        writer.scope = result.layer
        if result.leaf == INPUT:
            names.append(given)
        elif result.leaf is not None:
            names.append(writer.initializer(result.leaf, arrays[result.leaf]))
        elif result.gate is None:
            names.append(writer.constant(result.inputs[0][1]))
        else:
            names.append(write(writer, _application(writer, result, results, names)))
    return names[-1]


def _application(writer: Writer, result: Result, results: list[Result], names: list[str]) -> Application:
    """A gate whose inputs are all in the graph, and all numbers among them of one precision, as ONNX wants it."""
    assert result.gate is not None
    arrays = [results[n].dtype if n is not None else getattr(c, "dtype", None) for n, c in result.inputs]
    stays = [dtype is not None and _stays(dtype, result.gate) for dtype in arrays]
    known = [
        dtype for dtype, is_other in zip(arrays, stays, strict=True) if dtype is not None and not is_other
    ]
    dtype = np.result_type(*(known or [d for d in arrays if d is not None]))
    inputs, shapes = [], []
    for (number, constant), own, is_other in zip(result.inputs, arrays, stays, strict=True):
        if number is None:
            inputs.append(writer.constant(constant, own if is_other else dtype))
            shapes.append(np.shape(constant))
            continue
        name = names[number]
        inputs.append(name if is_other or own == dtype else writer.cast(name, dtype))
        shapes.append(results[number].shape)
    return Application(result.gate, tuple(inputs), tuple(shapes), dtype, result.settings)


def _stays(dtype: np.dtype[Any], gate: Gate) -> bool:
    """Whether an input is no number among numbers: a condition, or places."""
    return dtype == np.bool_ or (gate is gates.take_rows and dtype.kind in "iu")
