"""Whether this process is one of several, as those that start processes say in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

# Of rank and number of ranks.
_NAMES = (
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),  # Open MPI
    ("PMI_RANK", "PMI_SIZE"),  # MPICH and what descends from it; srun --mpi=pmi2
    ("PMIX_RANK", "SLURM_STEP_NUM_TASKS"),  # srun --mpi=pmix; the batch script itself has only the second
    ("RANK", "WORLD_SIZE"),  # torchrun
)


def place_among_ranks(environment: Mapping[str, str] = os.environ) -> tuple[int, int]:
    """Rank and number of ranks; (0, 1) for a process that was started alone.

    No MPI is loaded for it, which would take longer than the rest of a short command.

    >>> place_among_ranks({"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "4"})
    (2, 4)
    >>> place_among_ranks({})
    (0, 1)
    """
    for rank, size in _NAMES:
        values = environment.get(rank, ""), environment.get(size, "")
        if all(value.isdecimal() for value in values) and int(values[0]) < int(values[1]):
            return int(values[0]), int(values[1])
    return 0, 1
