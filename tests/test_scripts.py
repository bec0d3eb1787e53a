"""The project's own tools: what they count, what they choose, and that a test's seal breaks when it should."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lowest import lowest, oldest_python
from sizes import Size, main, measure
from stages import STAGES, chosen

SNIPPET = '''\
"""Docstring."""

# a comment
def f(x: int) -> str:
    """Docstring
    of two lines."""
    return f"{x} and {x + 1}"  # an f-string is one token, whatever Python makes of it


TEXT = """two
lines"""
'''


def test_blanks_comments_and_docstrings_are_not_code(tmp_path: Path) -> None:
    (tmp_path / "snippet.py").write_text(SNIPPET)
    # def f ( x : int ) -> str :  and  return "…"  and  TEXT = "…"
    assert measure(tmp_path / "snippet.py") == Size(tmp_path / "snippet.py", lines=4, tokens=10 + 2 + 3)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("x = 1\n" * 300, 0),
        ("x = 1\n" * 301, 1),
        ("x = 1, 2, 3, 4, 5, 6\n" * 70, 0),
        ("x = 1, 2, 3, 4, 5, 6, 7\n" * 70, 1),
    ],
    ids=["300 lines", "301 lines", "13 tokens", "15 tokens"],
)
def test_long_and_dense_files_are_refused(
    text: str, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file.py").write_text(text)
    assert main([str(tmp_path)]) == status
    assert ("TOO MUCH" in capsys.readouterr().out) == bool(status)


def test_the_lowest_versions_are_the_floors_of_the_base_install() -> None:
    assert [version.partition("==")[0] for version in lowest()] == ["numpy", "rich", "threadpoolctl"]
    assert all(re.fullmatch(r"[a-z]+==[\d.]+", version) for version in lowest())
    assert oldest_python() == "3.11"


def test_stages_are_chosen_and_left_out() -> None:
    assert chosen([]) == list(STAGES)
    assert chosen(["types", "lint"]) == ["lint", "types"]
    assert chosen(["--without", "tests"]) == [name for name in STAGES if name != "tests"]


def test_an_unknown_stage_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        chosen(["tpyes"])
    assert "no stage is called tpyes; there are format, lint, types," in capsys.readouterr().err


def test_a_test_that_changes_the_process_fails_and_harms_no_other(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_leaks.py").write_text(
        "import os, numpy as np\n"
        "def test_environment(): os.environ['LEAK'] = '1'\n"
        "def test_folder(): os.chdir('/')\n"
        "def test_errors(): np.seterr(all='raise')\n"
        "def test_random(): np.random.rand()\n"
        "def test_clean(): assert 'LEAK' not in os.environ and np.geterr()['over'] == 'warn' != os.getcwd() != '/'\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_leaks.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert "5 passed, 4 errors" in done.stdout
    changed = re.findall(r"the test left changed: (.+)", done.stdout)
    wanted = ["environment", "working folder", "NumPy's error handling", "NumPy's global random state"]
    assert changed[:4] == wanted


def test_one_test_of_three_is_the_same_third_every_time(pytestconfig):
    """And with the other two thirds it would be all: none runs twice, none never."""
    here = Path(__file__).name
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        f"tests/{here}",
    ]

    def collected(*arguments: str) -> list[str]:
        done = subprocess.run(
            [*command, *arguments], capture_output=True, encoding="utf-8", cwd=pytestconfig.rootpath
        )
        return [line for line in done.stdout.splitlines() if line.startswith(f"tests/{here}::")]

    everything, third = collected(), collected("--every", "3")
    assert third == collected("--every", "3")
    assert 0 < len(third) < len(everything) / 2
    assert set(third) < set(everything)
