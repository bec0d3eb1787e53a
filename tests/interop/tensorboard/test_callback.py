"""The log of a run, read back: by a reader of our own, and by TensorBoard's where it is installed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import SGD, Affine, Callback, Checkpoints, Sequential, Tanh, TensorBoard, Trainer
from chainrule.errors import ArgumentError, CheckpointError
from chainrule.layers import BatchNorm, Dropout, Embedding, Flatten
from tests.interop.tensorboard._read import NODE, decode, events, points

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def data() -> Data:
    rng = np.random.default_rng(1)
    return rng.normal(size=(40, 3)), rng.integers(0, 2, 40)


def trainer(*callbacks: Callback) -> Trainer:
    net = Sequential(Affine(3, 4), Tanh(), Affine(4, 2), seed=0)
    return Trainer(net, SGD(0.1), batch_size=4, callbacks=callbacks, engine="eager")  # 10 steps an epoch


class Losses(Callback):
    def __init__(self) -> None:
        self.all: list[float] = []

    def on_steps(self, trainer: Trainer, losses: Any) -> None:
        self.all += losses


class Killed(Callback):
    """Ends the process, as far as a test can, after some steps."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_steps(self, trainer: Trainer, losses: Any) -> None:
        if trainer.step == self.step:
            raise MemoryError


def test_scalars_are_those_of_the_run(tmp_path: Path, data: Data) -> None:
    losses = Losses()
    run = trainer(TensorBoard(tmp_path, every=5), losses)
    history = run.fit(*data, epochs=2, validation=data)
    found = points(tmp_path)
    assert found["step/loss"] == [(s, np.float32(losses.all[s - 1])) for s in (5, 10, 15, 20)]
    assert found["step/learning rate"] == [(s, np.float32(0.1)) for s in (5, 10, 15, 20)]
    assert all(speed > 0 for _, speed in found["step/per second"])
    for tag in ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy"):
        where, _, what = tag.partition("_")
        assert found[f"{what}/{where}"] == [(e.step, np.float32(getattr(e, tag))) for e in history]


def test_histograms_are_of_weights_and_of_gradients_of_the_first_mini_batch(
    tmp_path: Path, data: Data
) -> None:
    run = trainer(TensorBoard(tmp_path))
    at_first = run.network.gradient(data[0][:4], data[1][:4])
    run.fit(*data, epochs=3)
    found = points(tmp_path)
    for name, w in run.network.params.items():
        steps = [step for step, _ in found[f"weights/{name}"]]
        assert steps[0] == 0
        assert steps[-1] == 30
        last, first = found[f"weights/{name}"][-1][1], found[f"gradients/{name}"][0][1]
        assert (last["least"], last["most"], last["count"]) == ([w.min()], [w.max()], [w.size])
        np.testing.assert_allclose(first["sum"], at_first[name].sum(), atol=1e-6)
        assert sum(last["counts"][0]) == w.size


def test_layers_with_state_and_ids_have_a_log_too(tmp_path: Path) -> None:
    ids, t = np.arange(40).reshape(20, 2) % 5, np.arange(20) % 2
    layers = Embedding(5, 3), Flatten(), BatchNorm(6), Dropout(0.5), Affine(6, 2)
    net = Sequential(*layers, seed=0, input_shape=(2,))
    Trainer(net, SGD(0.1), batch_size=5, callbacks=[TensorBoard(tmp_path)], engine="eager").fit(ids, t)
    found = points(tmp_path)
    assert {f"{what}/{name}" for what in ("weights", "gradients") for name in net.params} < set(found)


def test_the_graph_is_the_whole_step(tmp_path: Path, data: Data) -> None:
    trainer(TensorBoard(tmp_path)).fit(*data)
    (graph,) = [event["graph"][0] for event in events(tmp_path) if "graph" in event]
    nodes = [decode(node, NODE) for node in decode(graph, {1: ("nodes", "b"), 4: ("versions", "b")})["nodes"]]
    by_name = {node["name"][0]: node for node in nodes}
    assert len(by_name) == len(nodes)
    assert by_name["forward/Affine1/matmul"]["inputs"] == ["inputs/x", "inputs/W1"]
    assert by_name["update/W2/subtract"]["inputs"][0] == "inputs/W2"
    seen: set[str] = set()
    for node in nodes:  # in an order in which they could run
        assert {name.partition(":")[0] for name in node.get("inputs", [])} <= seen
        seen |= set(node["name"])


def test_a_resumed_run_has_every_step_once(tmp_path: Path, data: Data) -> None:
    log, checkpoint = tmp_path / "log", tmp_path / "checkpoint.safetensors"

    def run(*more: Callback) -> Trainer:
        made = trainer(TensorBoard(log, every=1), Checkpoints(checkpoint, every_seconds=1e9), *more)
        if checkpoint.exists():
            made.resume(checkpoint)
        return made

    with pytest.raises(MemoryError):
        run(Killed(17)).fit(*data, epochs=3)
    assert points(log)["step/loss"][-1][0] == 17  # the checkpoint is of step 10
    assert run().fit(*data, epochs=3).stopped == "finished"
    found = points(log)
    alone = tmp_path / "alone"
    trainer(TensorBoard(alone, every=1)).fit(*data, epochs=3)
    assert len(list(log.iterdir())) == 2
    assert found["step/loss"] == points(alone)["step/loss"]
    assert found["loss/train"] == points(alone)["loss/train"]
    assert [step for step, _ in found["weights/W1"]].count(0) == 1
    assert sum("graph" in event for event in events(log)) == 1


def test_tensorboard_reads_it(tmp_path: Path, data: Data) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log, checkpoint = tmp_path / "log", tmp_path / "checkpoint.safetensors"
    with pytest.raises(MemoryError):
        trainer(TensorBoard(log, every=1), Checkpoints(checkpoint), Killed(17)).fit(*data, epochs=3)
    resumed = trainer(TensorBoard(log, every=1), Checkpoints(checkpoint))
    resumed.resume(checkpoint)
    resumed.fit(*data, epochs=3)
    theirs = EventAccumulator(str(log), size_guidance={"scalars": 0, "histograms": 0})
    theirs.Reload()
    ours = points(log)
    assert sorted(theirs.Tags()["scalars"] + theirs.Tags()["histograms"]) == sorted(ours)
    for tag in theirs.Tags()["scalars"]:
        assert [(e.step, e.value) for e in theirs.Scalars(tag)] == ours[tag]
    assert [e.step for e in theirs.Scalars("step/loss")] == list(range(1, 31))
    for tag in theirs.Tags()["histograms"]:
        found = [(e.step, list(e.histogram_value.bucket)) for e in theirs.Histograms(tag)]
        assert found == [(step, h["counts"][0]) for step, h in ours[tag]]
    graph = {node.name: node for node in theirs.Graph().node}
    shape = graph["forward/Affine1/matmul"].attr["_output_shapes"].list.shape[0]
    assert [axis.size for axis in shape.dim] == [4, 4]


def test_a_log_that_cannot_be_written_any_more_does_not_end_training(tmp_path: Path, data: Data) -> None:
    folder = tmp_path / "log"

    class Full(Callback):
        def on_steps(self, trainer: Trainer, losses: Any) -> None:
            if trainer.step == 5:
                (file,) = folder.iterdir()
                file.unlink()
                file.mkdir()

    run = trainer(TensorBoard(folder, every=2), Full())
    with pytest.warns(
        UserWarning, match=re.escape(f"the log in {folder} ends here: Is a directory")
    ) as caught:
        assert run.fit(*data, epochs=2).stopped == "finished"
    assert len(caught) == 1
    assert run.step == 20


def test_what_cannot_be_is_refused_before_the_first_step(tmp_path: Path, data: Data) -> None:
    with pytest.raises(ArgumentError, match="every is a whole number of steps, at least 1; it is 0"):
        TensorBoard(tmp_path, every=0)
    (tmp_path / "taken").write_bytes(b"")
    run = trainer(TensorBoard(tmp_path / "taken"))
    with pytest.raises(CheckpointError, match="taken takes no event file: File exists"):
        run.fit(*data)
    assert run.step == 0
    with pytest.raises(ArgumentError, match="a trainer has data only while fit is under way"):
        _ = run.data
