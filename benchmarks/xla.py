"""A training step on the xla engine beside the same step written by hand for JAX, and PyTorch on a GPU.

Everybody trains from the same weights on the same mini-batches, with plain SGD and the data on the device, and the
losses are compared before anything is timed. chainrule is given MNIST's pixels as they come, uint8, its peers float32.
The JAX of comparison is what a person would write who wanted all of the speed: gradients by hand, one jitted call for
all steps (`lax.scan`), parameters donated, products in the same precision as ours. A turn of ours is one call of
`Trainer.run`, which also brings data to the device and results back.

pip install -e '.[xla]' torch; python benchmarks/xla.py

    --gpu          the wider networks, and these in bfloat16, as well (also done where JAX has an accelerator)
    --row 1 2 …    only these rows of the list below
    --no-compile   without torch.compile, which takes a minute for each row
    --quick        few steps, to see that everything runs; the figures mean nothing
    --json FILE    write the medians, ratios and aims as well
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
from _work import PAUSE, ROWS, Array, Train, Work

import chainrule as cr
from chainrule.engines.xla import computing, devices

OURS, HAND, EAGER, COMPILE = "chainrule", "JAX by hand, scan", "PyTorch eager", "PyTorch, torch.compile"
CHECKED = 20  # steps whose losses are compared


class Row(NamedTuple):
    """Work, its steps in a turn on a CPU and on a GPU, and the ratios aimed for."""

    work: Work
    steps: int
    steps_on_gpu: int
    aims: dict[str, float]


ROWS_OF_WORK = (
    Row(Work((784, 50, 10), 100), 3000, 20_000, {HAND: 1.05, EAGER: 0.5}),
    Row(Work((784, 256, 256, 10), 128), 600, 10_000, {HAND: 1.05}),
    Row(Work((784, 1024, 1024, 10), 256), 20, 4000, {HAND: 1.05}),
    Row(Work((784, 4096, 4096, 10), 512), 3, 1000, {HAND: 1.05, COMPILE: 1.0}),
)


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
    parameters = iter(work.parameters())
    layers: list[Any] = []
    for W, b in zip(parameters, parameters, strict=True):
        layer = torch.nn.Linear(*W.shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(W.T.copy()))
            layer.bias.copy_(torch.from_numpy(b))
        layers += [layer, torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1]).cuda()
    optimizer = torch.optim.SGD(net.parameters(), lr=work.lr, fused=True)
    X, T = torch.from_numpy(x).cuda(), torch.from_numpy(t.astype(np.int64)).cuda()

    def loss_of(rows: Any) -> Any:
        with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bfloat16"):
            scores = net(X[rows])
        return functional.cross_entropy(scores.float(), T[rows])

    if compiled:
        torch.compiler.reset()
        loss_of = torch.compile(loss_of, mode="max-autotune-no-cudagraphs", dynamic=False)

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


def measure_steps(peers: dict[str, Train], work: Work, steps: int, rounds: int) -> dict[str, float]:
    """The median time of a step of each peer, in µs; PyTorch, a call for each step, has turns of fewer steps."""
    counts = {name: steps if name in (OURS, HAND) else max(CHECKED, steps // 20) for name in peers}
    turns: dict[str, Callable[[], object]] = {}
    for name, train in peers.items():
        turns[name] = partial(train, batches_of(work, counts[name]))
        turns[f"rest after {name}"] = partial(time.sleep, PAUSE)
    medians = measure(turns, rounds=rounds, calls=1)
    return {name: medians[name] / counts[name] for name in peers}


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
    rows = options.row or range(1, len(ROWS_OF_WORK) + 1 if wide else 3)
    machine = f"JAX {jax.__version__} on {', '.join(devices())}; NumPy {np.__version__}"
    facts, good = [], True
    for number in rows:
        row = ROWS_OF_WORK[number - 1]
        for precision in (None, "bfloat16") if wide and number > 2 else (None,):
            steps = row.steps_on_gpu if on_gpu else row.steps
            steps, rounds = (max(CHECKED, steps // 20), 1) if options.quick else (steps, 3 if on_gpu else 11)
            with computing():  # so that JAX by hand takes numbers as ours does
                made = peers_of(row.work, precision, gpu=wide, compile=not options.no_compile)
                peers: dict[str, Train] = {}
                for name, make in made.items():
                    try:
                        peers[name] = make()
                        peers[name](batches_of(row.work, 2))  # compiles
                    except Exception as problem:  # torch.compile where there is no C++ compiler
                        if name in (OURS, HAND):
                            raise
                        print(f"{name}: {type(problem).__name__}: {str(problem).splitlines()[0]}")
                        peers.pop(name, None)
                check_losses(peers, batches_of(row.work, CHECKED), precision)
                medians = measure_steps(peers, row.work, steps, rounds)
            title = f"{row.work}, {precision or 'float32'}, a step"
            aims = row.aims if precision is None or on_gpu else {}
            good &= report(title, medians, ours=OURS, limits=aims, machine=machine)
            ratios = {name: medians[OURS] / median for name, median in medians.items()}
            facts.append({"work": title, "µs": medians, "chainrule / peer": ratios, "aims": aims})
    if options.json:
        options.json.write_text(
            json.dumps({"devices": devices(), "rows": facts}, indent=1, ensure_ascii=False)
        )
    return 0 if good or options.quick else 1


if __name__ == "__main__":
    sys.exit(main())
