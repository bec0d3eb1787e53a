"""Layers as a student of the lesson writes them: `forward(x)` keeps what `backward(dout)` needs. All are right."""

from __future__ import annotations

import numpy as np

# mypy: ignore-errors


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        y = x @ self.W + self.b
        self.x = x
        return y

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class ReLU:
    def forward(self, x):
        self.mask = x > 0
        y = x * self.mask
        return y

    def backward(self, dout):
        return dout * self.mask


class LeakyReLU:
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, 0.01 * x)

    def backward(self, dout):
        return dout * np.where(self.x > 0, 1, 0.01)


class Sigmoid:
    def forward(self, x):
        y = 1 / (1 + np.exp(-x))
        self.y = y
        return y

    def backward(self, dout):
        return dout * self.y * (1 - self.y)


class Tanh:
    def forward(self, x):
        y = np.tanh(x)
        self.y = y
        return y

    def backward(self, dout):
        return dout * (1 - self.y**2)


class Softplus:
    def forward(self, x):
        y = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
        self.x = x
        return y

    def backward(self, dout):
        return dout * (1 / (1 + np.exp(-self.x)))


class Square:
    def forward(self, x):
        y = x**2
        self.x = x
        return y

    def backward(self, dout):
        return dout * 2 * self.x


class SiLU:
    def forward(self, x):
        s = 1 / (1 + np.exp(-x))
        y = x * s
        self.x, self.s = x, s
        return y

    def backward(self, dout):
        return dout * (self.s + self.x * self.s * (1 - self.s))


class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        y = e / e.sum(axis=1, keepdims=True)
        self.y = y
        return y

    def backward(self, dout):
        return self.y * (dout - (dout * self.y).sum(axis=1, keepdims=True))


class BatchNorm:
    def __init__(self, gamma, beta):
        self.gamma, self.beta = gamma, beta

    def forward(self, x):
        self.std = np.sqrt(x.var(axis=0) + 1e-5)
        self.xhat = (x - x.mean(axis=0)) / self.std
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        self.dgamma = (dout * self.xhat).sum(axis=0)
        self.dbeta = dout.sum(axis=0)
        dxhat = dout * self.gamma
        return (dxhat - dxhat.mean(axis=0) - self.xhat * (dxhat * self.xhat).mean(axis=0)) / self.std


class LayerNorm:
    def __init__(self, gamma, beta):
        self.gamma, self.beta = gamma, beta

    def forward(self, x):
        self.std = np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        self.xhat = (x - x.mean(axis=1, keepdims=True)) / self.std
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        self.dgamma = (dout * self.xhat).sum(axis=0)
        self.dbeta = dout.sum(axis=0)
        dxhat = dout * self.gamma
        mean = dxhat.mean(axis=1, keepdims=True)
        return (dxhat - mean - self.xhat * (dxhat * self.xhat).mean(axis=1, keepdims=True)) / self.std


class RMSNorm:
    def __init__(self, gamma):
        self.gamma = gamma

    def forward(self, x):
        self.rms = np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-5)
        self.xhat = x / self.rms
        return self.gamma * self.xhat

    def backward(self, dout):
        self.dgamma = (dout * self.xhat).sum(axis=0)
        dxhat = dout * self.gamma
        return (dxhat - self.xhat * (dxhat * self.xhat).mean(axis=1, keepdims=True)) / self.rms


class Dropout:
    def __init__(self, kept):
        self.kept = kept

    def forward(self, x):
        self.mask = self.kept
        y = x * self.mask / self.mask.mean()
        return y

    def backward(self, dout):
        return dout * self.mask / self.mask.mean()


class Embedding:
    def __init__(self, W):
        self.W = W

    def forward(self, index):
        self.index = index
        return self.W[index]

    def backward(self, dout):
        dW = np.zeros_like(self.W)
        np.add.at(dW, self.index, dout)
        self.dW = dW


class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dout):
        dx = dout * self.y
        dy = dout * self.x
        return dx, dy


class Maximum:
    def forward(self, x, y):
        self.mask = x > y
        return np.where(self.mask, x, y)

    def backward(self, dout):
        dx = dout * self.mask
        dy = dout * ~self.mask
        return dx, dy


class ScaleAndShift:
    """One scale a row and one shift a column, broadcast over the others."""

    def forward(self, x, scale, shift):
        self.x, self.scale = x, scale
        return x * scale + shift

    def backward(self, dout):
        dx = dout * self.scale
        dscale = (dout * self.x).sum(axis=1, keepdims=True)
        dshift = dout.sum(axis=0, keepdims=True)
        return dx, dscale, dshift


class Residual:
    """x + relu(x W + b)"""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        z = x @ self.W + self.b
        self.x, self.mask = x, z > 0
        return x + z * self.mask

    def backward(self, dout):
        dz = dout * self.mask
        self.dW = self.x.T @ dz
        self.db = dz.sum(axis=0)
        return dout + dz @ self.W.T


class Attention:
    """One head whose queries, keys and values are the rows of three inputs."""

    def forward(self, q, k, v):
        s = q @ k.T / np.sqrt(q.shape[1])
        e = np.exp(s - s.max(axis=1, keepdims=True))
        self.q, self.k, self.v = q, k, v
        self.a = e / e.sum(axis=1, keepdims=True)
        return self.a @ v

    def backward(self, dout):
        da = dout @ self.v.T
        ds = self.a * (da - (da * self.a).sum(axis=1, keepdims=True)) / np.sqrt(self.q.shape[1])
        dq = ds @ self.k
        dk = ds.T @ self.q
        dv = self.a.T @ dout
        return dq, dk, dv
