"""The lesson's convolutional network on MNIST, and what its filters learn to look for."""

import numpy as np

import chainrule as cr

(x_train, t_train), (x_test, t_test) = cr.datasets.load_mnist(normalize=False)
x_train, t_train = (
    x_train[:6000],
    t_train[:6000],
)  # a tenth, so that it takes seconds; all of them pass 98.8 %

network = cr.SimpleConvNet(weight_init_std="he", dtype=np.float32, seed=0)
print(network.summary())

trainer = cr.Trainer(network, cr.Adam(0.001), batch_size=100, callbacks=[cr.TargetAccuracy(0.988)])
for epoch in trainer.fit(x_train, t_train, epochs=3, validation=(x_test, t_test)):
    print(f"epoch {epoch.epoch:2}  loss {epoch.loss:.4f}  test accuracy {epoch.validation_accuracy:.2%}")

# A filter as a picture: dark where a bright pixel speaks against what it looks for, light where it speaks for it.
for number, (filter_,) in enumerate(network.params["W1"][:3], start=1):
    print(f"filter {number}")
    for row in filter_:
        print(
            "   ", "".join(" ░▒▓█"[min(4, int(5 * (w - filter_.min()) / np.ptp(filter_)))] * 2 for w in row)
        )
