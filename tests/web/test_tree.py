"""Formulas as trees: the elements of MathML, and what each term is about."""

from __future__ import annotations

import pytest

from chainrule.explain._expression import Array, Equation, Gradient, Name, Number, Operation, product
from chainrule.web._tree import Memory, Tree, tree_of

X, Y = Name("x"), Name("y")


def names_in(tree: Tree | str) -> set[str]:
    return set() if isinstance(tree, str) else {tree[0]}.union(*map(names_in, tree[2]))


def texts(tree: Tree | str) -> str:
    return tree if isinstance(tree, str) else "".join(map(texts, tree[2]))


def test_an_equation_of_two_sides_stands_in_a_row() -> None:
    tree = tree_of(Equation((X, Number(-2.5))), "en", {X: "e0 n1"}, {}, 1)
    assert tree == [
        "math",
        {},
        [
            ["mi", {"data-term": "e0 n1"}, ["x"]],
            ["mo", {}, ["="]],
            ["mo", {}, ["−"]],
            ["mn", {}, ["2.5"]],
        ],
    ]


def test_an_equation_of_more_sides_is_a_table_with_the_signs_under_each_other() -> None:
    equation = Equation((X, Operation("add", (Y, Number(1.0))), Number(1 / 3)), exact=False)
    (table,) = tree_of(equation, "en", {}, {}, 1)[2]
    assert table[:2] == ["mtable", {"class": "equation"}]
    cells = [[texts(cell) for cell in row[2]] for row in table[2]]
    assert cells == [["x", "=y+1"], ["", "≈0.333333"]]


def test_a_negative_number_that_is_marked_keeps_its_brackets() -> None:
    equation = Equation((Y, product([Number(2.0), Number(-3.0, X)])))
    marked = tree_of(equation, "en", {X: "e0"}, {}, 1)[2][-1]
    opening, inside, closing = marked[2]
    assert (texts(opening), texts(closing)) == ("(", ")")
    assert inside[:2] == ["mrow", {"data-term": "e0"}]
    assert texts(inside) == "−3"


def test_values_and_arrays_carry_the_mark_of_what_they_are_of() -> None:
    gradient = Gradient("L", "x", whole=True)
    equation = Equation((gradient, Array((1.0, 2.0), gradient)))
    left, _, right = tree_of(equation, "en", {gradient: "e3"}, {}, 1)[2]
    assert left[1] == right[1] == {"data-term": "e3"}


def test_branches_of_a_gradient_are_different_terms() -> None:
    first, second = Gradient("L", "x", branch=1), Gradient("L", "x", branch=2)
    equation = Equation((first, second))
    left, _, right = tree_of(equation, "en", {first: "e1", second: "e2"}, {}, 1)[2]
    assert (left[1], right[1]) == ({"data-term": "e1"}, {"data-term": "e2"})


def test_no_style_is_left() -> None:
    choice = Operation("where", (Operation("less_equal", (X, Number(0))), Number(0), X))
    tree = tree_of(Equation((Y, choice)), "ko", {}, {}, 1)
    assert "left" in str(tree)
    assert "style" not in str(tree)
    assert names_in(tree) <= {"math", "mi", "mn", "mo", "mrow", "mtable", "mtr", "mtd", "mtext"}


@pytest.mark.parametrize("name", ["<b>", "a&b", '"', "x\0y"])
def test_names_are_text_whatever_they_are(name: str) -> None:
    written, *_ = tree_of(Equation((Name(name), Number(1.0))), "en", {Name(name): "e0"}, {}, 1)[2]
    assert written[2] == [name.replace("\0", "�")]


def test_sides_in_symbols_are_taken_from_memory() -> None:
    memory: Memory = {}
    first = Equation((Y, X, Number(1.0)), symbols=2)
    tree_of(first, "en", {}, memory, "key")
    again = tree_of(Equation((Y, X, Number(7.0)), symbols=2), "en", {}, memory, "key")
    assert again == tree_of(Equation((Y, X, Number(7.0))), "en", {}, {}, "key")
