"""Pixels stay uint8 from the file to the mini-batch, and every command takes them as x / 255."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.runs import load_data


@pytest.fixture
def pictures() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    t = rng.integers(0, 3, 90)
    x = rng.integers(0, 100, (90, 4)) + 150 * np.eye(4, dtype=int)[t]
    x = x.astype(np.uint8)
    return {"x_train": x[:60], "t_train": t[:60], "x_test": x[60:], "t_test": t[60:]}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_stay_as_small_as_they_are(bars, pictures, dtype):
    np.savez("pictures.npz", **pictures)
    for given in ("mnist", bars, "pictures.npz"):
        data = load_data(str(given), dtype)
        assert (data.x_train.dtype, data.x_test.dtype) == (np.uint8, np.uint8)


@pytest.mark.parametrize("dtype", [">i2", np.int64, bool, np.float64, np.float16])
def test_other_numbers_are_taken_as_they_are(pictures, dtype):
    x = pictures["x_train"].astype(dtype)
    np.savez("numbers.npz", **{**pictures, "x_train": x})
    data = load_data("numbers.npz", "float32")
    np.testing.assert_array_equal(data.x_train, x.astype(np.float32), strict=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_command_gives_the_bits_that_scaled_numbers_give(command, pictures, dtype):
    scaled = {
        key: value.astype(dtype) / np.dtype(dtype).type(255) if key.startswith("x") else value
        for key, value in pictures.items()
    }
    found = []
    for name, arrays in (("pixels", pictures), ("scaled", scaled)):
        np.savez(f"{name}.npz", **arrays)
        np.save(f"{name}.npy", arrays["x_test"])
        words = ("--epochs", 3, "--batch-size", 7, "--dtype", dtype, "--out", name)
        assert command("train", f"{name}.npz", *words).code == 0
        epochs = json.loads(Path(name, "history.json").read_text())["epochs"]
        measured = command("eval", name, "--json").json()
        rows = command("predict", name, f"{name}.npy", "--json").json()["rows"]
        found.append(
            (
                [{key: value for key, value in epoch.items() if key != "seconds"} for epoch in epochs],
                cr.load(f"{name}/network.safetensors").params,
                measured["loss"],
                measured["accuracy"],
                rows,
            )
        )
    np.testing.assert_equal(*found)
