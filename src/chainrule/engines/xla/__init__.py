"""The xla engine: a whole step traced by JAX, for GPUs, TPUs and several devices at once."""

from ._devices import Devices, computing, devices
from ._function import build
from ._processes import Processes, join
from ._stepper import Results, Stepper

__all__ = ["Devices", "Processes", "Results", "Stepper", "build", "computing", "devices", "join"]
