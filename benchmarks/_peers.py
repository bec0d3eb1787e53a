"""The same training steps in JAX, in PyTorch, and as nothing but their matrix products.

All peers keep their data in memory as float32, already scaled, and leave the losses of the steps where they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from _work import BETA1, BETA2, EPS, MOMENTUM, Array, Train, Work


def updated(work: Work, w: Any, dw: Any, state: Sequence[Any], number: Any) -> tuple[Any, list[Any]]:
    """The next parameter and optimizer state, in operators that JAX and PyTorch share."""
    if work.optimizer == "SGD":
        return w - work.lr * dw, []
    if work.optimizer == "Momentum":
        v = MOMENTUM * state[0] + dw
        return w - work.lr * v, [v]
    m = BETA1 * state[0] + (1 - BETA1) * dw
    v = BETA2 * state[1] + (1 - BETA2) * dw * dw
    root = (v / (1 - BETA2**number)) ** 0.5 + EPS
    return w - work.lr / (1 - BETA1**number) * m / root, [m, v]


def zero_states(work: Work) -> list[list[Array]]:
    count = {"SGD": 0, "Momentum": 1, "Adam": 2}[work.optimizer]
    return [[np.zeros_like(w) for _ in range(count)] for w in work.parameters()]


def _jax_step(work: Work) -> Any:
    """From (parameters, states, number of the step), x and t to their successors and the loss."""
    import jax
    import jax.numpy as jnp

    def loss(parameters: list[Any], x: Any, t: Any) -> Any:
        for i in range(0, len(parameters), 2):
            x = (x if i == 0 else jax.nn.relu(x)) @ parameters[i] + parameters[i + 1]
        if work.is_regression:
            return jnp.mean((x - t) ** 2)
        return -jnp.mean(jnp.sum(jax.nn.log_softmax(x) * jax.nn.one_hot(t, work.sizes[-1]), axis=1))

    def step(carry: Any, x: Any, t: Any) -> Any:
        parameters, states, number = carry
        value, gradients = jax.value_and_grad(loss)(parameters, x, t)
        number = number + 1
        pairs = [
            updated(work, w, dw, state, number)
            for w, dw, state in zip(parameters, gradients, states, strict=True)
        ]
        return ([w for w, _ in pairs], [state for _, state in pairs], number), value

    return step


def _jax_carry(work: Work) -> Any:
    import jax

    return jax.device_put((work.parameters(), zero_states(work), np.float32(0)))


def jax_jit(work: Work, x: Array, t: Array) -> Train:
    """One compiled call a step, its arguments donated; mini-batches are gathered by NumPy."""
    import jax

    step = jax.jit(_jax_step(work), donate_argnums=0)
    carry = _jax_carry(work)

    def train(batches: Array) -> Any:
        nonlocal carry
        losses = []
        for rows in batches:
            carry, loss = step(carry, x[rows], t[rows])
            losses.append(loss)
        jax.block_until_ready(carry)
        return losses

    return train


def _jax_gathering_step(work: Work) -> Any:
    """The same, but the mini-batch is gathered from all rows inside the compiled function."""
    step = _jax_step(work)

    def gathering_step(carry: Any, rows: Any, X: Any, T: Any) -> Any:
        inside = {"mode": "promise_in_bounds"}
        return step(carry, X.at[rows].get(**inside), T.at[rows].get(**inside))

    return gathering_step


def jax_jit_gather(work: Work, x: Array, t: Array) -> Train:
    """One compiled call a step, its arguments donated; mini-batches are gathered inside."""
    import jax

    step = jax.jit(_jax_gathering_step(work), donate_argnums=0)
    carry = _jax_carry(work)
    X, T = jax.device_put((x, t))

    def train(batches: Array) -> Any:
        nonlocal carry
        losses = []
        for rows in batches.astype(np.int32):
            carry, loss = step(carry, rows, X, T)
            losses.append(loss)
        jax.block_until_ready(carry)
        return losses

    return train


def jax_scan(work: Work, x: Array, t: Array) -> Train:
    """One compiled call for all steps, the data held by JAX."""
    import jax

    step = _jax_gathering_step(work)

    def steps(carry: Any, batches: Any, X: Any, T: Any) -> Any:
        return jax.lax.scan(lambda carry, rows: step(carry, rows, X, T), carry, batches)

    compiled = jax.jit(steps, donate_argnums=0)
    carry = _jax_carry(work)
    X, T = jax.device_put((x, t))

    def train(batches: Array) -> Any:
        nonlocal carry
        carry, losses = compiled(carry, batches.astype(np.int32), X, T)
        jax.block_until_ready(carry)
        return losses

    return train


def torch_network(work: Work) -> Any:
    """The network as `torch.nn` has it."""
    import torch

    parameters = [torch.from_numpy(w) for w in work.parameters()]
    layers = []
    for W, b in zip(parameters[::2], parameters[1::2], strict=True):
        layer = torch.nn.Linear(*W.shape)
        with torch.no_grad():
            layer.weight.copy_(W.T)
            layer.bias.copy_(b)
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def pytorch_eager(work: Work, x: Array, t: Array) -> Train:
    """The usual loop: torch.nn, autograd, and torch.optim with the fused update, its fastest."""
    import torch
    from torch.nn import functional

    net = torch_network(work)
    loss_of = functional.mse_loss if work.is_regression else functional.cross_entropy
    settings: dict[str, Any] = {"lr": work.lr, "fused": True}
    if work.optimizer == "Adam":
        optimizer = torch.optim.Adam(net.parameters(), betas=(BETA1, BETA2), eps=EPS, **settings)
    else:
        momentum = MOMENTUM if work.optimizer == "Momentum" else 0.0
        optimizer = torch.optim.SGD(net.parameters(), momentum=momentum, **settings)
    return torch_loop(net, optimizer, loss_of, x, t)


def torch_loop(net: Any, optimizer: Any, loss_of: Any, x: Array, t: Array) -> Train:
    """The usual loop of PyTorch over mini-batches of data in memory."""
    import torch

    X, T = torch.from_numpy(x), torch.from_numpy(t)

    def train(batches: Array) -> Any:
        losses = []
        for rows in torch.from_numpy(batches):
            optimizer.zero_grad()
            loss = loss_of(net(X[rows]), T[rows])
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return losses

    return train


def pytorch_compile(work: Work, x: Array, t: Array) -> Train:
    """torch.compile of the whole step as one graph: gather, forward, backward, update in place.

    raises   whatever torch.compile raises where it does not work, for example without a C++ compiler
    """
    import torch
    from torch.nn import functional

    torch.compiler.reset()  # it refuses to compile the same lines for more than a few shapes
    loss_of = functional.mse_loss if work.is_regression else functional.cross_entropy
    X, T = torch.from_numpy(x), torch.from_numpy(t)

    def loss(parameters: list[Any], x: Any, t: Any) -> Any:
        for i in range(0, len(parameters), 2):
            x = torch.addmm(parameters[i + 1], x if i == 0 else torch.relu(x), parameters[i])
        return loss_of(x, t)

    def step(parameters: list[Any], states: list[list[Any]], number: Any, rows: Any) -> Any:
        gradients, value = torch.func.grad_and_value(loss)(parameters, X[rows], T[rows])
        number += 1
        for w, dw, state in zip(parameters, gradients, states, strict=True):
            new, new_state = updated(work, w, dw, state, number)
            w.copy_(new)
            for old, new in zip(state, new_state, strict=True):
                old.copy_(new)
        return value

    compiled = torch.compile(step, fullgraph=True, dynamic=False)
    parameters = [torch.from_numpy(w) for w in work.parameters()]
    states = [[torch.from_numpy(s) for s in state] for state in zero_states(work)]
    number = torch.zeros(())

    def train(batches: Array) -> Any:
        with torch.no_grad():
            return [compiled(parameters, states, number, rows) for rows in torch.from_numpy(batches)]

    with torch.no_grad():  # compile now, training copies
        copies = [w.clone() for w in parameters], [[s.clone() for s in state] for state in states]
        compiled(*copies, number.clone(), torch.from_numpy(work.batches(1)[0]))
    return train


def matrix_products(work: Work) -> Train:
    """The floor: the matrix products of a step alone, by the BLAS that SciPy carries and the fused engine calls.

    Row-major arrays are the transposes of what Fortran sees, so A·B is computed as Bᵀ·Aᵀ, without copies.
    """
    from scipy.linalg.blas import sgemm

    rng = np.random.default_rng(0)

    def array(*shape: int) -> Array:
        return rng.standard_normal(shape, dtype=np.float32)

    calls: list[tuple[Array, Array, Array, bool, bool]] = []
    for layer, (inputs, outputs) in enumerate(pairwise(work.sizes)):
        X, W, dY = array(work.batch, inputs), array(inputs, outputs), array(work.batch, outputs)
        calls.append((W.T, X.T, np.empty_like(dY).T, False, False))  # Y = X·W
        calls.append((dY.T, X.T, np.empty_like(W).T, False, True))  # dW = Xᵀ·dY
        if layer > 0:
            calls.append((W.T, dY.T, np.empty_like(X).T, True, False))  # dX = dY·Wᵀ

    def train(batches: Array) -> list[float]:
        for _ in batches:
            for a, b, c, trans_a, trans_b in calls:
                sgemm(1.0, a, b, 0.0, c, trans_a, trans_b, True)
        return []

    for a, b, c, trans_a, trans_b in calls:
        assert np.shares_memory(sgemm(1.0, a, b, 0.0, c, trans_a, trans_b, True), c)
    return train
