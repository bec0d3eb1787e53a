"""The lesson's training loop, with nothing changed but the imports.

The gradient by backpropagation is compared with the numerical one first, as the lesson does; then 600 steps.
"""

import numpy as np

from chainrule import TwoLayerNet
from chainrule.datasets import load_mnist

(x_train, t_train), (x_test, t_test) = load_mnist(normalize=True, one_hot_label=True)
network = TwoLayerNet(input_size=784, hidden_size=50, output_size=10, seed=0)

x_batch, t_batch = x_train[:3], t_train[:3]
grad_numerical = network.numerical_gradient(x_batch, t_batch)
grad_backprop = network.gradient(x_batch, t_batch)
for key in grad_numerical:
    diff = np.average(np.abs(grad_backprop[key] - grad_numerical[key]))
    print(f"{key}: mean difference of backprop and numerical gradient {diff:.1e}")

rng = np.random.default_rng(0)
batch_size = 100
learning_rate = 0.1

for i in range(601):
    # Step 1: a mini-batch
    batch_mask = rng.choice(len(x_train), batch_size)
    x_batch, t_batch = x_train[batch_mask], t_train[batch_mask]

    # Step 2: the gradient
    grad = network.gradient(x_batch, t_batch)

    # Step 3: the update
    for key in ("W1", "b1", "W2", "b2"):
        network.params[key] -= learning_rate * grad[key]

    if i % 100 == 0:
        loss = network.loss(x_batch, t_batch)
        print(f"step {i:3}  loss {loss:.3f}  test accuracy {network.accuracy(x_test, t_test):.2%}")
