"""The gradient of a network by central differences, in which only what a parameter reaches is computed again.

To move one number of W or b of an affine layer changes one column of its result. So the changed columns of many such
moves come from one product with a matrix of changed columns; each is put into a copy of the result, and the copies go
through the layers behind as a stack. That is all that is known here of a layer: no derivative, and no formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..graph import central_difference, difference_step
from ..layers import Affine, Conv2D, Embedding, Flatten, Layer, Pool, is_known
from ._stack import Stack

if TYPE_CHECKING:
    from ._network import Network

Float64s: TypeAlias = NDArray[np.float64]
_Function: TypeAlias = Callable[..., Any]

_MOST_NUMBERS = 2**17  # in the largest array of what is moved in one go: it should stay in the cache


def numerical_gradient(network: Network, x: NDArray[Any], t: NDArray[Any]) -> dict[str, Float64s]:
    """`Network.numerical_gradient`. The parameters are copied, so those of the network never change."""
    arrays = {**network.arrays, **{key: value.astype(np.float64) for key, value in network.params.items()}}
    x = network.laid_out(x.astype(np.float64) if x.dtype.kind == "f" else x)
    network.compute_loss(arrays, x, t)  # what does not fit says so here, in words about x and t
    return _layer_by_layer(network, arrays, x, t)


def _takes_stacks(layer: Layer) -> bool:
    """Whether a layer does with a stack what it does with an array: one of ours that has nothing to do with images."""
    return is_known(layer) and not isinstance(layer, Conv2D | Pool | Flatten | Embedding)


def _layer_by_layer(
    network: Network, arrays: Mapping[str, Any], x: Float64s, t: NDArray[Any]
) -> dict[str, Float64s]:
    layers = list(network.layers.values())
    # Each as a function of its input alone.
    functions = [
        partial(layer.compute, **{name: arrays[key] for name, key in layer.keys.items()}) for layer in layers
    ]
    functions.append(partial(network.lastLayer.compute, t=t))
    sizes = list(network.sizes.values())
    stackable = [_takes_stacks(layer) for layer in (*layers, network.lastLayer)]
    gradients: dict[str, Float64s] = {}
    for position, layer in enumerate(layers, start=1):
        y = functions[position - 1](x)
        if isinstance(layer, Affine) and all(stackable[position - 1 :]):
            losses = partial(_losses, layer, x, y, functions[position:])
            W, b = (arrays[layer.keys[name]] for name in ("W", "b"))
            rows, widest = y.size // y.shape[-1], max(sizes[position - 1 :])
            most = max(1, _MOST_NUMBERS // max(layer.input_size, rows * widest))
            gradients[layer.keys["W"]] = _weight_gradient(losses, W, b, most)
            gradients[layer.keys["b"]] = _bias_gradient(losses, W, b, most)
        else:
            for name in layer.parameter_names:
                key = layer.keys[name]
                gradients[key] = central_difference(
                    partial(_loss, layer, name, arrays, x, functions[position:]), arrays[key]
                )
        x = y
    return gradients


def _loss(
    layer: Layer,
    name: str,
    arrays: Mapping[str, Any],
    x: Float64s,
    behind: Sequence[_Function],
    value: Float64s,
) -> Any:
    """The loss where one parameter of a layer has another value."""
    own = {each: arrays[key] for each, key in layer.keys.items()}
    out = layer.compute(x, **(own | {name: value}))
    for function in behind:
        out = function(out)
    return out


def _losses(
    layer: Affine, x: Float64s, y: Float64s, behind: Sequence[_Function], W: Float64s, b: Float64s, place: Any
) -> Float64s:
    """The loss for each column of W with its element of b, when it alone takes its place in the layer."""
    stack = np.repeat(y[np.newaxis], len(b), axis=0)
    stack[np.arange(len(b)), ..., place] = np.moveaxis(layer.compute(x, W, b), -1, 0)
    out: Any = Stack(stack)
    for function in behind:
        out = function(out)
    losses: Float64s = out.arrays
    return losses


def _weight_gradient(losses: _Function, W: Float64s, b: Float64s, most: int) -> Float64s:
    step = difference_step(W)
    up, down = W + step, W - step
    gradient = np.empty_like(W)
    inputs, outputs = W.shape
    for column in range(outputs):
        for rows in _pieces(inputs, most):
            offsets = np.full(len(rows), b[column])
            above = losses(_moved(W, rows, column, up), offsets, column)
            below = losses(_moved(W, rows, column, down), offsets, column)
            gradient[rows, column] = above - below
    gradient /= up - down
    return gradient


def _moved(W: Float64s, rows: NDArray[np.intp], column: int, to: Float64s) -> Float64s:
    """One column of W as often as there are rows, each time with another of these rows moved."""
    columns = np.repeat(W[:, [column]], len(rows), axis=1)
    columns[rows, np.arange(len(rows))] = to[rows, column]
    return columns


def _bias_gradient(losses: _Function, W: Float64s, b: Float64s, most: int) -> Float64s:
    step = difference_step(b)
    up, down = b + step, b - step
    gradient = np.empty_like(b)
    for columns in _pieces(len(b), most):
        above = losses(W[:, columns], up[columns], columns)
        below = losses(W[:, columns], down[columns], columns)
        gradient[columns] = above - below
    gradient /= up - down
    return gradient


def _pieces(length: int, most: int) -> Iterator[NDArray[np.intp]]:
    """0, 1, …, length − 1 in pieces."""
    for start in range(0, length, most):
        yield np.arange(start, min(start + most, length))
