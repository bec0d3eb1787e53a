"""``chainrule check``: the exit code says what the report says. (That all is right is tested with `verify`.)"""

from __future__ import annotations

import pytest

from chainrule import verify
from chainrule.cli import _check


def report(*, all_right):
    right = verify.check_gradients(lambda x: x * x, 3.0)
    wrong = verify.GradientReport("f", 0, (verify.InputCheck("x", (), "float64", "wrong", "1 of 1"),))
    found = {"first": right, "second": right if all_right else wrong}
    rows = [verify.Row("gate", name, "", {"float64": (report,)}) for name, report in found.items()]
    return verify.CheckReport(tuple(rows), seed=0)


def test_it_checks_everything_there_is():
    assert _check.check_all is verify.check_all


@pytest.mark.parametrize(("all_right", "code"), [(True, 0), (False, 1)])
def test_one_that_is_wrong_is_enough(command, monkeypatch, all_right, code):
    def check_all(*, progress):
        progress(0, 2, "first")
        return report(all_right=all_right)

    monkeypatch.setattr(_check, "check_all", check_all)
    done = command("check")
    assert (done.code, done.err.strip()) == (code, "")  # rich 13 ends a progress display with a line break
    assert done.out == f"{report(all_right=all_right)}\n"
    done = command("check", "--json")
    assert done.code == code
    assert done.json() == report(all_right=all_right).to_dict()
