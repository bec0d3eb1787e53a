"""What is trained here on one device, on several of one process, and by several processes: run as a program too.

python tests/engines/xla/_work.py FILE.npz PARAMETERS …
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

import chainrule as cr


def train(parameters: str = "replicated") -> dict[str, Any]:
    """The gradients of one step, then steps with mini-batches that no number of devices divides; twice, to the bit."""
    rng = np.random.default_rng(5)
    x, t = rng.integers(0, 256, (83, 16), dtype=np.uint8), rng.integers(0, 3, 83)
    layers = cr.Affine(16, 24), cr.BatchNorm(24), cr.ReLU(), cr.Dropout(0.2), cr.Affine(24, 3)
    net = cr.Sequential(*layers, seed=1, dtype=np.float64)
    optimizer = cr.Momentum(1.0)
    trainer = cr.Trainer(net, optimizer, engine="xla", parameters=parameters, clip_norm=5.0)
    first = {name: w.copy() for name, w in trainer.held.items()}

    def once() -> dict[str, Any]:
        for name, w in trainer.held.items():
            w[...] = first[name]
        trainer.step, optimizer.lr = 0, 1.0
        results: dict[str, Any] = {"loss": trainer.run(x, t, np.arange(20)[None])}
        results |= {f"d{name}": first[name] - w for name, w in net.params.items()}
        optimizer.lr = 0.05
        results["losses"] = trainer.run(x, t, rng.permuted(np.arange(80)).reshape(4, 20))
        results["last"] = trainer.run(x, t, np.arange(80, 83)[None])
        return results | {name: w.copy() for name, w in trainer.held.items()}

    state = rng.bit_generator.state
    results = once()
    rng.bit_generator.state = state
    again = once()
    assert all(np.array_equal(results[name], again[name]) for name in results), "other bits the second time"
    return results | {"evaluated": np.array(trainer.evaluate(x, t))}


if __name__ == "__main__":
    found = {mode: train(mode) for mode in sys.argv[2:]}
    np.savez(
        sys.argv[1],
        **{f"{mode}/{name}": value for mode, results in found.items() for name, value in results.items()},
    )
