"""The solver "lbfgs": SciPy's L-BFGS-B on the objective of all rows and its gradient by backpropagation."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ._losses import Array
from ._rows import Rows, pieces
from ._runner import Runner


def objective(estimator: Any, rows: Rows, runner: Runner) -> Callable[[Array], tuple[float, Array]]:
    """The objective of all rows and its gradient, as functions of all weights in one vector: coefs, then intercepts."""
    est = estimator
    arrays = [*est.coefs_, *est.intercepts_]
    ends = np.cumsum([w.size for w in arrays])[:-1]
    total = rows.total
    parts = [rows if part == slice(None) else rows[part] for part in pieces(rows.x)]

    def value_and_gradient(packed: Array) -> tuple[float, Array]:
        for w, values in zip(arrays, np.split(packed, ends), strict=True):
            w[...] = values.reshape(w.shape)
        loss, gradient = 0.0, np.zeros(packed.size)
        for number, part in enumerate(parts):
            numbers = {"share": [len(part) / total], "decay": [0.0 if number else est.alpha / total]}
            batch = np.arange(len(part))[np.newaxis]
            losses, found = runner.run(part, batch, {**numbers, "lr": [0.0], "step": [1.0]})
            loss += float(losses[0])
            gradient += np.concatenate([np.ravel(found[f"d{name}"]) for name in est._names()])
        return loss, gradient

    return value_and_gradient


def minimise(estimator: Any, rows: Rows, iteration_ends: Callable[[], bool]) -> None:
    """Run SciPy's L-BFGS-B from the weights that are there.

    iteration_ends  called after each iteration; True ends it
    """
    from scipy.optimize import minimize

    est = estimator

    def callback(intermediate_result: Any) -> None:
        est.n_iter_ += 1
        est.loss_ = float(intermediate_result.fun)
        if est.verbose:
            print(f"Iteration {est.n_iter_}, loss = {est.loss_:.8f}")
        if iteration_ends():
            raise StopIteration

    est.n_iter_ = 0
    with est._runner_for(rows, None) as runner:
        evaluate = objective(est, rows, runner)
        found = minimize(
            evaluate,
            np.concatenate([w.ravel() for w in (*est.coefs_, *est.intercepts_)], dtype=np.float64),
            method="L-BFGS-B",
            jac=True,
            callback=callback,
            options={"maxfun": est.max_fun, "maxiter": est.max_iter, "gtol": est.tol},
        )
        evaluate(found.x)  # which puts the weights where they belong
    est.loss_, est.n_iter_ = float(found.fun), min(int(found.nit), int(est.max_iter))
    if found.status == 1:
        what = f"lbfgs failed to converge after {est.n_iter_} iteration(s) (status={found.status}): {found.message}"
        warnings.warn(what, ConvergenceWarning, stacklevel=5)
