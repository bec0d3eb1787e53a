"""Arrays without numbers have the shapes and dtypes that NumPy's arrays have."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.engines._abstract import AbstractArray, xp
from chainrule.engines._node import input_node
from chainrule.errors import GraphError
from chainrule.graph import Dimension

DTYPES = [np.dtype(name) for name in ("float32", "float64", "int64", "int32", "uint8", "bool")]
ARITHMETIC = (operator.add, operator.mul, operator.truediv)
COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)
FUNCTIONS = "exp expm1 log log1p sqrt sin cos tanh sign abs isnan isfinite".split()
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=4)


def abstract(array: Any) -> AbstractArray:
    return AbstractArray(input_node("x", np.shape(array), np.asarray(array).dtype))


def ones(shape: Any, dtype: Any) -> Any:
    return np.ones(shape, dtype)


def assert_like(found: AbstractArray, wanted: Any) -> None:
    assert isinstance(found, AbstractArray)
    assert (found.shape, found.dtype) == (np.shape(wanted), np.asarray(wanted).dtype)


@given(
    hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3),
    st.sampled_from(DTYPES),
    st.sampled_from(DTYPES),
)
def test_two_arrays_meet_as_in_numpy(shapes, one, other):
    x, y = (ones(shape, dtype) for shape, dtype in zip(shapes.input_shapes, (one, other), strict=True))
    for operation in (*ARITHMETIC, *COMPARISONS):
        if (
            operation is operator.truediv
            and {one.kind, other.kind} <= {"b", "u"} | {"i"}
            and "f" not in (one.kind, other.kind)
        ):
            continue
        assert_like(operation(abstract(x), abstract(y)), operation(x, y))
    assert_like(xp.maximum(abstract(x), abstract(y)), np.maximum(x, y))
    assert_like(xp.where(abstract(x), abstract(x), abstract(y)), np.where(x.astype(bool), x, y))


@given(SHAPES, st.sampled_from(DTYPES), st.sampled_from([2, -3, 2.5, True]))
def test_numbers_of_pythons_take_the_precision_of_what_they_meet(shape, dtype, number):
    x = ones(shape, dtype)
    assume(not (dtype == np.uint8 and number == -3))  # NumPy raises
    for operation in ARITHMETIC:
        if operation is operator.truediv and dtype.kind != "f":
            continue
        assert_like(operation(abstract(x), number), operation(x, number))
        assert_like(operation(number, abstract(x)), operation(number, x))
    assert_like(abstract(x) > number, x > number)


@given(SHAPES, SHAPES, st.sampled_from(DTYPES))
def test_shapes_that_do_not_meet_are_refused(one, other, dtype):
    try:
        np.broadcast_shapes(one, other)
    except ValueError:
        with pytest.raises(ValueError, match="could not be broadcast together"):
            abstract(ones(one, dtype)) + abstract(ones(other, dtype))


@given(SHAPES, st.sampled_from(DTYPES[:2]), st.sampled_from(FUNCTIONS))
def test_functions_of_one_array(shape, dtype, name):
    x = ones(shape, dtype)
    assert_like(getattr(xp, name)(abstract(x)), getattr(np, name)(x))


@given(st.data(), SHAPES, st.sampled_from(DTYPES), st.sampled_from(["sum", "max", "min"]), st.booleans())
def test_reductions(data, shape, dtype, name, keepdims):
    x = ones(shape, dtype)
    axes = [None, (), *range(-len(shape), len(shape))]
    axis = data.draw(st.one_of(st.sampled_from(axes), hnp.valid_tuple_axes(len(shape))))
    wanted = getattr(np, name)(x, axis=axis, keepdims=keepdims)
    assert_like(getattr(xp, name)(abstract(x), axis=axis, keepdims=keepdims), wanted)


@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
def test_an_index_chooses_what_it_chooses_in_numpy(data, shape):
    x = ones(shape, np.float32)
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True))
    assert_like(abstract(x)[index], x[index])


@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
def test_an_index_of_whole_numbers_or_booleans_too(data, shape):
    x = ones(shape, np.float32)
    length = shape[0]
    index = data.draw(
        st.one_of(
            hnp.arrays(np.int64, st.integers(1, 5), elements=st.integers(-length, length - 1)),
            hnp.arrays(np.bool_, length),
        )
    )
    assert_like(abstract(x)[index], x[index])


@given(
    hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, max_side=4),
    st.sampled_from(DTYPES[:3]),
)
def test_matrix_products(shapes, dtype):
    x, y = (ones(shape, dtype) for shape in shapes.input_shapes)
    assume(dtype.kind == "f" or True)
    assert_like(abstract(x) @ abstract(y), x @ y)


@given(st.data(), SHAPES)
def test_shapes_can_be_changed(data, shape):
    x = ones(shape, np.float64)
    axes = data.draw(st.permutations(range(len(shape))))
    assert_like(xp.permute_dims(abstract(x), axes), np.permute_dims(x, axes))
    assert_like(xp.reshape(abstract(x), (-1,)), x.reshape(-1))
    axis = data.draw(st.integers(-len(shape) - 1, len(shape)))
    assert_like(xp.expand_dims(abstract(x), axis=axis), np.expand_dims(x, axis))
    assert_like(xp.stack([abstract(x)] * 3, axis=axis), np.stack([x] * 3, axis=axis))
    assert_like(xp.broadcast_to(abstract(x), (2, *shape)), np.broadcast_to(x, (2, *shape)))
    if shape:
        axis = data.draw(st.integers(-len(shape), len(shape) - 1))
        assert_like(xp.concat([abstract(x), abstract(x)], axis=axis), np.concatenate([x, x], axis=axis))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: x @ x,
        lambda x: xp.reshape(x, (4, 2)),
        lambda x: xp.broadcast_to(x, (2, 4)),
        lambda x: xp.sum(x, axis=2),
        lambda x: xp.expand_dims(x, axis=4),
        lambda x: x[2],
        lambda x: x[0, 0, 0],
        lambda x: xp.concat([x, xp.permute_dims(x, (1, 0))]),
        lambda x: xp.permute_dims(x, (0, 0)),
    ],
)
def test_what_numpy_refuses_is_refused(wrong):
    with pytest.raises((ValueError, IndexError)):
        wrong(abstract(ones((2, 3), float)))


def test_it_never_becomes_an_array_of_objects():
    x = abstract(ones((2, 3), np.float32))
    for function in (np.asarray, np.cumsum, np.exp, np.fft.fft):
        with pytest.raises(TypeError):
            function(x)
    assert_like(np.arange(3.0) * x, np.arange(3.0) * ones((2, 3), np.float32))
    assert_like(np.float64(2) * x, np.float64(2) * ones((2, 3), np.float32))
    assert_like(np.float32(2) - x, ones((2, 3), np.float32))


def test_no_number_decides_in_python():
    with pytest.raises(GraphError, match="a number that is not known yet decided something in Python"):
        bool(abstract(ones((), float)) > 0)


def test_lengths_that_follow_the_rows_stay_so():
    n = Dimension(1, 0)
    x = AbstractArray(input_node("x", (n, 28, 28), np.float32))
    flat = xp.reshape(x, (x.shape[0], -1))
    assert repr(flat.shape) == "(n, 784)"
    assert repr(xp.reshape(x, (-1, 7)).shape) == "(112 * n, 7)"
    assert repr((flat @ xp.permute_dims(flat, (1, 0))).shape) == "(n, n)"
    assert repr(xp.concat([x, x, x[:1]]).shape) == "(2 * n + 1, 28, 28)"
    assert repr(xp.sum(x, axis=(1, 2)).shape) == "(n,)"
    assert repr(xp.permute_dims(x, (2, 0, 1)).shape) == "(28, n, 28)"
    assert repr(x[:5, :, None].shape) == "(5, 28, 1, 28)"
    assert x.size == 784 * n
    with pytest.raises(NotImplementedError, match="a slice of an axis whose length is not known yet"):
        x[1:]
