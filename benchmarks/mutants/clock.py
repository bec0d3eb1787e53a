"""How long the lesson's network takes, 784-50-10 with 39,760 parameters, beside one parameter at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from _compare import measure

import chainrule as cr

from .networks import TwoLayerNet
from .tables import Table

SAMPLE = 300  # parameters for which the plain way is timed; it is scaled up


def measured(rounds: int) -> tuple[Table, float]:
    """The times, and the larger ratio of ours to the plain way.

    rounds  how often each has its turn
    """
    rng = np.random.default_rng(0)
    x, t = rng.random((3, 784)), rng.integers(0, 10, 3)
    of_chainrule = cr.TwoLayerNet(784, 50, 10, seed=0)
    network: Any = TwoLayerNet
    by_hand = network(**{name: w.copy() for name, w in of_chainrule.params.items()})
    places = [(name, i) for name, w in by_hand.params.items() for i in range(w.size)]
    chosen = [places[i] for i in rng.choice(len(places), SAMPLE, replace=False)]

    def one_at_a_time() -> list[float]:
        step = 1e-4
        slopes = []
        for name, i in chosen:
            flat = by_hand.params[name].reshape(-1)
            before = flat[i]
            flat[i] = before + step
            above = by_hand.loss(x, t)
            flat[i] = before - step
            slopes.append((above - by_hand.loss(x, t)) / (2 * step))
            flat[i] = before
        return slopes

    scale = len(places) / SAMPLE
    plain = "NumPy, one parameter at a time"
    check = "check_gradients of a network by hand"
    peers = {
        plain: one_at_a_time,
        check: lambda: cr.check_gradients(by_hand, x, t),
        "numerical_gradient of every parameter": lambda: of_chainrule.numerical_gradient(x, t),
    }
    seconds = {name: us / 1e6 for name, us in measure(peers, rounds=rounds, calls=1).items()}
    seconds[plain] *= scale
    ratio = {name: value / seconds[plain] for name, value in seconds.items()}
    rows = [(name, f"{value:.2f}", f"{ratio[name]:.3f}") for name, value in seconds.items()]
    title = f"The lesson's network, {len(places):,} parameters"
    return Table(title, ("what", "seconds", "of the plain way"), rows), max(
        ratio[n] for n in peers if n != plain
    )
