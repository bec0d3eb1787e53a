"""The full numerical gradient of 784-50-10 (39,760 parameters, batch 3, float64) beside the plain way.

The plain way evaluates the loss twice for each parameter with layers written by hand in NumPy; it is timed on 2,000 of
the parameters and scaled up, to keep the benchmark short.

python benchmarks/numerical_gradient.py
"""

from __future__ import annotations

import sys

import numpy as np
from _compare import measure, report

import chainrule as cr

SAMPLE = 2_000


def main() -> bool:
    rng = np.random.default_rng(0)
    x, t = rng.random((3, 784)), rng.integers(0, 10, 3)
    net = cr.TwoLayerNet(784, 50, 10, seed=0)
    params = {name: w.copy() for name, w in net.params.items()}
    one_hot = np.eye(10)[t]

    def loss_by_hand() -> float:
        h = np.maximum(x @ params["W1"] + params["b1"], 0)
        z = h @ params["W2"] + params["b2"]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return float(-np.log((e / e.sum(axis=1, keepdims=True) * one_hot).sum(axis=1)).mean())

    places = [(name, i) for name, w in params.items() for i in range(w.size)]
    chosen = [places[i] for i in rng.choice(len(places), SAMPLE, replace=False)]

    def by_hand() -> list[float]:
        h = 6e-6
        slopes = []
        for name, i in chosen:
            flat = params[name].reshape(-1)
            before = flat[i]
            flat[i] = before + h
            above = loss_by_hand()
            flat[i] = before - h
            slopes.append((above - loss_by_hand()) / (2 * h))
            flat[i] = before
        return slopes

    ours = net.numerical_gradient(x, t)
    np.testing.assert_allclose(
        [ours[name].reshape(-1)[i] for name, i in chosen], by_hand(), atol=1e-8
    )  # same numbers
    medians = measure(
        {"chainrule": lambda: net.numerical_gradient(x, t), "by hand": by_hand}, rounds=5, calls=1
    )
    scale = {"chainrule": 1.0, "by hand": len(places) / SAMPLE}
    medians = {name: median / 1000 * scale[name] for name, median in medians.items()}
    title = "numerical gradient of 39,760 parameters"
    return report(title, medians, ours="chainrule", limits={"by hand": 0.5}, unit="ms")


if __name__ == "__main__":
    sys.exit(not main())
