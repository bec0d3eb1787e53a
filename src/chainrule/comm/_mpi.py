"""The ranks that ``mpiexec`` started, by way of mpi4py.

source   MPI: A Message-Passing Interface Standard 4.1, chapters 6 (all-reduce) and 9.3 (errors); Bland et al.,
         Post-failure recovery of MPI communication capability, IJHPCA 27 (2013): revoke and shrink
"""

from __future__ import annotations

import os
import sys
from typing import Any

from ..errors import MissingExtraError, RankError
from ._comm import Array, Comm


class MpiComm(Comm):
    """All processes that ``mpiexec`` started; a single one without it.

    handle   mpi4py's communicator

    raises   MissingExtraError without mpi4py, or without an MPI that it can load

    ``mpiexec -n 4 python -m mpi4py train.py`` runs a script on four; ``-m mpi4py`` ends all when one has an error.

    >>> cr.Trainer(cr.TwoLayerNet(2, 3, 2), cr.SGD(0.1), comm=cr.MpiComm()).comm.size
    1
    """

    def __init__(self) -> None:
        self._mpi = _mpi()
        self.can_shrink = os.environ.get("OMPI_MCA_mpi_ft_enable") == "1"  # which mpiexec sets --with-ft ulfm
        # Messages of its own, whatever else the program sends.
        self._take(self._mpi.COMM_WORLD.Dup())

    def _take(self, comm: Any) -> None:
        self.handle = comm
        self.rank, self.size = comm.Get_rank(), comm.Get_size()

    def allreduce_sum(self, flat: Array) -> None:
        try:
            self.handle.Allreduce(self._mpi.IN_PLACE, flat)
        except self._mpi.Exception as problem:
            raise self._lost(problem) from problem

    def shrink(self) -> None:
        """Go on without the ranks that are gone; needs ``mpiexec --with-ft ulfm``."""
        try:
            self.handle.Revoke()  # so that no rank waits in a sum that will never come about
            self._take(self.handle.Shrink())
        except (self._mpi.Exception, NotImplementedError, AttributeError) as problem:
            raise self._lost(problem) from problem

    def _lost(self, problem: Exception) -> RankError:
        said = problem.Get_error_string() if isinstance(problem, self._mpi.Exception) else str(problem)
        return RankError(f"rank {self.rank} of {self.size} lost the others: {said}", lost=True)


def abort(code: int) -> None:
    """End all ranks, this one too, where MPI is in use: the others would wait for it."""
    module = sys.modules.get("mpi4py.MPI")
    if module is not None and module.COMM_WORLD.Get_size() > 1:
        module.COMM_WORLD.Abort(code)


def _mpi() -> Any:
    try:
        from mpi4py import MPI
    except ImportError:
        raise MissingExtraError.for_extra("mpi", "mpi4py", "training with several processes") from None
    except RuntimeError:  # mpi4py is there, and finds no library to load
        raise MissingExtraError.for_extra("mpi", "openmpi", "training with several processes") from None
    return MPI
