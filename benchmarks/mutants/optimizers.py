"""Steps of optimizers as whoever differentiates through training writes them; right ones, and their traps.

`forward` takes a parameter, its gradient, the state and the learning rate, and returns the new parameter and the new
state, one above the other; `backward` sends back what reaches both, to the learning rate too (the hypergradient).

source   Maclaurin, Duvenaud & Adams 2015, Gradient-based Hyperparameter Optimization through Reversible Learning
"""

from __future__ import annotations

import numpy as np

# mypy: ignore-errors


class SGD:
    """With weight decay, and no state."""

    decay = 0.1

    def forward(self, w, g, lr):
        d = g + self.decay * w
        self.d, self.lr = d, lr
        return w - lr * d

    def backward(self, dout):
        dw = dout * (1 - self.lr * self.decay)
        dg = -self.lr * dout
        dlr = -(dout * self.d).sum()
        return dw, dg, dlr


class Momentum:
    momentum = 0.9

    def forward(self, w, g, v, lr):
        self.g, self.lr = g, lr
        new_v = self.momentum * v - lr * g
        return np.stack((w + new_v, new_v))

    def backward(self, dout):
        dw, dnew_v = dout
        dv = dnew_v + dw
        dg = -self.lr * dv
        dlr = -(dv * self.g).sum()
        return dw, dg, self.momentum * dv, dlr


class Nesterov:
    """As if the gradient were taken one step ahead."""

    momentum = 0.9

    def forward(self, w, g, v, lr):
        self.g, self.lr = g, lr
        new_v = self.momentum * v - lr * g
        return np.stack((w + self.momentum * new_v - lr * g, new_v))

    def backward(self, dout):
        dw, dnew_v = dout
        dv = dnew_v + self.momentum * dw
        dg = -self.lr * (dv + dw)
        dlr = -((dv + dw) * self.g).sum()
        return dw, dg, self.momentum * dv, dlr


class AdaGrad:
    def forward(self, w, g, h, lr):
        new_h = h + g**2
        self.g, self.h, self.lr = g, new_h, lr
        return np.stack((w - lr * g / (np.sqrt(new_h) + 1e-7), new_h))

    def backward(self, dout):
        dw, dnew_h = dout
        s = np.sqrt(self.h)
        step = 1 / (s + 1e-7)
        dstep = -self.lr * dw * step
        dh = dnew_h - dstep * self.g * step / (2 * s)
        dg = dstep + 2 * self.g * dh
        dlr = -(dw * self.g * step).sum()
        return dw, dg, dh, dlr


class RMSprop:
    rho = 0.9

    def forward(self, w, g, h, lr):
        new_h = self.rho * h + (1 - self.rho) * g**2
        self.g, self.h, self.lr = g, new_h, lr
        return np.stack((w - lr * g / (np.sqrt(new_h) + 1e-7), new_h))

    def backward(self, dout):
        dw, dnew_h = dout
        s = np.sqrt(self.h)
        step = 1 / (s + 1e-7)
        dstep = -self.lr * dw * step
        dh = dnew_h - dstep * self.g * step / (2 * s)
        dg = dstep + 2 * (1 - self.rho) * self.g * dh
        dlr = -(dw * self.g * step).sum()
        return dw, dg, self.rho * dh, dlr


class Adam:
    """Its third step."""

    beta1, beta2, number = 0.9, 0.99, 3

    def forward(self, w, g, m, v, lr):
        new_m = self.beta1 * m + (1 - self.beta1) * g
        new_v = self.beta2 * v + (1 - self.beta2) * g**2
        self.g, self.m, self.v, self.lr = g, new_m, new_v, lr
        c = np.sqrt(1 - self.beta2**self.number) / (1 - self.beta1**self.number)
        return np.stack((w - lr * c * new_m / (np.sqrt(new_v) + 1e-7), new_m, new_v))

    def backward(self, dout):
        dw, dnew_m, dnew_v = dout
        c = np.sqrt(1 - self.beta2**self.number) / (1 - self.beta1**self.number)
        s = np.sqrt(self.v)
        step = c / (s + 1e-7)
        dstep = -self.lr * dw * step
        dm = dnew_m + dstep
        dv = dnew_v - dstep * self.m / (s + 1e-7) / (2 * s)
        dg = (1 - self.beta1) * dm + 2 * (1 - self.beta2) * self.g * dv
        dlr = -(dw * self.m * step).sum()
        return dw, dg, self.beta1 * dm, self.beta2 * dv, dlr
