"""scikit-learn's multi-layer perceptrons, trained by chainrule; `chainrule.sklearn` is where people import them."""

from ._classifier import MLPClassifier
from ._regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
