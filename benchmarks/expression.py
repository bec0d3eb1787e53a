"""The lesson's expression, built, evaluated and differentiated from Python floats.

pip install micrograd torch; python benchmarks/expression.py
"""

from __future__ import annotations

import sys

import torch
from _compare import measure, report
from micrograd.engine import Value

import chainrule as cr


def chainrule() -> tuple[float, float, float]:
    x, m, t = cr.Variable(100.0), cr.Variable(2.0), cr.Variable(1.1)
    loss = 0.5 * (x * m * t - 219) ** 2
    loss.backward()
    return x.grad, m.grad, t.grad


def micrograd() -> tuple[float, float, float]:
    x, m, t = Value(100.0), Value(2.0), Value(1.1)
    loss = 0.5 * (x * m * t - 219) ** 2
    loss.backward()
    return x.grad, m.grad, t.grad


def pytorch() -> tuple[float, float, float]:
    x, m, t = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (100.0, 2.0, 1.1))
    loss = 0.5 * (x * m * t - 219) ** 2
    loss.backward()
    return x.grad.item(), m.grad.item(), t.grad.item()


def main() -> bool:
    peers = {"chainrule": chainrule, "micrograd": micrograd, "PyTorch": pytorch}
    assert (
        len({tuple(round(g, 9) for g in peer()) for peer in peers.values()}) == 1
    )  # same work, same numbers
    medians = measure(peers, rounds=101, calls=50)
    limits = {"micrograd": 1.5, "PyTorch": 0.5}
    return report("0.5 * (x*m*t - 219)**2 and its three gradients", medians, ours="chainrule", limits=limits)


if __name__ == "__main__":
    sys.exit(not main())
