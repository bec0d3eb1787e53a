"""What is concatenated, added up over processes and cut again is moved as little as can be."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chainrule.graph import all_reduce_gate, apply
from chainrule.graph import functions as F
from tests.engines.fused._cases import Cases
from tests.engines.fused._plain import check, compile_whole


def _twice(x):
    x *= 2


everywhere = all_reduce_gate(_twice)
cases = Cases()


def flat(*arrays):
    return F.concatenate([F.reshape(a, (-1,)) for a in arrays])


def cut(x, *shapes):
    parts, start = [], 0
    for shape in shapes:
        parts.append(F.reshape(x[start : start + math.prod(shape)], shape))
        start += math.prod(shape)
    return parts


@cases.each
def test_the_text_gives_what_the_eager_engine_gives(case, rng):
    check(case, case.values(rng), **case.options)


@cases(x=(4, 5), y=(4, 3), w=(5, 3), b=(3,))
def one_message_for_all_gradients(x, y, w, b):
    dw, db = cut(apply(everywhere, flat(x.T @ y, F.sum(y, axis=0))), (5, 3), (3,))
    return {"w": w - 0.1 * dw, "b": b - 0.1 * db, "size": F.sum(dw * dw)}


@cases(x=(4, 5), y=(4, 3))
def read_again_after_the_sum(x, y):
    product = x.T @ y
    return {"sum": apply(everywhere, flat(product)), "own": F.exp(product)}


@cases(x=(4, 5), y=(4, 3))
def in_two_concatenations_and_twice_in_one(x, y):
    product = x.T @ y
    return {
        "a": F.sum(flat(product, product) ** 2),
        "b": F.sin(flat(product, x)),
        "c": flat(product) @ flat(product),
    }


@cases(x=(4, 5), y=(4, 3))
def of_a_sum_of_sums(x, y):
    one = apply(everywhere, x.T @ y)
    return {"two": apply(everywhere, flat(one, one * 3.0)) * 2.0, "again": apply(everywhere, one) + 1.0}


@cases(x=(4, 5))
def of_inputs_alone(x):
    return {"x": apply(everywhere, x), "y": apply(everywhere, x * 1.0)}


@cases(x=(4, 5), y=(4, 1))
def of_single_numbers(x, y):
    total = F.sum(x)
    one = apply(everywhere, F.sum(F.sin(x)))
    return {"a": apply(everywhere, total) + total, "b": one * x, "c": apply(everywhere, x.T @ y) * one}


@cases(x=(12,), y=(3, 4))
def rows_of_what_is_whole(x, y):
    second, third = cut(F.exp(x), (2, 3), (3, 2))
    return {
        "a": second @ third,
        "b": F.reshape(F.exp(y)[1:], (2, 2, 2)) * 2.0,
        "c": F.reshape(F.exp(y)[:, 1:3], (6,)),
    }


SHAPES = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=4)


@given(
    shapes=SHAPES, summed=st.booleans(), again=st.lists(st.integers(0, 3), max_size=2), seed=st.integers(0, 9)
)
def test_any_cut_of_any_concatenation(shapes, summed, again, seed):
    """again: numbers of what is read later too."""
    rng = np.random.default_rng(seed)
    values = {f"x{n}": rng.normal(size=(3, sum(shape))) for n, shape in enumerate(shapes)}

    def step(v):
        products = [v[f"x{n}"][:, :a].T @ v[f"x{n}"][:, a:] for n, (a, _) in enumerate(shapes)]
        whole = flat(*products)
        whole = apply(everywhere, whole) if summed else F.exp(whole)
        later = {f"again{n}": F.sin(products[n % len(shapes)]) for n in again}
        return {f"y{n}": part * 0.5 for n, part in enumerate(cut(whole, *shapes))} | later

    check(step, values)


def test_gradients_are_computed_where_they_are_sent_from_and_read_where_they_arrive(rng):
    shapes = {"x": (4, 5), "y": (4, 3), "w": (5, 3), "b": (3,)}
    values = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    step = compile_whole(lambda v: one_message_for_all_gradients(**v), values)
    for source in (step.alone, step.team):
        ((_, (sent,), made),) = source.calls
        assert made == {0: sent}
        assert len([array for array in source.arrays if array.kind == "buffer"]) == 1
        assert f"reshaped({sent.name}[0:15], (5, 3))" in source.text
        assert f"{sent.name}[i] =" not in source.text
