"""How often the checker accuses what is right: random graphs and layers, with exact kinks among them.

python benchmarks/false_alarms.py [--number 10000] [--seed 0]

Half of them are expressions of gates on small arrays, whose gradients are backprop's and so right by proof; half are
layers and losses of chainrule, taken as objects with ``forward`` and ``backward``. A quarter of all inputs hold whole
numbers, so that kinks of relu, abs, maximum and clip are met exactly. Ends with 1 if one of them is called wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from rich.progress import track

import chainrule as cr

Rng = np.random.Generator

UNARY = (
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "softplus",
    "relu",
    "leaky_relu",
    "elu",
    "gelu",
    "silu",
    "abs",
    "square",
    "negate",
)
BINARY = ("add", "subtract", "multiply", "maximum", "minimum")
LAYERS = (cr.ReLU, cr.Sigmoid, cr.Tanh, cr.LeakyReLU, cr.ELU, cr.GELU, cr.SiLU, cr.Softplus, cr.Softmax)


def numbers(rng: Rng, shape: tuple[int, ...]) -> Any:
    """Normal numbers, or small whole ones, at which kinks are met."""
    return rng.integers(-1, 2, shape).astype(float) if rng.random() < 0.25 else rng.normal(size=shape)


def expression(rng: Rng, inputs: int) -> Callable[..., Any]:
    """A random composition of gates of some inputs, each used at least once."""
    steps: list[tuple[str, tuple[int, ...]]] = []
    for place in range(inputs, inputs + int(rng.integers(2, 8))):
        if rng.random() < 0.5:
            steps.append((str(rng.choice(UNARY)), (int(rng.integers(place)),)))
        else:
            steps.append((str(rng.choice(BINARY)), (int(rng.integers(place)), int(rng.integers(place)))))

    def run(*values: Any) -> Any:
        known = list(values)
        for name, places in steps:
            known.append(cr.apply(cr.gates.ALL[name], *(known[i] for i in places)))
        total = known[-1]
        for value in values:
            total = total + 0.5 * value
        return total

    return run


def graph(rng: Rng) -> Any:
    """A random expression on arrays of shapes that broadcast."""
    shape = tuple(int(n) for n in rng.integers(1, 4, rng.integers(0, 3)))
    inputs = [numbers(rng, shape if rng.random() < 0.7 else ()) for _ in range(int(rng.integers(1, 4)))]
    return cr.check_gradients(expression(rng, len(inputs)), *inputs, seed=int(rng.integers(1 << 30)))


def layer(rng: Rng) -> Any:
    """A layer or a loss with random parameters, on random rows."""
    rows, units, outputs = (int(n) for n in rng.integers(1, 6, 3))
    x, seed = numbers(rng, (rows, units)), int(rng.integers(1 << 30))
    if rng.random() < 0.3:
        affine = cr.Affine(rng.normal(size=(units, outputs)), rng.normal(size=outputs))
        return cr.check_gradients(affine, x, seed=seed)
    if rng.random() < 0.3:
        loss = cr.SoftmaxWithLoss()
        return cr.check_gradients(loss, x, rng.integers(0, units, rows), seed=seed)
    kind = LAYERS[int(rng.integers(len(LAYERS)))]
    return cr.check_gradients(kind(), x, seed=seed)


def main() -> bool:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--number", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    verdicts: Counter[str] = Counter()
    accused = []
    start = time.perf_counter()
    for number in track(range(options.number), description="checking"):
        rng = np.random.default_rng((options.seed, number))
        report = (graph if number % 2 else layer)(rng)
        verdicts.update(check.verdict for check in report.inputs)
        if not report.ok:
            accused.append((number, report))
    print(
        f"{options.number:,} right graphs and layers, seed {options.seed}, {time.perf_counter() - start:.0f} s"
    )
    for verdict, count in verdicts.most_common():
        print(f"{count:8,} inputs {verdict}")
    for number, report in accused[:10]:
        print(f"\nnumber {number} is called wrong:\n{report}")
    print(f"called wrong: {len(accused)}")
    return not accused


if __name__ == "__main__":
    sys.exit(not main())
