"""Files as somebody would hand them in."""

AFFINE = """
import numpy as np

class MyAffine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T
"""

NETWORK = """
import numpy as np

class Net:
    def __init__(self, sizes, scale=0.5):
        self.params = {"W": scale * np.random.randn(*sizes)}

    def loss(self, x, t):
        z = x @ self.params["W"]
        return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(t)), t])

    def gradient(self, x, t):
        z = np.exp(x @ self.params["W"])
        y = z / z.sum(axis=1, keepdims=True)
        y[np.arange(len(t)), t] -= 1
        return {"W": x.T @ y / len(t)}
"""

FUNCTIONS = """
import numpy as np

def f(x, y):
    return np.sum(x**2 * y)

def df(x, y):
    return 2 * x * y, x**2

def twice(x, y):
    return 4 * x * y, x**2

def both(x):
    return np.sum(x**3), 3 * x**2

def layer():
    from affine import MyAffine
    return MyAffine(np.eye(2), np.ones(2))
"""

LOSS = """
import numpy as np

def softmax(x):
    e = np.exp(x)
    return e / e.sum(axis=1, keepdims=True)

def both(x, t):
    return -np.sum(t * np.log(softmax(x))) / 5, (softmax(x) - t) / 5

class Loss:
    def forward(self, x, t):
        self.y, self.t = softmax(x), t
        return -np.sum(t * np.log(self.y)) / len(t)

    def backward(self, dout=1.0):
        return dout * (self.y - self.t) / len(self.t)
"""
