"""A graph as a list with names, and as a table."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pytest

from chainrule.graph import Graph, Node, Variable, new_variable, number_text, parse, variables
from chainrule.graph import functions as F


def table(output: Variable) -> list[str]:
    return str(Graph(output)).splitlines()


# The table


def test_the_apples_before_and_after_the_backward_pass() -> None:
    L = parse("z = x*m; y = z*t; d = y - 219; L = 0.5 * d**2")(x=100, m=2, t=1.1)
    assert table(L) == [
        "                  value",
        "x                 100",
        "m                   2",
        "t                   1.1",
        "z = x × m         200",
        "y = z × t         220",
        "d = y − 219         1",
        "power1 = d²         1",
        "L = 0.5 × power1    0.5",
    ]
    L.backward()
    assert table(L) == [
        "                  value  gradient",
        "x                 100         2.2",
        "m                   2       110",
        "t                   1.1     200",
        "z = x × m         200         1.1",
        "y = z × t         220         1",
        "d = y − 219         1         1",
        "power1 = d²         1         0.5",
        "L = 0.5 × power1    0.5       1",
    ]


def test_a_network_shows_the_shapes_of_large_arrays_and_the_numbers_of_small_ones() -> None:
    W, b = variables(W=np.zeros((5, 2), np.float32), b=np.zeros(2, np.float32))
    L = F.softmax_with_loss(F.relu(np.ones((4, 5), np.float32) @ W + b + 0.5), np.array([0, 0, 0, 0]))
    L.backward()
    assert table(L) == [
        "                                                              value    gradient",
        "W                                                            (5, 2)      (5, 2)",
        "b                                                             [0 0]  [-0.5 0.5]",
        "matmul1 = array(4, 5) · W                                    (4, 2)      (4, 2)",
        "add1 = matmul1 + b                                           (4, 2)      (4, 2)",
        "add2 = add1 + 0.5                                            (4, 2)      (4, 2)",
        "relu1 = ReLU(add2)                                           (4, 2)      (4, 2)",
        "softmax_with_loss1 = softmax_with_loss(relu1, [0 0 0 0])  0.6931472           1",
    ]


def test_where_nothing_flowed_there_is_a_dash() -> None:
    x = Variable(np.array([-1.0, 2.0]), name="x")
    np.sum(np.where(x > 0, x, 0.0)).backward()
    y = np.sum(np.where(x > 0, x, 0.0))
    y.backward()
    assert table(y)[2].split() == ["greater1", "=", "x", ">", "0", "[False", "True]", "–"]


def test_names_of_wide_letters_keep_the_columns_straight() -> None:
    lines = table(parse("금액 = 사과 * 개수; 금액 * t")(사과=100, 개수=2, t=1.1))

    def width(text: str) -> int:
        return sum(2 if unicodedata.east_asian_width(c) == "W" else 1 for c in text)

    assert lines[1].split() == ["사과", "100"]
    assert lines[4].split() == ["금액", "=", "사과", "×", "개수", "200"]
    assert {width(line.partition(".")[0].rstrip()) for line in lines[1:]} == {width(lines[1])}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (220.00000000000003, "220"),
        (0.1, "0.1"),
        (1 / 3, "0.333333333"),
        (np.float32(0.1), "0.1"),
        (np.float32(1 / 3), "0.33333334"),
        (-0.0, "0"),
        (123456789.4, "123456789"),
        (1e9, "1e+9"),
        (4e12 + 0.5, "4e+12"),
        (-1.5e-7, "-1.5e-7"),
        (np.float64(1e300), "1e+300"),
        (5e-324, "5e-324"),
        (float("inf"), "inf"),
        (-np.float32("inf"), "-inf"),
        (float("nan"), "nan"),
        (True, "True"),
        (np.int64(7), "7"),
    ],
)
def test_numbers_are_rounded_to_nine_digits(value: Any, text: str) -> None:
    assert number_text(value) == text


# Names


def test_names_that_were_given_stay_and_others_are_numbered_in_order() -> None:
    x = Variable(2.0, name="x")
    first, second = Variable(3.0), Variable(4.0)
    product = x * first
    other = product * second + x * x
    assert [node.name for node in Graph(other)] == [
        "x",
        "x1",
        "x2",
        "multiply1",
        "multiply2",
        "multiply3",
        "add1",
    ]
    product.name = "z"
    assert [node.name for node in Graph(other)] == ["x", "x1", "x2", "z", "multiply1", "multiply2", "add1"]


def test_no_two_names_are_the_same() -> None:
    a, b, c = Variable(1.0, name="w"), Variable(2.0, name="w"), Variable(3.0)
    taken = Variable(4.0, name="x1")
    odd = Variable(5.0, name="w2")
    y = (a * b) * (c * taken) * odd
    y.name = "multiply2"
    assert [node.name for node in Graph(y)] == [
        "w", "w3", "x2", "x1", "w2", "multiply1", "multiply3", "multiply4", "multiply2",
    ]  # fmt: skip


# Formulas


def test_formulas_are_those_of_mathematics() -> None:
    x, y = variables(x=np.full((2, 3), 0.5), y=np.full((2, 3), 0.25))
    index = np.array([0, 1])
    for made, formula in (
        (x + y, "x + y"),
        (x - 1, "x − 1"),
        (2.5 * x, "2.5 × x"),
        (x * -1, "x × (-1)"),
        (x / y, "x ÷ y"),
        (x @ y.T, "x · transpose1"),
        (x**2, "x²"),
        (x**10.0, "x¹⁰"),
        (x**y, "x ^ y"),
        (x**-0.5, "x ^ (-0.5)"),
        ((-2.0) ** x, "(-2) ^ x"),
        (F.square(x), "x²"),
        (-x, "−x"),
        (abs(x), "|x|"),
        (x.T, "xᵀ"),
        (x.mT, "xᵀ"),
        (x.transpose(1, 0), "transpose(x, axes=(1, 0))"),
        (x[0], "x[0]"),
        (x[:, 1:], "x[:, 1:]"),
        (x[..., None, ::2], "x[..., None, ::2]"),
        (x[index, 1], "x[[0, 1], 1]"),
        (x[np.zeros(9, int)], "x[array(9)]"),
        (np.exp(x), "exp(x)"),
        (np.sqrt(x), "sqrt(x)"),
        (F.sigmoid(x), "σ(x)"),
        (F.relu(x), "ReLU(x)"),
        (F.leaky_relu(x, alpha=0.2), "LReLU(x, alpha=0.2)"),
        (np.sum(x), "Σ(x)"),
        (np.sum(x, axis=0), "Σ(x, axis=0)"),
        (np.max(x, axis=1, keepdims=True), "max(x, axis=1, keepdims=True)"),
        (np.maximum(0, x), "max(0, x)"),
        (np.where(x > y, x, 0.0), "where(greater1, x, 0)"),
        (np.stack([x, y], axis=1), "stack(x, y, axis=1)"),
        (x.reshape(3, 2), "reshape(x, shape=(3, 2))"),
        (F.astype(x, np.float32), "astype(x, dtype=float32)"),
        (F.squared_error(x, y), "squared_error(x, y)"),
        (x + np.ones(3), "x + [1 1 1]"),
        (x + np.ones((4, 1, 2, 3)), "x + array(4, 1, 2, 3)"),
        (x + np.ones((0, 2, 3)), "x + array(0, 2, 3)"),
        (~(x > 0), "¬greater1"),
    ):
        last = list(Graph(made))[-1]
        assert last.formula == formula
        assert str(last) == f"{last.name} = {formula}"


# The list


def test_the_nodes_are_the_variables_in_the_order_they_were_made() -> None:
    x, y = variables(x=2.0, y=3.0)
    z = x * y
    out = z * x
    graph = Graph(out)
    assert [node.variable for node in graph] == [x, y, z, out]
    assert [node.arguments for node in graph] == [(), (), ("x", "y"), ("multiply1", "x")]
    assert len(graph) == 4
    assert graph.output is out
    assert repr(graph) == "<Graph of multiply2: 2 leaves, 2 gates>"
    assert next(iter(graph)) == Node("x", x, ())
    assert next(iter(graph)).formula == ""


def test_a_leaf_alone_is_a_graph() -> None:
    assert table(Variable(2.0, name="x")) == ["   value", "x      2"]
    assert table(new_variable(np.array([1, 2]))) == ["    value", "x1  [1 2]"]
