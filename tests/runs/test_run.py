"""A run in its folder, started and gone on with from Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chainrule.errors import ArgumentError
from chainrule.runs import (
    Data,
    Settings,
    checked_settings,
    describe,
    how_to_go_on,
    load_network,
    new_path,
    probabilities,
    start,
    trainer_of,
)
from chainrule.training import Callback, Trainer


@pytest.fixture
def data() -> Data:
    rng = np.random.default_rng(20261126)
    x = rng.standard_normal((60, 4)).astype(np.float32)
    t = (x @ rng.standard_normal((4, 3))).argmax(axis=1)
    return Data("points.npz", x[:40], t[:40], x[40:], t[40:], classes=3)


@pytest.fixture
def settings() -> Settings:
    return checked_settings({"hidden": [8], "lr": 0.5, "batch_size": 8, "epochs": 6, "engine": "eager"})


class StopAt(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_step(self, trainer: Trainer, loss: float) -> None:
        if trainer.step == self.step:
            trainer.stop("enough")


def fit(trainer: Trainer, data: Data, settings: Settings) -> None:
    validation = data.x_test, data.t_test
    trainer.fit(data.x_train, data.t_train, epochs=settings.epochs, validation=validation)


def test_a_run_that_was_stopped_goes_on_with_the_same_bits(
    tmp_path: Path, data: Data, settings: Settings
) -> None:
    whole, parts = (start(tmp_path / name, settings, data) for name in ("whole", "parts"))
    undisturbed = trainer_of(whole, settings, data)
    fit(undisturbed, data, settings)
    fit(trainer_of(parts, settings, data, [StopAt(13)]), data, settings)
    resumed = trainer_of(parts, settings, data)
    assert resumed.step == 13
    fit(resumed, data, settings)
    for name, w in undisturbed.network.params.items():
        np.testing.assert_array_equal(resumed.network.params[name], w)


def test_it_leaves_everything_in_its_folder(tmp_path: Path, data: Data, settings: Settings) -> None:
    folder = start(tmp_path / "run", settings, data)
    trainer = trainer_of(folder, settings, data)
    fit(trainer, data, settings)
    assert {file.name for file in folder.path.iterdir()} == {
        "run.json", "checkpoint.safetensors", "network.safetensors", "history.json", "learning-curve.svg",
        "checkpoint.before-1.safetensors", "checkpoint.before-2.safetensors",
    }  # fmt: skip
    assert folder.read_about()["settings"]["hidden"] == [8]
    shares = probabilities(load_network(str(folder.path)), data.x_test)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    assert shares.argmax(axis=1).tolist() == trainer.network.predict(data.x_test).argmax(axis=1).tolist()


def test_a_run_is_not_started_over_another(tmp_path: Path, data: Data, settings: Settings) -> None:
    start(tmp_path / "run", settings, data)
    with pytest.raises(ArgumentError, match="is not empty"):
        start(tmp_path / "run", settings, data)


def test_new_runs_get_places_of_their_own(tmp_path: Path, data: Data) -> None:
    paths = []
    for _ in range(3):
        paths.append(new_path(data, tmp_path))
        paths[-1].mkdir()
    assert len(set(paths)) == 3
    assert all(path.name.startswith("points-2") for path in paths)


def test_a_run_is_told_in_a_line(tmp_path: Path, data: Data, settings: Settings) -> None:
    line = "points · 4-8-3 relu · sgd, lr 0.5 · batch 8 · seed 0 · float32"
    assert describe(settings, data) == line
    xavier = checked_settings({**settings.to_json(), "initial": "xavier"})
    assert describe(xavier, data) == line.replace("relu", "relu, xavier")
    folder = start(tmp_path / "my run", settings, data)
    assert how_to_go_on(folder) == f"chainrule train --resume --out '{tmp_path}/my run'"
