"""Existing NumPy code becomes differentiable as it stands: the two functions below know nothing of chainrule."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

import chainrule as cr

Array = NDArray[np.float64]


def log_loss(w: Array, b: float, x: Array, t: Array) -> Any:
    """The mean loss of a logistic regression with labels ±1, and a little L2."""
    margins = t * (x @ w + b)
    losses = np.log1p(np.exp(-margins))
    return np.mean(losses) + 0.005 * np.sum(w**2)


def energy(inner: Array, nails: Array, length: float, stiffness: float, weight: float) -> Any:
    """Springs in a row between two nails: what is stretched, and what hangs."""
    points = np.concatenate([nails[:1], inner, nails[1:]])
    springs = points[1:] - points[:-1]
    lengths = np.sqrt(np.sum(springs**2, axis=1))
    tension = 0.5 * stiffness * np.sum((lengths - length) ** 2)
    return tension + weight * np.sum(inner[:, 1])


# Logistic regression: two clouds of points, gradient descent on w and b.
rng = np.random.default_rng(0)
t = np.where(rng.random(400) < 0.5, -1.0, 1.0)
x = rng.standard_normal((400, 2)) + 1.2 * t[:, None]

w = np.zeros(2)
b = 0.0
loss_and_gradients = cr.value_and_grad(log_loss, wrt=(0, 1))
print("step  log loss  |dw|")
for step in range(101):
    loss, (dw, db) = loss_and_gradients(w, b, x, t)
    if step % 25 == 0:
        length = np.hypot(*dw)
        print(f"{step:4}  {loss:8.5f}  {length:.1e}")
    w = w - dw
    b = b - db
right = np.mean(np.sign(x @ w + b) == t)
print(f"w {w.round(2)}, b {b:.2f}: {right:.1%} of the points on the right side\n")

# A chain of 12 weights: it hangs where the energy has no gradient left.
nails = np.array([[0.0, 0.0], [4.0, 0.0]])
inner = np.linspace(nails[0], nails[1], 14)[1:-1]
pull = cr.value_and_grad(energy)
print("step    energy  largest force")
for step in range(401):
    potential, dinner = pull(inner, nails, 0.4, 50.0, 1.0)
    if step % 100 == 0:
        largest = np.abs(dinner).max()
        print(f"{step:4}  {potential:8.4f}  {largest:13.1e}")
    inner = inner - 0.01 * dinner

places = (inner * [14, -3]).round().astype(int)
picture = np.full((places[:, 1].max() + 1, 57), " ")
picture[0, [0, -1]] = "+"
for column, row in places:
    picture[row, column] = "o"
for line in picture:
    print("".join(line).rstrip())
