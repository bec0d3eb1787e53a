"""Trains the same network on this engine and writes what came of it: python _fit.py FILE ENGINE [mpi]."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

import chainrule as cr


def fit(file: Path, engine: str, comm: str | None) -> None:
    rng = np.random.default_rng(2)
    x, t = rng.normal(size=(53, 7)), rng.integers(0, 3, 53)
    network = cr.TwoLayerNet(7, 6, 3, seed=4, dtype=np.float64)
    trainer = cr.Trainer(network, cr.Momentum(0.1), batch_size=10, engine=engine, comm=comm, clip_norm=1.0)
    history = trainer.fit(x, t, epochs=5)
    if trainer.comm.rank == 0:
        found = {"size": trainer.comm.size, "loss": history["loss"], "accuracy": history["train_accuracy"]}
        file.write_text(json.dumps({**found, "W1": network.params["W1"].tolist()}))


if __name__ == "__main__":
    fit(Path(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
