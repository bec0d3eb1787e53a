"""Engines: what runs a step graph. No engine contains a derivative.

>>> available()["eager"] is None
True
"""

from . import eager
from ._choice import available, compile_step, report_broken, resolve
from ._finite import first_nonfinite
from ._step import Application, StepGraph, trace
from .eager import Step

__all__ = [
    "Application",
    "Step",
    "StepGraph",
    "available",
    "compile_step",
    "eager",
    "first_nonfinite",
    "report_broken",
    "resolve",
    "trace",
]
