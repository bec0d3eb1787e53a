"""What ranks tell each other, all of it made of one sum."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.comm import NullComm, comm_of, place_among_ranks
from tests._threads import on_ranks

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(value=JSON, ranks=st.integers(1, 4), data=st.data())
@settings(max_examples=30)
def test_every_rank_gets_the_value_of_one(value: Any, ranks: int, data: st.DataObject) -> None:
    root = data.draw(st.integers(0, ranks - 1))
    assert (
        on_ranks(ranks, lambda c: c.broadcast(value if c.rank == root else "mine", root=root))
        == [value] * ranks
    )


def test_arrays_are_given_to_the_last_bit() -> None:
    first = {"w": np.array([[-0.0, np.nan], [5e-324, -np.inf]]), "key": np.array([7], np.uint32)}

    def given(comm: cr.Comm) -> list[bytes]:
        mine = {name: w if comm.rank == 0 else np.ones_like(w) for name, w in first.items()}
        comm.broadcast_arrays(mine.values())
        return [w.tobytes() for w in mine.values()]

    assert on_ranks(3, given) == [[w.tobytes() for w in first.values()]] * 3


@pytest.mark.parametrize(
    ("values", "first"), [((None, "b", "c"), "b"), ((None, None, None), None), (("a", None, "c"), "a")]
)
def test_the_first_that_has_something_to_say_is_heard(values: tuple[Any, ...], first: Any) -> None:
    assert on_ranks(3, lambda comm: comm.first(values[comm.rank])) == [first] * 3


@pytest.mark.parametrize(("values", "rank"), [((1, 1, 1), None), ((1, 1, 2), 2), ((1, 3, 2), 1)])
def test_all_know_which_rank_is_different(values: tuple[int, ...], rank: int | None) -> None:
    assert on_ranks(3, lambda comm: comm.different({"lr": values[comm.rank]})) == [rank] * 3


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({}, (0, 1)),
        ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "3"}, (1, 3)),
        ({"PMI_RANK": "2", "PMI_SIZE": "3"}, (2, 3)),
        ({"PMIX_RANK": "1", "SLURM_STEP_NUM_TASKS": "2"}, (1, 2)),
        ({"SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "2"}, (0, 1)),  # a batch script
        ({"RANK": "0", "WORLD_SIZE": "2"}, (0, 2)),
        ({"RANK": "5", "WORLD_SIZE": "2"}, (0, 1)),  # somebody else's variables
        ({"RANK": "high", "WORLD_SIZE": "2"}, (0, 1)),
    ],
)
def test_the_place_of_a_process_is_in_its_environment(
    environment: dict[str, str], place: tuple[int, int]
) -> None:
    assert place_among_ranks(environment) == place


def test_a_comm_is_taken_as_it_is() -> None:
    comm = NullComm()
    assert comm_of(comm) is comm
    with pytest.raises(cr.errors.RankError, match="cannot go on without it"):
        comm.shrink()


def test_without_mpi4py_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(cr.errors.MissingExtraError, match="needs the package mpi4py") as caught:
        comm_of("mpi")
    assert caught.value.fix == "pip install 'chainrule[mpi]'"
