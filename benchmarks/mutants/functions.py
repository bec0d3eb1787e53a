"""Functions with gradients beside them: pairs `f`, `df`, and functions that return both. All are right."""

from __future__ import annotations

import numpy as np

# mypy: ignore-errors


def log_sum_exp(x):
    m = x.max()
    return m + np.log(np.exp(x - m).sum())


def d_log_sum_exp(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def quadratic_form(x, a):
    return x @ a @ x


def d_quadratic_form(x, a):
    dx = (a + a.T) @ x
    da = np.outer(x, x)
    return dx, da


def gaussian(x):
    return np.exp(-0.5 * x**2)


def d_gaussian(x, dout):
    return dout * -x * np.exp(-0.5 * x**2)


def cosine(x, y):
    return x @ y / np.sqrt((x @ x) * (y @ y))


def d_cosine(x, y):
    size = np.sqrt((x @ x) * (y @ y))
    dx = y / size - (x @ y) * x / (size * (x @ x))
    dy = x / size - (x @ y) * y / (size * (y @ y))
    return dx, dy


def rosenbrock(x):
    value = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
    d = x[1:] - x[:-1] ** 2
    gradient = np.zeros_like(x)
    gradient[:-1] += -400 * x[:-1] * d - 2 * (1 - x[:-1])
    gradient[1:] += 200 * d
    return value, gradient


def ridge_regression(w, x, t):
    n = len(t)
    d = x @ w - t
    value = (d @ d) / n + 0.3 * (w @ w)
    gradient = 2 * x.T @ d / n + 0.6 * w
    return value, gradient


def logistic_regression(w, x, t):
    n = len(t)
    y = 1 / (1 + np.exp(-(x @ w)))
    value = -(t * np.log(y) + (1 - t) * np.log(1 - y)).sum() / n
    gradient = x.T @ (y - t) / n
    return value, gradient
