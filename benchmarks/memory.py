"""Peak memory of a process that trains 784-4096-4096-10 (batch 512, float32, SGD) on MNIST, beside PyTorch.

Both keep the pixels as uint8 and scale each mini-batch. The peak is what the operating system counts as resident
memory: Python, the imports, the data, the parameters (80 MB), all that a step needs, and for chainrule's first run what
compiling needs.

pip install -e '.[fast]' torch; python benchmarks/memory.py

    --steps N        of training (5)
    --engine NAME    of chainrule, fused unless told otherwise
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

# The measured processes run this file too: all further imports are made where they are needed.

SIZES, BATCH, LR = (784, 4096, 4096, 10), 512, 0.05
IMPORTS = ("numpy", "chainrule", "numba", "scipy.linalg.blas", "torch")


def peak_mb() -> float:
    """The most memory that this process has had resident so far.

    Of what getrusage counts, the beginning is what the parent had when it started this process: little, since it
    imports nothing large.
    """
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6  # bytes there, KiB elsewhere


def parameters() -> list[Any]:
    import numpy as np

    rng = np.random.default_rng(0)
    arrays: list[Any] = []
    for inputs, outputs in pairwise(SIZES):
        W = rng.standard_normal((inputs, outputs), dtype=np.float32)
        W *= np.float32((2 / inputs) ** 0.5)
        arrays += [W, np.zeros(outputs, dtype=np.float32)]
    return arrays


def data(file: str, steps: int) -> tuple[Any, Any, Any]:
    """Pixels, labels, and the row numbers of the mini-batches."""
    import numpy as np

    with np.load(file) as arrays:
        x, t = arrays["x"], arrays["t"]
    return x, t, np.random.default_rng(1).integers(0, len(x), (steps, BATCH))


def with_chainrule(file: str, steps: int, engine: str) -> list[float]:
    import chainrule as cr

    x, t, batches = data(file, steps)
    W1, b1, W2, b2, W3, b3 = parameters()
    net = cr.Sequential(cr.Affine(W1, b1), cr.ReLU(), cr.Affine(W2, b2), cr.ReLU(), cr.Affine(W3, b3))
    losses = cr.Trainer(net, cr.SGD(LR), batch_size=BATCH, engine=engine).run(x, t, batches)
    return [float(loss) for loss in losses]


def with_pytorch(file: str, steps: int) -> list[float]:
    import torch

    x, t, batches = (torch.from_numpy(array) for array in data(file, steps))
    W1, b1, W2, b2, W3, b3 = weights = [torch.from_numpy(w).requires_grad_() for w in parameters()]
    optimizer = torch.optim.SGD(weights, lr=LR, fused=True)
    losses = []
    for rows in batches:
        optimizer.zero_grad()
        h = torch.relu(torch.addmm(b1, x[rows].float().div_(255), W1))
        h = torch.relu(torch.addmm(b2, h, W2))
        loss = torch.nn.functional.cross_entropy(torch.addmm(b3, h, W3), t[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def child(name: str, file: str, steps: int, engine: str) -> None:
    if name == "chainrule":
        losses = with_chainrule(file, steps, engine)
    else:
        losses = with_pytorch(file, steps)
    print(json.dumps({"losses": losses, "peak": peak_mb()}))


def run_child(*arguments: str) -> Any:
    command = [sys.executable, __file__, *arguments]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def compare(steps: int, engine: str) -> bool:
    import numpy as np
    from _compare import refuse_forced_kernels, report

    import chainrule as cr

    refuse_forced_kernels()
    for module in IMPORTS:
        print(f"import {module}: {run_child('--import', module):.0f} MB")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "mnist.npz")
        (x, t), _ = cr.datasets.load_mnist(normalize=False)
        np.savez(file, x=x, t=t)
        del x, t
        common = ("--file", os.fspath(file), "--steps", str(steps), "--engine", engine)
        os.environ["CHAINRULE_CACHE_DIR"] = folder  # the first run finds it empty, the second filled
        names = ("chainrule, empty cache", "chainrule", "PyTorch")
        results = {name: run_child("--child", name.partition(",")[0], *common) for name in names}
    for name, result in results.items():  # same work, same numbers
        np.testing.assert_allclose(result["losses"], results["chainrule"]["losses"], rtol=1e-3, err_msg=name)
    peaks = {name: result["peak"] for name, result in results.items()}
    title = "peak memory, 784-4096-4096-10, batch 512, SGD"
    return report(title, peaks, ours="chainrule", limits={"PyTorch": 0.7}, unit="MB")


def main() -> bool:
    parser = argparse.ArgumentParser(description="Peak memory beside PyTorch.")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--engine", default="fused")
    for name in ("--child", "--import", "--file"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    options = vars(parser.parse_args())
    if options["import"]:
        __import__(options["import"])
        print(peak_mb())
        return True
    if options["child"]:
        child(options["child"], options["file"], options["steps"], options["engine"])
        return True
    return compare(options["steps"], options["engine"])


if __name__ == "__main__":
    sys.exit(not main())
