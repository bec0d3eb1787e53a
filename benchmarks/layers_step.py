"""A training step with dropout and with batch normalisation, beside the same step without and beside PyTorch's.

784-256-256-10, batch 128, float32, SGD: the same work, from the same weights. The masks of PyTorch are its own.

python benchmarks/layers_step.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import torch
from _compare import measure, report

import chainrule as cr

SIZES, BATCH, STEPS = (784, 256, 256, 10), 128, 50


def layers(kind: str) -> list[cr.Layer]:
    found: list[cr.Layer] = []
    for inputs, outputs in zip(SIZES[:-2], SIZES[1:-1], strict=True):
        found.append(cr.Affine(inputs, outputs))
        found += [cr.BatchNorm(outputs)] if kind == "batch norm" else []
        found += [cr.LayerNorm(outputs)] if kind == "layer norm" else []
        found.append(cr.ReLU())
        found += [cr.Dropout(0.5)] if kind == "dropout" else []
    return [*found, cr.Affine(*SIZES[-2:])]


def ours(kind: str, x: np.ndarray, t: np.ndarray, batches: np.ndarray) -> Callable[[], object]:
    trainer = cr.Trainer(cr.Sequential(*layers(kind)), cr.SGD(0.01), batch_size=BATCH, engine="fused")
    return lambda: trainer.run(x, t, batches)


def theirs(kind: str, x: np.ndarray, t: np.ndarray, batches: np.ndarray) -> Callable[[], object]:
    modules: list[torch.nn.Module] = []
    for inputs, outputs in zip(SIZES[:-2], SIZES[1:-1], strict=True):
        modules.append(torch.nn.Linear(inputs, outputs))
        modules += [torch.nn.BatchNorm1d(outputs)] if kind == "batch norm" else []
        modules += [torch.nn.LayerNorm(outputs)] if kind == "layer norm" else []
        modules.append(torch.nn.ReLU())
        modules += [torch.nn.Dropout(0.5)] if kind == "dropout" else []
    net = torch.nn.Sequential(*modules, torch.nn.Linear(*SIZES[-2:]))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    inputs, targets, rows = torch.tensor(x), torch.tensor(t), torch.tensor(batches)

    def run() -> None:
        for chosen in rows:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(inputs[chosen]), targets[chosen]).backward()
            optimizer.step()

    return run


def main() -> bool:
    rng = np.random.default_rng(0)
    x, t = rng.random((4096, SIZES[0]), np.float32), rng.integers(0, SIZES[-1], 4096)
    batches = rng.integers(0, len(x), (STEPS, BATCH))
    good = True
    for kind in ("plain", "dropout", "batch norm", "layer norm"):
        peers = {"chainrule": ours(kind, x, t, batches), "PyTorch": theirs(kind, x, t, batches)}
        if kind != "plain":
            peers["chainrule without it"] = ours("plain", x, t, batches)
        medians = {name: total / STEPS for name, total in measure(peers, rounds=9, calls=1).items()}
        good &= report(f"a step, {kind}", medians, ours="chainrule", limits={"PyTorch": 1.0})
    return good


if __name__ == "__main__":
    sys.exit(not main())
