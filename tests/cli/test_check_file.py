"""``chainrule check FILE.py:NAME``: verdicts, sentences and exit codes."""

from __future__ import annotations

import pytest

from tests.cli._students import AFFINE, FUNCTIONS, LOSS, NETWORK

ARGUMENTS = ("--argument", "W=(4,2)", "--argument", "b=(2,)")
INPUT = ("--input", "x=(3,4)")


@pytest.fixture
def affine(tmp_path):
    """The file of a layer, in which a text may be replaced."""

    def write(old="", new=""):
        assert old in AFFINE
        file = tmp_path / "affine.py"
        file.write_text(AFFINE.replace(old, new) if old else AFFINE, encoding="utf-8")
        return f"{file}:MyAffine"

    return write


def test_a_right_layer_is_ok_and_json_is_all_that_is_printed(command, affine):
    noisy = affine("self.x = x", "self.x = x; print('안녕'); import os; os.system('echo from a child')")
    done = command("check", noisy, *ARGUMENTS, *INPUT, "--json")
    found = done.json()
    assert (done.code, found["ok"], found["verdict"]) == (0, True, "ok")
    assert found.keys() == {"ok", "verdict", "report"}
    shapes = [(i["name"], i["shape"], i["ok"]) for i in found["report"]["inputs"]]
    assert shapes == [("x", [3, 4], True), ("W", [4, 2], True), ("b", [2], True)]
    assert "안녕\n" in done.err
    assert "from a child\n" in done.err


def test_a_wrong_one_is_wrong_in_both_languages_and_its_line_is_named(command, affine):
    wrong = affine("dout.sum(axis=0)", "dout.mean(axis=0)")
    done = command("check", wrong, *ARGUMENTS, *INPUT, "--lang", "ko", "--seed", "7")
    assert (done.code, done.err) == (1, "")
    first, *table = done.out.splitlines()
    assert first == "MyAffine의 기울기, 시드 7: 틀림"
    assert [line.split()[-1] for line in table[1:4]] == ["맞음", "맞음", "틀림"]
    found = command("check", wrong, *ARGUMENTS, *INPUT, "--json")
    assert (found.code, found.json()["verdict"]) == (1, "wrong")
    assert [i["ok"] for i in found.json()["report"]["inputs"]] == [True, True, False]
    assert "affine.py" in done.out
    assert "self.db = dout.mean(axis=0)" in done.out


def test_a_gradient_that_was_forgotten_is_wrong_unless_it_is_said_to_be_none(command, affine):
    forgotten = affine("self.db = dout.sum(axis=0)", "pass")
    done = command("check", forgotten, *ARGUMENTS, *INPUT, "--lang", "ko")
    assert done.code == 1
    assert "1. b의 기울기를 찾을 수 없다." in done.out
    assert command("check", forgotten, *ARGUMENTS, *INPUT, "--targets", "b, x").code == 0


def test_the_loss_of_the_book_as_the_book_calls_it(command, tmp_path):
    (tmp_path / "loss.py").write_text(
        LOSS.replace("np.log(self.y)", "np.log(self.y + 1e-7)").replace("dout *", "")
    )
    words = ("loss.py:Loss", "--input", "x=(5,3)", "--input", "t=(5,):onehot3")
    assert command("check", *words, "--tolerance", "1e-3").code == 1
    assert command("check", *words, "--last", "--tolerance", "1e-3").code == 0
    for flag in (["--last"], ["--targets", "t"], ["--tolerance", "0.1"]):
        done = command("check", *flag)
        assert (done.code, f"{flag[0]} needs something to check" in done.err) == (2, True)


def test_a_network_with_labels(command, tmp_path):
    (tmp_path / "net.py").write_text(NETWORK)
    words = ("--argument", "sizes=[4, 3]:int", "--input", "t=(5,):int3", "--input", "x=(5,4)", "--json")
    first, again = (command("check", "net.py:Net", *words) for _ in range(2))
    (w, *_) = first.json()["report"]["inputs"]
    assert (first.code, w["name"], w["shape"], w["verdict"]) == (0, "W", [4, 3], "ok")
    assert first.out == again.out  # though it draws from NumPy's own generator


@pytest.mark.parametrize("name", ["Loss", "both"])
def test_one_hot_rows_are_no_inputs_to_be_checked(command, tmp_path, name):
    (tmp_path / "loss.py").write_text(LOSS)
    words = ("--input", "x=(5,3)", "--input", "t=(5,):onehot3", "--json")
    found = command("check", f"loss.py:{name}", *words).json()
    inputs = {i["name"]: i["verdict"] for i in found["report"]["inputs"]}
    assert (found["verdict"], inputs) == ("ok", {"x": "ok", "t": "not checked"})


@pytest.mark.parametrize(
    ("name", "words", "code"),
    [
        ("f", ["--gradient", "df", "--input", "y=(3,)", "--input", "x=[1, 2, 3]"], 0),
        ("f", ["--gradient", "twice", "--input", "(3,)", "--input", "(3,)"], 1),
        ("f", ["--input", "x=2", "--input", "y=3"], 0),  # chainrule's own backprop
        ("both", ["--input", "(3,)"], 0),
        ("layer", ["--input", "x=(3,2)"], 0),
    ],
)
def test_functions_of_every_kind(command, affine, tmp_path, name, words, code):
    affine()  # a neighbour
    (tmp_path / "functions.py").write_text(FUNCTIONS)
    done = command("check", f"functions.py:{name}", *words)
    assert done.code == code, done.err


def test_names_in_korean(command, tmp_path):
    text = AFFINE.replace("MyAffine", "어파인").replace("forward(self, x)", "forward(self, 입력)")
    (tmp_path / "내_계층.py").write_text(
        text.replace("x @", "입력 @").replace("= x", "= 입력"), encoding="utf-8"
    )
    done = command("check", "내_계층.py:어파인", *ARGUMENTS, "--input", "입력=(3,4)", "--lang", "ko")
    assert (done.code, done.out.splitlines()[0]) == (0, "어파인의 기울기, 시드 0: 맞음")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("import numpy as np", "def f(:", "affine.py:2: SyntaxError: invalid syntax\n  code  def f(:"),
        ("import numpy", "import nunpy", "affine.py:2: ModuleNotFoundError: No module named 'nunpy'\n"),
        ("import numpy as np", "import sys; sys.exit(0)", "affine.py:2: SystemExit: 0\n"),
        (
            "self.W, self.b = W, b",
            "raise Exception(W.shape)",
            "affine.py:6, in __init__: Exception: (4, 2)\n",
        ),
        (
            "dout @ self.W.T",
            "self.nothing",
            "affine.py:15, in backward: AttributeError: 'MyAffine' object has no",
        ),
        ("dout @ self.W.T", "input()", "affine.py:15, in backward: EOFError: EOF when reading a line\n"),
    ],
)
def test_what_the_code_raises_is_a_sentence_with_its_line(refused, affine, old, new, sentence):
    said = refused("check", affine(old, new), *ARGUMENTS, *INPUT)
    assert said.startswith(f"chainrule: {sentence}")


def test_an_error_as_json(command, affine):
    done = command("check", affine("self.x.T @ dout", "self.x @ dout"), *ARGUMENTS, *INPUT, "--json")
    assert (done.code, done.err) == (2, "")
    found = done.json()
    assert (found["ok"], found["verdict"]) == (False, "error")
    assert found["error"]["kind"] == "ValueError"
    assert found["error"]["at"] == {
        "file": "affine.py",
        "line": 13,
        "function": "backward",
        "code": "self.dW = self.x @ dout",
    }


def test_of_what_a_function_makes_the_line_is_named_too(refused, affine, tmp_path):
    affine("self.W + self.b", "self.Q")
    (tmp_path / "functions.py").write_text(FUNCTIONS)
    said = refused("check", "functions.py:layer", "--input", "x=(3,2)")
    assert said.startswith("chainrule: affine.py:10, in forward: AttributeError: 'MyAffine' object has no")


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("affine.py", "'affine.py' does not say what is to be checked: FILE.py:NAME"),
        ("affine.py:", "'affine.py:' does not say"),
        ("affine.py:a.b", "'affine.py:a.b' does not say"),
        ("affine.txt:MyAffine", "affine.txt is no Python file: its name must end in .py"),
        ("nothing.py:MyAffine", "there is no file nothing.py"),
        (".py:MyAffine", ".py is no Python file"),
    ],
)
def test_a_target_that_is_none(command, refused, affine, target, sentence):
    affine()
    assert refused("check", target).startswith(f"chainrule: {sentence}")
    done = command("check", target, "--json")
    assert (done.code, done.err, done.json()["verdict"]) == (2, "", "error")
    assert done.json()["error"]["what"].startswith(sentence)


def test_a_name_that_is_not_there(refused, affine):
    said = refused("check", affine().replace("MyAffine", "MyAfine"), *INPUT)
    assert said == "chainrule: affine.py has no MyAfine; it has MyAffine\n"


@pytest.mark.parametrize(
    "words",
    [("--input", "x=1"), ("--argument", "x=1"), ("--gradient", "df"), ("--seed", "0"), ("--time-limit", "1"),
     ("--lang", "en")],
)  # fmt: skip
def test_what_is_about_a_file_needs_one(refused, words):
    assert refused("check", *words).startswith(f"chainrule: {words[0]} needs something to check\n")


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "x"])
def test_a_time_limit_is_a_number_of_seconds(refused, seconds):
    assert "must be a number of seconds above 0" in refused("check", "a.py:f", "--time-limit", seconds)
