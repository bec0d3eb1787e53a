"""The processes that train one network together: who they are, how they add up, and who starts and watches them.

>>> comm_of(None).size
1
"""

from typing import TYPE_CHECKING

from .._lazy import lazy as _lazy_names
from ._environment import place_among_ranks
from ._heartbeat import advance, beating

# Whether a process is one of several, every command asks; few are.
__getattr__ = _lazy_names(
    __name__,
    {
        "_comm": ("Comm", "NullComm", "comm_of"),
        "_launch": ("Job", "Launcher"),
        "_mpi": ("MpiComm", "abort"),
        "_mpiexec": ("mpiexec_command",),
    },
)

if TYPE_CHECKING:
    from ._comm import Comm, NullComm, comm_of
    from ._launch import Job, Launcher
    from ._mpi import MpiComm, abort
    from ._mpiexec import mpiexec_command

__all__ = [
    "Comm",
    "Job",
    "Launcher",
    "MpiComm",
    "NullComm",
    "abort",
    "advance",
    "beating",
    "comm_of",
    "mpiexec_command",
    "place_among_ranks",
]
