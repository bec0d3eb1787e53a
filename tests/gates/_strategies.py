"""Hypothesis strategies: random examples for every gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import (
    array_shapes,
    arrays,
    basic_indices,
    integer_array_indices,
    mutually_broadcastable_shapes,
    valid_tuple_axes,
)

from chainrule.gates import window_counts
from tests.gates._examples import ELEMENTWISE, SETTINGS, Example, Sampler, positive, probabilities, real

_generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)
_shapes = array_shapes(max_dims=3, max_side=4)
_any_shapes = array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)


def _axis_of(shape: tuple[int, ...]) -> st.SearchStrategy[int]:
    return st.integers(-len(shape), len(shape) - 1)


@st.composite
def _elementwise(draw: st.DrawFn, name: str) -> Example:
    samplers = ELEMENTWISE[name]
    shapes = draw(
        mutually_broadcastable_shapes(
            num_shapes=len(samplers),
            min_side=0,
            max_side=3,
            max_dims=3,
        )
    )
    rng = draw(_generators)
    pairs = zip(samplers, shapes.input_shapes, strict=True)
    inputs = tuple(np.asarray(sample(rng, shape)) for sample, shape in pairs)
    return Example(inputs, draw(st.sampled_from(SETTINGS.get(name, [{}]))))


@st.composite
def _reduction(draw: st.DrawFn) -> Example:
    shape = draw(_shapes)
    several = valid_tuple_axes(len(shape), min_size=1)
    axis = draw(st.none() | _axis_of(shape) | several)
    x = real(draw(_generators), shape)
    return Example((x,), {"axis": axis, "keepdims": draw(st.booleans())})


@st.composite
def _row_wise(draw: st.DrawFn) -> Example:
    shape = draw(_shapes)
    return Example((real(draw(_generators), shape),), {"axis": draw(_axis_of(shape))})


@st.composite
def _take_rows(draw: st.DrawFn) -> Example:
    rng, shape = draw(_generators), draw(_shapes)
    ids = rng.integers(shape[0], size=draw(array_shapes(min_dims=0, max_dims=2, max_side=3)))
    return Example((real(rng, shape), np.asarray(ids)), {})


@st.composite
def _add_rows(draw: st.DrawFn) -> Example:
    rng, count = draw(_generators), draw(st.integers(1, 4))
    shape, rest = (draw(array_shapes(max_dims=2, max_side=3)) for _ in range(2))
    return Example((real(rng, (*shape, *rest)), rng.integers(count, size=shape)), {"count": count})


@st.composite
def _dropout_mask(draw: st.DrawFn) -> Example:
    words = st.integers(0, 2**32 - 1)
    inputs = np.array([draw(words)], np.uint32), np.array(float(draw(words)))
    rate = draw(st.floats(0, 0.99))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return Example(inputs, {"shape": draw(_shapes), "rate": rate, "dtype": dtype})


@st.composite
def _matmul(draw: st.DrawFn) -> Example:
    shapes = draw(
        mutually_broadcastable_shapes(
            signature=np.matmul.signature,
            min_side=0,
            max_dims=2,
            max_side=3,
        )
    )
    rng = draw(_generators)
    return Example(tuple(real(rng, shape) for shape in shapes.input_shapes), {})


@st.composite
def _labelled(draw: st.DrawFn, sample: Sampler) -> Example:
    rows = draw(array_shapes(min_dims=0, max_dims=2, max_side=3))
    classes = draw(st.integers(1, 4))
    rng = draw(_generators)
    numbers = rng.integers(0, classes, rows)
    weights = positive(rng, (*rows, classes))
    t = draw(st.sampled_from([numbers, np.eye(classes)[numbers], weights]))
    return Example((sample(rng, (*rows, classes)), np.asarray(t)), {})


@st.composite
def _pair(draw: st.DrawFn) -> Example:
    shape = draw(_shapes)
    rng = draw(_generators)
    return Example((real(rng, shape), rng.random(shape)), {})


@st.composite
def _reshape(draw: st.DrawFn) -> Example:
    shape = draw(_shapes)
    new = draw(st.just((-1,)) | st.permutations(shape).map(tuple))
    return Example((real(draw(_generators), shape),), {"shape": new})


@st.composite
def _transpose(draw: st.DrawFn) -> Example:
    shape = draw(_any_shapes)
    axes = draw(st.none() | st.permutations(range(len(shape))).map(tuple))
    return Example((real(draw(_generators), shape),), {"axes": axes})


@st.composite
def _matrix_transpose(draw: st.DrawFn) -> Example:
    shape = draw(array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=3))
    return Example((real(draw(_generators), shape),), {})


@st.composite
def _broadcast_to(draw: st.DrawFn) -> Example:
    shapes = draw(mutually_broadcastable_shapes(num_shapes=2, max_side=3, max_dims=3))
    x = real(draw(_generators), shapes.input_shapes[0])
    return Example((np.asarray(x),), {"shape": shapes.result_shape})


@st.composite
def _expand_dims(draw: st.DrawFn) -> Example:
    shape = draw(_any_shapes)
    axis = draw(_axis_of((1, *shape)))
    return Example((real(draw(_generators), shape),), {"axis": axis})


@st.composite
def _index(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    """Basic indices, integer arrays (with doubles) and boolean masks."""
    basic = basic_indices(shape, allow_newaxis=True)
    return draw(basic | integer_array_indices(shape) | arrays(bool, shape))


@st.composite
def _getitem(draw: st.DrawFn) -> Example:
    shape = draw(_shapes)
    return Example((real(draw(_generators), shape),), {"index": draw(_index(shape))})


@st.composite
def _scatter(draw: st.DrawFn) -> Example:
    shape = draw(_shapes)
    index = draw(_index(shape))
    selected = np.shape(np.zeros(shape)[index])
    y = np.asarray(real(draw(_generators), selected))
    return Example((y,), {"index": index, "shape": shape})


@st.composite
def _concatenate(draw: st.DrawFn) -> Example:
    shape = list(draw(_shapes))
    axis = draw(_axis_of(tuple(shape)))
    rng = draw(_generators)
    inputs = []
    for length in draw(st.lists(st.integers(0, 3), min_size=1, max_size=4)):
        shape[axis] = length
        inputs.append(real(rng, tuple(shape)))
    return Example(tuple(inputs), {"axis": axis})


@st.composite
def _stack(draw: st.DrawFn) -> Example:
    shape = draw(_any_shapes)
    rng = draw(_generators)
    number = draw(st.integers(1, 4))
    inputs = tuple(np.asarray(real(rng, shape)) for _ in range(number))
    return Example(inputs, {"axis": draw(_axis_of((1, *shape)))})


@st.composite
def _windowed(draw: st.DrawFn, name: str) -> Example:
    """Images, and a window that fits into them; the padding at most half of it, as pools demand."""
    size = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = tuple(draw(st.integers(0, n // 2)) for n in size)
    h, w = (n + draw(st.integers(0, 3)) for n in size)
    n, c, filters = draw(st.integers(0, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    images, chosen = (n, c, h, w), {"stride": stride, "padding": padding}
    rng = draw(_generators)
    if name == "conv2d":
        return Example((real(rng, images), real(rng, (filters, c, *size))), chosen)
    if name == "fold":
        counts = window_counts(images, size, stride, padding)
        return Example((real(rng, (n, c, *size, *counts)),), {"shape": images, **chosen})
    return Example((real(rng, images),), {"size": size, **chosen})


RANDOM: Mapping[str, st.SearchStrategy[Example]] = {
    **{name: _elementwise(name) for name in ELEMENTWISE},
    **dict.fromkeys(["logsumexp", "max", "mean", "min", "sum"], _reduction()),
    **dict.fromkeys(["log_softmax", "softmax"], _row_wise()),
    **{name: _windowed(name) for name in ("average_pool", "conv2d", "fold", "max_pool", "windows")},
    "binary_cross_entropy_with_logits": _pair(),
    "broadcast_to": _broadcast_to(),
    "concatenate": _concatenate(),
    "cross_entropy_error": _labelled(probabilities),
    "add_rows": _add_rows(),
    "dropout_mask": _dropout_mask(),
    "expand_dims": _expand_dims(),
    "getitem": _getitem(),
    "matmul": _matmul(),
    "matrix_transpose": _matrix_transpose(),
    "mean_squared_error": _pair(),
    "reshape": _reshape(),
    "scatter": _scatter(),
    "softmax_with_loss": _labelled(real),
    "squared_error": _pair(),
    "stack": _stack(),
    "take_rows": _take_rows(),
    "transpose": _transpose(),
}
"""Random examples for every gate."""
