"""A data set of uint8 is trained on as x / 255, and never converted as a whole."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import resolve
from tests._memory import limited_memory


def pixels(rows: int, columns: int = 2) -> np.ndarray:
    return np.random.default_rng(6).integers(0, 256, (rows, columns), dtype=np.uint8)


def history_of(trainer: cr.Trainer, *data, **options) -> list[tuple]:
    epochs = trainer.fit(*data, epochs=3, **options).epochs
    return [
        (e.loss, e.train_loss, e.train_accuracy, e.validation_loss, e.validation_accuracy) for e in epochs
    ]


@pytest.fixture
def _not_on_xla() -> None:
    if resolve("auto") == "xla":
        pytest.skip("XLA multiplies by 1 / 255, and devices hold a copy of the data")


@pytest.mark.usefixtures("_not_on_xla")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pixels_train_as_their_numbers_do(make_net, dtype):
    x, t = pixels(130), np.arange(130) % 3
    kept = x.copy()
    results = []
    for data in (x, x.astype(dtype) / dtype(255)):
        net = make_net(dtype=dtype)
        trainer = cr.Trainer(net, cr.Adam(0.01), batch_size=40)  # the last mini-batch has 10 rows
        history = history_of(trainer, data, t, validation=(data[:20], t[:20]))
        losses = trainer.run(data, t, np.arange(24).reshape(4, 6))
        results.append((history, losses, net.params))
    np.testing.assert_equal(*results)  # not one bit
    np.testing.assert_array_equal(x, kept, strict=True)


def test_pixels_and_numbers_agree_with_pytorch(make_net):
    torch = pytest.importorskip("torch")
    x, t = pixels(90), np.arange(90) % 3
    batches = np.random.default_rng(2).integers(0, 90, (30, 20))
    net = make_net()
    params = [torch.tensor(net.params[k].copy(), requires_grad=True) for k in ("W1", "b1", "W2", "b2")]
    losses = cr.Trainer(net, cr.SGD(0.5)).run(x, t, batches)
    peer = torch.optim.SGD(params, lr=0.5)
    for rows, loss in zip(batches, losses, strict=True):
        peer.zero_grad()
        W1, b1, W2, b2 = params
        scores = torch.tanh(torch.tensor(x[rows]).double() / 255 @ W1 + b1) @ W2 + b2
        theirs = torch.nn.functional.cross_entropy(scores, torch.tensor(t[rows]))
        theirs.backward()
        peer.step()
        np.testing.assert_allclose(loss, theirs.item(), rtol=1e-9)


@pytest.mark.usefixtures("_not_on_xla")
def test_a_data_set_of_pixels_stays_small():
    x, t = pixels(40_000, 2000), np.zeros(40_000, int)  # 80 MB, as float32 320 MB
    net = cr.Sequential(cr.Affine(2000, 2))
    with limited_memory(70e6):
        cr.Trainer(net, cr.SGD(0.1), batch_size=1000).fit(x, t, validation=(x[:30_000], t[:30_000]))


def test_pixels_may_stay_on_disk(make_net, tmp_path):
    x, t = pixels(50), np.arange(50) % 3
    np.save(tmp_path / "x.npy", x)
    on_disk = np.load(tmp_path / "x.npy", mmap_mode="r", allow_pickle=False)
    results = [history_of(cr.Trainer(make_net(), cr.SGD(0.1)), data, t) for data in (x, on_disk)]
    assert results[0] == results[1]
