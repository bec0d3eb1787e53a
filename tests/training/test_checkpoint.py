"""A run that was interrupted goes on to the same bits, and a file that does not fit is refused."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ArgumentError, CheckpointError
from chainrule.storage import load_arrays, save_arrays
from chainrule.training import Callback, EarlyStopping


class StopAt(Callback):
    def __init__(self, step):
        self.at = step

    def on_step(self, trainer, loss):
        if trainer.step == self.at:
            trainer.stop("interrupted")


def bits(trainer):
    state = {**trainer.network.params, **trainer.state}
    return {name: np.asarray(value).tobytes() for name, value in state.items()}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stop=st.integers(1, 31), kind=st.sampled_from(["sgd", "momentum", "adam"]))
def test_resuming_at_any_step_gives_the_bits_of_an_undisturbed_run(spirals, make_net, tmp_path, stop, kind):
    """150 rows in batches of 20: 8 steps an epoch, the last one smaller; 4 epochs."""
    optimizer = cr.optimizers.BY_NAME[kind]
    whole = cr.Trainer(make_net(), optimizer(0.05), batch_size=20, seed=2)
    whole.fit(*spirals, epochs=4)

    first = cr.Trainer(make_net(), optimizer(0.05), batch_size=20, seed=2, callbacks=[StopAt(stop)])
    first.fit(*spirals, epochs=4)
    first.callbacks.clear()
    first.save(tmp_path / "checkpoint")
    second = cr.Trainer(make_net(seed=9), optimizer(0.05), batch_size=20, seed=2)
    second.resume(tmp_path / "checkpoint")
    second.fit(*spirals, epochs=4)

    assert second.step == whole.step == 32
    assert bits(second) == bits(whole)
    ours, theirs = second.history.to_dicts(), whole.history.to_dicts()
    for row in ours + theirs:
        row.pop("seconds")
    assert ours == theirs


def test_early_stopping_remembers_across_an_interruption(spirals, make_net, tmp_path):
    def trainer():
        stopping = EarlyStopping("train_loss", patience=2)
        return cr.Trainer(make_net(), cr.SGD(0.1), callbacks=[stopping])

    first = trainer()
    first.fit(*spirals, epochs=3)
    first.save(tmp_path / "checkpoint")
    second = trainer()
    second.resume(tmp_path / "checkpoint")
    assert second.callbacks[0].best == first.callbacks[0].best
    assert second.callbacks[0].best_epoch == 3


def test_the_rate_of_now_is_resumed_and_other_data_in_the_middle_of_an_epoch_refused(
    spirals, make_net, tmp_path
):
    first = cr.Trainer(make_net(), cr.SGD(0.1), batch_size=20, callbacks=[StopAt(3)])
    first.fit(*spirals)
    first.optimizer.lr = 0.05
    first.callbacks.clear()
    first.save(tmp_path / "checkpoint")
    second = cr.Trainer(make_net(), cr.SGD(0.1), batch_size=20)
    second.resume(tmp_path / "checkpoint")
    assert second.optimizer.lr == 0.05
    with pytest.raises(ArgumentError, match="the epoch under way began on 150 rows; x has 25"):
        second.fit(spirals[0][:25], spirals[1][:25])


@pytest.mark.parametrize(
    "change", [{"settings": []}, {"step": 1e400}, {"callbacks": [{"class": "EarlyStopping", "values": {}}]}]
)
def test_a_text_that_lies_is_refused_and_nothing_is_changed(spirals, make_net, tmp_path, change):
    path = tmp_path / "checkpoint"

    def trainer(seed):
        return cr.Trainer(make_net(seed=seed), cr.SGD(0.1), callbacks=[EarlyStopping("train_loss")])

    first = trainer(0)
    first.fit(*spirals)
    first.save(path)
    arrays, metadata = load_arrays(path)
    del metadata["sha256"]  # it would tell at once; files of earlier versions have none
    metadata["trainer"] = json.dumps({**json.loads(metadata["trainer"]), **change})
    save_arrays(path, arrays, metadata)
    other = trainer(1)
    before = bits(other)
    with pytest.raises(CheckpointError):
        other.resume(path)
    assert bits(other) == before


def test_other_settings_are_refused_and_nothing_is_changed(spirals, make_net, tmp_path):
    trainer = cr.Trainer(make_net(), cr.SGD(0.1))
    trainer.fit(*spirals)
    trainer.save(tmp_path / "checkpoint")
    other = cr.Trainer(make_net(seed=1), cr.SGD(0.2))
    before = bits(other)
    with pytest.raises(CheckpointError, match=r"was written with lr = 0.1; this trainer has 0.2"):
        other.resume(tmp_path / "checkpoint")
    assert bits(other) == before


def test_another_network_is_refused(spirals, make_net, tmp_path):
    trainer = cr.Trainer(make_net(), cr.SGD(0.1))
    trainer.save(tmp_path / "checkpoint")
    other = cr.Trainer(
        cr.Sequential(cr.Affine(2, 5), cr.ReLU(), cr.Affine(5, 3), dtype=np.float64), cr.SGD(0.1)
    )
    with pytest.raises(
        CheckpointError, match=r"W1 is float64 of shape \(2, 16\); expected float64 of \(2, 5\)"
    ):
        other.resume(tmp_path / "checkpoint")


def test_a_damaged_file_is_refused(make_net, tmp_path):
    path = tmp_path / "checkpoint"
    trainer = cr.Trainer(make_net(), cr.SGD(0.1))
    trainer.save(path)
    whole = path.read_bytes()
    for size in (0, 7, 100, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(CheckpointError):
            trainer.resume(path)


def test_a_file_of_something_else_is_refused(make_net, tmp_path):
    net = make_net()
    net.save(tmp_path / "network")
    with pytest.raises(CheckpointError, match="is not a checkpoint of this version"):
        cr.Trainer(net, cr.SGD(0.1)).resume(tmp_path / "network")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"callbacks": [{"class": 3, "values": {}}]}, "was written with other callbacks: 3"),
        (
            {
                "callbacks": [
                    {"class": "EarlyStopping", "values": {"best": 1, "best_epoch": 1, "waited": "x"}}
                ]
            },
            "lacks what the callbacks remember: invalid literal for int()",
        ),
        (
            {
                "callbacks": [
                    {"class": "EarlyStopping", "values": {"best": 1, "best_epoch": math.inf, "waited": 0}}
                ]
            },
            "lacks what the callbacks remember: cannot convert float infinity to integer",
        ),
        (
            {"history": [{"epoch": "a" * 5000}]},
            "lacks a part of what a checkpoint holds: an epoch holds something",
        ),
        ({"history": [3]}, "lacks a part of what a checkpoint holds"),
        ({"rows": "many"}, "lacks a part of what a checkpoint holds: invalid literal"),
    ],
    ids=["class", "values", "infinity", "text in the history", "history of numbers", "rows"],
)
def test_a_part_of_another_kind_is_refused(spirals, make_net, tmp_path, damage, message):
    trainer = cr.Trainer(make_net(), cr.SGD(0.1), callbacks=[EarlyStopping("train_loss")])
    trainer.fit(*spirals, epochs=1)
    trainer.save(tmp_path / "checkpoint")
    arrays, metadata = load_arrays(tmp_path / "checkpoint")
    del metadata["sha256"]  # it would tell at once; files of earlier versions have none
    metadata["trainer"] = json.dumps(json.loads(metadata["trainer"]) | damage)
    save_arrays(tmp_path / "checkpoint", arrays, metadata)
    with pytest.raises(CheckpointError, match=re.escape(message)):
        trainer.resume(tmp_path / "checkpoint")


def test_best_parameters_of_another_network_are_refused_when_training_goes_on(spirals, make_net, tmp_path):
    trainer = cr.Trainer(make_net(), cr.SGD(0.1), callbacks=[EarlyStopping("train_loss")])
    trainer.fit(*spirals, epochs=1)
    trainer.save(tmp_path / "checkpoint")
    arrays, metadata = load_arrays(tmp_path / "checkpoint")
    del metadata["sha256"]  # it would tell at once; files of earlier versions have none
    save_arrays(tmp_path / "checkpoint", arrays | {"callback/0/W1": np.zeros((1, 1))}, metadata)
    trainer.resume(tmp_path / "checkpoint")
    with pytest.raises(
        CheckpointError, match="the best parameters that EarlyStopping was given back are not"
    ):
        trainer.fit(*spirals, epochs=2)
