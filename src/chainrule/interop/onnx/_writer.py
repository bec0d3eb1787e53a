"""An ONNX graph while it is written: nodes, constants, and names that nothing else has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import UnsupportedError
from ...graph import Dimension
from ._model import the_package

# Since opset 18 all reductions take their axes in the same way, and runtimes of 2023 and newer read it. A newer one is
# named only by a model that has an operator which is not older.
_OPSET = 18

Shape = tuple[int, ...]


class Writer:
    """What a graph consists of so far.

    rows   the name of an input whose first axis has as many entries as there are rows
    scope  the layer that nodes are written for; their names begin with it

    >>> writer = Writer("x")
    >>> writer.scope = "Affine1"
    >>> writer.node("MatMul", "x", writer.constant(np.eye(2)))
    'Affine1/MatMul'
    """

    def __init__(self, rows: str) -> None:
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}
        self.opset = _OPSET
        self.scope = ""
        self._rows = rows
        self._constants: dict[Any, str] = {}
        self._taken = {rows}

    def free(self, wish: str) -> str:
        """A name like the one wished for that nothing has yet, taken from now on."""
        name, number = wish, 1
        while name in self._taken:
            number += 1
            name = f"{wish}_{number}"
        self._taken.add(name)
        return name

    def initializer(self, wish: str, array: Any) -> str:
        """An array that the file holds the numbers of, under a name."""
        name = self.free(wish)
        self.initializers[name] = np.asarray(array)
        return name

    def constant(self, value: Any, dtype: Any = None) -> str:
        """A number or array; the same one once for the whole graph."""
        array = np.asarray(value, dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.initializer("constant", array)
        return self._constants[key]

    def whole(self, *numbers: int) -> str:
        """Whole numbers: axes, ends of slices."""
        return self.constant(numbers, np.int64)

    def node(self, operator: str, *inputs: str, since: int = 1, **attributes: Any) -> str:
        """Add an operator.

        since    the first opset that has it, where that is newer than 18
        returns  the name of its output, which is also that of the node
        """
        self.opset = max(self.opset, since)
        name = self.free(f"{self.scope}/{operator}" if self.scope else operator)
        make = the_package("writing an ONNX file").helper.make_node
        self.nodes.append(make(operator, list(inputs), [name], name=f"/{name}", **attributes))
        return name

    def cast(self, name: str, dtype: Any) -> str:
        number = the_package("writing an ONNX file").helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.node("Cast", name, to=number)

    def rename(self, old: str, new: str) -> None:
        """Call the output of a node something else."""
        for node in self.nodes:
            for names in (node.input, node.output):
                names[:] = [new if name == old else name for name in names]

    def shape(self, shape: Shape) -> str:
        """A shape as a value of the graph, with the number of rows taken from the input where it depends on it."""
        if not any(isinstance(n, Dimension) for n in shape):
            return self.whole(*shape)
        rows = self.node("Shape", self._rows, start=0, end=1)
        parts = []
        for length in shape:
            if not isinstance(length, Dimension):
                parts.append(self.whole(length))
                continue
            part = rows if length.scale == 1 else self.node("Mul", rows, self.whole(length.scale))
            parts.append(self.node("Add", part, self.whole(length.offset)) if length.offset else part)
        return self.node("Concat", *parts, axis=0)


def plain(numbers: Sequence[Any], role: str) -> tuple[int, ...]:
    """Whole numbers that are the same for any number of rows."""
    if any(isinstance(n, Dimension) for n in numbers):
        raise UnsupportedError(
            f"{role} depend on the number of rows, which an ONNX graph would have to compute"
        )
    return tuple(int(n) for n in numbers)
