"""Residual connections: layers that only have to learn what is to be added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from ..errors import ArgumentError, ShapeError
from ..graph import functions as f
from ._layer import Array, Layer, numbered


class Residual(Layer):
    """x + f(x), where f is some layers in a row: a way around them, on which the gradient arrives undiminished.

    layers   at least one; what comes out of the last has the shape of what goes into the first
    raises   ArgumentError when there is none, or something else than a layer of one input; ShapeError when the sizes
             differ

    Attributes: ``layers``, which have their gradients too; `parameters` and `state`, numbered as those of a network.

    source   He, Zhang, Ren, Sun, arXiv:1512.03385, equation 1

    >>> from chainrule.layers import ReLU
    >>> layer = Residual(ReLU())
    >>> layer.forward(np.array([[-1.0, 2.0]])), layer.backward(np.array([[1.0, 1.0]]))
    (array([[-1.,  4.]]), array([[1., 2.]]))
    """

    def __init__(self, *layers: Layer) -> None:
        if not layers or not all(isinstance(v, Layer) and v.has_one_input for v in layers):
            given = ", ".join(type(v).__name__ for v in layers) or "nothing"
            raise ArgumentError(
                f"Residual is made of layers of one input, not of {given}",
                fix="Residual(Affine(9, 9), ReLU())",
            )
        self.layers = layers
        self._places = {key: (leaf, name) for leaf, keys in numbered(layers) for name, key in keys.items()}
        self.parameter_names = tuple(k for k, (leaf, n) in self._places.items() if n in leaf.parameter_names)
        self.state_names = tuple(k for k, (leaf, n) in self._places.items() if n in leaf.state_names)
        key_of = {place: key for key, place in self._places.items()}
        self._own = [{name: key_of[place] for name, place in v.places.items()} for v in layers]
        super().__init__()

    def compute(self, x: Any, **arrays: Any) -> Any:
        out = x
        for layer, own in zip(self.layers, self._own, strict=True):
            out = layer.compute(out, **{name: arrays[key] for name, key in own.items()})
        return self._sum(x, out)

    def compute_training(self, x: Any, *, step: Any, **arrays: Any) -> tuple[Any, dict[str, Any]]:
        out, state = x, {}
        for layer, own in zip(self.layers, self._own, strict=True):
            given = {name: arrays[key] for name, key in own.items()}
            out, after = layer.compute_training(out, step=step, **given)
            state.update({own[name]: value for name, value in after.items()})
        return self._sum(x, out), state

    @staticmethod
    def _sum(x: Any, out: Any) -> Any:
        if out.shape != x.shape:
            raise _unlike(x.shape, out.shape)
        return f.add(x, out)

    # The arrays are those of the layers inside.

    @property
    def places(self) -> Mapping[str, tuple[Layer, str]]:
        return self._places

    def leaves(self) -> Iterator[Layer]:
        for layer in self.layers:
            yield from layer.leaves()

    @property
    def keys(self) -> Mapping[str, str]:
        return {key: leaf.keys[name] for key, (leaf, name) in self._places.items()}

    @property
    def parameters(self) -> dict[str, Any]:
        return {key: self._array(key) for key in self.parameter_names}

    @property
    def state(self) -> dict[str, Any]:
        return {key: self._array(key) for key in self.state_names}

    def _array(self, key: str) -> Any:
        leaf, name = self._places[key]
        return {**leaf.parameters, **leaf.state}[name]

    def put(self, name: str, value: Any) -> None:
        leaf, own = self._places[name]
        leaf.put(own, value)

    def keep_gradients(self, found: Iterable[Array]) -> None:
        super().keep_gradients(found)
        for leaf in self.leaves():
            leaf.gradients = {}
        for key, gradient in self.gradients.items():
            leaf, name = self._places[key]
            leaf.gradients[name] = gradient

    @property
    def needs(self) -> str:
        return "rows that its layers give back in the same shape"

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        shape = input_shape
        for layer in self.layers:
            shape = layer.output_shape(shape)
        if shape != input_shape:
            raise _unlike(input_shape, shape)
        return shape

    def config(self) -> dict[str, Any]:
        from ._registry import layer_to_config  # which knows all layers, so it comes after them

        return {"layers": [layer_to_config(layer) for layer in self.layers]}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        from ._registry import layer_from_config

        if config.keys() != {"layers"} or not isinstance(config["layers"], list):
            raise ArgumentError(f"Residual is described by a list of its layers, not by {dict(config)!r:.80}")
        return cls(*map(layer_from_config, config["layers"]))


def _unlike(given: Any, got: Any) -> ShapeError:
    return ShapeError(f"Residual adds its input to what its layers make of it; they make {got} of {given}")
