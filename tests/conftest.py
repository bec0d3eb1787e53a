"""What every test gets: a seed that is known, and the proof that it leaves the process as it was."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from hypothesis import settings

import chainrule.engines

settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("nightly", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=0, help="seed of every test's random numbers")
    parser.addoption("--auto", default="eager", help="the engine that tests get which ask for auto")
    parser.addoption("--every", type=int, default=1, metavar="N", help="run one test of N, spread over all")


def pytest_configure(config: pytest.Config) -> None:
    # Tests compile the same small steps often. What is set here, the processes of pytest-xdist are started with.
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = TemporaryDirectory(prefix="chainrule-jax-")
        config.add_cleanup(folder.cleanup)
        os.environ["JAX_COMPILATION_CACHE_DIR"] = folder.name
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    if config.getoption("--auto") == "xla":
        import jax  # noqa: F401  # it draws from NumPy's global random numbers and sets variables: before any test


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Thousands of tests and what they import stay to the end: the garbage collector need not look at them again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Which tests are left depends on their names alone, so it is the same in every process and every run."""
    every = config.getoption("--every")
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        (left_out if crc32(item.nodeid.encode()) % every else kept).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Random numbers, the same in every run; pytest shows the seed of a test that fails."""
    seed = request.config.getoption("--seed")
    print(f"random numbers of this test: --seed {seed}")
    return np.random.default_rng(seed)


@pytest.fixture(autouse=True)
def _auto_is_eager(request: pytest.FixtureRequest) -> Iterator[None]:
    """Compiling takes seconds for every new network: tests that want the fused engine name it, or are marked so."""
    if "auto_engine" not in request.keywords:
        engine = request.config.getoption("--auto")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(chainrule.engines._choice, "_FASTEST_FIRST", (engine,))
            patch.setattr(chainrule.engines._choice, "sees_accelerator", lambda: False)
            yield
    else:
        yield


_SET_BY_OTHERS = (
    "PYTEST_CURRENT_TEST",
    "KMP_DUPLICATE_LIB_OK",
    "KMP_INIT_AT_FORK",
    "TORCHINDUCTOR_CACHE_DIR",
    "_RJEM_MALLOC_CONF",
)  # pytest, threadpoolctl, scikit-learn, torch, polars


def _process_state() -> dict[str, Any]:
    name, keys, *position = np.random.get_state(legacy=True)  # noqa: NPY002  # the global state is what is watched
    return {
        "NumPy's error handling": np.geterr(),
        "NumPy's global random state": (name, keys.tobytes(), *position),
        "environment": {k: v for k, v in os.environ.items() if k not in _SET_BY_OTHERS},
        "working folder": Path.cwd(),
    }


@pytest.fixture(autouse=True)
def sealed() -> Iterator[None]:
    """Fail a test that changes what other tests see."""
    before = _process_state()
    yield
    after = _process_state()
    changed = [what for what in before if before[what] != after[what]]
    if changed:
        _restore(before)
        pytest.fail(f"the test left changed: {', '.join(changed)}", pytrace=False)


def _restore(state: dict[str, Any]) -> None:
    np.seterr(**state["NumPy's error handling"])
    name, keys, *position = state["NumPy's global random state"]
    np.random.set_state((name, np.frombuffer(keys, dtype=np.uint32), *position))  # noqa: NPY002
    os.chdir(state["working folder"])
    for variable in os.environ.keys() - state["environment"].keys():
        del os.environ[variable]
    os.environ.update(state["environment"])
