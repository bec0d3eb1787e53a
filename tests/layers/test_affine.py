"""The affine layer: the lesson's form, any batch shape, and how it begins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import ArgumentError, DTypeError, GraphError, ShapeError
from chainrule.layers import Affine
from tests.layers._close import assert_close

W = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
B = np.array([0.5, 0.25, 0.125])


def test_one_row_by_hand() -> None:
    affine = Affine(W, B)
    assert affine.forward(np.array([1.0, 10.0])).tolist() == [41.5, 52.25, 63.125]
    assert affine.backward(np.array([1.0, 0.0, 2.0])).tolist() == [7.0, 16.0]  # dout · Wᵀ
    assert affine.dW is not None
    assert affine.db is not None
    assert affine.dW.tolist() == [[1.0, 0.0, 2.0], [10.0, 0.0, 20.0]]
    assert affine.db.tolist() == [1.0, 0.0, 2.0]


def test_a_mini_batch_by_hand() -> None:
    affine = Affine(W, B)
    affine.forward(np.array([[1.0, 10.0], [2.0, 20.0]]))
    dx = affine.backward(np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]]))
    assert dx.tolist() == [[7.0, 16.0], [2.0, 5.0]]
    assert affine.dW is not None
    assert affine.db is not None
    assert affine.dW.tolist() == [[1.0, 2.0, 2.0], [10.0, 20.0, 20.0]]
    assert affine.db.tolist() == [1.0, 1.0, 2.0]


def test_no_gradients_before_backward() -> None:
    assert Affine(W, B).dW is None
    assert Affine(W, B).db is None


@given(
    st.lists(
        st.integers(1, 3),
        max_size=3,
    ),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=50, deadline=None)
def test_any_batch_shape_is_many_rows(batch: list[int], inputs: int, outputs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(inputs, outputs))
    biases = rng.normal(size=outputs)
    x = rng.normal(size=(*batch, inputs))
    dout = rng.normal(size=(*batch, outputs))
    affine = Affine(weights, biases)
    rows = Affine(weights, biases)
    out = affine.forward(x)
    out_rows = rows.forward(x.reshape(-1, inputs))
    dx = affine.backward(dout)
    dx_rows = rows.backward(dout.reshape(-1, outputs))
    assert out.shape == (*batch, outputs)
    assert dx.shape == x.shape
    assert_close(out.reshape(-1, outputs), out_rows)
    assert_close(dx.reshape(-1, inputs), dx_rows)
    assert_close(affine.dW, rows.dW)
    assert_close(affine.db, rows.db)
    assert_close(out_rows, x.reshape(-1, inputs) @ weights + biases)
    assert_close(affine.dW, x.reshape(-1, inputs).T @ dout.reshape(-1, outputs))
    assert_close(affine.db, dout.reshape(-1, outputs).sum(axis=0))


def test_pictures_with_channels_are_rows_of_all_their_numbers(rng: np.random.Generator) -> None:
    x = rng.normal(size=(5, 2, 3, 4))
    dout = rng.normal(size=(5, 6))
    affine = Affine(24, 6, seed=0)
    out = affine.forward(x)
    dx = affine.backward(dout)
    assert_close(out, x.reshape(5, 24) @ affine.W + affine.b)
    assert_close(dx, (dout @ affine.W.T).reshape(5, 2, 3, 4))
    assert_close(affine.dW, x.reshape(5, 24).T @ dout)


def test_agreement_with_pytorch(rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    x = rng.normal(size=(7, 5))
    dout = rng.normal(size=(7, 3))
    affine = Affine(5, 3, seed=0)
    out = affine.forward(x)
    dx = affine.backward(dout)
    X, weights, biases = (
        torch.tensor(
            a,
            requires_grad=True,
        )
        for a in (x, affine.W.T.copy(), affine.b)
    )
    theirs = torch.nn.functional.linear(X, weights, biases)
    theirs.backward(torch.tensor(dout))
    for ours, other in (
        (out, theirs.detach()),
        (dx, X.grad),
        (affine.dW, weights.grad.T),
        (affine.db, biases.grad),
    ):
        assert_close(ours, other.numpy(), 1e-10)


@pytest.mark.parametrize(
    "shape",
    [(2, 3), (3,), (), (4, 3, 3), (0, 3)],
)
def test_x_that_does_not_fit(shape: tuple[int, ...]) -> None:
    with pytest.raises(
        ShapeError, match=r"Affine needs x with 2 columns, because W is \(2, 3\); x is"
    ) as caught:
        Affine(W, B).forward(np.zeros(shape))
    assert str(caught.value.fix).startswith("x.reshape(-1, 2)")


def test_no_rows() -> None:
    affine = Affine(W, B)
    assert affine.forward(np.zeros((0, 2))).shape == (0, 3)
    assert affine.backward(np.zeros((0, 3))).shape == (0, 2)
    np.testing.assert_array_equal(affine.dW, np.zeros((2, 3)))


def test_the_parameters_are_the_users_arrays() -> None:
    weights = W.copy()
    biases = B.copy()
    affine = Affine(weights, biases)
    assert affine.W is weights
    weights[:] = 0
    biases -= 0.125
    assert affine.forward(np.ones(2)).tolist() == [0.375, 0.125, 0]
    affine.W = W
    affine.b = np.zeros(3)
    assert affine.forward(np.ones(2)).tolist() == [5.0, 7.0, 9.0]


def test_parameters_changed_between_forward_and_backward() -> None:
    affine = Affine(W.copy(), B.copy())
    affine.forward(np.ones((1, 2)))
    affine.W[:] = 0
    with pytest.raises(GraphError, match=r"^W was changed in place after the gate matmul used it"):
        affine.backward(np.ones((1, 3)))


def test_lists_become_arrays() -> None:
    assert Affine([[1, 2]], [0, 0]).forward([3.0]).tolist() == [3.0, 6.0]


@pytest.mark.parametrize(
    ("weights", "biases"),
    [(W, B[:2]), (W[0], B), (W, B[:, None]), (W[None], B), (W, np.array(1.0))],
)
def test_parameters_that_do_not_fit(weights: Any, biases: Any) -> None:
    with pytest.raises(ShapeError, match=r"W of shape \(inputs, outputs\) and b of shape \(outputs,\); W is"):
        Affine(weights, biases)


def test_parameters_of_another_shape_or_kind() -> None:
    affine = Affine(W, B)
    with pytest.raises(
        ShapeError, match=r"W of this Affine has shape \(2, 3\); the new one has shape \(3, 2\)"
    ):
        affine.W = W.T
    with pytest.raises(DTypeError, match="b holds float32 or float64, not int64"):
        affine.b = np.zeros(3, dtype=np.int64)
    with pytest.raises(DTypeError, match="W holds float32 or float64, not int64"):
        Affine(np.ones((2, 3), dtype=np.int64), B)
    with pytest.raises(DTypeError, match="W is an array, not float") as caught:
        Affine(784.0, 50)
    assert caught.value.fix == "Affine(W, b) with arrays, or Affine(inputs, outputs) with whole numbers"
    np.testing.assert_array_equal(affine.W, W)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("init", "deviation"), [("he", (2 / 400) ** 0.5), ("xavier", 0.05), ("auto", 0.05), (0.3, 0.3), (0, 0)]
)
def test_how_it_begins(init: Any, deviation: float, dtype: type) -> None:
    affine = Affine(400, 300, init=init, seed=0, dtype=dtype)
    assert affine.W.shape == (400, 300)
    assert affine.W.dtype == affine.b.dtype == dtype
    assert affine.W.std() == pytest.approx(deviation, rel=0.01)  # 120,000 numbers: ± 0.2 %
    assert abs(affine.W.mean()) <= deviation / 50
    assert not affine.b.any()


def test_the_same_seed_gives_the_same_numbers_in_both_dtypes() -> None:
    one = Affine(4, 3, seed=1)
    again = Affine(4, 3, seed=1)
    other = Affine(4, 3, seed=2)
    np.testing.assert_array_equal(one.W, again.W)
    assert not np.array_equal(one.W, other.W)
    np.testing.assert_array_equal(Affine(4, 3, seed=1, dtype=np.float32).W, one.W.astype(np.float32))
    assert not np.array_equal(Affine(4, 3).W, Affine(4, 3).W)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0, 3), {}, "at least one input and one output, not 0 and 3"),
        ((3, -1), {}, "at least one input and one output, not 3 and -1"),
        ((True, 3), {}, "at least one input and one output, not True and 3"),
        (
            (2, 3),
            {"init": "HE"},
            "init is 'auto', 'he', 'xavier' or a standard deviation from 0 up, not 'HE'",
        ),
        ((2, 3), {"init": -0.1}, "not -0.1"),
        ((2, 3), {"init": float("nan")}, "not nan"),
        ((2, 3), {"init": True}, "not True"),
        ((2, 3), {"init": None}, "not None"),
        ((W, B), {"init": "he"}, "init, seed and dtype are for Affine"),
        ((W, B), {"seed": 0}, "init, seed and dtype are for Affine"),
    ],
)
def test_arguments_that_make_no_layer(arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Affine(*arguments, **options)


@pytest.mark.parametrize("dtype", [np.float16, int, "float", object(), np.complex128])
def test_dtypes(dtype: Any) -> None:
    if dtype == "float":
        assert Affine(2, 3, dtype=dtype).W.dtype == np.float64
        return
    with pytest.raises(DTypeError, match="parameters are float32 or float64, not"):
        Affine(2, 3, dtype=dtype)


def test_a_seed_that_is_none() -> None:
    with pytest.raises(ArgumentError, match="seed=-1 is no seed"):
        Affine(2, 3, seed=-1).W  # noqa: B018  # the numbers are drawn when they are asked for
