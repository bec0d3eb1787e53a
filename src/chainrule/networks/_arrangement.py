"""Whether layers make a network, told when it is made and not when it first runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import ArgumentError, ShapeError
from ..layers import Affine, Conv2D, Embedding, Layer, LossLayer, Pool, Softmax, SoftmaxWithLoss, Weighted

Shape = tuple[int, ...]

# What the lesson's book calls layers that have other names here.
LESSON = {"Conv2D": "Conv", "ReLU": "Relu", "MaxPool": "Pool"}


def check_kinds(layers: Sequence[Layer], loss: LossLayer) -> None:
    """Refuse what is no layer, stands in the wrong place, or stands there twice."""
    for layer in layers:
        if not isinstance(layer, Layer):
            raise ArgumentError(f"a network is made of layers, not of {type(layer).__name__} ({layer!r:.40})")
        if isinstance(layer, LossLayer):
            raise ArgumentError(f"{type(layer).__name__} is a loss", fix=f"loss={type(layer).__name__}()")
    if not isinstance(loss, LossLayer):
        raise ArgumentError(f"loss is a layer such as SoftmaxWithLoss(), not {loss!r:.40}")
    leaves = [leaf for layer in layers for leaf in layer.leaves()]
    if not any(isinstance(layer, Weighted) for layer in leaves):
        raise ArgumentError(
            "a network needs at least one affine layer or convolution", fix="Affine(inputs, outputs)"
        )
    if len({id(layer) for layer in leaves}) < len(leaves):
        raise ArgumentError(
            "one layer stands at two places of the network", fix="make a layer for each place"
        )
    if any(isinstance(leaf, Embedding) for leaf in leaves[1:]):
        raise ArgumentError("an embedding takes ids, which only the inputs are", fix="put it first")
    if isinstance(layers[-1], Softmax) and isinstance(loss, SoftmaxWithLoss):
        raise ArgumentError(
            "SoftmaxWithLoss takes scores and has a softmax of its own", fix="leave out Softmax()"
        )


def check_form(
    name: str,
    layers: Mapping[str, Layer],
    loss: LossLayer,
    forms: Sequence[Sequence[type[Layer]]],
    in_words: str,
) -> None:
    """Refuse other layers than those of the lesson's network called `name`, and another loss than softmax with loss."""
    kinds = [type(layer) for layer in layers.values()]
    if kinds not in [list(form) for form in forms] or type(loss) is not SoftmaxWithLoss:
        names = ", ".join([*layers, type(loss).__name__])
        raise ArgumentError(f"{name} is {in_words}, not {names}")


def image_shape(input_dim: Sequence[int]) -> Shape:
    """Channels, height and width of an image. ArgumentError for anything but three."""
    if len(input_dim) != 3:
        raise ArgumentError(f"input_dim is (channels, height, width), not {input_dim!r}")
    return tuple(input_dim)


def first_shape(layers: Mapping[str, Layer], given: Sequence[int] | None) -> Shape:
    """The shape of an input row: what was given, or the numbers that the first affine layer takes.

    raises   ArgumentError when it is no shape, or not given and needed
    """
    if given is not None:
        if not isinstance(given, list | tuple) or not given or not all(map(_is_length, given)):
            raise ArgumentError(
                f"input_shape is the shape of one row, such as (1, 28, 28), not {given!r:.60}"
            )
        return tuple(map(int, given))
    leaves = ((name, leaf) for name, layer in layers.items() for leaf in layer.leaves())
    for name, layer in leaves:
        if isinstance(layer, Affine):
            return (layer.input_size,)
        if isinstance(layer, Conv2D | Pool | Embedding):
            of_images = "(1, 28, 28)): channels, height, width"
            example = "(8,)): how many ids a row has" if isinstance(layer, Embedding) else of_images
            raise ArgumentError(
                f"{name} takes {layer.needs}, and the network does not know how large they are",
                fix=f"Sequential(…, input_shape={example}",
            )
    raise AssertionError("a network has a layer with weights")


def _is_length(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def shapes_behind(layers: Mapping[str, Layer], shape: Shape) -> dict[str, Shape]:
    """The shape of a row behind each layer.

    shape    in front of the first
    raises   ShapeError, naming two layers that do not fit each other
    """
    shapes: dict[str, Shape] = {}
    source = "input_shape"
    for name, layer in layers.items():
        try:
            behind = layer.output_shape(shape)
        except ShapeError as problem:
            gives = shape[0] if len(shape) == 1 else shape
            fix = f"{problem.fix} as {name}" if problem.fix else None
            raise ShapeError(f"{name} takes {layer.needs}, but {source} gives {gives}", fix=fix) from None
        if behind != shape or isinstance(layer, Weighted):
            source = name
        shapes[name] = shape = behind
    return shapes
