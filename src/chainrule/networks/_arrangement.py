"""Whether layers make a network, told when it is made and not when it first runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import ArgumentError, ShapeError
from ..layers import Affine, Layer, LossLayer, Softmax, SoftmaxWithLoss


def check_kinds(layers: Sequence[Layer], loss: LossLayer) -> None:
    """Refuse what is no layer, stands in the wrong place, or stands there twice."""
    for layer in layers:
        if not isinstance(layer, Layer):
            raise ArgumentError(f"a network is made of layers, not of {type(layer).__name__} ({layer!r:.40})")
        if isinstance(layer, LossLayer):
            raise ArgumentError(f"{type(layer).__name__} is a loss", fix=f"loss={type(layer).__name__}()")
    if not isinstance(loss, LossLayer):
        raise ArgumentError(f"loss is a layer such as SoftmaxWithLoss(), not {loss!r:.40}")
    if not any(isinstance(layer, Affine) for layer in layers):
        raise ArgumentError("a network needs at least one affine layer", fix="Affine(inputs, outputs)")
    if len({id(layer) for layer in layers}) < len(layers):
        raise ArgumentError(
            "one layer stands at two places of the network", fix="make a layer for each place"
        )
    if isinstance(layers[-1], Softmax) and isinstance(loss, SoftmaxWithLoss):
        raise ArgumentError(
            "SoftmaxWithLoss takes scores and has a softmax of its own", fix="leave out Softmax()"
        )


def first_size(layers: Mapping[str, Layer]) -> int:
    """How many numbers an input row has: what the first affine layer takes."""
    return next(layer.input_size for layer in layers.values() if isinstance(layer, Affine))


def sizes_behind(layers: Mapping[str, Layer]) -> dict[str, int]:
    """How many numbers a row has behind each layer.

    raises   ShapeError, naming two layers that do not fit each other
    """
    sizes: dict[str, int] = {}
    size, source = first_size(layers), ""
    for name, layer in layers.items():
        if isinstance(layer, Affine):
            if size != layer.input_size:
                raise ShapeError(
                    f"{name} takes {layer.input_size} numbers a row, but {source} gives {size}",
                    fix=f"Affine({size}, {layer.output_size(size)}) as {name}",
                )
            source = name
        size = sizes[name] = layer.output_size(size)
    return sizes
