"""Networks as ONNX files, run by onnx's own evaluator and by onnxruntime."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

import chainrule as cr  # noqa: E402
from chainrule import gates  # noqa: E402
from chainrule.errors import ArgumentError, CheckpointError, UnsupportedError  # noqa: E402
from chainrule.graph import functions as f  # noqa: E402
from chainrule.graph import quiet, run_gate  # noqa: E402
from chainrule.interop.onnx._export import model_of  # noqa: E402
from chainrule.interop.onnx._operators import TRANSLATIONS, Application, write  # noqa: E402
from chainrule.interop.onnx._writer import Writer  # noqa: E402
from tests.gates._examples import EXAMPLES  # noqa: E402
from tests.interop.onnx._runtimes import check_runtimes  # noqa: E402

ACTIVATIONS = [cr.ELU, cr.GELU, cr.LeakyReLU, cr.ReLU, cr.Sigmoid, cr.SiLU, cr.Softplus, cr.Tanh]


def rows(number, columns=4, dtype=np.float32):
    return np.random.default_rng(number).normal(size=(number, columns)).astype(dtype)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: a.__name__)
def test_others_compute_the_same_for_any_number_of_rows(activation, tmp_path):
    net = cr.Sequential(cr.Affine(4, 5), activation(), cr.Affine(5, 3), cr.Tanh(), seed=1)
    net.to_onnx(tmp_path / "net.onnx")
    for number in (1, 7):
        check_runtimes(tmp_path / "net.onnx", rows(number), net.predict(rows(number)))


def test_images(tmp_path):
    net = cr.Sequential(
        cr.Conv2D(1, 3, (3, 2), stride=(1, 2), padding=1),
        cr.ReLU(),
        cr.MaxPool(2, stride=1, padding=1),
        cr.Conv2D(3, 2, 2),
        cr.AvgPool(2, padding=1),
        cr.Flatten(),
        cr.Affine(24, 3),
        input_shape=(1, 6, 6),
    )
    net.to_onnx(tmp_path / "net.onnx")
    again = cr.onnx.load(tmp_path / "net.onnx")
    assert again.shapes == net.shapes
    for number in (1, 5):
        x = rows(number, 36).reshape(-1, 1, 6, 6)
        check_runtimes(tmp_path / "net.onnx", x, net.predict(x))
        np.testing.assert_array_equal(again.predict(x), net.predict(x))


def test_layers_that_do_something_else_in_training_are_written_as_they_are_used(tmp_path):
    net = cr.Sequential(
        cr.Affine(4, 6),
        cr.BatchNorm(6),
        cr.ReLU(),
        cr.Residual(cr.Affine(6, 6), cr.BatchNorm(6), cr.Tanh(), cr.Dropout(0.5)),
        cr.LayerNorm(6),
        cr.Dropout(0.3),
        cr.Affine(6, 3),
    )
    x, t = rows(40), np.arange(40) % 3
    cr.Trainer(net, cr.Adam(0.01), batch_size=10).fit(x, t, epochs=3)
    net.to_onnx(tmp_path / "net.onnx")
    check_runtimes(tmp_path / "net.onnx", x, net.predict(x))
    again = cr.onnx.load(tmp_path / "net.onnx")
    np.testing.assert_array_equal(again.predict(x), net.predict(x))
    assert again.params.keys() == net.params.keys()  # running means are no parameters
    cr.Trainer(again, cr.Adam(0.01), batch_size=10).fit(x, t, epochs=3)
    assert again.loss(x, t) < net.loss(x, t)


def test_ids_go_into_an_embedding(tmp_path):
    net = cr.Sequential(cr.Embedding(9, 4), cr.Flatten(), cr.Affine(12, 3), input_shape=(3,))
    ids, t = np.random.default_rng(0).integers(0, 9, (20, 3)), np.arange(20) % 3
    net.to_onnx(tmp_path / "net.onnx")
    check_runtimes(tmp_path / "net.onnx", ids, net.predict(ids))
    again = cr.onnx.load(tmp_path / "net.onnx")
    np.testing.assert_array_equal(again.predict(ids), net.predict(ids))
    for trained in (net, again):
        cr.Trainer(trained, cr.SGD(0.1), batch_size=7).fit(ids, t, epochs=2)
    for key, value in net.params.items():
        np.testing.assert_array_equal(again.params[key], value)
    with pytest.raises(ArgumentError, match="is 9; the 9 rows have the numbers 0 to 8"):
        again.predict(ids + 1)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    activations=st.lists(st.sampled_from(ACTIVATIONS), min_size=4, max_size=4),
    loss=st.sampled_from([cr.SoftmaxWithLoss, cr.BinaryCrossEntropyWithLogits]),
    probabilities=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_any_network_comes_back_from_its_file_to_the_bit(sizes, activations, loss, probabilities, dtype):
    layers = []
    for columns, (outputs, activation) in zip(
        [4, *sizes], zip(sizes, activations, strict=False), strict=False
    ):
        layers += [cr.Affine(columns, outputs), activation()]
    net = cr.Sequential(*layers, loss=loss(), seed=3, dtype=dtype)
    again = cr.onnx.loaded(model_of(net, probabilities=probabilities).SerializeToString())
    x = rows(5, dtype=dtype)
    np.testing.assert_array_equal(again.predict(x), net.predict(x))
    assert (list(again.params), again.shapes) == (list(net.params), net.shapes)
    assert [n.op_type for n in model_of(again).graph.node] == [
        n.op_type for n in model_of(net, probabilities=probabilities).graph.node
    ]


def test_the_lessons_network_keeps_its_float64_and_gives_probabilities_when_asked(tmp_path):
    net, x = cr.TwoLayerNet(4, 5, 3, weight_init_std=1.0, seed=0), rows(6, dtype=np.float64)
    net.to_onnx(tmp_path / "net.onnx")
    check_runtimes(tmp_path / "net.onnx", x, net.predict(x), within=1e-14)
    net.to_onnx(tmp_path / "net.onnx", probabilities=True)
    check_runtimes(tmp_path / "net.onnx", x, f.softmax(net.predict(x)), within=1e-14)


def test_probabilities_of_yes_or_no(tmp_path):
    net = cr.Sequential(cr.Affine(4, 2), loss=cr.BinaryCrossEntropyWithLogits())
    net.to_onnx(tmp_path / "net.onnx", probabilities=True)
    check_runtimes(tmp_path / "net.onnx", rows(3), f.sigmoid(net.predict(rows(3))))


def test_the_file_says_what_it_holds_and_asks_for_no_newer_runtime_than_it_needs():
    net = cr.Sequential(cr.Affine(4, 5), cr.ReLU(), cr.Affine(5, 3))
    model = model_of(net)
    assert [node.name for node in model.graph.node] == [
        "/Affine1/MatMul", "/Affine1/Add", "/ReLU1/Relu", "/Affine2/MatMul", "/Affine2/Add",
    ]  # fmt: skip
    assert [tensor.name for tensor in model.graph.initializer] == ["W1", "b1", "W2", "b2"]
    ends = [*model.graph.input, *model.graph.output]
    shapes = {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in ends}
    assert shapes == {"x": ["N", 4], "scores": ["N", 3]}
    assert (model.producer_name, model.producer_version) == ("chainrule", cr.__version__)
    assert (model.opset_import[0].version, model.ir_version) == (18, 8)
    gelu = model_of(cr.Sequential(cr.Affine(4, 5), cr.GELU()))
    assert (gelu.opset_import[0].version, gelu.ir_version) == (20, 9)


@pytest.mark.parametrize("gate", TRANSLATIONS, ids=lambda gate: gate.name)
def test_each_gate_is_written_as_operators_that_compute_the_same(gate):
    if gate in (gates.gelu, gates.softplus):
        pytest.importorskip(
            "onnx", minversion="1.23", reason="older evaluators lack it, or lack it for one number"
        )
    for example in EXAMPLES[gate.name]:
        writer = Writer("x")
        names = tuple(writer.initializer(f"input{n}", value) for n, value in enumerate(example.inputs))
        settings = {**gate.defaults, **example.settings}
        dtype = np.result_type(*example.inputs)
        shapes = tuple(map(np.shape, example.inputs))
        try:
            last = write(writer, Application(gate, names, shapes, dtype, settings))
        except UnsupportedError as refusal:
            partly = {
                gates.getitem: "a selection by several arrays",
                gates.scatter: "what is scattered among",
            }
            assert refusal.what.startswith(partly.get(gate, "nothing"))  # noqa: PT017
            continue
        expected = quiet.run(run_gate, gate, example.inputs, example.settings)
        expected = expected[0] if gate.keeps else expected
        initializers = [onnx.numpy_helper.from_array(a, name) for name, a in writer.initializers.items()]
        output = onnx.helper.make_empty_tensor_value_info(last)
        graph = onnx.helper.make_graph(writer.nodes, gate.name, [], [output], initializers)
        opset = onnx.helper.make_opsetid("", writer.opset)
        model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9)
        (out,) = ReferenceEvaluator(model).run(None, {})
        assert np.shape(out) == np.shape(expected)
        np.testing.assert_allclose(out, expected, rtol=1e-7, atol=1e-7, err_msg=str(example.settings))


def network(compute):
    """Something to export that no layer does: a function of rows of 4 numbers."""
    return SimpleNamespace(
        params={},
        arrays={},
        embedding=None,
        dtype=np.dtype(np.float32),
        input_shape=(4,),
        lastLayer=None,
        compute=lambda parameters, x: compute(x),
    )


FOLLOWING_THE_ROWS = {
    "one axis": lambda x: f.reshape(x, (x.shape[0], 2, 2)),
    "an axis that counts rows and columns": lambda x: f.reshape(x, (x.shape[0] * 2, 2)),
    "two axes": lambda x: f.reshape(x, (x.shape[0], 2, 2, -1)),
    "a broadcast": lambda x: f.broadcast_to(f.reshape(x, (x.shape[0], 1, 4)), (x.shape[0], 3, 4)),
    "a broadcast to more than the rows": lambda x: f.broadcast_to(f.sum(x), (2 * x.shape[0] + 1, 3)),
    "places": lambda x: f.getitem(x, (slice(None), [2, 0, 0])),
    "slices": lambda x: f.getitem(x, (slice(None), None, slice(3, 0, -2))),
    "a column": lambda x: f.getitem(x, (Ellipsis, -1)),
    "a choice": lambda x: f.where(x > 0.5, x * 2, np.arange(4, dtype=np.float32)) + np.arange(4),
    "another precision": lambda x: x + np.arange(4) / 8,
    "python's numbers": lambda x: f.power(f.abs(x), 3) - 1,
}  # fmt: skip


@pytest.mark.parametrize("name", FOLLOWING_THE_ROWS)
def test_what_follows_the_rows_follows_them_in_the_file(name, tmp_path):
    compute = FOLLOWING_THE_ROWS[name]
    (tmp_path / "net.onnx").write_bytes(model_of(network(compute)).SerializeToString())
    for number in (1, 5):
        expected = np.asarray(compute(rows(number)))
        check_runtimes(tmp_path / "net.onnx", rows(number), expected)


@pytest.mark.parametrize(
    ("compute", "says"),
    [
        (lambda x: f.scatter(x, index=..., shape=(x.shape[0], 4)), "what is scattered among other places"),
        (
            lambda x: cr.windows(f.reshape(x, (x.shape[0], 1, 2, 2)), size=2),
            "the gate windows is no ONNX operator",
        ),
        (
            lambda x: x * 2 if x.shape[0] == 2 else x + 2,
            "the network is no one graph for every number of rows",
        ),
        (lambda x: f.getitem(x, (slice(None), x.shape[0] - 2)), "places depend on the number of rows"),
        (
            lambda x: f.getitem(x, (slice(None), np.array([True, False] * 2))),
            "a selection by several arrays, or by true and false",
        ),
    ],
    ids=["a partly written gate", "a gate without operators", "another graph", "a place", "a mask"],
)
def test_what_cannot_be_written_is_refused(compute, says):
    with pytest.raises(UnsupportedError, match=says):
        model_of(network(compute))


def test_a_refusal_leaves_the_file_as_it_was(tmp_path):
    class Own(cr.Layer):
        def compute(self, x):
            return f.scatter(x, index=..., shape=(x.shape[0], 4))

    (tmp_path / "net.onnx").write_bytes(b"as it was")
    with pytest.raises(UnsupportedError, match="what is scattered"):
        cr.Sequential(Own(), cr.Affine(4, 3)).to_onnx(tmp_path / "net.onnx")
    assert (tmp_path / "net.onnx").read_bytes() == b"as it was"


def test_bad_arguments_are_said_in_a_sentence(tmp_path):
    regression = cr.Sequential(cr.Affine(4, 1), loss=cr.MeanSquaredError())
    with pytest.raises(ArgumentError, match="the loss MeanSquaredError gives no probabilities"):
        regression.to_onnx(tmp_path / "net.onnx", probabilities=True)
    with pytest.raises(CheckpointError, match="cannot be written"):
        regression.to_onnx(tmp_path / "nowhere" / "net.onnx")


def test_gates_that_are_written_are_gates():
    assert set(TRANSLATIONS) <= set(gates.ALL.values())
