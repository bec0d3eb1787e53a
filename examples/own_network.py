"""A network of your own: layers in a row, a trainer that stops by itself, a file, and back."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import chainrule as cr
from chainrule.training import cosine

(x, t), (x_test, t_test) = cr.datasets.load_mnist()
x_train, t_train = x[:6000], t[:6000]  # a tenth, so that it takes seconds
x_validation, t_validation = x[-2000:], t[-2000:]

network = cr.Sequential(
    cr.Affine(784, 64), cr.Tanh(), cr.Affine(64, 32), cr.Tanh(), cr.Affine(32, 10), seed=0
)
print(network.summary())
print()

trainer = cr.Trainer(
    network,
    cr.AdamW(lr=0.003, weight_decay=0.05),
    batch_size=100,
    clip_norm=1.0,
    schedule=cosine(steps=15 * 60, warmup=30),
    callbacks=[cr.EarlyStopping("validation_loss", patience=2)],
)
history = trainer.fit(x_train, t_train, epochs=15, validation=(x_validation, t_validation))
for epoch in history:
    print(
        f"epoch {epoch.epoch:2}  loss {epoch.loss:.4f}  validation loss {epoch.validation_loss:.4f}"
        f"  accuracy {epoch.validation_accuracy:.2%}"
    )
print("stopped:", history.stopped)
print(f"test accuracy of the best epoch's network: {network.accuracy(x_test, t_test):.2%}\n")

with TemporaryDirectory() as folder:
    file = Path(folder, "digits.safetensors")
    network.save(file)
    print(f"{file.name}: {file.stat().st_size:,} bytes")
    again = cr.load(file)

scores = again.predict(x_test[:5])
assert np.array_equal(scores, network.predict(x_test[:5]))
print("loaded, it says the same to the bit:", scores.argmax(axis=1), "labels", t_test[:5])
