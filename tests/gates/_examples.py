"""One table of examples for every gate.

Points are random, fixed, and away from kinks, ties and poles, so that derivatives of any order exist there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

Sampler = Callable[[np.random.Generator, tuple[int, ...]], Any]

_rng = np.random.default_rng(5)


class Example(NamedTuple):
    """What one application of a gate is given."""

    inputs: tuple[Any, ...]
    settings: Mapping[str, Any]

    def astype(self, dtype: Any) -> Example:
        """The same with floating-point inputs of another precision."""
        return self.map(lambda x: x.astype(dtype) if x.dtype.kind == "f" else x)

    def map(self, change: Callable[[Any], Any]) -> Example:
        """The same with every input changed."""
        return Example(tuple(map(change, self.inputs)), self.settings)


# Samplers: numbers of a kind that a gate can be differentiated at ---------------------------------


def real(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """From −2 to 2, but not near 0."""
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.1, 2, shape)


def positive(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """From 0.2 to 2.5."""
    return rng.uniform(0.2, 2.5, shape)


def whole(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """−1, 0 or 1: many ties."""
    return rng.integers(-1, 2, shape).astype(float)


def boolean(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """True or False."""
    return rng.random(shape) < 0.5


def probabilities(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Rows of positive numbers with sum 1."""
    y = rng.uniform(0.2, 1, shape)
    return y / y.sum(axis=-1, keepdims=True)


ELEMENTWISE: Mapping[str, Sequence[Sampler]] = {
    "abs": [real],
    "add": [real, real],
    "astype": [real],
    "clip": [real],
    "cos": [real],
    "divide": [real, real],
    "elu": [real],
    "equal": [whole, whole],
    "erf": [real],
    "exp": [real],
    "expm1": [real],
    "gelu": [real],
    "greater": [whole, whole],
    "greater_equal": [whole, whole],
    "identity": [real],
    "isfinite": [real],
    "isnan": [real],
    "leaky_relu": [real],
    "less": [whole, whole],
    "less_equal": [whole, whole],
    "log": [positive],
    "log1p": [positive],
    "logical_and": [boolean, boolean],
    "logical_not": [boolean],
    "logical_or": [boolean, boolean],
    "maximum": [real, real],
    "minimum": [real, real],
    "multiply": [real, real],
    "negate": [real],
    "not_equal": [whole, whole],
    "power": [positive, real],
    "relu": [real],
    "sigmoid": [real],
    "sign": [real],
    "silu": [real],
    "sin": [real],
    "softplus": [real],
    "sqrt": [positive],
    "square": [real],
    "subtract": [real, real],
    "tanh": [real],
    "where": [boolean, real, real],
}
"""For each elementwise gate what its inputs are made of."""

SETTINGS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "astype": [{"dtype": np.float32}, {"dtype": np.float64}],
    "clip": [{"low": -1, "high": 1}, {"low": -1.5}, {"high": 0.5}, {}],
    "elu": [{}, {"alpha": 1.5}],
    "leaky_relu": [{}, {"alpha": 0.25}],
}
"""For elementwise gates that have settings some of them."""


# Small makers of examples --------------------------------------------------------------------------


def _shapes(text: str) -> list[tuple[int, ...]]:
    """The shapes that ``2x3 3 ()`` says."""
    return [() if shape == "()" else tuple(map(int, shape.split("x"))) for shape in text.split()]


def _example(text: str, **settings: Any) -> Example:
    """Real inputs of these shapes."""
    return Example(tuple(real(_rng, shape) for shape in _shapes(text)), settings)


def _elementwise(name: str) -> Iterator[Example]:
    samplers = ELEMENTWISE[name]
    for settings in SETTINGS.get(name, [{}]):
        for text in BROADCASTING[len(samplers)]:
            pairs = zip(samplers, _shapes(text), strict=True)
            yield Example(tuple(sample(_rng, shape) for sample, shape in pairs), settings)


def _reductions() -> list[Example]:
    return [
        _example("2x3"),
        _example("2x3", axis=0),
        _example("2x3x2", axis=-1, keepdims=True),
        _example("2x3x2", axis=(0, 2)),
        _example("3", keepdims=True),
    ]


def _row_wise() -> list[Example]:
    return [
        _example("2x4"),
        _example("3x2x2", axis=1),
        _example("4", axis=0),
    ]


def _labelled(sample: Sampler) -> list[Example]:
    """Scores or probabilities with labels in each form."""
    class_numbers = np.array([0, 2, 1, 2])
    one_hot = np.eye(3)[[1, 1, 0, 2]]
    weights = positive(_rng, (4, 3))
    matrix, one = np.array([[0, 2], [1, 1]]), np.array(2)
    return [
        Example((sample(_rng, (4, 3)), class_numbers), {}),
        Example((sample(_rng, (4, 3)), one_hot), {}),
        Example((sample(_rng, (4, 3)), weights), {}),
        Example((sample(_rng, (2, 2, 3)), matrix), {}),
        Example((sample(_rng, (3,)), one), {}),
    ]


def _binary() -> list[Example]:
    t = np.array([0.0, 1.0, 0.25, 1.0])
    return [
        Example((real(_rng, (4,)), t), {}),
        Example((real(_rng, (2, 2)), t.reshape(2, 2)), {}),
    ]


BROADCASTING = {
    1: ["2x3", "()"],
    2: ["2x3 2x3", "2x3 3", "2x1 1x3", "() 4"],
    3: ["2x3 3 2x1", "3 3 3"],
}
"""Shapes for gates of one, two and three inputs."""

PRODUCTS = [
    "3 3",
    "3 3x4",
    "2x3 3",
    "3 5x3x2",
    "5x2x3 3",
    "2x3 3x4",
    "5x2x3 3x4",
    "2x3 5x3x4",
    "5x1x2x3 4x3x2",
]
"""Shapes of matrix products, with vectors, stacks of matrices, and both."""

INDICES: Sequence[tuple[str, str, Any]] = [
    ("4", "()", 1),
    ("4x3", "2x3", slice(None, None, -2)),
    ("4x3", "4x1x2", (..., None, slice(1, None))),
    ("4", "5", [0, 0, 3, -1, 0]),
    ("4x3", "3", ([0, 0, 2], [1, 1, 2])),
    ("4x3", "2x2", (slice(1, 3), [2, 2])),
    ("4", "2", [True, False, False, True]),
]
"""The shape of the whole, that of the selection, and the index."""

EXAMPLES: Mapping[str, Sequence[Example]] = {
    **{name: list(_elementwise(name)) for name in ELEMENTWISE},
    **{name: _reductions() for name in ("logsumexp", "max", "mean", "min", "sum")},
    **{name: _row_wise() for name in ("log_softmax", "softmax")},
    "matmul": [_example(text) for text in PRODUCTS],
    "reshape": [
        _example("2x3", shape=(3, 2)),
        _example("2x3", shape=(-1,)),
        _example("()", shape=(1, 1)),
    ],
    "transpose": [
        _example("2x3x4"),
        _example("2x3x4", axes=(1, 2, 0)),
        _example("2x3x4", axes=(-1, 0, -2)),
        _example("3"),
    ],
    "matrix_transpose": [_example("2x3"), _example("2x3x4")],
    "broadcast_to": [
        _example("3", shape=(2, 3)),
        _example("2x1x2", shape=(4, 2, 3, 2)),
    ],
    "expand_dims": [
        _example("2x3", axis=1),
        _example("()", axis=0),
        _example("2", axis=-1),
    ],
    "getitem": [_example(whole, index=index) for whole, _, index in INDICES],
    "scatter": [_example(part, index=index, shape=_shapes(whole)[0]) for whole, part, index in INDICES],
    "concatenate": [
        _example("2x3 1x3 2x3"),
        _example("2x1 2x2", axis=-1),
        _example("3"),
    ],
    "stack": [
        _example("2x3 2x3 2x3", axis=1),
        _example("2 2", axis=-1),
        _example("()"),
    ],
    "softmax_with_loss": _labelled(real),
    "cross_entropy_error": _labelled(probabilities),
    "squared_error": [_example("2x3 2x3"), _example("() ()")],
    "mean_squared_error": [_example("2x3 2x3"), _example("4 4")],
    "binary_cross_entropy_with_logits": _binary(),
    "take_rows": [
        Example((real(_rng, (4, 3)), np.array([[1, 3], [1, 0]])), {}),
        Example((real(_rng, (3, 2, 2)), np.array([2, 2])), {}),
        Example((real(_rng, (5,)), np.array(4)), {}),
    ],
    "add_rows": [
        Example((real(_rng, (2, 2, 3)), np.array([[1, 3], [1, 0]])), {"count": 5}),
        Example((real(_rng, (3, 2)), np.array([0, 0, 0])), {"count": 2}),
    ],
    "dropout_mask": [
        Example(
            (np.array([2**32 - 7], np.uint32), np.array(3.0)),
            {"shape": (4, 3), "rate": 0.5, "dtype": np.float64},
        ),
        Example(
            (np.array([9], np.uint32), np.array(1e6)), {"shape": (2, 3, 2), "rate": 0.75, "dtype": np.float32}
        ),
    ],
    "windows": [
        _example("2x2x4x5", size=(2, 3)),
        _example("1x2x5x5", size=3, stride=2, padding=1),
        _example("1x1x3x4", size=(1, 2), stride=(2, 1), padding=(0, 2)),
    ],
    "fold": [
        _example("2x2x2x3x3x3", shape=(2, 2, 4, 5)),
        _example("1x2x3x3x3x3", shape=(1, 2, 5, 5), stride=2, padding=1),
        _example("1x1x2x2x2x1", shape=(1, 1, 5, 3), stride=(3, 2)),
    ],
    "conv2d": [
        _example("2x1x4x5 2x1x2x3"),
        _example("2x3x5x5 2x3x3x3", stride=2, padding=1),
        _example("1x2x3x4 3x2x1x2", stride=(1, 3), padding=(1, 0)),
    ],
    "max_pool": [
        _example("2x2x4x6", size=2),
        _example("1x2x5x5", size=3, stride=2, padding=1),
        _example("1x1x5x4", size=(2, 3), stride=(2, 1)),
    ],
    "average_pool": [
        _example("2x2x4x6", size=2),
        _example("1x2x5x5", size=3, stride=2, padding=1),
        _example("1x1x5x4", size=(2, 3), stride=(2, 1)),
    ],
}
"""For every gate what it is tried on."""


# Extremes --------------------------------------------------------------------------------------------


def extremes(dtype: Any) -> Any:
    """Numbers that break formulas."""
    limits = np.finfo(dtype)
    sizes = [0, 0.3, 1, 1e4, np.inf, limits.max, limits.smallest_subnormal]
    return np.array([*sizes, *(-x for x in sizes), np.nan], dtype)


def extreme_examples(name: str, dtype: Any) -> Iterator[Example]:
    """Extremes in every combination for elementwise gates, in every place for the others."""
    numbers = extremes(dtype)
    if name in ELEMENTWISE:
        truth = np.array([False, True])
        kinds = [truth if sample is boolean else numbers for sample in ELEMENTWISE[name]]
        combined = np.meshgrid(*kinds, indexing="ij")
        yield Example(tuple(combined), EXAMPLES[name][0].settings)
        return
    for given in EXAMPLES[name]:
        for shift in range(len(numbers)):
            yield given.map(partial(_filled, np.roll(numbers, shift)))


def _filled(numbers: Any, x: Any) -> Any:
    """Floating-point inputs filled with these numbers, others as they are."""
    return np.resize(numbers, x.shape) if x.dtype.kind == "f" else x
