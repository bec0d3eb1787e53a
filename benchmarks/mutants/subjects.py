"""What is mutated: right code of every kind that a checker takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import functions as f
from . import layers, losses, networks, optimizers, points, trained
from .points import Points
from .subject import Subject

SCORES = (
    (losses.SoftmaxWithLoss, points.class_numbers),
    (losses.OneHotSoftmaxWithLoss, points.one_hot),
    (losses.SigmoidWithLoss, points.yes_or_no),
    (losses.MeanSquaredError, points.numbers),
    (losses.SumOfSquares, points.numbers),
    (losses.Huber, points.numbers),
    (losses.MeanAbsoluteError, points.numbers),
    (losses.Hinge, points.signs),
)
ONE_INPUT: tuple[tuple[type, dict[str, Any]], ...] = (
    (layers.ReLU, {}),
    (layers.LeakyReLU, {}),
    (layers.Sigmoid, {}),
    (layers.Tanh, {}),
    (layers.Softplus, {}),
    (layers.Square, {}),
    (layers.SiLU, {}),
    (layers.Softmax, {}),
    (layers.BatchNorm, {"gamma": 3, "beta": 3}),
    (layers.LayerNorm, {"gamma": 3, "beta": 3}),
    (layers.RMSNorm, {"gamma": 3}),
)
OTHERS: tuple[tuple[type, Points], ...] = (
    (layers.Affine, points.affine(5, 4, 3)),
    (layers.Embedding, points.embedding),
    (layers.Multiply, points.normal((5, 3), (5, 3))),
    (layers.Maximum, points.normal((5, 3), (5, 3))),
    (layers.ScaleAndShift, points.normal((5, 3), (5, 1), (1, 3))),
    (layers.Residual, points.affine(5, 3, 3)),
    (layers.Attention, points.normal((4, 3), (5, 3), (5, 2))),
)
UPDATES = (
    (optimizers.SGD, points.update()),
    (optimizers.Momentum, points.update("any")),
    (optimizers.Nesterov, points.update("any")),
    (optimizers.AdaGrad, points.update("positive")),
    (optimizers.RMSprop, points.update("positive")),
    (optimizers.Adam, points.update("any", "positive")),
)
TRAINED = (trained.AfterSGD, trained.AfterMomentum, trained.AfterAdaGrad, trained.AfterAdam)
PAIRS = (
    (f.log_sum_exp, f.d_log_sum_exp, points.normal((7,))),
    (f.quadratic_form, f.d_quadratic_form, points.normal((4,), (4, 4))),
    (f.gaussian, f.d_gaussian, points.normal((6,))),
    (f.cosine, f.d_cosine, points.normal((5,), (5,))),
)
WITH_GRADIENT = (
    (f.rosenbrock, points.normal((6,))),
    (f.ridge_regression, points.normal((4,), (6, 4), (6,), claimed=1)),
    (f.logistic_regression, points.logistic),
)


def subjects() -> list[Subject]:
    """All of them."""
    return [
        *(_of(code, points.rows(**shapes)) for code, shapes in ONE_INPUT),
        *(_of(code, point) for code, point in OTHERS),
        _of(layers.Affine, points.affine(4, 4, 4), suffix=", square"),
        _of(layers.Dropout, points.dropout, constant=("kept",)),
        *(_of(code, points.loss(target)) for code, target in SCORES),
        *_networks(networks.TwoLayerNet, points.class_numbers),
        *_networks(networks.SigmoidNet, points.one_hot),
        _of(networks.ThreeLayerNet, points.network((5, 4, 6, 7, 3), points.numbers), "network"),
        *(_of(code, point) for code, point in UPDATES),
        *(_of(code, points.network((5, 4, 6, 3), points.class_numbers), "network") for code in TRAINED),
        *(Subject(f.__name__, "pair", {f.__name__: f, df.__name__: df}, point) for f, df, point in PAIRS),
        *(_of(function, point, "value and gradient") for function, point in WITH_GRADIENT),
    ]


def _of(
    code: Any, point: Points, kind: str = "layer", suffix: str = "", constant: tuple[str, ...] = ()
) -> Subject:
    return Subject(code.__name__ + suffix, kind, {code.__name__: code}, point, constant)


def _networks(code: type, target: Callable[..., Any]) -> list[Subject]:
    """One whose sizes all differ, and one whose matrices are square."""
    return [
        _of(code, points.network((5, 4, 6, 3), target), "network"),
        _of(code, points.network((5, 4, 4, 4), target), "network", ", square"),
    ]
