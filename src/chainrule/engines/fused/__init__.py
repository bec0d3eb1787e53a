"""The fused engine: a whole step as one readable, compiled function."""

from ._compiled import Compiled
from ._function import CompiledFunction, build, compile
from ._stepper import Stepper, readable

__all__ = ["Compiled", "CompiledFunction", "Stepper", "build", "compile", "readable"]
