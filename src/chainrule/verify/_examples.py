"""What each gate is checked on: random points away from kinks and poles, with all shapes and settings that matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ._slopes import Array

Shape = tuple[int, ...]


class Example(NamedTuple):
    """One application of a gate."""

    inputs: tuple[Any, ...]
    settings: Mapping[str, Any]

    def astype(self, dtype: Any) -> Example:
        """The same in another precision."""
        inputs = (
            x.astype(dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in self.inputs
        )
        return Example(tuple(inputs), self.settings)


def _example(*inputs: Any, **settings: Any) -> Example:
    return Example(inputs, settings)


def examples(seed: int) -> dict[str, list[Example]]:
    """Examples for every gate that has a rule, by its name."""
    rng = np.random.default_rng(seed)
    return {
        **_of_one_input(_Numbers(rng)),
        **_of_two_inputs(_Numbers(rng)),
        **_of_rows(_Numbers(rng)),
        **_of_shapes(_Numbers(rng)),
        **_of_losses(_Numbers(rng)),
        **_of_windows(_Numbers(rng)),
    }


class _Numbers(NamedTuple):
    """Random numbers of several kinds."""

    rng: np.random.Generator

    def real(self, *shape: int) -> Array:
        """From −2 to 2, but not near 0."""
        return np.asarray(self.positive(*shape) * self.rng.choice([-1.0, 1.0], shape))

    def positive(self, *shape: int) -> Array:
        return np.asarray(self.rng.uniform(0.1, 2.0, shape))

    def apart(self, *shape: int) -> Array:
        """No two of them near each other."""
        size = int(np.prod(shape))
        spread = self.rng.permutation(size) + self.rng.uniform(0.1, 0.9, size)
        return np.asarray(spread.reshape(shape) - size / 2)

    def probabilities(self, *shape: int) -> Array:
        y = self.positive(*shape)
        return np.asarray(y / np.sum(y, axis=-1, keepdims=True))


_SMOOTH = "cos erf exp expm1 gelu identity negate sigmoid silu sin softplus square tanh".split()


def _of_one_input(numbers: _Numbers) -> dict[str, list[Example]]:
    real, positive = numbers.real, numbers.positive
    found = {name: [_example(real(2, 3)), _example(float(real()))] for name in (*_SMOOTH, "abs", "relu")}
    for name in ("log", "log1p", "sqrt"):
        found[name] = [_example(positive(2, 3)), _example(float(positive()))]
    found["leaky_relu"] = [
        _example(real(2, 3)),
        _example(real(4), alpha=0.2),
    ]
    found["elu"] = [
        _example(real(2, 3)),
        _example(real(4), alpha=0.5),
    ]
    found["clip"] = [
        _example(np.array([-1.5, -0.5, 0.5, 1.5]), low=-1.0, high=1.0),
        _example(real(4), low=0.0),
        _example(real(4), high=0.0),
    ]
    found["astype"] = [
        _example(real(2, 3), dtype=np.float64),
        _example(real(2, 3), dtype=np.float32),
    ]
    return found


def _of_two_inputs(numbers: _Numbers) -> dict[str, list[Example]]:
    real, positive = numbers.real, numbers.positive
    found = {}
    for name in ("add", "subtract", "multiply", "divide"):
        found[name] = [
            _example(real(2, 3), real(3)),
            _example(real(2, 1), real(1, 3)),
            _example(real(2), float(real())),
            _example(float(real()), float(real())),
        ]
    found["power"] = [
        _example(positive(2, 3), real(3)),
        _example(positive(3), 0.5),
        _example(real(4), 3),
        _example(real(4), np.array([-2])),
    ]
    x = numbers.apart(4, 3)
    for name in ("maximum", "minimum"):
        found[name] = [
            _example(x[:2], x[2:]),
            _example(x, np.array(0.05)),
        ]
    found["where"] = [
        _example(np.array([[True], [False]]), real(2, 3), real(3)),
        _example(True, float(real()), float(real())),
    ]
    found["matmul"] = [
        _example(real(2, 3), real(3, 4)),
        _example(real(2, 2, 3), real(3, 2)),
        _example(real(3), real(3, 2)),
        _example(real(2, 3), real(3)),
        _example(real(3), real(3)),
    ]
    return found


def _of_rows(numbers: _Numbers) -> dict[str, list[Example]]:
    apart = numbers.apart
    found = {}
    for name in ("sum", "mean", "max", "min", "logsumexp"):
        found[name] = [
            _example(apart(2, 3)),
            _example(apart(2, 3), axis=1),
            _example(apart(2, 3), axis=-2, keepdims=True),
            _example(apart(2, 2, 3), axis=(0, 2)),
        ]
    for name in ("softmax", "log_softmax"):
        found[name] = [
            _example(apart(2, 3)),
            _example(apart(2, 3), axis=0),
        ]
    return found


def _of_shapes(numbers: _Numbers) -> dict[str, list[Example]]:
    real = numbers.real
    twice = np.array([0, 0, 2])
    every, backwards = slice(None), slice(None, None, -2)
    mask = np.array([[True, False, True], [False, True, False]])
    return {
        "reshape": [
            _example(real(2, 3), shape=(3, -1)),
            _example(real(1), shape=()),
        ],
        "transpose": [
            _example(real(2, 3)),
            _example(real(2, 3, 2), axes=(1, 2, 0)),
        ],
        "matrix_transpose": [_example(real(2, 2, 3))],
        "broadcast_to": [
            _example(real(3), shape=(2, 3)),
            _example(real(2, 1), shape=(2, 3)),
        ],
        "expand_dims": [
            _example(real(3), axis=0),
            _example(real(2, 3), axis=-1),
        ],
        "getitem": [
            _example(real(3), index=twice),
            _example(real(3, 3), index=(twice, twice)),
            _example(real(2, 3), index=(every, backwards)),
            _example(real(2, 3), index=(..., None, 1)),
            _example(real(2, 3), index=mask),
        ],
        "scatter": [
            _example(real(3), index=twice, shape=(3,)),
            _example(real(2, 2), index=(every, slice(0, 2)), shape=(2, 3)),
        ],
        "take_rows": [
            _example(real(4, 2), twice),
            _example(real(3, 2, 2), np.array([[1, 0], [1, 1]])),
        ],
        "add_rows": [
            _example(real(3, 2), twice, count=4),
            _example(real(2, 2, 2), np.array([[1, 0], [1, 1]]), count=2),
        ],
        "concatenate": [
            _example(real(2), real(1), real(3)),
            _example(real(2, 1), real(2, 3), axis=1),
        ],
        "stack": [
            _example(real(2), real(2), real(2)),
            _example(real(2, 3), real(2, 3), axis=-1),
        ],
    }


def _of_losses(numbers: _Numbers) -> dict[str, list[Example]]:
    real, probabilities = numbers.real, numbers.probabilities
    classes = np.array([2, 0])
    answers = np.array([[0.0, 1.0, 0.3], [1.0, 0.7, 0.0]])
    found = {}
    found["softmax_with_loss"] = [
        _example(real(2, 3), probabilities(2, 3)),
        _example(real(2, 3), classes),
        _example(real(2, 3), np.eye(3)[classes]),
        _example(real(3), np.array(1)),
    ]
    found["cross_entropy_error"] = [
        _example(probabilities(2, 3), probabilities(2, 3)),
        _example(probabilities(2, 3), classes),
    ]
    found["binary_cross_entropy_with_logits"] = [_example(real(2, 3), answers)]
    for name in ("squared_error", "mean_squared_error"):
        found[name] = [
            _example(real(2, 3), real(2, 3)),
            _example(real(4), real(4)),
        ]
    return found


def _of_windows(numbers: _Numbers) -> dict[str, list[Example]]:
    real, apart = numbers.real, numbers.apart
    return {
        "windows": [_example(real(1, 2, 4, 3), size=2, stride=(2, 1), padding=(0, 1))],
        "fold": [_example(real(1, 1, 2, 2, 2, 3), shape=(1, 1, 3, 4))],
        "conv2d": [
            _example(real(2, 1, 3, 3), real(2, 1, 2, 2)),
            _example(real(1, 2, 4, 3), real(1, 2, 3, 2), stride=2, padding=1),
        ],
        "max_pool": [
            _example(apart(1, 2, 4, 2), size=2),
            _example(apart(1, 1, 4, 3), size=3, stride=2, padding=1),
        ],
        "average_pool": [
            _example(real(1, 2, 4, 2), size=2),
            _example(real(1, 1, 4, 3), size=3, stride=2, padding=1),
        ],
    }
