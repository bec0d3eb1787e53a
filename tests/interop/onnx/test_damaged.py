"""Damaged and hostile files: one clear error, no hang, and no more memory than the file can answer for."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from chainrule.errors import ChainruleError, CheckpointError, UnsupportedError  # noqa: E402
from chainrule.onnx import load, loaded  # noqa: E402
from tests._memory import limited_memory  # noqa: E402
from tests.interop.onnx._models import dense, model, node  # noqa: E402

FILES = [file.read_bytes() for file in sorted((Path(__file__).parent / "foreign").glob("*.onnx"))]
SEED = 20261126
_W = {"W": np.ones((4, 3), np.float32)}


def mutated(rng: np.random.Generator) -> bytes:
    """One of the files with a few bits, bytes or pieces changed."""
    data = bytearray(FILES[rng.integers(len(FILES))])
    for _ in range(rng.integers(1, 6)):
        at, other = (int(n) for n in rng.integers(len(data), size=2))
        kind = rng.integers(5)
        if kind == 0:
            data[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            data[at] = (0, 1, 0x7F, 0x80, 0xFF)[rng.integers(5)]
        elif kind == 2:
            del data[at : at + int(rng.integers(1, 20))]
        elif kind == 3:
            data[at:at] = rng.bytes(int(rng.integers(1, 12)))
        else:
            data[at : at + 8] = data[other : other + 8]
    return bytes(data)


def test_a_mutated_file_is_a_network_or_one_error():
    rng = np.random.default_rng(SEED)
    refused = 0
    for _ in range(400):
        data = mutated(rng)
        try:
            loaded(data)
        except ChainruleError:
            refused += 1
    assert 200 < refused < 400, f"seed {SEED}"


def whole(*numbers):
    return np.array(numbers, np.int64)


ROW, COLUMN = np.ones((1, 5000), int), np.ones((5000, 1), int)

# What a few bytes can ask for. Each is followed by a product with W, so that there is something to train.
BOMBS = {
    "a shape to expand to": ([node("Expand", "k n", "b")], {"k": whole(1), "n": whole(2**31, 2**20)}),
    "a constant of a shape": ([node("ConstantOfShape", "n", "b")], {"n": whole(2**40)}),
    "a range": ([node("Range", "k n k", "b")], {"k": np.int64(1), "n": np.int64(2**62)}),
    "repetition": ([node("Tile", "k n", "b")], {"k": whole(1, 2), "n": whole(2**40)}),
    "one-hot rows": ([node("OneHot", "k n k", "b")], {"k": whole(1, 2), "n": whole(2**40)}),
    "a product of constants": ([node("MatMul", "c r", "b")], {"r": ROW, "c": COLUMN}),
    "a sum of a row and a column": ([node("Add", "r c", "b")], {"r": ROW, "c": COLUMN}),
    "doubling": (
        [node("Concat", f"d{n} d{n}", f"d{n + 1}", axis=0) for n in range(40)] + [node("Shape", "d40", "b")],
        {"d0": whole(1, 1)},
    ),
    "a selection": ([node("Gather", "t p", "b")], {"t": np.ones((10, 5000), int), "p": np.zeros(5000, int)}),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_cannot_ask_for_much_memory(name):
    nodes, arrays = BOMBS[name]
    nodes = [*nodes, node("Cast", "b", "f", to=1), node("MatMul", "x W", "p"), node("Add", "p f", "y")]
    data = model(nodes, {**_W, **arrays}).SerializeToString()
    start = time.process_time()
    with (
        limited_memory(2 * len(data) + 8 * 2**22 + 2**20),
        pytest.raises(CheckpointError, match="are too large to be made for a look"),
    ):
        loaded(data)
    assert time.process_time() - start < 2


def test_a_long_row_costs_nothing_until_it_is_there():
    with limited_memory(2**20):
        net = loaded(
            model(
                [node("Mul", "x w", "y")], {"w": np.ones(1, np.float32)}, shape=("N", 2**40)
            ).SerializeToString()
        )
    assert net.input_size == 2**40


@pytest.mark.parametrize("lengths", [(2**30, 6), (2**12, 2**12)], ids=str)
def test_a_large_image_is_refused_before_it_is_made(lengths):
    window = {"kernel_shape": [2, 2], "pads": [1, 0, 1, 1]}
    nodes = [
        node("AveragePool", "x", "a", **window),
        node("GlobalAveragePool", "a", "b"),
        node("Mul", "b w", "y"),
    ]
    data = model(nodes, {"w": np.ones(1, np.float32)}, shape=("N", 1, *lengths)).SerializeToString()
    with limited_memory(2**24), pytest.raises(CheckpointError, match="are too large to be made for a look"):
        loaded(data)


_PEAK = """
import re, sys, numpy as np, chainrule as cr
cr.onnx.load(sys.argv[1])  # what is imported and kept is there now
status = lambda word: int(re.search(word + r":\\s+(\\d+) kB", open("/proc/self/status").read())[1]) << 10
before = status("VmRSS")
net = cr.onnx.load(sys.argv[2])
print(status("VmHWM") - before)
assert all(array.flags.writeable for array in net.params.values())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the memory of a process is told by Linux")
def test_a_large_file_takes_no_more_than_twice_its_size(tmp_path):
    """Of the whole process, since the memory of protobuf is not Python's; one array is the worst case."""
    small, large = tmp_path / "small.onnx", tmp_path / "large.onnx"
    onnx.save(model([node("MatMul", "x W", "y")], _W), small)
    onnx.save(model([node("MatMul", "x W", "y")], {"W": np.ones((4, 3_000_000), np.float32)}), large)
    size = large.stat().st_size
    assert size > 48e6
    command = [sys.executable, "-c", _PEAK, str(small), str(large)]
    peak = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert size < peak <= 2 * size + (4 << 20)


def test_a_tensor_in_another_file_is_never_looked_for(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(48))
    made = dense()
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": "../secret", "length": "48"}.items():
        tensor.external_data.add(key=key, value=value)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "net.onnx").write_bytes(made.SerializeToString())
    with pytest.raises(
        UnsupportedError, match="keeps its numbers in another file, which chainrule does not open"
    ):
        load(tmp_path / "folder" / "net.onnx")


def text_tensor():
    return onnx.helper.make_tensor("W", onnx.TensorProto.STRING, [1], [b"text"])


def branch():
    inside = onnx.helper.make_graph([node("Identity", "W", "z")], "then", [], [])
    return onnx.helper.make_node("If", ["c"], ["y"], "choice", then_branch=inside, else_branch=inside)


def changed(change):
    made = dense()
    change(made)
    return made.SerializeToString()


def message(field, content):
    """A field of a protobuf message, and in it some bytes."""
    length, left = bytearray(), len(content)
    while left > 127:
        length.append(left & 127 | 128)
        left >>= 7
    return bytes([field << 3 | 2, *length, left]) + content


HOSTILE = {
    "nothing": (b"", "there is no graph of operators in it"),
    "a text": (b"hello" * 50, "it is no ONNX file, or a damaged one"),
    "half a file": (FILES[0][: len(FILES[0]) // 2], "it is no ONNX file, or a damaged one"),
    "more numbers than there are": (
        changed(lambda m: m.graph.initializer[0].dims.append(2**40)),
        "the tensor 'W' does not hold as many numbers as it says",
    ),
    "fewer than no numbers": (
        changed(lambda m: m.graph.initializer[0].dims.append(-1)),
        "the tensor 'W' does not hold as many numbers as it says",
    ),
    "texts": (
        changed(lambda m: m.graph.initializer[0].CopyFrom(text_tensor())),
        "the tensor 'W' holds STRING, which no gate computes with",
    ),
    "a branch": (
        changed(lambda m: m.graph.node.append(branch())),
        "of the node 'choice' is no number, text or tensor: chainrule reads graphs without branches and loops",
    ),
    "a circle": (
        changed(lambda m: m.graph.node[0].input.__setitem__(1, "y")),
        "needs the value 'y', which nothing before it makes",
    ),
    "very many empty nodes": (
        message(7, b"\x0a\x00" * 2**18),
        "it is made of more small parts than any network",
    ),
    "millions of whole numbers of one byte": (
        message(7, message(5, message(7, bytes(2**22 + 1)) + message(8, b"W"))),
        "it is made of more small parts than any network",
    ),
    "a loss that is none": (
        changed(lambda m: onnx.helper.set_model_props(m, {"chainrule": '{"loss": {"layer": "Affine"}}'})),
        "its loss cannot be read: {'layer': 'Affine'}",
    ),
    "deep metadata": (
        changed(lambda m: onnx.helper.set_model_props(m, {"chainrule": "[" * 100_000})),
        "what chainrule wrote beside its graph cannot be read",
    ),
    "an axis that is not there": (
        changed(lambda m: m.graph.node[2].CopyFrom(node("Softmax", "c", "h", axis=2**40))),
        "holds no network: the node 'h' (Softmax)",
    ),
    "an axis beyond the last": (
        changed(lambda m: m.graph.node[2].CopyFrom(node("LayerNormalization", "c c", "h", axis=8))),
        "axis 8 is out of bounds for array of dimension 2",
    ),
    "a row of no numbers": (
        changed(lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[1], "dim_value", -4)),
        "a row of its input 'x' has the shape (-4,)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_a_sentence(name):
    data, says = HOSTILE[name]
    start = time.process_time()
    with pytest.raises((CheckpointError, UnsupportedError)) as refusal:
        loaded(data, name="it")
    assert time.process_time() - start < 5
    assert says in refusal.value.what
    assert refusal.value.what.startswith("it")
