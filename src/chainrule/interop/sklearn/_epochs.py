"""Training by mini-batches, one epoch after the other: the solvers "sgd" and "adam"."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ._descent import Descent
from ._losses import Array
from ._rows import Rows
from ._watch import Watch


def train(estimator: Any, rows: Rows, watch: Watch, epochs: int) -> None:
    """Train for so many epochs, or until nothing improves.

    estimator  its weights are changed in place, its attributes kept up with each epoch
    rows       what it learns from
    watch      decides when it is enough
    """
    est = estimator
    descent: Descent = est._optimizer
    size = _batch_size(est.batch_size, len(rows))
    order = np.arange(len(rows))
    est.n_iter_ = 0
    try:
        with est._runner_for(rows, descent) as runner:
            while est.n_iter_ < epochs:
                if est.shuffle:
                    order = order[_shuffled(len(order), est._random_state)]
                loss = 0.0
                for batches in _batches(order, size):
                    batches, numbers = _weighed(rows, batches, est.alpha)
                    if not len(batches):
                        continue
                    losses, _ = runner.run(rows, batches, {**numbers, **descent.numbers(len(batches))})
                    loss += float(losses.sum()) * batches.shape[1]
                est.n_iter_ += 1
                est.t_ += len(rows)
                est.loss_ = loss / len(rows)
                est.loss_curve_.append(est.loss_)
                if est.verbose:
                    print(f"Iteration {est.n_iter_}, loss = {est.loss_:.8f}")
                watch.epoch_ends()
                descent.epoch_ends(est.t_)
                if watch.is_enough(descent):
                    return
    except KeyboardInterrupt:
        warnings.warn("Training interrupted by user.", stacklevel=4)
        return
    if epochs == est.max_iter and not watch.incremental:
        what = f"Stochastic Optimizer: Maximum iterations ({epochs}) reached and the optimization hasn't converged yet."
        warnings.warn(what, ConvergenceWarning, stacklevel=4)


def _shuffled(rows: int, random_state: np.random.RandomState) -> Array:
    """A random order, with the draws of `sklearn.utils.shuffle`, which takes longer than a small epoch."""
    order = np.arange(rows)
    random_state.shuffle(order)
    return order


def _batch_size(asked: Any, rows: int) -> int:
    if asked == "auto":
        return min(200, rows)
    if asked > rows:
        what = f"batch_size={asked} is larger than the {rows} rows there are; it is going to be clipped"
        warnings.warn(what, stacklevel=5)
    return min(int(asked), rows)


def _batches(order: Array, size: int) -> Iterator[Array]:
    """All whole mini-batches as one array of row numbers, then the smaller last one."""
    whole = len(order) - len(order) % size
    yield order[:whole].reshape(-1, size)
    if whole < len(order):
        yield order[np.newaxis, whole:]


def _weighed(rows: Rows, batches: Array, alpha: float) -> tuple[Array, dict[str, Array]]:
    """The mini-batches that have weight, and the numbers of the objective for each."""
    size = batches.shape[1]
    if rows.weights is None:
        total = np.full(len(batches), float(size))
    else:
        total = rows.weights[batches].sum(axis=1, dtype=np.float64)
        batches, total = batches[total > 0], total[total > 0]
    return batches, {"share": size / total, "decay": alpha / total}
