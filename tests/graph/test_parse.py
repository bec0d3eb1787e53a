"""The expression language: what it means, what it refuses and how, and that nothing can hang or escape it."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import math
import operator
import unicodedata
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given, seed, settings
from hypothesis import strategies as st

from chainrule.errors import ArgumentError, ParseError
from chainrule.graph import Variable, functions
from chainrule.graph._parse import parse

ONE_ARGUMENT = (
    "exp log sqrt abs square sin cos tanh sigmoid relu softplus silu gelu elu leaky_relu "
    "sum mean max min logsumexp softmax log_softmax"
).split()
TWO_ARGUMENTS = ["maximum", "minimum"]


def value(text: str, **values: object) -> float:
    return float(parse(text)(**values).value)


def ancestors(variable: Variable) -> list[Variable]:
    """The variable and all that it was made from, without repeats."""
    found, todo = {}, [variable]
    while todo:
        one = todo.pop()
        if isinstance(one, Variable) and id(one) not in found:
            found[id(one)] = one
            todo.extend(one.inputs)
    return list(found.values())


# What a program means


def test_the_expression_of_the_lesson() -> None:
    expression = parse("L = 0.5 * (x*m*t - 219)**2")
    assert expression.inputs == ("x", "m", "t")
    assert expression.outputs == ("L",)
    loss = expression(x=100, m=2, t=1.1)
    assert loss.name == "L"
    assert float(loss.value) == pytest.approx(0.5, rel=1e-12)
    loss.backward()
    grads = {v.name: v.grad for v in ancestors(loss) if v.name}
    assert grads == pytest.approx({"L": 1, "x": 2.2, "m": 110, "t": 200}, rel=1e-12)


def test_assigned_values_are_named_variables_of_the_graph() -> None:
    expression = parse("z = x*m\ny = z*t  # with tax\n(y - 219)**2 * 0.5")
    assert expression.inputs == ("x", "m", "t")
    assert expression.outputs == ("z", "y", "out")
    out = expression(x=100, m=2, t=1.1)
    out.backward()
    by_name = {v.name: v for v in ancestors(out) if v.name}
    assert set(by_name) == {"x", "m", "t", "z", "y", "out"}
    assert by_name["z"].value == 200
    assert by_name["z"].grad == pytest.approx(1.1, rel=1e-12)


def test_a_variable_is_used_as_it_is() -> None:
    mine = Variable(3.0)
    out = parse("x*x")(x=mine)
    out.backward()
    assert mine.grad == 6
    assert mine.name is None


def test_a_second_name_for_a_variable_leaves_its_own() -> None:
    x = Variable(3.0, name="price")
    assert parse("y = (+x)")(x=x) is x
    assert x.name == "price"
    z = parse("y = x*2; z = y")(x=x)
    assert (z.name, z.value) == ("y", 6)


def test_numbers_alone_become_a_variable() -> None:
    six = parse("z = 2*3")(**{})
    assert isinstance(six, Variable)
    assert (six.name, six.value) == ("z", 6)
    product = parse("z = 2*3; z*x")(x=5)
    product.backward()
    assert {v.name: v.grad for v in ancestors(product)} == {"out": 1, "z": 5, "x": 6}


def test_calls_do_not_share_variables() -> None:
    expression = parse("y = x*x")
    first, second = expression(x=1.0), expression(x=2.0)
    assert (first.value, second.value) == (1, 4)


def test_arrays_and_their_dtype_pass_through() -> None:
    x, w = np.ones((2, 3), np.float32), np.full((3, 2), 2, np.float32)
    loss = parse("h = x @ w + exp(1) - e; mean(0.5*h + pi - pi)")(x=x, w=w)
    assert loss.dtype == np.float32
    assert float(loss.value) == pytest.approx(3, rel=1e-6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-x**2", -9.0),
        ("(-x)**2", 9.0),
        ("2**-x", 0.125),
        ("2**-x*4", 0.5),
        ("-2**x", -8.0),
        ("x**x**2", 3.0**9),
        ("12/x/2", 2.0),
        ("12-x-2", 7.0),
        ("-x*-x - -x", 12.0),
        ("--x", 3.0),
        ("+-+x", -3.0),
        ("2*x**2", 18.0),
        ("1e3 + .5 + 2. + 1E-1", 1002.6),
        ("maximum(x, 2*x) - minimum(-(x), 1)", 9.0),
        ("sqrt(square(x) + (4)**2)", 5.0),
        ("exp (log(x))", 3.0),
        ("2*pi", 2 * math.pi),
        ("log(e) + x", 4.0),
        ("e = x*2; e + 1", 7.0),
        ("6÷x×5−4·2", 2.0),
        ("x⋅2", 6.0),
        ("\u3000x\u00a0+\t1", 4.0),
        ("a = x\r\nb = a + 1\r\n\r\nb*2\r\n", 8.0),
        ("a = x + 1\rb = a*2", 8.0),
        ("\n    a = x\n      b = a + 1; ;\n  b*2;\n", 8.0),
        ("y = (x +  # first\n\n  1\n) * 2  # second ; \ud55c", 8.0),
        ("# nothing here: x^2, ')\nx", 3.0),
        ("self = x; self*2", 6.0),
    ],
)
def test_meaning(text: str, expected: float) -> None:
    expression = parse(text)
    values = {"x": 3} if expression.inputs else {}
    assert float(expression(**values).value) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_functions_of_one_argument_are_the_gates(name: str) -> None:
    x = np.array([0.3, 1.7, 0.9])
    expected = getattr(functions, name)(Variable(x))
    result = parse(f"{name}(x)")(x=x)
    np.testing.assert_array_equal(result.value, expected.value)
    assert result.gate is expected.gate


@pytest.mark.parametrize("name", TWO_ARGUMENTS)
def test_functions_of_two_arguments_are_the_gates(name: str) -> None:
    x, y = np.array([0.3, 1.7]), np.array([0.4, 1.6])
    expected = getattr(functions, name)(Variable(x), Variable(y))
    result = parse(f"{name}(x, y)")(x=x, y=y)
    np.testing.assert_array_equal(result.value, expected.value)
    assert result.gate is expected.gate


@pytest.mark.parametrize("name", ONE_ARGUMENT + TWO_ARGUMENTS)
def test_the_number_of_arguments_is_checked_while_reading(name: str) -> None:
    expected = 1 if name in ONE_ARGUMENT else 2
    for given_number in {0, 1, 2, 3} - {expected}:
        arguments = "argument" if expected == 1 else "arguments"
        with pytest.raises(
            ParseError, match=f"^{name} takes {expected} {arguments}; it was given {given_number}\n"
        ):
            parse(f"y = {name}({', '.join('x' * given_number)})")


def test_an_expression_is_a_frozen_value() -> None:
    expression = parse("z = x*m; L = z*t")
    assert repr(expression) == "Expression('z = x*m; L = z*t', inputs=('x', 'm', 't'), outputs=('z', 'L'))"
    assert str(expression) == expression.text == "z = x*m; L = z*t"
    assert expression == parse("z = x*m; L = z*t")
    assert hash(expression) == hash(parse("z = x*m; L = z*t"))
    assert expression != parse("z = x*m; L = z+t")
    with pytest.raises(dataclasses.FrozenInstanceError):
        expression.text = "x"  # type: ignore[misc]


# Names


def test_names_in_any_script() -> None:
    expression = parse("값 = 사과 × 개수 × 세금; β2 = 값 + 价格 + цена + न̃ + العدد")
    assert expression.inputs == ("사과", "개수", "세금", "价格", "цена", "न̃", "العدد")
    assert parse("사과 × 개수 × 세금")(사과=100, 개수=2, 세금=1.1).value == pytest.approx(220)


def test_names_are_normalised_as_python_does() -> None:
    composed, decomposed = "사과", unicodedata.normalize("NFD", "사과")
    assert composed != decomposed
    expression = parse(f"{decomposed} * {composed}")
    assert expression.inputs == (composed,)
    assert expression(**{decomposed: 3}).value == 9
    assert parse("ｘ + 𝐱 + x").inputs == ("x",)
    assert value("ｅｘｐ(x)", x=0) == 1


def test_the_longest_name() -> None:
    assert parse("a" * 40).inputs == ("a" * 40,)
    assert parse(unicodedata.normalize("NFD", "각" * 40)).inputs == ("각" * 40,)
    with pytest.raises(
        ParseError, match=f"^the name {'a' * 39}… has 41 characters; at most 40 are allowed\n"
    ):
        parse("a" * 41)


def test_values_are_given_by_the_names_of_the_inputs() -> None:
    expression = parse("L = x*m*t")
    with pytest.raises(ArgumentError) as caught:
        expression(x=1)
    assert caught.value.what == "m, t: no value given; the inputs of this expression: x, m, t"
    assert caught.value.fix == "call it with (x=…, m=…, t=…)"
    with pytest.raises(ArgumentError, match=r"^L, q: not an input; the inputs of this expression: x, m, t"):
        expression(x=1, m=2, t=3, L=4, q=5)
    with pytest.raises(ArgumentError, match=r"^x: given twice; "):
        expression(**{"x": 1, "ｘ": 2, "m": 3, "t": 4})
    with pytest.raises(ArgumentError, match=r"^e: not an input; the inputs of this expression: none"):
        parse("e")(e=1)


# Size, depth and safety


def test_a_long_sum_is_read_and_differentiated() -> None:
    total = parse("+".join(["a"] * 5000))(a=2)
    total.backward()
    assert total.value == 10000
    (a,) = [v for v in ancestors(total) if v.name == "a"]
    assert a.grad == 5000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(" * 500 + "x" + ")" * 500, 3.0),
        ("-" * 1500 + "x", 3.0),
        ("-" * 1501 + "x", -3.0),
        ("exp(" * 2 + "log(" * 2 + "x" + ")" * 4, 3.0),
        ("abs(" * 3000 + "x" + ")" * 3000, 3.0),
        ("x" + "**1" * 3000, 3.0),
        ("1*(" * 2400 + "x" + ")" * 2400, 3.0),
    ],
)
def test_depth_is_no_obstacle(text: str, expected: float) -> None:
    assert value(text, x=3) == pytest.approx(expected, rel=1e-12)


def test_a_tower_of_inputs_overflows_to_infinity() -> None:
    assert value("x**x**x**x", x=9) == math.inf


def test_nothing_is_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("Python was asked to run text")

    for name in ("eval", "exec", "compile"):
        monkeypatch.setattr(builtins, name, forbidden)
    assert value("y = exp(0)*x; 2*y", x=3) == 6


# Laws

NAMES = {"x": 1.3, "m": 0.7, "사과": 2.1, "q": -0.6}
PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "neg": 3, "**": 4}
DIRECT = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power, "neg": np.negative,
    "exp": np.exp, "sin": np.sin, "tanh": np.tanh, "sqrt": np.sqrt, "log": np.log, "square": np.square,
    "maximum": np.maximum, "minimum": np.minimum,
}  # fmt: skip

Tree = tuple[Any, ...] | str | float
leaves = st.sampled_from(sorted(NAMES)) | st.floats(0, 4, width=16)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "/", "**", "maximum", "minimum"]), inner, inner),
        st.tuples(st.sampled_from(["neg", "exp", "sin", "tanh", "sqrt", "log", "square"]), inner),
    ),
    max_leaves=20,
)


def direct(tree: Tree) -> float:
    """The tree's value by NumPy on plain numbers; every part of it finite and of moderate size."""
    if isinstance(tree, str):
        return NAMES[tree]
    if isinstance(tree, float):
        return tree
    with np.errstate(all="ignore"):
        result = float(DIRECT[tree[0]](*(direct(branch) for branch in tree[1:])))
    assume(abs(result) < 1e6)  # false for NaN, too
    return result


def written(tree: Tree, within: float = 0) -> str:
    """The tree as text, with only those brackets that Python's rules of precedence demand."""
    if not isinstance(tree, tuple):
        return str(tree)
    symbol, *branches = tree
    own = PRECEDENCE.get(symbol)
    if own is None:
        return f"{symbol}({', '.join(written(branch) for branch in branches)})"
    if symbol == "neg":
        text = "-" + written(branches[0], own)
    elif symbol == "**":
        text = f"{written(branches[0], own + 1)}**{written(branches[1], PRECEDENCE['neg'])}"
    else:
        text = f"{written(branches[0], own)} {symbol} {written(branches[1], own + 1)}"
    return f"({text})" if own < within else text


@seed(20)
@settings(max_examples=50, deadline=None)
@given(trees)
@example(("**", ("neg", "x"), ("neg", ("**", 2.0, "x"))))
@example(("neg", ("**", ("**", "x", 2.0), 3.0)))
@example(("-", "x", ("-", "m", ("/", "x", ("*", "m", "x")))))
def test_a_written_tree_has_the_value_of_the_tree(tree: Tree) -> None:
    expected = direct(tree)
    expression = parse(written(tree))
    assert float(expression(**{n: NAMES[n] for n in expression.inputs}).value) == pytest.approx(
        expected, rel=1e-8, abs=1e-8
    )


def by_python(text: str) -> float:
    """The value of an expression as Python's own reader understands it."""
    operators = {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
    }

    def walk(node: ast.expr) -> float:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return NAMES[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -walk(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return walk(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return float(operators[type(op)](walk(left), walk(right)))
        raise AssertionError(ast.dump(node))

    return walk(ast.parse(text, mode="eval").body)


@seed(21)
@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from(["x", "m", "2", "3.5", "+", "-", "*", "/", "(", ")"]), min_size=1, max_size=12)
)
def test_arithmetic_is_read_as_python_reads_it(pieces: list[str]) -> None:
    text = " ".join(pieces)
    try:
        expected = by_python(text)
    except (SyntaxError, AssertionError):  # Python's calls, such as x(2), are products without a sign here
        with pytest.raises(ParseError):
            parse(text)
        return
    except ZeroDivisionError:
        return
    expression = parse(text)
    result = expression(**{n: NAMES[n] for n in expression.inputs}).value
    assert float(result) == pytest.approx(expected, rel=1e-9, abs=1e-9)
