"""Real processes, started by mpiexec: only where mpi4py and an MPI are."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mpi4py", reason="there is no mpi4py")
if not (Path(sys.executable).with_name("mpiexec").exists() or shutil.which("mpiexec")):
    pytest.skip("there is no mpiexec", allow_module_level=True)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of small data."""
    rng = np.random.default_rng(5)
    x, t = rng.normal(size=(330, 10)), rng.integers(0, 3, 330)
    x[np.arange(330), t] += 1.5
    file = tmp_path_factory.mktemp("data") / "small.npz"
    np.savez(file, x_train=x[:250], t_train=t[:250], x_test=x[250:], t_test=t[250:])
    return file
