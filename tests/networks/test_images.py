"""Networks of images: shapes of rows, the lesson's network, and PyTorch's numbers over many steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError
from chainrule.layers import Affine, AvgPool, Conv2D, MaxPool, ReLU

SMALL: dict[str, Any] = {
    "input_dim": (1, 8, 8),
    "conv_param": {"filter_num": 3, "filter_size": 3},
    "hidden_size": 6,
    "output_size": 4,
    "weight_init_std": 0.5,
}


@pytest.fixture
def data() -> tuple[Any, Any]:
    rng = np.random.default_rng(7)
    return rng.integers(0, 256, (40, 64)).astype(np.uint8), rng.integers(0, 4, 40)


def test_the_lessons_network() -> None:
    net = cr.SimpleConvNet(seed=0)
    assert list(net.layers) == ["Conv1", "Relu1", "Pool1", "Affine1", "Relu2", "Affine2"]
    shapes = {key: value.shape for key, value in net.params.items()}
    assert shapes == {
        "W1": (30, 1, 5, 5), "b1": (30,), "W2": (4320, 100), "b2": (100,), "W3": (100, 10), "b3": (10,),
    }  # fmt: skip
    assert net.params["W1"].std() == pytest.approx(0.01, rel=0.1)
    assert "\nPool1            (N, 30, 12, 12)" in net.summary()


def test_the_lessons_deep_network(data: tuple[Any, Any]) -> None:
    net = cr.DeepConvNet((1, 8, 8), 20, 4, dropout=0.25, seed=0)
    assert [name for name in net.layers if name.startswith(("Conv", "Pool", "Dropout"))] == [
        "Conv1", "Conv2", "Pool1", "Conv3", "Conv4", "Pool2", "Conv5", "Conv6", "Pool3", "Dropout1", "Dropout2",
    ]  # fmt: skip
    assert cr.DeepConvNet().shapes["Pool3"] == (64, 4, 4)
    assert net.layers["Conv4"].padding == (2, 2)
    x, t = data
    kept = net.loss(x, t)
    assert net.loss(x, t, training=True) != kept
    cr.Trainer(net, cr.Adam(0.01), batch_size=20, engine="eager", seed=0).fit(x, t, epochs=5)
    assert net.loss(x, t) < kept
    with pytest.raises(ArgumentError, match=r"input_dim is \(channels, height, width\), not \(28, 28\)"):
        cr.DeepConvNet((28, 28))


def test_rows_in_any_shape_of_as_many_numbers(data: tuple[Any, Any]) -> None:
    x, _ = data
    net = cr.SimpleConvNet(**SMALL, seed=0)
    scores = net.predict(x)
    for shape in [(40, 8, 8), (40, 1, 8, 8), (40, 4, 16)]:
        np.testing.assert_array_equal(net.predict(x.reshape(shape)), scores)
    with pytest.raises(
        ShapeError, match=r"takes rows of shape \(1, 8, 8\), or 64 numbers each; x is \(40, 63\)"
    ):
        net.predict(x[:, 1:])


def test_the_gradient_is_the_numerical_gradient(data: tuple[Any, Any]) -> None:
    x, t = data[0][:3], data[1][:3]
    net = cr.SimpleConvNet(**SMALL, seed=0)
    numerical = net.numerical_gradient(x, t)
    for key, gradient in net.gradient(x, t).items():
        np.testing.assert_allclose(gradient, numerical[key], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("engine", "is_deep"), [("eager", True), ("fused", False)])
def test_a_hundred_steps_are_those_of_pytorch(engine: str, is_deep: bool, data: tuple[Any, Any]) -> None:
    """With a second convolution the ties in the pool matter: the background of an image is all the same."""
    torch = pytest.importorskip("torch")
    if engine == "fused":
        pytest.importorskip("numba")
    x, t = data
    x[:, :24] = 0
    nn = torch.nn
    first, twins = [Conv2D(1, 3, 3, padding=1), ReLU()], [nn.Conv2d(1, 3, 3, padding=1), nn.ReLU()]
    if is_deep:
        first += [Conv2D(3, 3, (2, 3), padding=(1, 1)), ReLU(), MaxPool(2, stride=1), AvgPool(2, padding=1)]
        twins += [
            nn.Conv2d(3, 3, (2, 3), padding=(1, 1)),
            nn.ReLU(),
            nn.MaxPool2d(2, 1),
            nn.AvgPool2d(2, padding=1),
        ]
    size = 3 * (2 if is_deep else 4) ** 2
    layers = [*first, MaxPool(2), Affine(size, 4)]
    net = cr.Sequential(*layers, input_shape=(1, 8, 8), seed=3, dtype=np.float64)
    twin = nn.Sequential(*twins, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(size, 4)).double()
    for value, parameter in zip(net.params.values(), twin.parameters(), strict=True):
        parameter.data = torch.tensor(value.T.copy() if value.ndim == 2 else value)
    rule = torch.optim.SGD(twin.parameters(), lr=0.05, momentum=0.9)
    images, labels = torch.tensor(x.reshape(40, 1, 8, 8) / 255), torch.tensor(t)
    wanted = []
    batches = np.random.default_rng(1).integers(0, 40, (100, 10))
    for rows in batches:
        rule.zero_grad()
        loss = nn.functional.cross_entropy(twin(images[rows]), labels[rows])
        loss.backward()
        rule.step()
        wanted.append(loss.item())
    trainer = cr.Trainer(net, cr.Momentum(0.05), batch_size=10, engine=engine)
    np.testing.assert_allclose(trainer.run(x, t, batches), wanted, rtol=1e-9)
    for value, parameter in zip(net.params.values(), twin.parameters(), strict=True):
        numbers = parameter.detach().numpy()
        np.testing.assert_allclose(value, numbers.T if value.ndim == 2 else numbers, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("layers", "input_shape", "message", "fix"),
    [
        (
            [Conv2D(1, 2, 3), Affine(9, 2)], (1, 5, 5), "Affine1 takes 9 numbers a row, but Conv2D1 gives (2, 3, 3)",
            "Affine(18, 2) as Affine1",
        ),
        (
            [Conv2D(3, 2, 3), Affine(9, 2)], (1, 5, 5),
            "Conv2D1 takes images with 3 channels of at least 3 × 3, but input_shape gives (1, 5, 5)", None,
        ),
        (
            [Affine(4, 8), MaxPool(2), Affine(2, 2)], None,
            "MaxPool1 takes images of at least 2 × 2, but Affine1 gives 8", None,
        ),
    ],
)  # fmt: skip
def test_layers_that_do_not_fit(layers: Any, input_shape: Any, message: str, fix: str | None) -> None:
    with pytest.raises(ShapeError) as caught:
        cr.Sequential(*layers, input_shape=input_shape)
    assert (caught.value.what, caught.value.fix) == (message, fix)


def test_the_size_of_images_must_be_known() -> None:
    with pytest.raises(ArgumentError, match="Conv2D1 takes images .* does not know how large") as caught:
        cr.Sequential(Conv2D(1, 2, 3), Affine(18, 2))
    assert "input_shape=(1, 28, 28)" in str(caught.value.fix)
    with pytest.raises(ArgumentError, match=r"the shape of one row, such as \(1, 28, 28\), not \(1, 0\)"):
        cr.Sequential(Affine(4, 2), input_shape=(1, 0))


def test_settings_of_the_lessons_network() -> None:
    with pytest.raises(
        ArgumentError, match="conv_param has padding; it takes filter_num, filter_size, pad, stride"
    ):
        cr.SimpleConvNet(conv_param={"padding": 1})
    with pytest.raises(ArgumentError, match=r"input_dim is \(channels, height, width\), not \(28, 28\)"):
        cr.SimpleConvNet((28, 28))
