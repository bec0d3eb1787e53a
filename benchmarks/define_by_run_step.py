"""A define-by-run training step of 784-50-10, batch 100, float32: the graph is built anew at each step.

pip install mygrad torch; python benchmarks/define_by_run_step.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import mygrad
import numpy as np
import torch
from _compare import measure, report
from mygrad.nnet.activations import relu
from mygrad.nnet.losses import softmax_crossentropy

import chainrule as cr

LR = np.float32(0.1)


def data() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = [(784, 50), (50,), (50, 10), (10,)]
    params = [(0.05 * rng.standard_normal(shape)).astype(np.float32) for shape in shapes]
    return params, rng.random((100, 784), dtype=np.float32), rng.integers(0, 10, 100)


def chainrule_step() -> Callable[[], float]:
    params, x, t = data()

    def step() -> float:
        W1, b1, W2, b2 = variables = [cr.Variable(p) for p in params]
        loss = cr.softmax_with_loss(cr.relu(x @ W1 + b1) @ W2 + b2, t)
        loss.backward()
        for p, v in zip(params, variables, strict=True):
            p -= LR * v.grad
        return float(loss.value)

    return step


def mygrad_step() -> Callable[[], float]:
    params, x, t = data()

    def step() -> float:
        W1, b1, W2, b2 = variables = [mygrad.tensor(p, copy=False) for p in params]
        loss = softmax_crossentropy(relu(mygrad.matmul(x, W1) + b1) @ W2 + b2, t)
        loss.backward()
        for p, v in zip(params, variables, strict=True):
            p -= LR * v.grad
        return float(loss.item())

    return step


def pytorch_step() -> Callable[[], float]:
    """Updated by hand, as the others are: cheaper than an optimizer object."""
    params, x, t = pytorch_data()
    lr = float(LR)

    def step() -> float:
        W1, b1, W2, b2 = params
        loss = torch.nn.functional.cross_entropy(torch.relu(x @ W1 + b1) @ W2 + b2, t)
        loss.backward()
        with torch.no_grad():
            for p in params:
                p.sub_(p.grad, alpha=lr)
                p.grad = None
        return float(loss.item())

    return step


def pytorch_sgd_step() -> Callable[[], float]:
    """Updated by PyTorch's own optimizer, as most people do it."""
    params, x, t = pytorch_data()
    optimizer = torch.optim.SGD(params, lr=float(LR))

    def step() -> float:
        W1, b1, W2, b2 = params
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(torch.relu(x @ W1 + b1) @ W2 + b2, t)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return step


def pytorch_data() -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor]:
    arrays, x, t = data()
    return [torch.tensor(p, requires_grad=True) for p in arrays], torch.tensor(x), torch.tensor(t)


def numpy_step() -> Callable[[], float]:
    """By hand, nothing saved or checked: what is left when there is no framework."""
    (W1, b1, W2, b2), x, t = data()
    one_hot = np.eye(10, dtype=np.float32)[t]

    def step() -> float:
        h = np.maximum(x @ W1 + b1, 0)
        z = h @ W2 + b2
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log((p * one_hot).sum(axis=1)).mean()
        dz = (p - one_hot) / np.float32(100)
        dh = np.where(h > 0, dz @ W2.T, np.float32(0))
        W2[...] -= LR * (h.T @ dz)
        b2[...] -= LR * dz.sum(axis=0)
        W1[...] -= LR * (x.T @ dh)
        b1[...] -= LR * dh.sum(axis=0)
        return float(loss)

    return step


def main() -> bool:
    makers = {
        "chainrule": chainrule_step,
        "MyGrad": mygrad_step,
        "PyTorch": pytorch_step,
        "PyTorch, torch.optim.SGD": pytorch_sgd_step,
        "NumPy by hand": numpy_step,
    }
    losses = {name: [step() for step in [make()] for _ in range(20)] for name, make in makers.items()}
    for name in makers:  # same work, same numbers
        np.testing.assert_allclose(losses[name], losses["chainrule"], rtol=1e-4, err_msg=name)
    medians = measure({name: make() for name, make in makers.items()}, rounds=61, calls=20)
    limits = {"MyGrad": 1.0, "PyTorch": 0.7}
    return report(
        "define-by-run step, 784-50-10, batch 100, float32", medians, ours="chainrule", limits=limits
    )


if __name__ == "__main__":
    sys.exit(not main())
