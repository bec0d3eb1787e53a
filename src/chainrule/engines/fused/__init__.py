"""The fused engine: a whole step as one readable, compiled function."""

from ._compiled import Compiled
from ._emit import Source
from ._function import CompiledFunction, build, compile
from ._plain import PLAIN_NAMES
from ._stepper import Stepper, readable
from ._team import threads_allowed

__all__ = [
    "PLAIN_NAMES",
    "Compiled",
    "CompiledFunction",
    "Source",
    "Stepper",
    "build",
    "compile",
    "readable",
    "threads_allowed",
]
