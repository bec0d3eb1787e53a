"""Losses as a student of the lesson writes them; `backward` starts from one number. All are right."""

from __future__ import annotations

import numpy as np

# mypy: ignore-errors


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class SoftmaxWithLoss:
    """For class numbers."""

    def forward(self, x, t):
        self.y, self.t = softmax(x), t
        n = len(t)
        return -np.log(self.y[np.arange(n), t]).sum() / n

    def backward(self, dout=1.0):
        n = len(self.t)
        dx = self.y.copy()
        dx[np.arange(n), self.t] -= 1
        return dout * dx / n


class OneHotSoftmaxWithLoss:
    """For one-hot rows."""

    def forward(self, x, t):
        self.y, self.t = softmax(x), t
        n = len(t)
        return -(t * np.log(self.y)).sum() / n

    def backward(self, dout=1.0):
        n = len(self.t)
        return dout * (self.y - self.t) / n


class SigmoidWithLoss:
    def forward(self, x, t):
        self.y, self.t = 1 / (1 + np.exp(-x)), t
        n = len(t)
        return -(t * np.log(self.y) + (1 - t) * np.log(1 - self.y)).sum() / n

    def backward(self, dout=1.0):
        n = len(self.t)
        return dout * (self.y - self.t) / n


class MeanSquaredError:
    """The mean over rows and outputs."""

    def forward(self, x, t):
        self.d = x - t
        return (self.d**2).mean()

    def backward(self, dout=1.0):
        return dout * 2 * self.d / self.d.size


class SumOfSquares:
    """½ Σ (x − t)², averaged over the rows only."""

    def forward(self, x, t):
        self.d = x - t
        n = len(t)
        return 0.5 * (self.d**2).sum() / n

    def backward(self, dout=1.0):
        n = len(self.d)
        return dout * self.d / n


class Huber:
    def forward(self, x, t):
        self.d = x - t
        a = np.abs(self.d)
        n = len(t)
        return np.where(a < 1, 0.5 * a**2, a - 0.5).sum() / n

    def backward(self, dout=1.0):
        n = len(self.d)
        return dout * np.where(np.abs(self.d) < 1, self.d, np.sign(self.d)) / n


class MeanAbsoluteError:
    def forward(self, x, t):
        self.d = x - t
        n = len(t)
        return np.abs(self.d).sum() / n

    def backward(self, dout=1.0):
        n = len(self.d)
        return dout * np.sign(self.d) / n


class Hinge:
    """For labels −1 and 1."""

    def forward(self, x, t):
        self.t = t
        self.mask = 1 - t * x > 0
        n = len(t)
        return ((1 - t * x) * self.mask).sum() / n

    def backward(self, dout=1.0):
        n = len(self.t)
        return dout * -self.t * self.mask / n
