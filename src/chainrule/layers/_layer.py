"""What a layer is: parameters, and one pure function over gates."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, DTypeError, GraphError, ShapeError
from ..graph import Variable, gradients_of

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class _Run:
    """One forward pass: the variables that went in, the parameters as they were, and the result."""

    inputs: tuple[Variable, ...]
    parameters: Mapping[str, Variable]
    out: Variable


class Layer(ABC):
    """Parameters, and one pure function of them and the inputs, written with gates.

    A new layer says `compute`, the names of its inputs and parameters, and gives the arrays to ``__init__``. There is
    no derivative to write: `backward` asks the graph that `forward` recorded. A layer that does something else while it
    is trained says that in `compute_training`; arrays that it keeps beside its parameters, which no optimizer changes,
    are its state.

    Attributes: ``x`` (the latest input) and ``out`` (the latest result), None before the first forward;
    ``gradients`` (of the parameters, by name), empty before the first backward.

    >>> class Scale(Layer):
    ...     parameter_names = ("factor",)
    ...
    ...     def compute(self, x, factor):
    ...         return x * factor
    >>> scale = Scale(factor=np.array([2.0, 3.0]))
    >>> scale.forward(np.array([[10.0, 10.0]])), scale.backward(np.array([[1.0, 1.0]]))
    (array([[20., 30.]]), array([[2., 3.]]))
    >>> scale.gradients
    {'factor': array([10., 10.])}
    """

    input_names: ClassVar[tuple[str, ...]] = ("x",)
    parameter_names: tuple[str, ...] = ()
    state_names: tuple[str, ...] = ()
    has_one_input: ClassVar[bool] = True  # and nothing behind it, as a loss has its targets

    def __init__(self, **arrays: Any) -> None:
        if unknown := arrays.keys() - {*self.parameter_names, *self.state_names}:
            raise ArgumentError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        self.gradients: dict[str, Array] = {}
        self._store: MutableMapping[str, Any] = arrays
        self._state_store: MutableMapping[str, Any] = {
            name: arrays.pop(name) for name in self.state_names if name in arrays
        }
        self._keys = {name: name for name in (*self.parameter_names, *self.state_names)}
        self._step = 0  # how often it ran forward in training
        self._run: _Run | None = None
        self._forwards = self._backwards = (
            0  # the backwards so far of the latest run, the forwards that led up to it
        )

    @abstractmethod
    def compute(self, *inputs: Any, **arrays: Any) -> Any:
        """The layer as a pure function of its inputs, its parameters and its state, arrays or variables."""

    def compute_training(self, *inputs: Any, **arrays: Any) -> tuple[Any, dict[str, Any]]:
        """The same function while the layer is trained: its result, and by name the state that it has afterwards.

        arrays   as of `compute`, and ``step``, the number of the step from 1: a number or a variable
        """
        del arrays["step"]
        return self.compute(*inputs, **arrays), {}

    @property
    def keys(self) -> Mapping[str, str]:
        """Under which name each parameter, and state, is kept: its own, or one that a network gave it (W → W1)."""
        return self._keys

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name: the arrays themselves."""
        self._be_initialised()
        return {name: self._store[self._keys[name]] for name in self.parameter_names}

    @property
    def state(self) -> dict[str, Any]:
        """What the layer keeps beside its parameters, by name: the arrays themselves."""
        self._be_initialised()
        return {name: self._state_store[self._keys[name]] for name in self.state_names}

    def put(self, name: str, value: Any) -> None:
        """Take an array in place of a parameter or of state; ShapeError, DTypeError when it does not fit."""
        has, store = (
            (self.parameters, self._store)
            if name in self.parameter_names
            else (self.state, self._state_store)
        )
        kind, shape = has[name].dtype.kind, has[name].shape
        if value.shape != shape or value.dtype.kind != kind:
            said = (
                f"{name} of this {type(self).__name__} has shape {shape}; the new one has shape {value.shape}"
            )
            raise ShapeError(said) if value.shape != shape else DTypeError(f"{name} cannot be {value.dtype}")
        store[self._keys[name]] = value

    @property
    def is_initialised(self) -> bool:
        """Whether there are numbers in all arrays."""
        return all(self._keys[name] in self._store for name in self.parameter_names) and all(
            self._keys[name] in self._state_store for name in self.state_names
        )

    def initialise(
        self, rng: np.random.Generator | None = None, *, suits: Any = "xavier", dtype: Any = None
    ) -> None:
        """Give the arrays their first numbers, where they were not given to ``__init__``."""
        raise ArgumentError(f"{type(self).__name__} was made without {', '.join(self._keys)}")

    def _be_initialised(self) -> None:
        if not self.is_initialised:
            self.initialise()

    @property
    def places(self) -> Mapping[str, tuple[Layer, str]]:
        """For each array the layer that has it, and its name there."""
        return {name: (self, name) for name in self._keys}

    def leaves(self) -> Iterator[Layer]:
        """The layers that have arrays of their own: this one, or those that it is made of."""
        yield self

    def keep_in(
        self, params: MutableMapping[str, Any], state: MutableMapping[str, Any], keys: Mapping[str, str]
    ) -> None:
        """Move the arrays to where a network keeps those of all its layers; use them there from now on.

        raises   ArgumentError when another network has them already
        """
        if any(name != key for name, key in self._keys.items()):
            raise ArgumentError(
                f"this {type(self).__name__} is a part of another network", fix="make a new layer"
            )
        params.update({keys[name]: value for name, value in self.parameters.items()})
        state.update({keys[name]: value for name, value in self.state.items()})
        self._store, self._state_store, self._keys = params, state, dict(keys)

    def config(self) -> dict[str, Any]:
        """What makes a layer like this one, fit for JSON; without the values of its parameters."""
        return {}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The layer of a `config`; TypeError or ArgumentError if there is none."""
        return cls(**config)

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of a row behind the layer, from that in front of it.

        raises   ShapeError when such rows do not fit; `needs` says what does
        """
        return input_shape

    @property
    def needs(self) -> str:
        """What rows the layer takes, in words."""
        return "rows of any shape"

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The parameters as the latest forward recorded them, by name."""
        return {} if self._run is None else self._run.parameters

    @property
    def x(self) -> Any:
        return None if self._run is None else self._run.inputs[0].value

    @property
    def out(self) -> Any:
        return None if self._run is None else own(self._run.out.value)

    def forward(self, *inputs: Any, training: bool = False) -> Any:
        """Run the layer and remember the run for `backward`.

        inputs   numbers, arrays or variables
        training whether it is trained: dropout drops, and batch normalisation uses, and remembers, the mini-batch
        returns  a value of its own, free to be changed; a `Variable` if an input or a parameter is one
        raises   DTypeError when an input has no gradient (integers), ShapeError when the shapes do not fit
        """
        return self._record(inputs, training=training)

    def _record(self, inputs: tuple[Any, ...], *constants: Any, training: bool = False) -> Any:
        given = self.parameters
        if len(inputs) != len(self.input_names):
            expected = f"{type(self).__name__}.forward takes {' and '.join(self.input_names)}"
            raise ArgumentError(f"{expected}; it was given {len(inputs)} values")
        variables = tuple(map(_as_variable, inputs, self.input_names))
        parameters = {name: _as_variable(value, self.keys[name]) for name, value in given.items()}
        out = self._computed(training, *variables, *constants, **parameters)
        if self._backwards:
            self._forwards = self._backwards = 0
        self._forwards += 1
        # Within no_grad() there is no past to walk back through.
        self._run = _Run(variables, parameters, out) if out.gate is not None else None
        in_graph = any(isinstance(value, Variable) for value in (*inputs, *constants, *given.values()))
        return out if in_graph else own(out.value)

    def _computed(self, training: bool, *inputs: Any, **parameters: Any) -> Any:
        state = self.state
        if not training:
            return self.compute(*inputs, **parameters, **state)
        self._step += 1
        out, after = self.compute_training(*inputs, step=float(self._step), **parameters, **state)
        for name, value in after.items():
            state[name][...] = value.value if isinstance(value, Variable) else value
        return out

    def backward(self, dout: Any) -> Any:
        """From the upstream gradient to the gradient of the input; of the parameters, in `gradients`.

        dout     the shape of the latest result
        returns  the gradient of the input, one for each if there are several
        raises   GraphError before any forward, and when several forwards wait for a backward each
        """
        run = self._latest_run()
        number = len(run.inputs)
        found = gradients_of(run.out, [*run.inputs, *run.parameters.values()], seed=dout)
        self._backwards += 1
        self.keep_gradients(found[number:])
        dx = [own(gradient) for gradient in found[:number]]
        return dx[0] if number == 1 else tuple(dx)

    def keep_gradients(self, found: Iterable[Any]) -> None:
        """Keep the gradients of the parameters, in their order, as `gradients`."""
        self.gradients = dict(zip(self.parameter_names, map(own, found), strict=True))

    def _latest_run(self) -> _Run:
        name = type(self).__name__
        if self._run is None:
            raise GraphError(f"{name}.backward needs a forward before it", fix=f"call {name}.forward first")
        if self._backwards and self._forwards > 1:
            raise GraphError(
                f"{name} ran forward {self._forwards} times and is now asked for a second backward; "
                "it remembers only the latest run, whose gradient it has given already",
                fix="use a layer of its own for each place in the network, or variables, which remember every use",
            )
        return self._run

    def forget(self) -> None:
        """Drop the latest run and the arrays that it holds."""
        self._run = None
        self._forwards = self._backwards = 0


def numbered(layers: Iterable[Layer]) -> Iterator[tuple[Layer, dict[str, str]]]:
    """The layers that have arrays, and what these are called among those of all: W1, b1, W2, …

    Layers with parameters are counted by themselves, so that dropout between them changes no name.
    """
    count: Counter[bool] = Counter()
    for layer in layers:
        for leaf in layer.leaves():
            has_parameters = bool(leaf.parameter_names)
            names = [*leaf.parameter_names, *leaf.state_names]
            count[has_parameters] += bool(names)
            yield leaf, {name: f"{name}{count[has_parameters]}" for name in names}


def own(value: Any) -> Any:
    """A value whose memory nobody else holds: the caller may change it in place."""
    shared = type(value) is np.ndarray and (value.base is not None or not value.flags.writeable)
    return value.copy() if shared else value


def _as_variable(value: Any, name: str) -> Variable:
    return value if isinstance(value, Variable) else Variable(value, name=name)
