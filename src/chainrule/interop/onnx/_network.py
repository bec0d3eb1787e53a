"""A network that was read from an ONNX file."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ...engines._abstract import AbstractArray
from ...engines._node import input_node
from ...errors import ArgumentError, DTypeError, ShapeError, UnsupportedError
from ...gates import check_ids
from ...graph import Variable, new_variable
from ...layers import Layer, LossLayer
from ...networks import Network
from ._model import Array, Node, Value
from ._run import run_nodes
from ._stages import Operators, layers_of


class Ids:
    """What looks at inputs that are ids, numbers of rows of a table, before they are used.

    count    how many rows the table has
    """

    def __init__(self, count: int) -> None:
        self.count = count

    def checked(self, x: Any) -> Array:
        """Ids as int64; DTypeError for other numbers, ArgumentError for one that is out of range."""
        ids = np.asarray(x)
        if ids.dtype.kind not in "iu":
            raise DTypeError(
                f"x holds {ids.dtype}; this network takes ids, whole numbers", fix="x.astype(np.int64)"
            )
        check_ids(ids, self.count)
        found: Array = ids.astype(np.int64, copy=False)
        return found


class OnnxNetwork(Network):
    """A network whose layers are the operators of an ONNX file; `load` makes it.

    It is a network like any other: it predicts, is explained, drawn, differentiated and trained. Its parameters have
    the names that they have in the file.

    Attributes besides those of `Network`
    input_name, output_name  in the file
    ending                   the operators at the end of the file, a softmax or sigmoid, that the loss has itself:
                             `predict` gives the scores in front of them, `run` what comes out behind them
    """

    layers: OrderedDict[str, Operators]

    def __init__(
        self,
        nodes: Sequence[Node],
        ending: Sequence[Node],
        given: Value,
        output: str,
        constants: Mapping[str, Array],
        parameters: Mapping[str, Array],
        loss: LossLayer,
        ids: int | None = None,
    ) -> None:
        self.input_name, self.output_name = given.name, output
        self.input_shape = _shape_of_a_row(given)
        self.ending = tuple(ending)
        self._constants = constants
        scores = ending[0].inputs[0] if ending else output
        self._ids = None if ids is None else Ids(ids)
        self.params, self.state, self.lastLayer = {}, {}, loss
        self.layers = OrderedDict(layers_of(nodes, given.name, scores, constants, parameters))
        self._take_up_arrays()
        self.shapes = self._measured()
        self.sizes = {name: prod(shape) for name, shape in self.shapes.items()}

    def _check_ending(self, axes: int) -> None:
        """Refuse a softmax along another axis than the last, which that of the loss could not stand for."""
        if self.ending and self.ending[0].attributes.get("axis", -1) not in (-1, axes - 1):
            raise UnsupportedError(
                f"its last operator, {self.ending[0]}, is along another axis than the last",
                fix="load(path, loss=cr.MeanSquaredError()), or export the model without it",
            )

    def _keys(self) -> Iterator[tuple[Layer, Mapping[str, str]]]:
        for layer in self.layers.values():
            yield layer, {name: name for name in layer.parameter_names}

    @property
    def embedding(self) -> Any:
        """What takes ids, where the inputs are ids."""
        return self._ids

    def _measured(self) -> dict[str, tuple[int, ...]]:
        """The shape of a row behind each layer, told from shapes alone: nothing is computed.

        raises   ShapeError when the layers take one number of rows only
        """
        found: list[dict[str, tuple[int, ...]]] = []
        for rows in (2, 3):
            x: Any = self._without_numbers("x", (rows, *self.input_shape), np.int64 if self._ids else None)
            shapes = {}
            for name, layer in self.layers.items():
                own = {key: self._without_numbers(key, self.params[key].shape) for key in layer.keys.values()}
                x = layer.compute(x, **own)
                if x.shape[:1] != (rows,):
                    raise ShapeError(
                        f"{rows} rows of inputs become an array of shape {tuple(x.shape)} in the layer {name}; "
                        "chainrule trains models that keep their rows",
                        fix="export the model with a first axis of any length (dynamic_axes, dynamic_shapes)",
                    )
                shapes[name] = tuple(x.shape[1:])
            found.append(shapes)
            self.finish(x)
        if found[0] != found[1]:
            raise ShapeError("the shape of a row changes with the number of rows")
        self._check_ending(len(x.shape))
        return found[0]

    def _without_numbers(self, name: str, shape: tuple[int, ...], dtype: Any = None) -> Variable:
        return new_variable(AbstractArray(input_node(name, shape, dtype or self.dtype)), name)

    def finish(self, scores: Any) -> Any:
        """What the file puts out, from the scores: an array or a variable."""
        if not self.ending:
            return scores
        values = {**self._constants, self.ending[0].inputs[0]: scores}
        run_nodes(self.ending, values)
        return values[self.output_name]

    def run(self, x: Any) -> Array:
        """What the file puts out for some inputs, as any other runtime gives it.

        x        as `predict` takes it
        returns  the probabilities of a file that ends in a softmax, otherwise the same as `predict`
        """
        return np.asarray(self.finish(self.predict(x)))

    def save(self, path: str | os.PathLike[str]) -> NoReturn:
        raise UnsupportedError(
            "a network that came from an ONNX file is saved as one",
            fix=f"net.to_onnx({os.fspath(Path(path).with_suffix('.onnx'))!r})",
        )


def _shape_of_a_row(given: Value) -> tuple[int, ...]:
    lengths = None if given.shape is None else given.shape[1:]
    if lengths is None or None in lengths:
        raise ArgumentError(
            f"it does not say how many numbers a row of its input {given.name!r:.80} has: its shape is {given.shape}",
            fix="load(path, input_shape=(784,))",
        )
    shape = tuple(n for n in lengths if n is not None)
    if min(shape, default=1) < 1:
        raise ShapeError(f"a row of its input {given.name!r:.80} has the shape {shape}")
    return shape
