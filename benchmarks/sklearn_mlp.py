"""One epoch of MNIST with scikit-learn's MLPClassifier and with ours: `fit`, all of it, from the same random_state.

The two take turns, so that a busy machine is busy for both; the figures are medians, after one turn to warm up (in
which ours compiles its step, which afterwards comes from the process). Both learn from the same array and are asked
for the accuracy on the test images. Beside them stand the matrix products of the same steps alone: nobody who computes
them can be faster than that.

pip install -e '.[fast,sklearn]'; python benchmarks/sklearn_mlp.py

    --rounds N     turns of each, 7 unless told otherwise
    --threads N    of BLAS and of the fused engine; all cores unless told otherwise
    --float64      data in float64
    --cpu          seconds of the processor instead of the clock's; with --threads 1, where others use the machine
    --quick        2,000 images and one turn, to see that everything runs; the figures mean nothing
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

AIMS = {"784-50-10, SGD": 3.0, "784-256-256-256-10, Adam": 5.0}
SETTINGS: dict[str, dict[str, Any]] = {
    "784-50-10, SGD": {"hidden_layer_sizes": (50,), "solver": "sgd", "learning_rate_init": 0.1},
    "784-256-256-256-10, Adam": {"hidden_layer_sizes": (256, 256, 256), "solver": "adam"},
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--float64", action="store_true")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if given.threads:  # before NumPy is loaded
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
            os.environ[name] = str(given.threads)
    clock = time.process_time if given.cpu else time.perf_counter
    missed = compare(
        1 if given.quick else given.rounds, 2000 if given.quick else 60_000, given.float64, clock
    )
    return int(missed and not given.quick)


def compare(rounds: int, rows: int, is_float64: bool, clock: Callable[[], float]) -> bool:
    """Print the figures; whether an aim is missed."""
    import numpy as np
    import sklearn
    from _peers import matrix_products
    from _work import Work
    from sklearn.neural_network import MLPClassifier as Theirs

    from chainrule.datasets import load_mnist
    from chainrule.sklearn import MLPClassifier as Ours

    dtype = np.float64 if is_float64 else np.float32
    (x, t), (x_test, t_test) = load_mnist()
    x, x_test = (np.ascontiguousarray(a.reshape(len(a), -1), dtype) for a in (x[:rows], x_test))
    t = t[:rows]
    warnings.simplefilter("ignore")  # that one epoch is not enough
    print(f"scikit-learn {sklearn.__version__}, {rows} images, {np.dtype(dtype)}, {os.cpu_count()} cores")
    missed = False
    for name, settings in SETTINGS.items():
        settings = {**settings, "batch_size": 100, "max_iter": 1, "random_state": 0}
        makers: dict[str, Callable[[], Any]] = {
            "scikit-learn": partial(Theirs, **settings),
            "chainrule": partial(Ours, **settings, engine="fused"),
        }
        sizes = (784, *settings["hidden_layer_sizes"], 10)
        products = None if is_float64 else matrix_products(Work(sizes, settings["batch_size"]))
        batches = np.empty((rows // settings["batch_size"], 0))
        floor: list[float] = []
        seconds: dict[str, list[float]] = {maker: [] for maker in makers}
        accuracy = {}
        for turn in range(rounds + 1):
            for maker, make in makers.items():
                model = make()
                start = clock()
                model.fit(x, t)
                if turn:
                    seconds[maker].append(clock() - start)
                accuracy[maker] = model.score(x_test, t_test)
            if products is not None:
                start = clock()
                products(batches)
                floor.append(clock() - start)
        theirs, ours = (statistics.median(seconds[maker]) for maker in makers)
        missed |= theirs / ours < AIMS[name]
        print(f"{name}: the aim is {AIMS[name]:g} ×; it is {theirs / ours:.2f} ×")
        for maker, times in seconds.items():
            spread = f"{min(times):.3f} to {max(times):.3f}"
            median = statistics.median(times)
            print(f"  {maker:12} {median:.3f} s ({spread}), accuracy {accuracy[maker]:.2%}")
        if floor:
            least = statistics.median(floor)
            print(f"  {'products':12} {least:.3f} s, with which it would be {theirs / least:.2f} ×")
    return missed


if __name__ == "__main__":
    sys.exit(main())
