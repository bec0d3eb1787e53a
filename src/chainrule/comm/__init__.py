"""The processes that train one network together: who they are, and how they add up what each has found.

>>> comm_of(None).size
1
"""

from ._comm import Comm, NullComm, comm_of
from ._environment import place_among_ranks
from ._mpi import MpiComm, abort

__all__ = ["Comm", "MpiComm", "NullComm", "abort", "comm_of", "place_among_ranks"]
