"""Explaining and drawing: what a graph computes, what flows back through it, and how a network learns.

The room is called like its first function, and can be called like it: ``cr.explain(L)``.

>>> import chainrule.explain
>>> x, m = cr.variables(x=100.0, m=2)
>>> print(str(chainrule.explain(x * m)).splitlines()[0])
How L depends on x, m
"""

import sys as _sys
from types import ModuleType as _ModuleType
from typing import TYPE_CHECKING
from typing import Any as _Any

from .._lazy import lazy as _lazy_names

# Who draws a learning curve needs none of the others.
__getattr__ = _lazy_names(
    __name__,
    {
        "_expand": ("expand",),
        "_explain": ("Explanation", "explain"),
        "_gradient_flow": ("GradientFlow", "gradient_flow"),
        "_learning_curve": ("learning_curve",),
        "_notebook": ("mimebundle",),
        "_report": ("Report",),
        "_what_if": ("WhatIf", "what_if"),
        "drawing": ("Drawing", "draw"),
        "plot": (),
    },
)

if TYPE_CHECKING:
    from . import plot
    from ._expand import expand
    from ._explain import Explanation, explain
    from ._gradient_flow import GradientFlow, gradient_flow
    from ._learning_curve import learning_curve
    from ._notebook import mimebundle
    from ._report import Report
    from ._what_if import WhatIf, what_if
    from .drawing import Drawing, draw

__all__ = [
    "Drawing",
    "Explanation",
    "GradientFlow",
    "Report",
    "WhatIf",
    "draw",
    "expand",
    "explain",
    "gradient_flow",
    "learning_curve",
    "mimebundle",
    "plot",
    "what_if",
]


class _Room(_ModuleType):
    """`chainrule.explain` is this module and, for those who call it, its function."""

    def __call__(self, *args: _Any, **settings: _Any) -> "Explanation":
        explanation: Explanation = self.explain(*args, **settings)
        return explanation


_sys.modules[__name__].__class__ = _Room
