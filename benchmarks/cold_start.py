"""From a cold process to 97 % test accuracy on MNIST, beside scikit-learn, PyTorch and JAX.

Each measurement is a new process: it imports what it needs, loads the data, trains 784-50-10 (mini-batches of 100, SGD
with learning rate 0.1), evaluates the 10,000 test images after each epoch, and ends when 97 % of them are right.
Everybody starts from the same weights and sees the same mini-batches in the same order. chainrule reads the compressed
MNIST of its package, the others the same images from an uncompressed .npz file.

pip install -e '.[fast]' jax scikit-learn torch; python benchmarks/cold_start.py

    --rounds N       how often everybody is measured (7)
    --engine NAME    of chainrule, fused unless told otherwise
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# The measured processes run this file too: all further imports are made where they are needed.

GOAL, MOST_EPOCHS = 0.97, 30
BATCH, LR = 100, 0.1
SEED = 10  # of weights and order: 97.1 % follow on 96.9 % at most, so that rounding does not decide on an epoch more
WEIGHTS = ("W1", "b1", "W2", "b2")
OURS, EMPTY = "chainrule", "chainrule, empty cache"
CHAINRULE_CACHE, JAX_CACHE = "CHAINRULE_CACHE_DIR", "JAX_COMPILATION_CACHE_DIR"


def batches(epoch: int, rows: int = 60_000) -> Any:
    """Row numbers of an epoch's mini-batches, those that `cr.Trainer(seed=SEED).fit` takes."""
    import numpy as np

    key = np.random.SeedSequence(SEED, spawn_key=(epoch,))
    return np.random.default_rng(key).permutation(rows).reshape(-1, BATCH)


def until_goal(train_epoch: Callable[[int], object], accuracy: Callable[[], float]) -> None:
    for epoch in range(MOST_EPOCHS):
        train_epoch(epoch)
        reached = accuracy()
        if reached >= GOAL:
            print(f"{epoch + 1} epochs, {100 * float(reached):.2f} %", flush=True)
            return
    raise SystemExit(f"{100 * float(reached):.2f} % after {MOST_EPOCHS} epochs")


def load(file: str) -> tuple[list[Any], list[Any]]:
    """From the .npz file: images as float32 and labels, for training and for testing; and the first weights."""
    import numpy as np

    with np.load(file) as arrays:
        x, t, x_test, t_test = (arrays[name] for name in ("x", "t", "x_test", "t_test"))
        weights = [arrays[name] for name in WEIGHTS]
    return [x / np.float32(255), t, x_test / np.float32(255), t_test], weights


def with_chainrule(file: str, engine: str) -> None:
    import numpy as np

    import chainrule as cr

    (x, t), (x_test, t_test) = cr.datasets.load_mnist(normalize=False)
    with np.load(file) as arrays:
        W1, b1, W2, b2 = (arrays[name] for name in WEIGHTS)
    net = cr.Sequential(cr.Affine(W1, b1), cr.ReLU(), cr.Affine(W2, b2))
    trainer = cr.Trainer(net, cr.SGD(LR), batch_size=BATCH, engine=engine)
    until_goal(lambda epoch: trainer.run(x, t, batches(epoch)), lambda: trainer.accuracy(x_test, t_test))


def with_scikit_learn(file: str) -> None:
    import numpy as np
    from sklearn.neural_network import MLPClassifier

    (x, t, x_test, t_test), weights = load(file)
    net = MLPClassifier(
        (50,),
        solver="sgd",
        alpha=0.0,
        batch_size=BATCH,
        learning_rate_init=LR,
        momentum=0.0,
        nesterovs_momentum=False,
        shuffle=False,
    )
    net.partial_fit(x[:BATCH], t[:BATCH], classes=range(10))  # makes the weights, which are then replaced
    for own, first in zip([*net.coefs_, *net.intercepts_], [*weights[::2], *weights[1::2]], strict=True):
        own[...] = first
    ordered = np.empty_like(x)

    def train_epoch(epoch: int) -> None:
        rows = batches(epoch).ravel()
        np.take(x, rows, axis=0, out=ordered, mode="clip")  # instead of its own shuffling
        net.partial_fit(ordered, t[rows])

    until_goal(train_epoch, lambda: (net.predict(x_test) == t_test).mean())


def with_pytorch(file: str) -> None:
    import torch
    from torch.nn.functional import cross_entropy

    arrays, weights = load(file)
    x, t, x_test, t_test = (torch.from_numpy(array) for array in arrays)
    W1, b1, W2, b2 = (torch.from_numpy(w) for w in weights)
    net = torch.nn.Sequential(torch.nn.Linear(784, 50), torch.nn.ReLU(), torch.nn.Linear(50, 10))
    with torch.no_grad():
        for own, first in zip(net.parameters(), (W1.T, b1, W2.T, b2), strict=True):
            own.copy_(first)
    optimizer = torch.optim.SGD(net.parameters(), lr=LR, fused=True)

    def train_epoch(epoch: int) -> None:
        for rows in torch.from_numpy(batches(epoch)):
            optimizer.zero_grad()
            cross_entropy(net(x[rows]), t[rows]).backward()
            optimizer.step()

    def accuracy() -> float:
        with torch.inference_mode():
            return float((net(x_test).argmax(dim=1) == t_test).float().mean())

    until_goal(train_epoch, accuracy)


def with_jax(file: str) -> None:
    import jax
    import jax.numpy as jnp

    arrays, weights = load(file)
    x, t, x_test, t_test = jax.device_put(arrays)

    def scores(weights: Any, x: Any) -> Any:
        W1, b1, W2, b2 = weights
        return jax.nn.relu(x @ W1 + b1) @ W2 + b2

    def loss(weights: Any, x: Any, t: Any) -> Any:
        return -jnp.mean(jnp.sum(jax.nn.log_softmax(scores(weights, x)) * jax.nn.one_hot(t, 10), axis=1))

    def epoch_of(weights: Any, batches: Any, x: Any, t: Any) -> Any:
        def step(weights: Any, rows: Any) -> Any:
            gradients = jax.grad(loss)(weights, x[rows], t[rows])
            return [w - LR * dw for w, dw in zip(weights, gradients, strict=True)], None

        return jax.lax.scan(step, weights, batches)[0]

    # All data are arguments: inside the functions they would be constants, which are slow to compile.
    train = jax.jit(epoch_of, donate_argnums=0)
    hits = jax.jit(lambda weights, x, t: jnp.mean(scores(weights, x).argmax(axis=1) == t))
    current = jax.device_put(weights)

    def train_epoch(epoch: int) -> None:
        nonlocal current
        current = train(current, batches(epoch), x, t)

    until_goal(train_epoch, lambda: float(hits(current, x_test, t_test)))


RUNS: dict[str, Callable[..., None]] = {
    "chainrule": with_chainrule,
    "scikit-learn": with_scikit_learn,
    "PyTorch": with_pytorch,
    "JAX": with_jax,
}


def write_data(file: Path) -> None:
    import numpy as np

    import chainrule as cr

    (x, t), (x_test, t_test) = cr.datasets.load_mnist(normalize=False)
    first = cr.TwoLayerNet(784, 50, 10, seed=SEED, dtype=np.float32).params
    np.savez(file, x=x, t=t, x_test=x_test, t_test=t_test, **{name: first[name] for name in WEIGHTS})


def seconds(who: str, file: Path, engine: str, cache: Path) -> tuple[float, str]:
    """From the start of a new process until it has reached the goal, and what it says then."""
    environment = {**os.environ, CHAINRULE_CACHE: str(cache), "JAX_PLATFORMS": "cpu"}
    if who == "JAX, compile cache":
        environment |= {JAX_CACHE: str(cache), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    name = who.partition(",")[0]
    command = [sys.executable, __file__, "--child", name, "--file", str(file), "--engine", engine]
    start = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        duration = time.perf_counter() - start
    if child.returncode:
        raise SystemExit(f"{who} ended with {child.returncode}")
    return duration, line.strip()


def compare(rounds: int, engine: str) -> bool:
    from _compare import refuse_forced_kernels, report

    refuse_forced_kernels()
    names = [OURS, EMPTY, "scikit-learn", "PyTorch", "JAX", "JAX, compile cache"]
    times: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "mnist.npz")
        write_data(file)
        for number in range(rounds + 1):  # the first one is not counted: it reads files, and fills the caches
            for name in names if number % 2 else names[::-1]:
                cache = Path(folder, f"{name} {number}" if name == EMPTY else name)
                cache.mkdir(exist_ok=True)
                duration, line = seconds(name, file, engine, cache)
                if number:
                    times[name].append(1000 * duration)
                else:
                    print(f"{name}: {line}")
    medians = {name: statistics.median(values) for name, values in times.items()}
    title = "from a cold process to 97 % on MNIST"
    limits = {"scikit-learn": 0.45, "PyTorch": 0.35, "JAX": 0.35}
    warm = report(title, medians, ours=OURS, limits=limits, unit="ms")
    medians = {name: medians[name] for name in (EMPTY, "scikit-learn")}
    empty = report(
        f"{title}, nothing compiled before", medians, ours=EMPTY, limits={"scikit-learn": 0.9}, unit="ms"
    )
    return warm and empty


def main() -> bool:
    parser = argparse.ArgumentParser(description="From a cold process to 97 % on MNIST.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--engine", default="fused")
    parser.add_argument("--child", choices=RUNS, help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is None:
        return compare(options.rounds, options.engine)
    extra = [options.engine] if options.child == OURS else []
    RUNS[options.child](options.file, *extra)
    return True


if __name__ == "__main__":
    sys.exit(not main())
