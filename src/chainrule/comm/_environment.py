"""Whether this process is one of several, as those that start processes say in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

# Open MPI; MPICH and what descends from it; Slurm's srun with PMIx sets the first, with PMI the second.
_NAMES = (("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"))
_TORCHRUN = ("RANK", "WORLD_SIZE")


def place_among_ranks(environment: Mapping[str, str] = os.environ) -> tuple[int, int]:
    """Rank and number of ranks; (0, 1) for a process that was started alone.

    No MPI is loaded for it, which would take longer than the rest of a short command.

    >>> place_among_ranks({"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "4"})
    (2, 4)
    >>> place_among_ranks({})
    (0, 1)
    """
    for rank, size in (*_NAMES, _TORCHRUN):
        values = environment.get(rank, ""), environment.get(size, "")
        if all(value.isdecimal() for value in values) and int(values[0]) < int(values[1]):
            return int(values[0]), int(values[1])
    return 0, 1
