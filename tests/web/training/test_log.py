"""The log: numbered, bounded, and nothing that matters is lost."""

from __future__ import annotations

from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.web._training import _log
from chainrule.web._training._log import MOST, Log


def test_events_are_numbered_from_one_and_read_after_a_number():
    log = Log()
    for step in (10, 20, 30):
        log.append("steps", step=step)
    assert [event["n"] for event in log.since(0)] == [1, 2, 3]
    assert log.since(2) == [{"n": 3, "kind": "steps", "step": 30}]
    assert log.since(3) == []


def test_a_number_that_another_server_gave_gets_everything():
    log = Log()
    log.append("steps", step=1)
    assert [event["n"] for event in log.since(900)] == [1]


def test_numbers_go_on_when_another_run_begins():
    log = Log()
    log.append("steps", step=1)
    log.clear()
    assert log.since(0) == []
    log.append("status", status="preparing")
    assert [(event["n"], event["kind"]) for event in log.since(1)] == [(2, "status")]


def test_what_json_cannot_hold_becomes_none():
    log = Log()
    log.append("epoch", loss=float("nan"), layers=[{"gradient": float("inf")}])
    assert log.since(0) == [{"n": 1, "kind": "epoch", "loss": None, "layers": [{"gradient": None}]}]


@given(st.lists(st.sampled_from(["steps", "epoch", "flow", "status"]), max_size=120))
def test_a_bounded_log_keeps_order_and_the_last_of_each_kind(kinds):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_log, "MOST", dict.fromkeys(MOST, 5))
        log, read, last = Log(), [], {}
        for number, kind in enumerate(kinds, start=1):
            log.append(kind)
            last[kind] = number
            read += log.since(read[-1]["n"] if read else 0)
    kept = [event["n"] for event in log.since(0)]
    assert kept == sorted(set(kept))
    assert [event["n"] for event in read] == list(range(1, len(kinds) + 1)), "who reads along misses nothing"
    for kind, number in last.items():
        ours = [event["n"] for event in log.since(0) if event["kind"] == kind]
        assert 1 <= len(ours) <= 5
        assert ours[-1] == number


def test_of_a_long_run_all_stretches_stay_in_sight():
    log = Log()
    log.append("status", status="running")
    for step in range(1, 50_001):
        log.append("steps", step=step)
    steps = [event["step"] for event in log.since(0) if event["kind"] == "steps"]
    assert MOST["steps"] / 2 <= len(steps) <= MOST["steps"]
    gaps = [after - before for before, after in zip([0, *steps], steps, strict=False)]
    assert max(gaps) <= 4 * 50_000 / MOST["steps"] * 2
    assert log.since(0)[0]["kind"] == "status"


def test_threads_share_it():
    log = Log()

    def add():
        for _ in range(300):
            log.append("steps")

    threads = [Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event["n"] for event in log.since(0)] == list(range(1, 1201))


def test_listeners_are_called_after_each_event_and_at_the_end():
    log, heard = Log(), []
    with log.listening(lambda: heard.append([event["n"] for event in log.since(0)])):
        log.append("steps")
        log.append("steps")
        assert log.listeners == 1
        log.close()
    log.append("steps")
    assert heard == [[1], [1, 2], [1, 2]]
    assert log.closed
    assert log.listeners == 0
