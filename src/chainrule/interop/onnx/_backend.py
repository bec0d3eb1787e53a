"""chainrule as a backend of onnx: the interface that onnx's own published tests call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx.backend.base import Backend as OnnxBackend
from onnx.backend.base import BackendRep as OnnxBackendRep

from ...errors import UnsupportedError
from ._model import NUMBERS, Model, converted
from ._run import check_known, plain, run_nodes


class Runnable(OnnxBackendRep):  # type: ignore[misc]
    """A model that is ready to run."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def run(self, inputs: Any, **settings: Any) -> tuple[Any, ...]:
        """The outputs, in the order of the model.

        inputs   arrays in the order of the model, or by name
        """
        names = [i.name for i in self._model.inputs]
        given = dict(inputs) if hasattr(inputs, "keys") else dict(zip(names, inputs, strict=False))
        values = {**self._model.arrays, **{name: _numbers(name, value) for name, value in given.items()}}
        run_nodes(self._model.nodes, values)
        return plain(values, [o.name for o in self._model.outputs])


def _numbers(name: str, value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic) and value.dtype in NUMBERS:
        return np.asarray(value)
    kind = value.dtype if hasattr(value, "dtype") else type(value).__name__
    raise UnsupportedError(f"the input {name!r:.80} holds {kind}, which no gate computes with")


class Backend(OnnxBackend):  # type: ignore[misc]
    """Runs any model whose operators chainrule has; every operator is made of gates.

    Gradients (the operator Gradient of ai.onnx.preview.training) are those of chainrule's own backward pass.

    >>> import onnx
    >>> node = onnx.helper.make_node("Add", ["a", "b"], ["c"])
    >>> Backend.run_node(node, [np.array([1.0]), np.array([2.0])])
    (array([3.]),)
    """

    @classmethod
    def supports_device(cls, device: str) -> bool:
        return device.partition(":")[0] == "CPU"

    @classmethod
    def prepare(cls, model: Any, device: str = "CPU", **settings: Any) -> Runnable:
        """A model made ready.

        model    an ``onnx.ModelProto``
        raises   UnsupportedError, naming all operators that chainrule lacks
        """
        made = converted(model)
        check_known(made.nodes)
        return Runnable(made)

    @classmethod
    def run_node(
        cls, node: Any, inputs: Sequence[Any], device: str = "CPU", outputs_info: Any = None, **settings: Any
    ) -> tuple[Any, ...]:
        import onnx

        names = [name for name in node.input if name]
        typed = [
            onnx.helper.make_tensor_value_info(
                name, onnx.helper.np_dtype_to_tensor_dtype(np.asarray(value).dtype), np.shape(value)
            )
            for name, value in zip(names, inputs, strict=True)
        ]
        outputs = [onnx.helper.make_empty_tensor_value_info(name) for name in node.output if name]
        graph = onnx.helper.make_graph([node], "node", typed, outputs)
        model = onnx.helper.make_model(graph, opset_imports=_newest(node, settings))
        return cls.prepare(model, device).run(inputs)


def _newest(node: Any, settings: dict[str, Any]) -> list[Any]:
    import onnx

    version = settings.get("opset_version")
    if version is None:
        version = onnx.defs.get_schema(node.op_type, domain=node.domain).since_version
    return [onnx.helper.make_opsetid(node.domain, version)]
