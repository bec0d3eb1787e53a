"""Functions that passes could get wrong: the emitted text, run as it is, gives what the eager engine gives."""

from __future__ import annotations

import numpy as np

from chainrule.graph import functions as F
from chainrule.graph import gradients_of
from tests.engines.fused._cases import Cases
from tests.engines.fused._plain import check

cases = Cases()
MATRIX, VECTOR = (3, 3), (3,)


@cases.each
def test_the_text_gives_what_the_eager_engine_gives(case, rng):
    check(case, case.values(rng), **case.options)


# Inputs that outputs replace while others still need them.


@cases(a=(3, 2), b=(3, 2))
def exchanged(a, b):
    return {"a": b, "b": a}


@cases(a=(3, 2), b=(3, 2))
def exchanged_in_expressions(a, b):
    return {"a": a + b, "b": a - b}


@cases(a=1.0, b=2.0)
def exchanged_numbers(a, b):
    return {"a": b * 1.0, "b": a * 2.0}


@cases(a=np.array(1.0), b=np.array(2.0))
def exchanged_arrays_without_axes(a, b):
    return {"a": b + a, "b": a * 2.0}


@cases(a=VECTOR, b=VECTOR, c=VECTOR)
def in_a_circle(a, b, c):
    return {
        "a": b + 1.0,
        "b": c + 1.0,
        "c": a + 1.0,
    }


@cases(a=MATRIX, b=MATRIX, c=MATRIX)
def products_in_a_circle(a, b, c):
    return {
        "a": b @ c,
        "b": c @ a,
        "c": a @ b,
    }


@cases(a=MATRIX, b=(4,))
def replaced_by_their_own_views(a, b):
    return {"a": a.T, "b": b[::-1] * 2.0}


@cases(a=MATRIX, b=VECTOR)
def read_elsewhere_in_the_same_loop(a, b):
    return {"y": a + a.T, "a": a * 2.0, "z": a * b[:, None], "b": b * 3.0}


@cases(a=(4,))
def rotated(a):
    return {"a": F.concatenate([a[2:], a[:2]], axis=0)}


@cases(a=(2, 6))
def replaced_in_another_shape(a):
    return {"a": F.reshape(F.exp(F.reshape(a, (12,))), (2, 6))}


@cases(x=(2, 6), w=(4, 2))
def descent_through_another_shape(x, w):
    total = F.sum(F.exp(F.reshape(x, (3, 4))) @ w)
    return {"x": x - 0.1 * gradients_of(total, [x], as_graph=True)[0]}


@cases(x=VECTOR, n=2.0)
def unchanged(x, n):
    return {
        "x": x,
        "n": n,
        "y": x,
        "m": n,
        "z": x * 1.0,
    }


@cases(x=VECTOR, n=0.5, s=np.array(0.5))
def asked_for_twice(x, n, s):
    one, two, three = F.exp(x), F.exp(n), F.exp(s)
    return {
        "y": one,
        "z": one,
        "x": one,
        "n": two,
        "m": two,
        "s": three,
        "r": three,
    }


# Products with what is done to them.


@cases(a=MATRIX)
def product_with_itself(a):
    return {"a": a + a @ a}


@cases(W=(3, 2), x=(5, 3))
def base_among_the_factors(W, x):
    return {"W": W - 0.1 * (x.T @ (x @ W))}


@cases(a=MATRIX, b=MATRIX, c=MATRIX)
def bases_that_are_factors_of_each_other(a, b, c):
    return {"a": a + b @ c, "b": b + a @ c}


@cases(a=MATRIX, b=MATRIX, c=MATRIX)
def sum_that_is_read_again(a, b, c):
    total = a + b @ c
    return {
        "a": total,
        "y": total * 2.0,
        "z": a * 3.0,
        "w": total,
    }


@cases(a=MATRIX, b=MATRIX, c=MATRIX)
def base_that_stays(a, b, c):
    return {"y": a + b @ c}


@cases(a=MATRIX, b=MATRIX, c=MATRIX, d=MATRIX)
def bases_exchanged(a, b, c, d):
    return {"a": d - 2.0 * (b @ c), "d": a + 3.0 * (b @ c)}


@cases(a=MATRIX, b=MATRIX, c=MATRIX)
def base_added_twice(a, b, c):
    return {"a": a * 0.5 + b @ c + a}


@cases(a=MATRIX, b=MATRIX, c=MATRIX)
def factor_that_depends_on_the_base(a, b, c):
    return {"a": a - (b @ c) * F.sum(a)}


@cases(a=MATRIX, b=MATRIX, c=MATRIX, d=MATRIX)
def scaled_as_a_whole(a, b, c, d):
    return {"a": (a - (b @ c) / F.max(b)) / 3.0, "d": -(d * 2.0 - (b @ c))}


@cases(a=(1, 3), b=(3,), c=(1, 3), d=MATRIX)
def broadcast_bases(a, b, c, d):
    return {
        "a": a + c @ d,
        "b": b * 1.0,
        "y": b + d @ d,
    }


@cases(a=(1, 3), b=(3, 1), x=(4, 3), s=(1, 1))
def products_that_are_one_number(a, b, x, s):
    return {
        "y": F.exp(a @ b) * x,
        "z": F.exp(F.sum(a @ b)),
        "n": (x[0] @ x[1]) * x,
        "s": s - 0.1 * (s.T @ s),
    }


@cases(x=(2, 3, 4), w=(2, 4, 5), u=(5, 2), t=(3, 2, 4))
def many_products_at_once(x, w, u, t):
    return {
        "y": F.exp(x @ w) @ u,
        "z": x @ F.transpose(x, (0, 2, 1)),
        "v": F.transpose(t, (1, 0, 2)) @ w,
    }


@cases(x=(2, 2, 3, 4), w=(2, 1, 4, 2))
def many_products_broadcast(x, w):
    return {"y": x @ w, "s": F.sum(x, axis=(1, 3))}


@cases(x=(2, 3))
def product_with_a_constant(x):
    return {"y": x @ np.arange(6.0).reshape(3, 2), "z": x * np.array([[1.0], [2.0]]) + np.arange(3.0)}


# Shapes and views.


@cases(x=(1,), z=(1, 1), w=(4, 1), v=(1, 4))
def axes_of_length_one(x, z, w, v):
    return {
        "x": F.exp(x) + 1.0,
        "y": F.exp(x) + z,
        "w": F.sum(w, axis=1, keepdims=True) * w,
        "r": F.sum(w, axis=0),
        "v": F.softmax(v) * v,
        "m": F.max(v, axis=0, keepdims=True) - v,
    }


@cases(x=(3, 4, 2), w=(4, 1), u=(3, 4))
def three_axes(x, w, u):
    turned = F.transpose(x, (2, 0, 1))
    return {
        "y": F.sum(x * w, axis=(0, 1)),
        "z": F.mean(x, axis=(1, 2)),
        "m": F.max(x, axis=1),
        "p": F.softmax(x, axis=1),
        "t": turned * turned + u,
    }


@cases(x=(2, 2, 3, 1, 4), w=(2, 4))
def five_axes(x, w):
    return {"s": F.sum(F.exp(x), axis=(1, 3)), "y": x + w}


@cases(x=(4, 3))
def slices(x):
    return {
        "y": x[1:3] * x[:2],
        "z": x[::-1, ::2] + 1.0,
        "r": x[-1],
        "d": x[::2][1:] * 2.0 + x[::-1][1:3, 1:][:1, :1],
        "e": x[..., 0],
        "n": x[:, None, 1],
        "s": x[1, 2] * x,
    }


@cases(x=(2, 3))
def views_of_results(x):
    y = F.exp(x)
    return {
        "y": y,
        "z": y.T,
        "w": F.reshape(y, (-1,)),
        "u": F.broadcast_to(y, (2, 2, 3)),
    }


@cases(x=(4, 3), w=(3, 4))
def new_shapes(x, w):
    row = F.exp(F.reshape(x, (12,)))
    return {
        "y": F.reshape(x, (3, 4)) @ w.T,
        "z": F.reshape(F.exp(x), (2, 6)) + 1.0,
        "v": F.reshape(F.sin(x), (3, 4)) * w,
        "t": F.reshape(x.T, (2, 6)) * 2.0,
        "s": F.sum(F.reshape(row, (3, 4)) * w, axis=0),
    }


@cases(x=MATRIX, y=(2, 3), z=(1, 3))
def put_together(x, y, z):
    both = F.concatenate([x, y * 2.0, x.T[:2], z], axis=0)
    return {
        "w": F.exp(both),
        "s": F.stack([z[0], z[0]], axis=1),
        "p": F.concatenate([x, x], axis=-1) @ both[:6],
    }


@cases(a=1.0, b=2.0)
def numbers_put_together(a, b):
    return {"y": F.stack([a, b * 2.0]), "a": a * 2.0 + 1.0}


@cases(x=(0, 3), y=(3, 0))
def empty_arrays(x, y):
    return {
        "x": F.exp(x),
        "s": F.sum(x),
        "r": F.sum(F.exp(y), axis=1),
        "p": y @ x,
        "u": F.sum(x, axis=()),
    }


# Loops over rows.


@cases(x=(4, 3), w=VECTOR)
def rows_divided_by_their_sums(x, w):
    s = F.sum(F.exp(x), axis=1, keepdims=True)
    return {
        "y": x / s,
        "z": F.sum(x / s * w, axis=1) / s[:, 0],
    }


def _normalized(x, axis):
    centred = x - F.mean(x, axis=axis, keepdims=True)
    return centred / F.sqrt(F.mean(centred**2, axis=axis, keepdims=True) + 1e-5)


@cases(x=(6, 3))
def normalized(x):
    return {
        "rows": _normalized(x, 1),
        "columns": _normalized(x, 0),
    }


@cases(a=(3,), b=(4,))
def outer_products(a, b):
    return {
        "y": a[:, None] * b[None, :],
        "s": F.sum(a[:, None] * b, axis=0),
    }


@cases(x=MATRIX)
def rows_and_columns(x):
    y = F.exp(x)
    both = F.sum(x, axis=0) * F.sum(x, axis=1)[0]
    return {
        "y": y + y.T,
        "s": both,
        "m": F.max(x) - F.min(x),
        "x": x * F.sum(x),
    }


@cases(x=(70, 70))
def large(x):
    y = F.exp(x)
    return {
        "y": y,
        "s": F.sum(y, axis=0),
        "t": F.sum(y),
        "u": y.T * 2.0,
        "x": y * 0.01 - F.sum(y),
        "w": F.concatenate([y, y * 2.0])[:3] @ x,
    }


@cases(x=(20, 15, 20))
def large_with_three_axes(x):
    y = F.exp(x)
    return {
        "s": F.sum(y, axis=(0, 2)),
        "t": F.max(y, axis=0),
        "r": F.sum(y, axis=(1, 2)),
        "q": F.sum(y, axis=2),
    }


# Long ones.


@cases(x=(5,), n=0.3)
def chain(x, n):
    y, m = x, n
    for i in range(60):
        y, m = F.sin(y * 1.1 + float(i)) * x + y, F.sin(m * 1.1) * n
    return {
        "y": y,
        "s": F.sum(y),
        "m": m,
    }


@cases(x=(4,))
def many_terms(x):
    y = x * 0.0
    for i in range(100):
        y = y + x * float(i)
    return {"y": y}


@cases(x=(3,))
def used_twice_again_and_again(x):
    y, z = x, 0.1 * x
    for _ in range(40):  # 2⁴⁰ operations, if each use were computed by itself
        y, z = y * 0.5 + y * 0.5, z * z + z - z * z
    return {
        "y": y,
        "z": z,
    }


@cases(x=(3,))
def many_outputs(x):
    return {f"y{i}": x * float(i) + F.sum(x) for i in range(30)}
