"""scikit-learn's multi-layer perceptrons with one import line changed.

``from chainrule.sklearn import MLPClassifier, MLPRegressor`` in place of ``from sklearn.neural_network import …``.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from .errors import MissingExtraError

if TYPE_CHECKING:
    from .interop.sklearn import MLPClassifier, MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if find_spec("sklearn") is None:
        raise MissingExtraError.for_extra("sklearn", "scikit-learn", f"chainrule.sklearn.{name}")
    from .interop import sklearn as estimators

    return getattr(estimators, name)
