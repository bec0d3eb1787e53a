"""Gradients that are checked with numbers and proved with symbols.

>>> report = check_gradients(np.tanh, np.array([0.5, -1.0]))
>>> report.ok
True
"""

from typing import TYPE_CHECKING

from .._lazy import lazy as _lazy_names

# Who needs the verdict of one check needs no proofs.
__getattr__ = _lazy_names(
    __name__,
    {
        "_check": ("assert_gradients", "check_gradients"),
        "_compare": ("compare",),
        "_curve": ("Curve",),
        "_diagnosis": ("Diagnosis",),
        "_nonfinite": ("NonFinite", "find_nonfinite"),
        "_numerical": ("numerical_gradient",),
        "_prove": ("Case", "Proof", "prove"),
        "_report": ("GradientReport", "InputCheck"),
        "_suite": ("CheckReport", "Row", "check_all"),
    },
)

if TYPE_CHECKING:
    from ._check import assert_gradients, check_gradients
    from ._compare import compare
    from ._curve import Curve
    from ._diagnosis import Diagnosis
    from ._nonfinite import NonFinite, find_nonfinite
    from ._numerical import numerical_gradient
    from ._prove import Case, Proof, prove
    from ._report import GradientReport, InputCheck
    from ._suite import CheckReport, Row, check_all

__all__ = [
    "Case",
    "CheckReport",
    "Curve",
    "Diagnosis",
    "GradientReport",
    "InputCheck",
    "NonFinite",
    "Proof",
    "Row",
    "assert_gradients",
    "check_all",
    "check_gradients",
    "compare",
    "find_nonfinite",
    "numerical_gradient",
    "prove",
]
