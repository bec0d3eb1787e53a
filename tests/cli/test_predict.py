"""``chainrule predict``: classes of rows, images and pictures."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli import main
from tests.cli._data import make_bars, write_idx

softmax = pytest.importorskip("scipy.special").softmax


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run that tells an upright bar (class 0) from a lying one (class 1) in images of 6 x 6."""
    folder = tmp_path_factory.mktemp("trained")
    make_bars(folder / "bars")
    words = ("train", folder / "bars", "--epochs", 30, "--batch-size", 10, "--out", folder / "run")
    assert main([str(word) for word in words]) == 0
    return folder / "run"


@pytest.fixture
def run(trained):
    """The run, at a short name in the test's own folder."""
    Path("run").symlink_to(trained)
    return Path("run")


def upright(at=2, light=250):
    image = np.zeros((6, 6), np.uint8)
    image[:, at] = light
    return image


def lying(at=2, light=250):
    return upright(at, light).T.copy()


def test_probabilities_are_the_softmax_of_the_scores(command, run):
    x = np.random.default_rng(0).random((5, 36), np.float32)
    np.save("x.npy", x)
    rows = command("predict", run, "x.npy", "--json").json()["rows"]
    expected = softmax(cr.load(run / "network.safetensors").predict(x).astype(np.float64), axis=1)
    np.testing.assert_allclose([row["probabilities"] for row in rows], expected, rtol=1e-5)
    assert [row["class"] for row in rows] == expected.argmax(axis=1).tolist()


@pytest.mark.parametrize("shape", [(36,), (1, 36), (6, 6), (1, 6, 6), (1, 1, 6, 6)], ids=str)
def test_one_row_in_any_shape(command, run, shape):
    np.save("x.npy", lying().reshape(shape))
    result = command("predict", run, "x.npy", "--json").json()
    assert [row["class"] for row in result["rows"]] == [1]
    assert result["read"] == "1 row of 36 numbers, uint8, divided by 255"


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, ">f8"])
def test_many_rows_of_any_real_numbers(command, run, dtype):
    np.save("x.npy", np.stack([lying(), upright(4), lying(1)]).astype(dtype) / 255)
    assert [row["class"] for row in command("predict", run, "x.npy", "--json").json()["rows"]] == [1, 0, 1]


@pytest.mark.parametrize("name", ["images.idx", "images.gz", "images"])
def test_an_idx_file_is_told_by_what_it_holds(command, run, name):
    write_idx(Path(name), np.stack([upright(), lying()]))
    if name.endswith("gz"):
        Path(name).write_bytes(gzip.compress(Path(name).read_bytes()))
    assert [row["class"] for row in command("predict", run, name, "--json").json()["rows"]] == [0, 1]


def test_the_table(command, run):
    np.save("x.npy", np.stack([upright(), lying()]))
    lines = command("predict", run, "x.npy").out.splitlines()
    assert lines[0] == "x.npy: 2 rows of 36 numbers, uint8, divided by 255"
    assert lines[2].split() == ["row", "class", "probability", "next", "probability"]
    cells = [line.split() for line in lines[3:]]
    assert [(row[0], row[1], row[4]) for row in cells] == [("0", "0", "1"), ("1", "1", "0")]
    assert all(float(row[2]) + float(row[5]) == pytest.approx(100, abs=0.02) for row in cells)


def save_picture(name, pixels, **how):
    Image = pytest.importorskip("PIL.Image")
    Image.fromarray(pixels).save(name, **how)


@pytest.mark.parametrize("image", [upright(), lying()], ids=["upright", "lying"])
@pytest.mark.parametrize(
    ("name", "change", "done"),
    [
        ("same.png", lambda p: p, "6 × 6 pixels, in grey"),
        ("paper.png", lambda p: 255 - p, "6 × 6 pixels, in grey, inverted, because its border is light"),
        ("large.png", lambda p: p.repeat(20, 0).repeat(20, 1), "120 × 120 pixels, in grey, fitted into 6 × 6"),
        ("large.jpg", lambda p: p.repeat(20, 0).repeat(20, 1), "120 × 120 pixels, in grey, fitted into 6 × 6"),
        ("colour.png", lambda p: np.stack([p, p, p // 2], axis=-1), "6 × 6 pixels, in grey"),
        ("deep.png", lambda p: p.astype(np.uint16) * 257, "6 × 6 pixels, in grey"),
        # Black strokes on nothing at all: seen on white paper.
        ("clear.png", lambda p: np.stack([p * 0, p * 0, p * 0, p], axis=-1),
         "6 × 6 pixels, in grey, inverted, because its border is light"),
    ],
)  # fmt: skip
def test_pictures(command, run, image, name, change, done):
    # The bar is kept off the border, whose colour says what is paper.
    pixels = image * np.pad(np.ones((4, 4), np.uint8), 1)
    save_picture(name, change(pixels))
    result = command("predict", run, name, "--json").json()
    assert result["read"] == done
    assert [row["class"] for row in result["rows"]] == [int(image[2, 0] > 0)]


@pytest.mark.parametrize(
    "deepen", [lambda p: p, lambda p: p.astype(np.uint16) * 257], ids=["8 bits", "16 bits"]
)
def test_a_picture_is_the_same_as_its_pixels(command, run, deepen):
    pixels = np.random.default_rng(0).integers(0, 100, (6, 6)).astype(np.uint8)
    save_picture("x.png", deepen(pixels))
    np.save("x.npy", pixels)
    picture, pixels = (command("predict", run, file, "--json").json()["rows"] for file in ("x.png", "x.npy"))
    assert picture == pixels


def test_a_picture_that_is_no_square_keeps_its_proportions(command, run):
    wide = np.zeros((60, 120), np.uint8)
    wide[30:40, 10:110] = 255
    save_picture("wide.png", wide)
    result = command("predict", run, "wide.png", "--json").json()
    assert result["read"] == "120 × 60 pixels, in grey, fitted into 6 × 6"
    assert result["rows"][0]["class"] == 1


def test_inverting_may_be_decided_by_the_user(command, run):
    save_picture("x.png", 255 - lying())
    np.save("left.npy", 255 - lying())
    np.save("inverted.npy", lying())
    for flag, same_as, done in (("--no-invert", "left.npy", ""), ("--invert", "inverted.npy", ", inverted")):
        result = command("predict", run, "x.png", flag, "--json").json()
        assert result["read"] == f"6 × 6 pixels, in grey{done}"
        assert result["rows"] == command("predict", run, same_as, "--json").json()["rows"]


def test_without_pillow_it_says_what_to_install(command, run, monkeypatch):
    Path("x.png").write_bytes(b"\x89PNG")
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    done = command("predict", run, "x.png")
    assert (done.code, done.err) == (
        2,
        "chainrule: reading x.png as a picture needs the package pillow, which is not installed\n"
        "  fix   pip install 'chainrule[image]'\n",
    )


def cut(data):
    return data[: len(data) - len(data) // 3]


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("nothing", None, "there is no file nothing\n  fix   give an .npy file, an IDX file or a picture\n"),
        ("empty.npy", b"", "empty.npy is not an .npy file: it begins with nothing\n"
         "  fix   save an array of numbers with np.save\n"),
        ("text.npy", b"seven rows", "text.npy is not an .npy file: it begins with 73 65 76 65 6e 20\n"),
        ("empty", b"", "empty cannot be read as a picture: "),
        ("text.txt", b"seven", "text.txt cannot be read as a picture: cannot identify image file"),
        ("cut.png", cut, "cut.png cannot be read as a picture: "),
        ("cut.npy", cut, "cut.npy promises 576 bytes of data in an array of shape (2, 36), but holds "),
        ("odd.npy", np.zeros((3, 5)), "odd.npy holds an array of shape (3, 5); the network takes rows of 36 numbers\n"
         "  fix   save one of shape (rows, 36)\n"),
        ("none.npy", np.zeros((0, 36)), "none.npy holds an array of shape (0, 36); "),
        ("complex.npy", np.zeros((2, 36), complex), "complex.npy holds <c16, not integers, floats or booleans\n"),
        ("nan.npy", np.where(np.arange(72) == 40, np.nan, 0).reshape(2, 36),
         "nan.npy holds NaN, inf, or what float32 cannot hold, first in row 1\n"),
        ("large.npy", np.full((2, 36), 1e300),
         "large.npy holds NaN, inf, or what float32 cannot hold, first in row 0\n"),
        ("objects.npy", np.array([{}] * 36), "objects.npy holds Python objects, which would have to be unpickled"),
        ("cut.idx", cut, "cut.idx promises 72 bytes of data, but the 59 bytes of it cannot hold them\n"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value and " " not in value else "",
)  # fmt: skip
def test_what_cannot_be_read(command, run, name, content, what):
    if isinstance(content, np.ndarray):
        np.save(name, content, allow_pickle=content.dtype == object)
    elif callable(content):
        if name.endswith("png"):
            save_picture(name, np.random.default_rng(0).integers(0, 255, (50, 50), np.uint8))
        elif name.endswith("npy"):
            np.save(name, np.zeros((2, 36)))
        else:
            write_idx(Path(name), np.zeros((2, 6, 6)))
        Path(name).write_bytes(content(Path(name).read_bytes()))
    elif content is not None:
        Path(name).write_bytes(content)
    done = command("predict", run, name)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith(f"chainrule: {what}")


def test_a_header_that_lies_costs_no_memory(command, run):
    np.save("x.npy", np.zeros((2, 36)))
    data = Path("x.npy").read_bytes().replace(b"(2, 36), }      ", b"(2000000000, 36)}")[:144]
    Path("x.npy").write_bytes(data)
    done = command("predict", run, "x.npy")
    assert done.code == 2
    assert done.err.startswith("chainrule: x.npy promises 576,000,000,000 bytes of data in an array of shape")


def test_a_network_that_takes_no_square(command, heaps):
    command("train", heaps, "--epochs", 1, "--out", "heaps")
    cr.Sequential(cr.Affine(5, 2)).save("five.safetensors")
    save_picture("x.png", lying())
    done = command("predict", "five.safetensors", "x.png")
    assert (done.code, done.err) == (
        2,
        "chainrule: x.png would be read as a picture, but the network takes 5 numbers, which are no square\n"
        "  fix   give an .npy file with rows of numbers\n",
    )


def test_predictions_are_written_to_a_file_for_tables_only(command, refused, heaps):
    command("train", heaps, "--epochs", 1, "--out", "run")
    np.save("rows.npy", np.zeros((2, 4)))
    assert "--out is for runs that were trained on a table; run is none" in refused(
        "predict", "run", "rows.npy", "--out", "said.csv"
    )


def test_a_table_needs_a_network_of_a_table(command, refused, heaps):
    command("train", heaps, "--epochs", 1, "--out", "run")
    Path("rows.csv").write_text("a,b\n1,2\n")
    assert "rows.csv is a table; this network was not trained on one" in refused("predict", "run", "rows.csv")
