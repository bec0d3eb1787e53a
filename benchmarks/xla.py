"""A training step on the xla engine beside the same step written by hand for JAX, and PyTorch on a GPU.

Everybody trains from the same weights on the same mini-batches, with plain SGD and the data on the device, and the
losses are compared before anything is timed. chainrule is given MNIST's pixels as they come, uint8, its peers float32.
The JAX of comparison is what a person would write who wanted all of the speed: gradients by hand, one jitted call for
all steps (`lax.scan`), parameters donated, products in the same precision as ours.

A call of `Trainer.run` also brings the data to the device and the parameters to and fro, which is done once and not in
each step. So everybody runs K steps and 3 K steps in turns; the step costs half the difference over K, and what is
left of a call is told beside it. A training of many epochs pays it once.

pip install -e '.[xla]' torch; python benchmarks/xla.py

    --gpu          what is measured where JAX has a GPU, on a CPU too: wide networks, bfloat16, PyTorch
    --row 1 2 …    only these rows of the list below, in float32 and bfloat16
    --no-compile   without torch.compile, which takes most of a minute
    --quick        few steps, to see that everything runs; the figures mean nothing
    --json FILE    write the figures and aims as well
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _compare import measure, refuse_forced_kernels, report
from _peers import torch_network
from _work import PAUSE, ROWS, Array, Train, Work

import chainrule as cr
from chainrule.engines.xla import computing, devices

OURS, HAND, EAGER, COMPILE = "chainrule", "JAX by hand, scan", "PyTorch eager", "PyTorch, torch.compile"
CHECKED = 20  # steps whose losses are compared


class Row(NamedTuple):
    """Work, the steps K on a CPU and on a GPU, and the ratios aimed for."""

    work: Work
    steps: int
    steps_on_gpu: int
    aims: dict[str, float]


ROWS_OF_WORK = (
    Row(Work((784, 50, 10), 100), 1000, 8000, {HAND: 1.05, EAGER: 0.5}),
    Row(Work((784, 256, 256, 10), 128), 200, 5000, {HAND: 1.05}),
    Row(Work((784, 1024, 1024, 10), 256), 8, 1500, {HAND: 1.05}),
    Row(Work((784, 4096, 4096, 10), 512), 1, 200, {HAND: 1.05, COMPILE: 1.0}),
)
ON_CPU = ((1, None), (2, None))
ON_GPU = ((1, None), (2, None), (4, None), (4, "bfloat16"))


def batches_of(work: Work, steps: int) -> Array:
    """Row numbers, epoch after epoch."""
    rng = np.random.default_rng(2)
    epochs = -(-steps * work.batch // ROWS)
    rows = np.concatenate([rng.permutation(ROWS) for _ in range(epochs)])
    return rows[: steps * work.batch].reshape(steps, work.batch)


def chainrule(work: Work, x: Array, t: Array, precision: str | None) -> Train:
    arrays = iter(work.parameters())
    layers: list[cr.Layer] = []
    for W, b in zip(arrays, arrays, strict=True):
        layers += [cr.Affine(W, b), cr.ReLU()]
    net, rule = cr.Sequential(*layers[:-1]), cr.SGD(work.lr)
    trainer = cr.Trainer(net, rule, batch_size=work.batch, engine="xla", precision=precision)
    return partial(trainer.run, x, t)


def jax_by_hand(work: Work, x: Array, t: Array, precision: str | None) -> Train:
    """Forward, backward and update as one would write them down, for all steps in one compiled call."""
    import jax
    import jax.numpy as jnp

    def product(a: Any, b: Any) -> Any:
        if precision == "bfloat16":
            a, b = a.astype(jnp.bfloat16), b.astype(jnp.bfloat16)
            return jnp.matmul(a, b, preferred_element_type=jnp.float32)
        return jnp.matmul(a, b, precision="highest")

    def step(parameters: list[Any], rows: Any, X: Any, T: Any) -> Any:
        layer_inputs = [X.at[rows].get(mode="promise_in_bounds")]
        labels = T.at[rows].get(mode="promise_in_bounds")
        Ws, bs = parameters[::2], parameters[1::2]
        for W, b in zip(Ws[:-1], bs[:-1], strict=True):
            layer_inputs.append(jnp.maximum(product(layer_inputs[-1], W) + b, 0))
        z = product(layer_inputs[-1], Ws[-1]) + bs[-1]
        z = z - jnp.max(z, axis=1, keepdims=True)
        e = jnp.exp(z)
        total = jnp.sum(e, axis=1, keepdims=True)
        hit = labels[:, None] == jnp.arange(z.shape[1])
        loss = -jnp.sum(jnp.where(hit, z - jnp.log(total), 0)) / work.batch
        d = (e / total - hit) / work.batch
        new: list[Any] = []
        for layer in reversed(range(len(Ws))):
            dW, db = product(layer_inputs[layer].T, d), jnp.sum(d, axis=0)
            if layer:
                d = jnp.where(layer_inputs[layer] > 0, product(d, Ws[layer].T), 0)
            new[:0] = [Ws[layer] - work.lr * dW, bs[layer] - work.lr * db]
        return new, loss

    def steps(parameters: list[Any], batches: Any, X: Any, T: Any) -> Any:
        return jax.lax.scan(lambda p, rows: step(p, rows, X, T), parameters, batches)

    compiled = jax.jit(steps, donate_argnums=0)
    X, T = jnp.array(x), jnp.array(t.astype(np.int32))
    parameters = [jnp.array(w) for w in work.parameters()]

    def train(batches: Array) -> Any:
        nonlocal parameters
        parameters, losses = compiled(parameters, batches.astype(np.int32), X, T)
        jax.block_until_ready(parameters)
        return np.asarray(losses)

    return train


def pytorch(work: Work, x: Array, t: Array, precision: str | None, *, compiled: bool) -> Train:
    """The usual loop on the GPU, with its fused SGD; with `compiled`, forward and backward by torch.compile."""
    import torch
    from torch.nn import functional

    torch.backends.cuda.matmul.allow_tf32 = False  # float32 is float32 with everybody here
    net = torch_network(work).cuda()
    optimizer = torch.optim.SGD(net.parameters(), lr=work.lr, fused=True)
    X, T = torch.from_numpy(x).cuda(), torch.from_numpy(t.astype(np.int64)).cuda()

    def loss_of(rows: Any) -> Any:
        with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bfloat16"):
            scores = net(X[rows])
        return functional.cross_entropy(scores.float(), T[rows])

    if compiled:
        torch.compiler.reset()
        loss_of = torch.compile(loss_of, dynamic=False)

    def train(batches: Array) -> Any:
        losses = []
        for rows in torch.from_numpy(batches).cuda():
            optimizer.zero_grad()
            loss = loss_of(rows)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses).cpu().numpy()

    return train


def peers_of(
    work: Work, precision: str | None, *, gpu: bool, compile: bool
) -> dict[str, Callable[[], Train]]:
    data = work.data()
    form = work, data.x, data.t, precision
    ours = partial(chainrule, work, data.raw, data.t, precision)
    peers: dict[str, Callable[[], Train]] = {OURS: ours, HAND: partial(jax_by_hand, *form)}
    if gpu:
        try:
            import torch
        except ImportError:
            return peers
        if torch.cuda.is_available():
            peers[EAGER] = partial(pytorch, *form, compiled=False)
            if compile:
                peers[COMPILE] = partial(pytorch, *form, compiled=True)
    return peers


def check_losses(peers: dict[str, Train], batches: Array, precision: str | None) -> None:
    """The same work gives the same numbers."""
    tolerance = 2e-2 if precision else 1e-3
    losses = {name: np.asarray(train(batches), float) for name, train in peers.items()}
    for name, values in losses.items():
        np.testing.assert_allclose(values, losses[OURS], rtol=tolerance, atol=1e-4, err_msg=name)


class Cost(NamedTuple):
    """What a step costs, in µs, and what a call does besides, in ms."""

    step: float
    call: float


def costs_of(peers: dict[str, Train], work: Work, steps: int, rounds: int) -> dict[str, Cost]:
    """For each peer from K and from 3 K steps; PyTorch, which makes a call for each step, has a smaller K."""
    counts = {name: steps if name in (OURS, HAND) else max(CHECKED, steps // 32) for name in peers}
    counts = {name: max(count, min(steps, 200)) for name, count in counts.items()}
    turns: dict[str, Callable[[], object]] = {}
    for name, train in peers.items():
        for factor in (1, 3):
            turns[f"{name} × {factor}"] = partial(train, batches_of(work, factor * counts[name]))
            turns[f"rest after {name} × {factor}"] = partial(time.sleep, PAUSE)
    medians = measure(turns, rounds=rounds, calls=1)
    costs = {}
    for name, count in counts.items():
        short, long = medians[f"{name} × 1"], medians[f"{name} × 3"]
        step = (long - short) / (2 * count)
        costs[name] = Cost(step, (short - count * step) / 1000)
    return costs


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--gpu", action="store_true")
    parser.add_argument("--row", type=int, nargs="+")
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    refuse_forced_kernels()
    import jax

    on_gpu = jax.default_backend() != "cpu"
    wide = options.gpu or on_gpu
    todo = [(row, precision) for row in options.row or () for precision in (None, "bfloat16")]
    machine = f"JAX {jax.__version__} on {', '.join(devices())}; NumPy {np.__version__}"
    facts, good = [], True
    for number, precision in todo or (ON_GPU if wide else ON_CPU):
        row = ROWS_OF_WORK[number - 1]
        steps = row.steps_on_gpu if on_gpu else row.steps
        steps, rounds = (max(CHECKED, steps // 20), 1) if options.quick else (steps, 4 if on_gpu else 11)
        compiled = COMPILE in row.aims or EAGER in row.aims
        with computing():  # so that JAX by hand takes numbers as ours does
            makers = peers_of(row.work, precision, gpu=wide, compile=compiled and not options.no_compile)
            peers: dict[str, Train] = {}
            for name, make in makers.items():
                try:
                    peers[name] = make()
                    peers[name](batches_of(row.work, 1))
                except Exception as problem:  # torch.compile where there is no C++ compiler
                    if name in (OURS, HAND):
                        raise
                    print(f"{name}: {type(problem).__name__}: {str(problem).splitlines()[0]}")
                    peers.pop(name, None)
            check_losses(peers, batches_of(row.work, CHECKED), precision)
            costs = costs_of(peers, row.work, steps, rounds)
        title = f"{row.work}, {precision or 'float32'}, a step"
        each = {name: cost.step for name, cost in costs.items()}
        aims = {name: aim for name, aim in row.aims.items() if name in each}
        calls = ", ".join(f"{name} {cost.call:,.1f}" for name, cost in costs.items())
        about = f"a call besides its steps, ms: {calls}\n{machine}"
        good &= report(title, each, ours=OURS, limits=aims, machine=about)
        ratios = {name: each[OURS] / step for name, step in each.items()}
        besides = {name: cost.call for name, cost in costs.items()}
        facts.append(
            {"work": title, "step, µs": each, "call, ms": besides, "chainrule / peer": ratios, "aims": aims}
        )
        if options.json:
            options.json.write_text(json.dumps({"devices": devices(), "rows": facts}, ensure_ascii=False))
    return 0 if good or options.quick else 1


if __name__ == "__main__":
    sys.exit(main())
