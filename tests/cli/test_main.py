"""The command as a whole: help, wrong words, errors of all kinds, readers that leave."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.cli import _info, _parser, main
from chainrule.cli._screen import table
from chainrule.engines import available

COMMANDS = ["train", "eval", "predict", "info", "check"]
SIZE = "must be a whole number of at least 1; it is"


def test_alone_it_helps(command):
    alone, asked = command(), command("--help")
    assert alone == asked
    assert alone.code == 0
    assert all(name in alone.out for name in COMMANDS)
    assert "chainrule train mnist --target-accuracy 0.97" in alone.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps_with_an_example(command, name):
    done = command(name, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"\n  chainrule {name}" in done.out.partition("\nexample")[2]
    assert "--json" in done.out


def test_every_example_of_the_help_is_one(command, monkeypatch):
    """The words of each example are read as the command reads them, up to the command's own function."""
    examples = []
    for name in COMMANDS:
        text = command(name, "--help").out.partition("\nexample")[2]
        lines = text.replace("\\\n", "").splitlines()
        examples += [shlex.split(line)[1:] for line in lines if line.startswith("  chainrule ")]
    assert len(examples) >= 9
    for words in examples:
        assert callable(_parser.parser(words).parse_args(words).run)


def test_version(command):
    assert command("--version") == (0, f"chainrule {cr.__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("train", "--hidden", "0"), f"chainrule train: argument --hidden: {SIZE} '0'"),
        (("train", "--hidden", "5", "x", "3"), f"chainrule train: argument --hidden: {SIZE} 'x'"),
        (("train", "--epochs", "1.5"), f"chainrule train: argument --epochs: {SIZE} '1.5'"),
        (("train", "--batch-size", "-3"), f"chainrule train: argument --batch-size: {SIZE} '-3'"),
        (("train", "--patience", "no"), f"chainrule train: argument --patience: {SIZE} 'no'"),
        (("train", "--seed", "-1"),
         "chainrule train: argument --seed: must be a whole number of at least 0; it is '-1'"),
        (("train", "--lr", "0"), "chainrule train: argument --lr: must be a number above 0; it is '0'"),
        (("train", "--lr", "nan"), "chainrule train: argument --lr: must be a number above 0; it is 'nan'"),
        (("train", "--lr", "inf"), "chainrule train: argument --lr: must be a number above 0; it is 'inf'"),
        (("train", "--weight-decay", "-1"),
         "chainrule train: argument --weight-decay: must be a number of at least 0; it is '-1'"),
        (("train", "--target-accuracy", "97"),
         "chainrule train: argument --target-accuracy: must be a number above 0 and up to 1, such as 0.97; "
         "it is '97'"),
        (("train", "--activation", "rellu"), "chainrule train: argument --activation: must be one of "
         "relu, sigmoid, tanh, leaky_relu, elu, gelu, softplus, silu; it is 'rellu'"),
        (("train", "--optimizer", "SGD"), "chainrule train: argument --optimizer: must be one of "
         "sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw; it is 'SGD'"),
        (("train", "--engine", "gpu"),
         f"chainrule train: argument --engine: must be one of auto, {', '.join(available())}; it is 'gpu'"),
        (("train", "--dtype", "float16"),
         "chainrule train: argument --dtype: must be one of float32, float64; it is 'float16'"),
        (("train", "--lr"), "chainrule train: argument --lr: expected one argument"),
        (("train", "--target-acc", "0.97"), "chainrule: unrecognized arguments: --target-acc"),
        (("train", "--target", "0.97"), "chainrule: --target, --task and --drop are for the columns of a table; "
         "mnist is none\n  fix   give a CSV or Parquet file, or a folder of Parquet files"),
        (("eval",), "chainrule eval: the following arguments are required: RUN"),
        (("predict", "run"), "chainrule predict: the following arguments are required: FILE"),
        (("train", "minst"), "chainrule: there is no data set 'minst'\n"
         "  fix   give mnist, a folder of IDX files or shards, an .npz file, or a table as .csv or .parquet"),
        (("train", "--precision", "half"),
         "chainrule train: argument --precision: must be one of bfloat16; it is 'half'"),
        (("train", "--precision", "bfloat16", "--engine", "eager"),
         "chainrule: precision='bfloat16' is for the xla engine; this is the eager engine\n"
         "  fix   choose the xla engine"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_wrong_words_get_one_sentence(command, words, what):
    assert command(*words) == (2, "", f"{what}\n")


def test_a_wrong_command_names_those_there_are(command):
    done = command("tran")
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert all(name in done.err for name in ["tran", *COMMANDS])


@pytest.mark.parametrize(
    ("error", "code", "what"),
    [
        (
            cr.errors.ShapeError("x is odd", fix="make it even"),
            2,
            "chainrule: x is odd\n  fix   make it even\n",
        ),
        (cr.errors.NonFiniteError("NaN", gate="log", variable="y", phase="forward"), 1, "chainrule: NaN\n"),
        (MemoryError("1 TB"), 1, "chainrule: there is not enough memory: 1 TB\n"),
        (
            PermissionError(13, "Permission denied", "runs"),
            1,
            "chainrule: [Errno 13] Permission denied: 'runs'\n",
        ),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_an_error_anywhere_is_a_sentence(command, monkeypatch, error, code, what):
    def fail(options):
        raise error

    monkeypatch.setattr(_info, "info", fail)
    assert command("info") == (code, "", what)


def test_a_mistake_of_our_own_keeps_its_traceback(command, monkeypatch):
    monkeypatch.setattr(_info, "info", lambda options: options.nothing)
    with pytest.raises(AttributeError):
        command("info")


def python(*words, **settings):
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "chainrule", *words], timeout=60, text=True, **settings
    )


@pytest.mark.parametrize("words", [("info",), ("train", "--help")], ids=" ".join)
def test_a_reader_that_leaves_is_fine(words):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = python(*words, stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert done.stderr == ""
    assert done.returncode == 141 or words[-1] == "--help", (
        "argparse itself does not care whether anybody reads its help"
    )


def test_an_output_that_is_closed_is_fine():
    done = subprocess.run(
        ["sh", "-c", '"$0" -W error -m chainrule info >&- 2>&-', sys.executable],
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_terminal_of_another_encoding_is_fine():
    done = python("predict", "--help", capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "(rows, height, width), ?" in done.stdout


def test_what_it_prepares_is_only_what_needs_it(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert main(["--version"]) == 0
    assert sys.stdout.getvalue() == f"chainrule {cr.__version__}\n"


@given(st.lists(st.lists(st.text("abc%1 ", max_size=12), min_size=3, max_size=3), max_size=5))
def test_the_columns_of_a_table_end_at_the_same_places(rows):
    lines = table(("one", "two", "three"), rows).splitlines()
    assert len(lines) == 1 + len(rows)
    assert len({len(line) for line in lines}) == 1
