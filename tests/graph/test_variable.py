"""Variables: what they hold, what they are called, and what they refuse."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError, DTypeError, GraphError, ShapeError, UnsupportedError
from chainrule.graph import Variable, variables
from tests.graph._refusal import refused

# What a variable holds


def test_a_float_stays_a_float_and_an_integer_becomes_one() -> None:
    for given_value in (2.0, 2):
        value = Variable(given_value).value
        assert type(value) is float
        assert value == 2.0


@pytest.mark.parametrize("dtype", ["f4", "f8", ">f8"])
@pytest.mark.parametrize("shape", [(), (3,), (0, 2), (2, 1, 3)])
def test_an_array_is_kept_as_it_is_and_not_copied(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.ones(shape, dtype)
    x = Variable(array)
    assert x.value is array
    assert (x.shape, x.ndim, x.size, x.dtype) == (shape, len(shape), array.size, np.dtype(dtype))
    array[...] = 7
    assert np.all(x.value == 7)


def test_a_list_of_numbers_becomes_an_array_of_float64() -> None:
    for rows in ([[1, 2], [3, 4]], ((1.0, 2), (3, 4.0))):
        value = Variable(rows).value
        assert value.dtype == np.float64
        assert value.tolist() == [[1, 2], [3, 4]]


def test_a_scalar_of_numpy_keeps_its_dtype() -> None:
    assert Variable(np.float32(0.1)).dtype == np.float32
    assert Variable(np.float64(0.1)).value == 0.1


def test_a_memory_map_is_shared_as_a_plain_array(tmp_path: Path) -> None:
    mapped = np.memmap(tmp_path / "x", np.float64, "w+", shape=(3,))
    x = Variable(mapped)
    mapped[1] = 5
    assert type(x.value) is np.ndarray
    assert x.value.tolist() == [0, 5, 0]
    assert type((np.ones(3) * x + mapped).value) is np.ndarray


class _Level(enum.IntEnum):
    HIGH = 3


class _Length(float):
    pass


def test_numbers_of_a_class_derived_from_int_and_float_are_numbers() -> None:
    assert type(Variable(_Level.HIGH).value) is float
    assert type(Variable(_Length(2.5)).value) is float
    product = Variable(2.0) * _Level.HIGH * _Length(0.5)
    assert type(product.value) is float
    assert product.value == 3.0


WHOLE = "; whole numbers have no gradient"


@pytest.mark.parametrize(
    ("value", "named", "fix"),
    [
        (np.array([1, 2]), f"an array of dtype int64{WHOLE}", "x.astype(float)"),
        (np.array([1], np.uint8), f"an array of dtype uint8{WHOLE}", "x.astype(float)"),
        (np.int64(3), f"int64 (np.int64(3)){WHOLE}", "x.astype(float)"),
        (np.array([True]), "an array of dtype bool", "x.astype(float)"),
        ([True, False], "an array of dtype bool", "x.astype(float)"),
        (np.array([1.0, None]), "an array of dtype object", "x.astype(float)"),
        (np.array([1j]), "an array of dtype complex128", "x.real and x.imag, as two variables"),
        (np.array(["a"]), "an array of dtype <U1", None),
        (np.ones(2, np.float16), "an array of dtype float16", "x.astype(np.float32) or x.astype(np.float64)"),
        (True, "bool (True)", None),
        (np.bool_(True), "bool (np.True_)", "x.astype(float)"),
        (1j, "complex (1j)", None),
        ("1.0", "str ('1.0')", None),
        (b"1", "bytes (b'1')", None),
        (None, "None", None),
        (Decimal("1.5"), "Decimal (Decimal('1.5'))", None),
        ({"a": 1.0}, "dict ({'a': 1.0})", None),
    ],
)
def test_what_has_no_gradient_is_refused(value: Any, named: str, fix: str | None) -> None:
    with refused(DTypeError, f"a variable holds real numbers (float32 or float64), not {named}", fix):
        Variable(value)


def test_masked_arrays_are_refused_on_either_side_of_an_operator() -> None:
    masked = np.ma.array([1.0, 2.0], mask=[True, False])
    fix = "np.asarray(x), with a value of your choice where the mask is"
    with refused(DTypeError, "a variable holds plain arrays, not MaskedArray", fix):
        Variable(masked)
    x = Variable(np.ones(2), name="x")
    with refused(DTypeError, "a gate takes plain arrays, not MaskedArray", fix):
        x * masked
    with pytest.raises(UnsupportedError, match="x cannot become a plain array"):
        masked * x


def test_other_values_that_are_refused() -> None:
    x = Variable(2.0, name="x")
    with refused(ArgumentError, "x is a variable already", "use it as it is, or its .value"):
        Variable(x)
    with refused(ArgumentError, "a whole number of more than 308 digits does not fit a float"):
        Variable(10**400)
    with refused(ArgumentError, "[1, [2, 3]] makes no array: its rows differ in length"):
        Variable([1, [2, 3]])
    with pytest.raises(UnsupportedError) as caught:
        Variable([x, x])
    assert (
        caught.value.fix
        == "np.stack([...]) makes one variable of several; take .value if plain numbers are meant"
    )


# Names and texts


def test_variables_makes_named_variables_in_the_order_given() -> None:
    x, m, t = variables(x=100.0, m=2, t=np.ones(2))
    assert [v.name for v in (x, m, t)] == ["x", "m", "t"]
    assert m.value == 2.0
    assert variables(개수=3)[0].name == "개수"


def test_a_name_can_be_given_later() -> None:
    x = Variable(2.0)
    assert x.name is None
    z = x * x
    z.name = "z"
    assert repr(z) == "Variable(4.0, name='z')"


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (Variable(2), "Variable(2.0)"),
        (Variable(0.1, name="x"), "Variable(0.1, name='x')"),
        (Variable([1.0, 2.0]), "Variable(array([1., 2.]))"),
        (Variable(np.float32(0.5)), "Variable(np.float32(0.5))"),
        (Variable(np.eye(2), name="I"), "Variable(array([[1., 0.],\n                [0., 1.]]), name='I')"),
    ],
)
def test_repr(x: Variable, text: str) -> None:
    assert repr(x) == text
    assert f"{x}" == text


def test_a_number_can_be_formatted() -> None:
    assert f"{Variable(2.0) / 3:.3f}" == "0.667"


# Setting the value


def test_a_leaf_can_be_given_a_new_value_of_its_shape() -> None:
    x = Variable(np.zeros(2), name="x")
    new = np.ones(2)
    x.value = new
    assert x.value is new
    n = Variable(1.0)
    n.value = 5
    assert type(n.value) is float
    n.value -= 0.5
    assert n.value == 4.5


def test_a_value_that_does_not_fit_is_refused_and_nothing_is_changed() -> None:
    x = Variable(np.zeros(2), name="x")
    with refused(ShapeError, "x has shape (2,); the new value has shape (3,)", "make a new variable"):
        x.value = np.zeros(3)
    with pytest.raises(DTypeError):
        x.value = np.zeros(2, int)
    with refused(ArgumentError, "a variable is a variable already", "use it as it is, or its .value"):
        x.value = Variable(np.zeros(2))
    assert x.value.tolist() == [0, 0]


def test_the_value_of_a_result_cannot_be_set() -> None:
    y = Variable(2.0, name="x") * 3
    with refused(
        GraphError,
        "the result of multiply is the result of the gate multiply; only the value of a leaf can be set",
        "set the value of an input and run the expression again",
    ):
        y.value = 1.0


# Nothing turns a variable into plain numbers unseen


def test_plain_numbers_are_made_by_value_only() -> None:
    x = Variable(2.0, name="x")
    fix = "take .value, or use np.exp and the like instead of math.exp"
    for function in (float, math.exp, math.sqrt, complex):
        with refused(UnsupportedError, "float(x) would lose the graph", fix):
            function(x)
    with pytest.raises(TypeError):
        int(x)
    with pytest.raises(TypeError):
        range(x)  # type: ignore[call-overload]


@pytest.mark.parametrize("make", [np.asarray, np.array, np.ascontiguousarray, np.float64])
def test_a_variable_does_not_become_an_array(make: Callable[[Any], Any]) -> None:
    fix = "np.stack([...]) makes one variable of several; take .value if plain numbers are meant"
    with refused(UnsupportedError, "W cannot become a plain array without losing its graph", fix):
        make(Variable(np.ones((2, 2)), name="W"))
    with refused(UnsupportedError, "w cannot become a plain array without losing its graph", fix):
        np.array([Variable(2.0, name="w"), 1.0])


def test_a_part_of_a_variable_cannot_be_set() -> None:
    x = Variable(np.ones(3), name="x")
    with refused(
        UnsupportedError,
        "x[...] = ... would change a value that its graph still needs",
        "build the new array with np.where or np.concatenate",
    ):
        x[0] = 5.0
    a = np.zeros(3)
    with pytest.raises(UnsupportedError, match="cannot become a plain array"):
        a[:] = x
    with pytest.raises(ValueError, match="setting an array element"):
        a[0] = Variable(2.0)
    assert a.tolist() == [0, 0, 0]
