"""What mpiexec says is made shorter, and what it is told fits the machines."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from chainrule.comm._mpiexec import Told, noticing, threads_for_each

RULE = "-" * 74 + "\n"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            f"{RULE}prterun noticed that process rank 1 with PID 71 on node beta exited on\nsignal 9 (Killed).\n{RULE}",
            "rank 1 on beta was ended by SIGKILL",
        ),
        (
            f"{RULE}PRTE has lost communication with a remote daemon.\n\n"
            "  HNP daemon   : [prterun-alpha-9@0,0] on node alpha\n"
            f"  Remote daemon: [prterun-alpha-9@0,1] on node beta\n{RULE}\0",
            "beta can no longer be reached",
        ),
        (
            f"{RULE}An MPI communication peer process has unexpectedly disconnected.\n\n"
            f"  Local host: alpha\n  Peer host:  beta\n{RULE}\0[alpha:00000] *** An error occurred in Socket closed\n",
            "a rank on beta is gone",
        ),
        (
            "[alpha][[3,1],0][btl_tcp_frag.c:127:mca_btl_tcp_frag_send] peer: beta writev failed: Broken pipe (32)\n",
            "a rank on beta is gone",
        ),
        ("[alpha:00000] *** An error occurred in Socket closed\n", "a rank has lost its connection to another one"),
        ("[alpha:41] plm:ssh: Warning: setpgid(4,4) failed\n", None),
    ],
)  # fmt: skip
def test_what_mpiexec_says_becomes_one_sentence(
    text: str, cause: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Told()
    told.pass_on(io.StringIO(f"epoch 1\n{text}epoch 2 [of 3]\n"))
    assert told.cause() == cause
    assert capsys.readouterr().err == "epoch 1\nepoch 2 [of 3]\n"


def test_daemons_notice_within_the_time_out() -> None:
    for timeout in (6.0, 30.0, 600.0):
        time, interval, probes = map(int, noticing(timeout).values())
        assert time + interval * probes == timeout


def test_ranks_share_the_cores_of_their_own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.comm._mpiexec.cores", lambda: 8)
    hosts = tmp_path / "hosts"
    hosts.write_text("# ours\none slots=8\ntwo slots=8  # the new one\n")
    assert [threads_for_each(ranks, str(hosts)) for ranks in (2, 4, 5, 64)] == [8, 4, 2, 1]
    assert [threads_for_each(ranks, None) for ranks in (2, 4, 5, 64)] == [4, 2, 1, 1]
