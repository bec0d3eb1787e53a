"""Every gate gives PyTorch's numbers, as they stand in the golden vectors (scripts/make_golden.py)."""

from __future__ import annotations

import re

import numpy as np
import pytest

from chainrule.gates import ALL
from chainrule.storage import load_arrays
from tests.gates._golden import GOLDEN, encoded, read
from tests.gates._run import assert_close, differentiated, run

CASES = read()


def test_there_are_golden_vectors_for_every_gate() -> None:
    assert {name.partition("/")[0] for name in CASES} == set(ALL)


def test_the_file_is_small_and_says_who_made_it() -> None:
    assert GOLDEN.stat().st_size < 300_000
    _, metadata = load_arrays(GOLDEN)
    assert re.match(r"\d+\.\d+", metadata["torch"])
    assert metadata["made by"] == "scripts/make_golden.py"


@pytest.mark.parametrize("name", ALL)
def test_values_and_gradients_are_golden(name: str) -> None:
    gate = ALL[name]
    for case in (CASES[one] for one in CASES if one.startswith(f"{name}/")):
        assert len(case.result.gradients) == len(differentiated(gate, case.given))
        assert_close(run(gate, case.given, case.upstream), case.result, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", ALL)
def test_upstream_gradients_are_not_all_ones(name: str) -> None:
    for case in (CASES[one] for one in CASES if one.startswith(f"{name}/")):
        assert not np.any(case.upstream == 1)


@pytest.mark.parametrize(
    ("setting", "written"),
    [
        ((0, -1), {"a tuple": [0, -1]}),
        (slice(None, 3, -2), {"a slice": [None, 3, -2]}),
        ((..., None, [0, 0]), {"a tuple": [{"an ellipsis": []}, None, [0, 0]]}),
        (np.float32, {"a dtype": "float32"}),
        (0.25, 0.25),
    ],
)
def test_settings_are_written_as_json(setting: object, written: object) -> None:
    assert encoded(setting) == written
