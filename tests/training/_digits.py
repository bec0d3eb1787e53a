"""Small pictures and a network that learns them, for what is compared between engines."""

from __future__ import annotations

import numpy as np

import chainrule as cr


def digits(rows: int = 330) -> tuple[np.ndarray, np.ndarray]:
    """Pixels as they come, uint8 of shape (rows, 49), and classes that depend on them."""
    rng = np.random.default_rng(5)
    x = rng.integers(0, 256, (rows, 49), dtype=np.uint8)
    return x, np.argmax(x.reshape(rows, 7, 7).mean(axis=1)[:, :4], axis=1)


def network(dtype=np.float64, seed: int = 0) -> cr.Sequential:
    return cr.Sequential(
        cr.Affine(49, 24),
        cr.Sigmoid(),
        cr.Affine(24, 16),
        cr.ReLU(),
        cr.Affine(16, 4),
        dtype=dtype,
        seed=seed,
    )


def trained(
    engine: str, optimizer: cr.Optimizer | None = None, epochs: int = 3, dtype=np.float64, **settings
):
    net = network(dtype)
    trainer = cr.Trainer(net, optimizer or cr.SGD(0.5), batch_size=32, engine=engine, **settings)
    x, t = digits()
    trainer.fit(x, t, epochs=epochs, validation=(x[:77], t[:77]))
    return net, trainer
