"""The process in which somebody's file runs: it is stopped, held to its limits and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

posix = pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are there on POSIX only")

STUCK = "import time\n\ndef f(x):\n    while True:\n        time.sleep(0.01)\n"
WITH_A_CHILD = (
    "import os, subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "open('pids', 'w').write(f'{os.getpid()} {child.pid}')\n"
)


@pytest.fixture
def check(command, tmp_path):
    """Checks the function f of a file with this text, for x = 1."""

    def run(text, *words):
        (tmp_path / "mine.py").write_text(text)
        return command("check", "mine.py:f", "--input", "x=1", *words)

    return run


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:  # one that nobody has waited for yet has ended all the same
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def all_end(tmp_path):
    pids = list(map(int, (tmp_path / "pids").read_text().split()))
    deadline = time.monotonic() + 5
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return len(pids) == 2 and not any(map(is_running, pids))


def test_what_does_not_end_is_stopped_where_it_is(check):
    before = time.monotonic()
    done = check(STUCK, "--time-limit", "1")
    assert time.monotonic() - before < 10
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("chainrule: mine.py:5, in f: not done after 1 s, which is the time limit\n")


def test_the_time_limit_as_json(check):
    done = check("while True: pass\n", "--time-limit", "0.3", "--json")
    found = done.json()
    assert (done.code, done.err, found["ok"], found["verdict"]) == (3, "", False, "time limit")
    assert found["error"]["at"] == {
        "file": "mine.py",
        "line": 1,
        "function": "<module>",
        "code": "while True: pass",
    }


def test_what_lets_no_other_thread_run_is_stopped_from_outside(check):
    text = "import re\nre.match('(a+)+$', 60 * 'a' + 'b')\n"
    done = check(text, "--time-limit", "0.3")
    assert done.code == 3
    assert done.err.startswith("chainrule: mine.py is not done after 0.3 s, which is the time limit\n")


@posix
@pytest.mark.parametrize("rest", ["def f(x): return x**2\n", "while True: time.sleep(0.01)\n"])
def test_no_child_is_left_behind(check, tmp_path, rest):
    done = check(WITH_A_CHILD + rest, "--time-limit", "10" if "f(x)" in rest else "1")
    assert done.code == (0 if "f(x)" in rest else 3)
    assert all_end(tmp_path)


@posix
def test_ctrl_c_ends_all_of_it(check, tmp_path):
    def interrupt():
        while not (tmp_path / "pids").exists():
            time.sleep(0.01)
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    done = check(WITH_A_CHILD + "time.sleep(60)\n", "--time-limit", "30")
    assert (done.code, done.err) == (130, "interrupted\n")
    assert all_end(tmp_path)


@posix
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("import os; os._exit(0)", "the process that ran mine.py was ended with exit code 0 before the check"),
        ("import os; os.kill(os.getpid(), 11)", "the process that ran mine.py was ended by SIGSEGV before"),
        ("import os; os.closerange(3, 99)\nwhile True: pass", "mine.py closed the pipe for the answer"),
        ("import os\nfor i in range(3, 99):\n    try: os.write(i, b'[1]\\n')\n    except OSError: pass",
         "mine.py wrote into the answer of the check"),
    ],
)  # fmt: skip
def test_a_process_that_gives_no_answer(check, text, sentence):
    done = check(text)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"chainrule: {sentence}")


def test_of_what_is_printed_the_beginning_is_kept(check):
    done = check("for i in range(20_000): print(f'line {i}')\n\ndef f(x): return x * x\n", "--json")
    assert done.json()["ok"]
    assert done.err.startswith("line 0\nline 1\n")
    assert done.err.endswith("\n… the rest of the output is left out\n")
    assert len(done.err) == pytest.approx(2**16, abs=100)


@pytest.mark.skipif(sys.platform != "linux", reason="the other systems do not hold a process to a limit")
def test_memory_is_limited(check):
    done = check("import numpy as np\n\ndef f(x):\n    return np.ones(2**29).sum() * x\n")
    assert done.code == 2
    assert done.err.startswith(
        "chainrule: mine.py:4, in f: numpy._core._exceptions._ArrayMemoryError: Unable to"
    )
    assert "  fix   smaller arrays: the code that is checked has 2 GiB\n" in done.err


def test_products_of_matrices_in_threads_are_within_the_limit(check, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "64")
    product = "np.ones((900, 900)) @ np.ones((900, 900))"
    done = check(f"import numpy as np\n\ndef f(x):\n    return ({product})[0, 0] * x\n")
    assert done.code == 0, done.err


def test_it_runs_in_its_own_folder_and_leaves_nothing_in_it(command, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "neighbour.py").write_text("number = 3.0\n")
    (folder / "numpy.py").write_text("raise SystemExit('this is not NumPy')\n")
    (folder / "mine.py").write_text(
        "import neighbour, os, sys\n"
        "assert os.listdir('.') and os.path.samefile('.', os.path.dirname(__file__))\n"
        "assert sys.argv == [__file__] and __name__ == 'mine' and sys.modules['mine'].__file__ == __file__\n"
        "def f(x): return neighbour.number * x\n"
    )
    before = sorted(os.listdir(folder))
    done = command("check", "elsewhere/mine.py:f", "--input", "x=2")
    assert done.code == 0, done.err
    assert sorted(os.listdir(folder)) == before
