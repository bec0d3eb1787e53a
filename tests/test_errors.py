"""Errors: their text, the line of the user that they point at, and copies of them."""

from __future__ import annotations

import contextlib
import copy
import os
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import errors
from chainrule.errors import (
    ArgumentError,
    ChainruleError,
    DTypeError,
    GradientError,
    MissingExtraError,
    NonFiniteError,
    ParseError,
    ShapeError,
)

KINDS = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, ChainruleError)]


def test_the_text_is_what_where_how_and_more() -> None:
    error = ShapeError("X is (2, 3), W is (4, 5)", fix="X.reshape(-1, 4)", at="train.py:31")
    assert str(error) == (
        "X is (2, 3), W is (4, 5)\n"
        "  at    train.py:31\n"
        "  fix   X.reshape(-1, 4)\n"
        "  more  docs/errors.md#shapeerror"
    )


def test_what_is_not_known_has_no_line() -> None:
    error = ArgumentError("lr is 0")
    error.at = None
    assert str(error) == "lr is 0\n  more  docs/errors.md#argumenterror"


def test_an_expression_is_pointed_at_by_line_and_column() -> None:
    error = ParseError("x is followed by nothing", line=2, column=7, fix="x + 1")
    assert str(error) == (
        "x is followed by nothing\n  at    line 2, column 7\n  fix   x + 1\n  more  docs/errors.md#parseerror"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_one_of_pythons_kinds_too(kind: type[ChainruleError]) -> None:
    assert kind is ChainruleError or len(kind.__bases__) == 2
    assert kind.__doc__


# The line of the user


def raised_in(file: Path | str, source: str) -> ChainruleError:
    """What a file of the user's raises; it need not exist."""
    with pytest.raises(ChainruleError) as caught:
        exec(compile(source, str(file), "exec"), {"cr": cr, "np": np})
    return caught.value


BAD = "\ncr.Variable(np.arange(3))"
PACKAGE, NUMPY, STANDARD = (os.path.dirname(str(m.__file__)) for m in (cr, np, os))


@pytest.mark.parametrize(
    "folder",
    [
        os.path.join(os.path.dirname(PACKAGE), "chainrule_apps"),
        os.path.join("home", "me", "numpy", "lessons"),
        os.path.join(os.path.dirname(NUMPY), "numpy_lessons"),
        os.path.join(STANDARD, "site-packages", "my_package"),
    ],
)
def test_a_folder_of_the_users_may_be_called_almost_anything(folder: str) -> None:
    assert raised_in(os.path.join(folder, "train.py"), BAD).at == "train.py:2"


@pytest.mark.parametrize("folder", [PACKAGE, os.path.join(NUMPY, "_core"), STANDARD], ids=os.path.basename)
def test_files_that_are_not_the_users_are_passed_over(folder: str) -> None:
    at = raised_in(os.path.join(folder, "train.py"), BAD).at
    assert at is not None
    assert at.startswith("test_errors.py:")


def test_a_context_manager_of_the_users_is_found_behind_the_standard_library() -> None:
    @contextlib.contextmanager
    def refuse() -> Iterator[None]:
        yield
        raise ArgumentError("no")

    with pytest.raises(ArgumentError) as caught, refuse():
        pass
    line = refuse.__wrapped__.__code__.co_firstlineno + 3  # type: ignore[attr-defined]
    assert caught.value.at == f"test_errors.py:{line}"


def test_a_thread_without_a_line_of_the_users_has_none() -> None:
    with ThreadPoolExecutor(1) as pool:
        error = pool.submit(cr.Variable, "text").exception()  # type: ignore[arg-type, unused-ignore]
    assert isinstance(error, DTypeError)
    assert error.at is None


# Copies, as a pool of processes makes them


EXAMPLES = [
    *(kind("what", fix="fix") for kind in KINDS if kind not in (ParseError, NonFiniteError)),
    ParseError("what", line=1, column=2),
    NonFiniteError("what", gate="log", variable="loss", phase="forward", step=7, fix="fix", at="here"),
    GradientError("what", report=[1, 2]),
    MissingExtraError.for_extra("prove", "sympy", "proving"),
]


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
@pytest.mark.parametrize("error", EXAMPLES, ids=lambda e: type(e).__name__)
def test_a_copy_says_the_same(error: ChainruleError, make: Callable[[Any], Any]) -> None:
    error.add_note("step 3")
    again = make(error)
    assert type(again) is type(error)
    assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))
    assert getattr(again, "msg", None) == getattr(error, "msg", None)


def test_what_a_file_says_cannot_steer_a_terminal_nor_fill_it() -> None:
    error = errors.DataError(
        "x holds \x1b[2J\x07 and " + "a" * 100_000 + " 값\nend", fix="not \x00" + "b" * 9999
    )
    assert error.fix is not None
    assert error.fix.startswith(r"not \x00bbb")
    assert len(error.fix) < 1100
    assert error.what.startswith(r"x holds \x1b[2J\x07 and aaa")
    assert error.what.endswith("aaa 값\nend")
    assert " … " in error.what
    assert len(error.what) < 1100
