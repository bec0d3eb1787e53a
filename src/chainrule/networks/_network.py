"""What every network can do: predict, measure, differentiate, and be traced as one pure function."""

from __future__ import annotations

import math
import os
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, ClassVar, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .._above import provided
from .._rows import Rows, forget, is_on_disk
from ..errors import ArgumentError, CheckpointError, DTypeError, GraphError, ShapeError, UnsupportedError
from ..graph import Shown, Variable, as_array, as_numbers, check_inputs, gradients_of, new_variable
from ..graph import functions as f
from ..layers import Embedding, Layer, LossLayer, initialise, numbered
from ._arrangement import Shape, check_form, check_kinds, first_shape, shapes_behind
from ._numerical import numerical_gradient
from ._summary import summary

Array: TypeAlias = NDArray[Any]

_MOST_BYTES = 2**27  # that stay: what the layers remember of a run, the scores that a loss is taken of
_FEW_BYTES = 2**22  # of scores, where the inputs are on the disk for want of memory
_PIECE_BYTES = 2**24  # of inputs and results between the layers that are forgotten once the scores are there
# BLAS computes rows in blocks, and those left over in another way, which may round differently. Pieces of whole blocks,
# of 48 rows or of any number that divides it, leave every row in the kind of block that it has among all rows.
_BLOCK_ROWS = 48


class Network(Shown):
    """Layers in a row, and a loss behind them; see `Sequential` and `TwoLayerNet`.

    Attributes
    params     the parameters by name: W1, b1, W2, b2, …; the dictionary and the arrays that the layers compute with,
               so ``params["W1"] -= …`` and ``params["W1"] = …`` both change the network
    state      what layers keep beside their parameters, by name: running means, keys of dropout; mostly nothing
    layers     the layers by name, in order: Affine1, ReLU1, Affine2, …
    lastLayer  the loss
    input_shape  of one row in front of the first layer: (784,), or of images (1, 28, 28); rows with as many numbers
               in another shape are laid out like this
    shapes     of one row behind each layer, by its name
    sizes      how many numbers that are

    >>> from chainrule.networks import TwoLayerNet
    >>> net = TwoLayerNet(2, 3, 2, seed=0)
    >>> isinstance(net, Network), net.sizes
    (True, {'Affine1': 3, 'Relu1': 3, 'Affine2': 2})
    >>> x, t = np.array([[1.0, -1.0], [-1.0, 1.0]]), np.array([0, 1])
    >>> before = net.loss(x, t)
    >>> for key, gradient in net.gradient(x, t).items():
    ...     net.params[key] -= 0.1 * gradient
    >>> net.loss(x, t) < before
    True
    """

    params: dict[str, Any]
    state: dict[str, Any]
    layers: OrderedDict[str, Any]  # Layer, of which each class has attributes of its own (dW, alpha)
    lastLayer: LossLayer
    input_shape: Shape
    shapes: dict[str, Shape]
    sizes: dict[str, int]

    _spelling: ClassVar[Mapping[str, str]] = {}  # of layers that are not called like their classes
    # Of a class whose networks are made of the same layers: what their kinds may be, and how one says that.
    _forms: ClassVar[Sequence[Sequence[type[Layer]]]] = ()
    _form_in_words: ClassVar[str] = ""

    def _arrange(
        self, layers: Sequence[Layer], loss: LossLayer, input_shape: Sequence[int] | None = None
    ) -> None:
        """Give the layers their names, and check that they fit each other."""
        check_kinds(layers, loss)
        self.params, self.state, self.layers, self.lastLayer = {}, {}, OrderedDict(), loss
        count: Counter[str] = Counter()
        for layer in layers:
            kind = self._spelling.get(type(layer).__name__, type(layer).__name__)
            count[kind] += 1
            self.layers[f"{kind}{count[kind]}"] = layer
        self.input_shape = first_shape(self.layers, input_shape)
        self.shapes = shapes_behind(self.layers, self.input_shape)
        self.sizes = {name: math.prod(shape) for name, shape in self.shapes.items()}
        if self._forms:
            check_form(type(self).__name__, self.layers, loss, self._forms, self._form_in_words)

    def _begin(
        self,
        layers: Sequence[Layer],
        loss: LossLayer,
        *,
        seed: Any,
        dtype: DTypeLike,
        input_shape: Sequence[int] | None = None,
    ) -> None:
        """Make a new network of layers: arranged, with first weights."""
        self._arrange(layers, loss, input_shape)
        initialise(layers, seed=seed, dtype=dtype)
        self._take_up_arrays()

    def _keys(self) -> Iterable[tuple[Layer, Mapping[str, str]]]:
        """The layers that have arrays, with the names of these in the network."""
        return numbered(self.layers.values())

    def _take_up_arrays(self) -> None:
        """From here on the parameters of all layers are in `params`, and their state in `state`."""
        for layer, keys in self._keys():
            layer.keep_in(self.params, self.state, keys)
        if any(isinstance(value, Variable) for value in self.params.values()):
            raise ArgumentError(
                "the parameters of a network are arrays, not variables", fix="Affine(W.value, b.value)"
            )
        if len({value.dtype for value in self.params.values()}) != 1:
            given = ", ".join(f"{key} {value.dtype}" for key, value in self.params.items())
            raise DTypeError(
                f"the parameters of a network have one dtype; these have {given}",
                fix="Sequential(..., dtype=np.float64), or W.astype(np.float32)",
            )

    @property
    def parameters(self) -> dict[str, Any]:
        """`params` by its long name."""
        return self.params

    @property
    def arrays(self) -> dict[str, Any]:
        """`params` and `state`: all that the scores depend on besides x."""
        return {**self.params, **self.state}

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64: that of the parameters, in which everything is computed."""
        return np.result_type(*self.params.values())

    @property
    def input_size(self) -> int:
        """How many numbers an input row has."""
        return math.prod(self.input_shape)

    @property
    def embedding(self) -> Embedding | None:
        """The first layer, if it is one: then the inputs are ids, whole numbers."""
        first = next(iter(self.layers.values()))
        return first if isinstance(first, Embedding) else None

    def as_inputs(self, x: Any) -> Array:
        """Rows of inputs as the network computes with them: in its dtype, pixels as x / 255, ids as int64.

        raises   DTypeError for what it does not take; ArgumentError for an id that is out of range
        """
        x = as_array(x)
        return as_numbers(x, self.dtype) if self.embedding is None else self.embedding.checked(x)

    def leaf(self, x: Any) -> Any:
        """`as_inputs` as a leaf of a graph, called x; ids, which nobody moves, as the array."""
        inputs = self.as_inputs(x)
        return inputs if self.embedding is not None else Variable(inputs, name="x")

    # The pure functions: what engines trace, and what everything below evaluates.

    def compute(self, arrays: Mapping[str, Any], x: Any) -> Any:
        """The scores as a pure function, made of gates alone.

        arrays  arrays or variables by their names in `params` and `state`; state that is not given is the network's
        x       rows of inputs, an array or a variable
        raises  ArgumentError when a parameter is missing
        """
        return self._computed(arrays, x, None)[0]

    def compute_loss(self, arrays: Mapping[str, Any], x: Any, t: Any) -> Any:
        """The loss for targets t as a pure function; see `compute`."""
        return self.lastLayer.compute(self.compute(arrays, x), t)

    def compute_training(self, arrays: Mapping[str, Any], x: Any, step: Any) -> tuple[Any, dict[str, Any]]:
        """The scores in a step of training as a pure function, and by name the state that comes after it.

        step    its number, from 1: a number or a variable; see `compute` for the rest
        """
        return self._computed(arrays, x, step)

    def compute_training_loss(
        self, arrays: Mapping[str, Any], x: Any, t: Any, step: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The loss in a step of training as a pure function, and the state after it; see `compute_training`."""
        scores, state = self._computed(arrays, x, step)
        return self.lastLayer.compute(scores, t), state

    def _computed(self, arrays: Mapping[str, Any], x: Any, step: Any) -> tuple[Any, dict[str, Any]]:
        """The scores, and the state that comes after them: in a step of training, or, if that is None, of use."""
        given = {**self.state, **arrays}
        state: dict[str, Any] = {}
        x = self.laid_out(x)
        for label, layer in self.layers.items():
            try:
                own = {name: given[key] for name, key in layer.keys.items()}
            except KeyError as key:
                raise ArgumentError(f"there is no parameter {key}; there are {', '.join(arrays)}") from None
            if step is None:
                x = layer.compute(x, **own)
            else:
                x, after = layer.compute_training(x, step=step, **own)
                state.update({layer.keys[name]: value for name, value in after.items()})
            if isinstance(x, Variable) and x.gate is not None:
                x.name = x.name or label  # for messages and tables
        return x, state

    def laid_out(self, x: Any) -> Any:
        """Rows of inputs, an array or a variable, in the shape that the first layer takes: (rows, *input_shape).

        raises   ShapeError when a row has another number of numbers
        """
        shape = x.shape
        if len(self.input_shape) == 1 or shape[1:] == self.input_shape:
            return x  # Affine takes rows in any number of axes
        if len(shape) < 2 or math.prod(shape[1:]) != self.input_size:
            what = f"the network takes rows of shape {self.input_shape}, or {self.input_size} numbers each"
            raise ShapeError(f"{what}; x is {shape}", fix=f"x.reshape(-1, {self.input_size})")
        return f.reshape(x, (shape[0], *self.input_shape))

    def record(self, x: Any, t: Any, *, training: bool = False) -> Variable:
        """The loss as a variable, with the graph that it hangs on: to be explained, drawn or differentiated.

        x        rows of inputs, see `predict`; a leaf of the graph, called x
        t        targets in a form that the loss takes
        training whether as in the first step of training, with dropout and so on
        returns  a number; the other leaves are the parameters by their names, results are called like their layers
        raises   as `loss` does

        >>> from chainrule.networks import TwoLayerNet
        >>> loss = TwoLayerNet(2, 3, 2, seed=0).record(np.array([[1.0, -1.0]]), np.array([0]))
        >>> [node.name for node in cr.Graph(loss) if node.variable.gate is None]
        ['W1', 'b1', 'W2', 'b2', 'x']
        """
        x, t = self._pair(x, t)
        leaves = {name: Variable(value, name=name) for name, value in self.params.items()}
        leaf = self.leaf(x)
        if training:
            return self.compute_training_loss(leaves, leaf, t, Variable(1.0, name="step"))[0]  # type: ignore[no-any-return]
        return self.compute_loss(leaves, leaf, t)  # type: ignore[no-any-return]

    # The lesson's interface.

    def predict(self, x: Any, *, training: bool = False) -> Array:
        """The scores, before any softmax.

        x        rows of inputs, shape (rows, inputs), or one row; taken in the dtype of the network, and uint8, which
                 are pixels, as x / 255; where the first layer is `Embedding`, ids: whole numbers
        training whether as in training: dropout drops, and batch normalisation uses, and remembers, these rows
        returns  shape (rows, outputs)
        raises   DTypeError for other whole numbers, ShapeError when x does not fit
        """
        x = self._input(x)
        if training or self._is_remembered(x):
            scores: Array = self._record(x, training).value.copy()
            return scores
        self._forget()
        return self._scores(x)

    def loss(self, x: Any, t: Any, *, training: bool = False) -> float:
        """The loss, a mean over the rows.

        x        rows of inputs, see `predict`, for `training` too
        t        targets in a form that the loss takes; for SoftmaxWithLoss class numbers or one-hot rows
        raises   LabelError, ShapeError when the targets do not fit
        """
        x, t = self._pair(x, t)
        if training or self._is_remembered(x):
            return float(self._record_loss(x, t, training).value)
        self._forget()
        return sum(share * self._loss_of(scores, own) for share, scores, own in self._scored(x, t))

    def accuracy(self, x: Any, t: Any) -> float:
        """The share of right answers, from 0 to 1; scores with a NaN among them are wrong answers."""
        x, t = self._pair(x, t)
        return _share([self.lastLayer.hits(scores, own) for _, scores, own in self._scored(x, t)])

    def evaluate(self, x: Any, t: Any) -> tuple[float, float | None]:
        """`loss` and `accuracy` from one pass; None for the accuracy of a network that predicts numbers."""
        x, t = self._pair(x, t)
        losses, hits = [], []
        for share, scores, own in self._scored(x, t):
            losses.append(share * self._loss_of(scores, own))
            with suppress(UnsupportedError):
                hits.append(self.lastLayer.hits(scores, own))
        return sum(losses), _share(hits) if hits else None

    def check_targets(self, x: Any, t: Any) -> None:
        """Refuse targets that the loss does not take, on the scores of one row: without a pass over all inputs.

        x       one row of inputs, shape (1, …)
        t       targets of any number of rows
        raises  LabelError, ShapeError when they do not fit
        """
        scores = self.predict(x)
        # Of class numbers the smallest and the largest tell whether all are in range.
        few = t[[t.argmin(), t.argmax()]] if t.ndim == 1 and t.dtype.kind in "iu" else t[:1]
        self.lastLayer.compute(np.broadcast_to(scores, (len(few), *scores.shape[1:])), few)

    def gradient(self, x: Any, t: Any, *, training: bool = False) -> dict[str, Array]:
        """The gradient of the loss by backpropagation: for each name in `params` an array.

        The layers have it too: ``layers["Affine1"].dW``. A loop of your own that trains a network with dropout or batch
        normalisation says ``training=True``; see `predict`. `Trainer` does so by itself.
        """
        x, t = self._pair(x, t)
        loss = self._record_loss(x, t, training)
        if loss.gate is None:
            raise GraphError("a gradient was asked for within no_grad()", fix="ask for it outside")
        layers: list[Layer] = list(self.layers.values())
        found = iter(gradients_of(loss, [v for layer in layers for v in layer.variables.values()]))
        for layer in layers:
            layer.keep_gradients(islice(found, len(layer.variables)))
        return {layer.keys[name]: g for layer in layers for name, g in layer.gradients.items()}

    def numerical_gradient(self, x: Any, t: Any) -> dict[str, Array]:
        """The gradient of the loss by central differences in float64: for each name in `params` an array.

        It knows no derivative; it evaluates the loss twice for each number in the parameters.
        """
        x, t = self._pair(x, t)
        return numerical_gradient(self, self.as_inputs(x), t)

    def __repr__(self) -> str:
        names = ", ".join((*self.layers, type(self.lastLayer).__name__))
        return f"<{type(self).__name__}: {names}>"

    def summary(self) -> str:
        """The layers, the shapes of their results and their parameters, as a table in plain text."""
        return summary(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network into one safetensors file, complete or not at all.

        path    the file; its folder must exist
        raises  UnsupportedError for a layer that is not chainrule's own, CheckpointError if it cannot be written
        """
        from ._files import save  # which knows all classes of networks, so it comes after them

        save(self, path)

    def save_weights(
        self,
        path: str | os.PathLike[str],
        *,
        layout: Literal["pytorch", "flax"] = "pytorch",
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Write the parameters alone into a safetensors file, as another library names and lays them out.

        path     the file, replaced in one rename; its folder must exist
        layout   "pytorch": 0.weight of shape (outputs, inputs), numbered by the place in the row, what
                 ``torch.nn.Sequential(...).load_state_dict(safetensors.torch.load_file(path))`` takes;
                 "flax": Dense_0.kernel of shape (inputs, outputs)
        names    the module's name for each layer that has parameters, where they are called otherwise
        raises   ArgumentError for another layout and names that do not fit, UnsupportedError for a layer that the
                 layout does not have, CheckpointError if the file cannot be written

        >>> import tempfile
        >>> from chainrule.networks import TwoLayerNet
        >>> net = TwoLayerNet(4, 3, 2, seed=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     net.save_weights(f"{folder}/net.safetensors", names={"Affine1": "fc1", "Affine2": "fc2"})
        ...     {name: array.shape for name, array in cr.storage.load_arrays(f"{folder}/net.safetensors")[0].items()}
        {'fc1.weight': (3, 4), 'fc1.bias': (3,), 'fc2.weight': (2, 3), 'fc2.bias': (2,)}
        """
        from ._weights import save_weights

        save_weights(self, path, layout, names)

    def load_weights(
        self,
        path: str | os.PathLike[str],
        *,
        layout: Literal["pytorch", "flax"] = "pytorch",
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Take the parameters from a file that another library wrote; nothing is changed if they do not fit.

        path     a safetensors file; float64, float32, float16 and bfloat16 are taken in the dtype of the network
        layout   whose names and shapes it has, see `save_weights`
        names    the module's name for each layer that has parameters; other arrays in the file are then left alone
        raises   CheckpointError for a damaged file, a missing or left over name, a shape or dtype that does not fit

        >>> import tempfile
        >>> from chainrule.networks import TwoLayerNet
        >>> net, other = TwoLayerNet(4, 3, 2, seed=0), TwoLayerNet(4, 3, 2, seed=1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     net.save_weights(f"{folder}/net.safetensors", layout="flax")
        ...     other.load_weights(f"{folder}/net.safetensors", layout="flax")
        >>> np.array_equal(net.params["W1"], other.params["W1"])
        True
        """
        from ._weights import load_weights

        load_weights(self, path, layout, names)

    def to_onnx(self, path: str | os.PathLike[str], *, probabilities: bool | None = None) -> None:
        """Write the network into one ONNX file, complete or not at all, for any other program to run.

        It takes any number of rows, under the name ``x``, and puts out ``scores``, as `predict` does. Pixels go in as
        x / 255.

        path           the file; its folder must exist
        probabilities  put the softmax or sigmoid of the loss behind the scores, and call them ``probabilities``. None
                       for no, except in a network that came from a file with one: it is written as it came
        raises         UnsupportedError for a gate that is no ONNX operator; CheckpointError when it cannot be written;
                       ArgumentError when the loss knows no probabilities; MissingExtraError without the extra onnx

        `chainrule.onnx.load` reads it again.
        """
        provided("to_onnx")(self, path, probabilities=probabilities)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The network that `save` wrote into a file; see `chainrule.load`.

        raises   CheckpointError when the file is damaged, or holds another class of network
        """
        from ._files import load

        network = load(path)
        if not isinstance(network, cls):
            what = f"{os.fspath(path)} holds a {type(network).__name__}, not a {cls.__name__}"
            raise CheckpointError(
                what, fix=f"{type(network).__name__}.load, or chainrule.load, which takes any"
            )
        return network

    # What the methods above share.

    def _record(self, x: Array, training: bool) -> Variable:
        """The scores with their graph, of which every layer remembers its part, as after the lesson's loop."""
        out: Any = self.laid_out(new_variable(self.as_inputs(x), name="x"))
        for layer in self.layers.values():
            out = layer.forward(out, training=training)
        return out  # type: ignore[no-any-return]

    def _record_loss(self, x: Array, t: Array, training: bool) -> Variable:
        loss: Variable = self.lastLayer.forward(self._record(x, training), t)
        return loss

    def _forget(self) -> None:
        """Many rows were computed in pieces: no layer may give the gradient of one of them, or of an earlier run."""
        for layer in (*self.layers.values(), self.lastLayer):
            layer.forget()

    def _input(self, x: Any) -> Array:
        """Inputs as an array of a dtype that the network takes, not yet of its own: see `as_numbers`."""
        given: Array = x if is_on_disk(x) else as_array(x)
        if self.embedding is not None and not isinstance(x, Rows):
            return self.embedding.checked(as_array(given))
        if self.embedding is None:
            check_inputs(given)
        return given

    def _pair(self, x: Any, t: Any) -> tuple[Array, Array]:
        x, t = self._input(x), t if is_on_disk(t) else as_array(t, "t")
        if x.size == 0:
            raise ArgumentError(f"x has shape {x.shape}: there is nothing to take the mean of")
        if x.ndim > 1 and t.shape[:1] != x.shape[:1]:
            raise ShapeError(f"x has {len(x)} rows; t has shape {t.shape}", fix="one target for each row")
        return x, t

    def _scores(self, x: Array) -> Array:
        """The scores of all rows, computed and forgotten piece by piece."""
        pieces = self._pieces(x, self.input_size + sum(self.sizes.values()), _PIECE_BYTES)
        scores = []
        for rows in pieces:
            scores.append(self.compute(self.arrays, self.as_inputs(x[rows])))
            forget(x)
        return np.concatenate(scores)

    def _scored(self, x: Array, t: Array) -> Iterator[tuple[float, Array, Array]]:
        """All rows in parts, mostly one: their share of all rows, their scores and their targets."""
        *_, outputs = self.sizes.values()
        parts = self._pieces(x, outputs, _FEW_BYTES if is_on_disk(x) else _MOST_BYTES)
        for rows in parts:
            # Python's floats are float64: shares of a million rows of float32 add up without loss.
            share = 1.0 if len(parts) == 1 else len(x[rows]) / len(x)
            yield share, self._scores(x[rows]), as_array(t[rows])

    def _loss_of(self, scores: Array, t: Array) -> float:
        return float(self.lastLayer.compute(scores, t))

    def _is_remembered(self, x: Array) -> bool:
        """Whether memory has room for all results between the layers, and for the inputs if they are converted."""
        converted = 0 if x.dtype == self.dtype else self.input_size
        return len(self._pieces(x, converted + sum(self.sizes.values()), _MOST_BYTES)) == 1

    def _pieces(self, x: Array, numbers: int, most: int) -> list[Any]:
        """The rows in slices for which, with so many numbers for each input row, `most` bytes have room."""
        if x.ndim < 2 or x.size == 0:
            return [...]
        repeats = max(1, x[0].size // self.input_size)
        length = max(1, most // (repeats * numbers * self.dtype.itemsize))
        if length > _BLOCK_ROWS:
            length -= length % _BLOCK_ROWS
        return [slice(start, start + length) for start in range(0, len(x), length)]


def _share(hits: Sequence[Array]) -> float:
    return float(sum(np.sum(h) for h in hits) / sum(np.size(h) for h in hits))
