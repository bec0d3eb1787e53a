"""The tests in a browser are left out where there is none, except where CI says that there must be one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("required", "code", "result"), [("0", 0, "1 skipped"), ("1", 1, "1 error")])
def test_without_a_browser(tmp_path, required, code, result):
    pytest.importorskip("playwright")
    environment = {**os.environ, "PATH": str(tmp_path), "CHAINRULE_REQUIRE_BROWSER": required}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/browser/test_page.py"]
    done = subprocess.run(
        [*command, "-k", "test_the_page_can_ask_no_other_machine"],
        cwd=ROOT, env=environment, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert (done.returncode, result in done.stdout) == (code, True), done.stdout
    assert (
        required == "0"
        or "skipped, although CHAINRULE_REQUIRE_BROWSER is 1: Skipped: there is no Chromium" in done.stdout
    )
