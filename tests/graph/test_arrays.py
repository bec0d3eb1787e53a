"""Other libraries' arrays: taken wherever NumPy's are, refused where their numbers or their past would be lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import chainrule as cr
from chainrule.errors import DTypeError, GraphError, ShapeError, UnsupportedError
from chainrule.graph import as_array


class OnlyDLPack:
    """A library's array that knows nothing but DLPack."""

    def __init__(self, array: np.ndarray) -> None:
        self.own = array

    def __dlpack__(self, **settings: Any) -> Any:
        return self.own.__dlpack__(**settings)

    def __dlpack_device__(self) -> Any:
        return self.own.__dlpack_device__()


class OnlyArray:
    """A library's array that knows nothing but ``__array__``."""

    def __init__(self, array: np.ndarray) -> None:
        self.own = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.own, dtype, copy=copy)


Make = Callable[[np.ndarray], Any]


@pytest.fixture(scope="module")
def makers() -> dict[str, Make]:
    """How each library makes its array of NumPy's, imported here, since JAX changes the environment."""
    made: dict[str, Make] = {"DLPack": OnlyDLPack, "__array__": OnlyArray}
    try:
        import torch

        made["torch"] = torch.from_numpy
    except ImportError:
        pass
    try:
        import jax

        jax.numpy.zeros(1)
        made["jax"] = jax.numpy.asarray
    except ImportError:
        pass
    return made


@pytest.fixture(params=["DLPack", "__array__", "torch", "jax"])
def make(request: pytest.FixtureRequest, makers: dict[str, Make]) -> Make:
    if request.param not in makers:
        pytest.skip(f"there is no {request.param} here")
    return makers[request.param]


def net() -> cr.Sequential:
    return cr.Sequential(cr.Affine(2, 3), cr.Tanh(), cr.Affine(3, 2), seed=0)


X = np.array([[1.0, 2.0], [-3.0, 0.5]], np.float32)
T = np.array([0, 1], np.int32)

PLACES: dict[str, Callable[[Any, Any], Any]] = {
    "variable": lambda x, t: cr.Variable(x).value,
    "operators": lambda x, t: (x * cr.Variable(X) + (cr.Variable(X) - x) @ x).value,
    "numpy": lambda x, t: np.maximum(x, cr.Variable(X)).value,
    "function": lambda x, t: cr.exp(x),
    "grad": lambda x, t: cr.grad(lambda x: (x * x).sum())(x),
    "loss function": lambda x, t: cr.softmax_with_loss(x, t),
    "expression": lambda x, t: cr.parse("sum(x * x)")(x=x).value,
    "layer": lambda x, t: cr.Affine(x, x[0] if hasattr(x, "shape") else X[0]).forward(x),
    "loss layer": lambda x, t: cr.SoftmaxWithLoss().forward(x, t),
    "predict": lambda x, t: net().predict(x),
    "evaluate": lambda x, t: net().evaluate(x, t),
    "gradient": lambda x, t: net().gradient(x, t)["W1"],
    "record": lambda x, t: net().record(x, t).value,
    "trainer": lambda x, t: cr.Trainer(net(), cr.SGD(0.1)).fit(x, t, epochs=2, validation=(x, t))["train_loss"],
    "numerical gradient": lambda x, t: cr.numerical_gradient(lambda x: float((x * x).sum()), x),
    "check": lambda x, t: cr.check_gradients(lambda x: (x * x).sum(), as_array(x).astype(float)).ok,
    "what if": lambda x, t: cr.what_if((cr.Variable(X, "x") * 2).sum(), x=x).to_dict()["scenarios"][0]["after"]["L"],
    "flow": lambda x, t: [layer.gradient for layer in cr.gradient_flow(net(), x, t).layers],
    "draw": lambda x, t: cr.draw(net(), x, t).svg(),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_an_array_of_another_library_gives_what_numpys_gives(place: str, make: Make) -> None:
    found, wanted = PLACES[place](make(X), make(T)), PLACES[place](X, T)
    if isinstance(wanted, str | bool):
        assert found == wanted
    else:
        np.testing.assert_allclose(found, wanted, rtol=1e-6)


@given(
    hnp.arrays(st.sampled_from(["f4", "f8", "i8", "u1", "?"]), hnp.array_shapes(min_dims=0, min_side=0)),
    st.sampled_from(["C order", "transposed", "every second"]),
)
def test_the_numbers_are_the_same_and_so_is_the_memory(
    makers: dict[str, Make], array: np.ndarray, order: str
) -> None:
    view = {"transposed": array.T, "every second": array[..., ::2] if array.ndim else array}.get(order, array)
    for name, make in makers.items():
        if name == "jax":
            continue  # it copies what is not aligned, and 64 bits are 32 for it unless told otherwise
        found = as_array(make(view))
        assert (found.dtype, found.shape) == (view.dtype, view.shape)
        np.testing.assert_array_equal(found, view)
        assert view.size == 0 or np.shares_memory(found, array)


def test_what_is_done_in_place_shows_and_is_noticed() -> None:
    array = np.ones(2)
    x = cr.Variable(OnlyArray(array), name="x")
    array[0] = 5.0
    assert x.value.tolist() == [5.0, 1.0]
    y = (x * x).sum()
    array[0] = 7.0
    with pytest.raises(GraphError, match="x was changed in place after the gate multiply used it"):
        y.backward()


def test_training_never_writes_into_the_data(make: Make) -> None:
    data = X.copy()
    cr.Trainer(net(), cr.SGD(0.1)).fit(make(data), make(T))
    np.testing.assert_array_equal(data, X)


REFUSED: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "requires a gradient": (
        lambda torch: torch.ones(2, 2, requires_grad=True),
        "x is a Tensor that requires a gradient, which would end here unseen",
        "x.detach()",
    ),
    "bfloat16": (
        lambda torch: torch.ones(2, 2).bfloat16(),
        "x is a Tensor that holds torch.bfloat16",
        "x.float()",
    ),
    "on a device": (
        lambda torch: torch.ones(2, 2, device="meta"),
        "x is a Tensor that lies on meta",
        "x.cpu()",
    ),
    "sparse": (lambda torch: torch.eye(2).to_sparse(), "x is a Tensor that is sparse", "x.to_dense()"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_tensor_that_cannot_be_read_is_refused_with_what_to_do(what: str) -> None:
    tensor, message, fix = REFUSED[what]
    x = tensor(pytest.importorskip("torch"))
    for use in (cr.Variable, cr.exp, net().predict, lambda x: cr.Trainer(net(), cr.SGD()).fit(x, T)):
        with pytest.raises(DTypeError, match=re.escape(message)) as caught:
            use(x)
        assert caught.value.fix == fix


class Elsewhere(OnlyDLPack):
    device = "cuda:0"
    dtype = "float32"

    def __dlpack__(self, **settings: Any) -> Any:
        raise BufferError("on a GPU")


def test_arrays_on_another_device_and_of_unfit_numbers_are_refused() -> None:
    with pytest.raises(
        DTypeError, match="x is a Elsewhere that lies on cuda:0, and NumPy computes in main memory"
    ):
        cr.Variable(Elsewhere(X))
    with pytest.raises(DTypeError, match="whole numbers have no gradient") as caught:
        cr.Variable(OnlyArray(T))
    assert caught.value.fix == "np.asarray(x).astype(float)"
    with pytest.raises(ShapeError, match="t must be an array; its rows have different lengths"):
        net().loss(X, [[1], [1, 2]])


def test_a_variable_never_becomes_an_array_of_another_library() -> None:
    x = cr.Variable(np.ones(2), name="x")
    with pytest.raises(
        UnsupportedError, match="x cannot become an array of another library without"
    ) as caught:
        np.from_dlpack(x)
    assert caught.value.fix == "take .value, which is an array that they all read"
    np.testing.assert_array_equal(np.from_dlpack(x.value), x.value)
