"""Gradients of gradients: Newton's method with an exact Hessian, and derivatives of any order by nesting."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import chainrule as cr

Array = NDArray[np.float64]


def rosenbrock(x: Array) -> Any:
    """A bent valley; its lowest point is (1, 1)."""
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


# Newton: where the gradient's own linear model is 0. Near the minimum every step doubles the number of right digits.
x = np.array([-1.2, 1.0])
print("step     f(x)      |gradient|   distance to (1, 1)")
for step in range(8):
    f, gradient = cr.value_and_grad(rosenbrock)(x)
    print(f"{step:4}  {f:9.2e}  {np.linalg.norm(gradient):12.1e}  {np.linalg.norm(x - 1):12.1e}")
    x = x - np.linalg.solve(cr.hessian(rosenbrock)(x), gradient)

# Nesting gives any order: the series of sin about 0.5, six terms, against math.sin.
derivative: Callable[[float], Any] = np.sin
terms = []
for n in range(6):
    terms.append(derivative(0.5) / math.factorial(n))
    derivative = cr.grad(derivative)
print("\nTaylor's coefficients of sin at 0.5:", " ".join(f"{term:+.6f}" for term in terms))
series = sum(term * 0.1**n for n, term in enumerate(terms))
print(f"the series says sin(0.6) = {series:.10f}; it is {math.sin(0.6):.10f}")

# A gradient can be a part of a larger graph: the slope of a network's squared gradient, as penalties need it.
w = cr.Variable(np.array([0.5, -1.5]), name="w")
penalty = np.sum(cr.grad(lambda w: np.sum(np.tanh(w) ** 2))(w) ** 2)
penalty.backward()
print(f"\n|gradient|² = {penalty.value:.6f}, and its own gradient {w.grad}")
