"""The lesson's convolutional network on MNIST: a step beside PyTorch's, and how long it takes to 98.8 %.

SimpleConvNet (30 filters of 5 × 5, ReLU, pools of 2 × 2, 100 hidden units), float32, batch 100, SGD. Both train from
the same weights on the same mini-batches, gathered inside the step, and their losses are compared before anything is
timed. chainrule is given MNIST's pixels as they come, uint8; PyTorch is given float32 images already scaled.

pip install -e '.[fast]' torch; python benchmarks/conv.py

    --deep       also the lesson's deep network, without dropout: six convolutions of 3 × 3, three pools, He's weights
    --accuracy   also train with Adam until the test set is recognised to 98.8 %
    --quick      a few steps each, to see that everything runs; the figures mean nothing
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from typing import Any

import numpy as np
from _compare import refuse_forced_kernels, report
from _peers import torch_loop
from _work import Array, Train, check_losses, measure_steps

import chainrule as cr

LR = 0.05
AIM = 0.8  # of PyTorch's time
ACCURACY, MINUTES, MOST_EPOCHS = 0.988, 3, 20


def simple() -> cr.Network:
    return cr.SimpleConvNet(weight_init_std="he", dtype=np.float32, seed=0)


def deep() -> cr.Network:
    layers: list[cr.Layer] = []
    channels = 1
    for filters, padding in ((16, 1), (32, 1), (64, 1)):
        second = 2 if filters == 32 else padding
        layers += [cr.Conv2D(channels, filters, 3, padding=padding), cr.ReLU()]
        layers += [cr.Conv2D(filters, filters, 3, padding=second), cr.ReLU(), cr.MaxPool(2)]
        channels = filters
    layers += [cr.Affine(64 * 4 * 4, 50), cr.ReLU(), cr.Affine(50, 10)]
    return cr.Sequential(*layers, input_shape=(1, 28, 28), seed=0)


def chainrule(net: cr.Network, x: Array, t: Array) -> Train:
    trainer = cr.Trainer(net, cr.SGD(LR), batch_size=100, engine="fused")
    return partial(trainer.run, x, t)


def pytorch(net: cr.Network, x: Array, t: Array) -> Train:
    """The same layers with the same weights: torch.nn, autograd, and torch.optim with the fused update."""
    import torch

    layers: list[Any] = []
    for layer in net.layers.values():
        if isinstance(layer, cr.Conv2D):
            filters, channels, *size = layer.W.shape
            twin = torch.nn.Conv2d(channels, filters, size, padding=layer.padding)
        elif isinstance(layer, cr.Affine):
            layers += [torch.nn.Flatten()]
            twin = torch.nn.Linear(*layer.W.shape)
        else:
            layers += [torch.nn.MaxPool2d(layer.size) if isinstance(layer, cr.MaxPool) else torch.nn.ReLU()]
            continue
        W = torch.from_numpy(layer.W.copy())
        with torch.no_grad():
            twin.weight.copy_(W if W.ndim == 4 else W.T)
            twin.bias.zero_()
        layers += [twin]
    twin = torch.nn.Sequential(*layers)
    optimizer = torch.optim.SGD(twin.parameters(), lr=LR, fused=True)
    return torch_loop(twin, optimizer, torch.nn.functional.cross_entropy, x, t)


def steps(name: str, net: cr.Network, *, count: int, rounds: int) -> bool:
    (pixels, t), _ = cr.datasets.load_mnist(normalize=False)
    images = (pixels / np.float32(255)).reshape(-1, 1, 28, 28)
    peers = {
        "PyTorch eager": pytorch(net, images, t.astype(np.int64)),
        "chainrule": chainrule(net, pixels, t),
    }
    rows = np.random.default_rng(2).permutation(len(pixels))[: count * 100].reshape(count, 100)
    check_losses(peers, rows[:3], ours="chainrule")
    medians = measure_steps(peers, rows, rounds=rounds)
    limits = {"PyTorch eager": AIM}
    return report(f"{name}, batch 100, SGD", medians, ours="chainrule", limits=limits, unit="µs a step")


def accuracy() -> bool:
    """Train until the aim is reached, and say how long it took, compiling included."""
    (x, t), (x_test, t_test) = cr.datasets.load_mnist(normalize=False)
    start = time.perf_counter()
    net = simple()
    trainer = cr.Trainer(
        net, cr.Adam(0.001), batch_size=100, seed=0, callbacks=[cr.TargetAccuracy(ACCURACY)], engine="fused"
    )
    history = trainer.fit(x, t, epochs=MOST_EPOCHS, validation=(x_test, t_test))
    seconds = time.perf_counter() - start
    reached = max(epoch.validation_accuracy or 0.0 for epoch in history)
    print(f"{reached:.2%} of the test set after {len(history)} epochs, {seconds:.0f} s")
    return reached >= ACCURACY and seconds <= 60 * MINUTES


def main() -> bool:
    refuse_forced_kernels()
    parser = argparse.ArgumentParser(description="The lesson's convolutional network beside PyTorch.")
    parser.add_argument("--deep", action="store_true")
    parser.add_argument("--accuracy", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    count, rounds = (2, 3) if options.quick else (40, 11)
    good = [steps("SimpleConvNet", simple(), count=count, rounds=rounds)]
    if options.deep:
        good.append(steps("DeepConvNet", deep(), count=max(2, count // 4), rounds=rounds))
    if options.accuracy:
        good.append(accuracy())
    return all(good)


if __name__ == "__main__":
    sys.exit(not main())
