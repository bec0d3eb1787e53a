"""Dtypes, Python's numbers, and inputs called like what the emitted text means something else by."""

from __future__ import annotations

import numpy as np

from chainrule.engines.fused._names import RESERVED
from chainrule.graph import functions as F
from tests.engines.fused._cases import Cases
from tests.engines.fused._plain import check, compile_whole

cases = Cases()
HALF = np.array([0.5, -1.5, 0.25], np.float32)
TWO = (2,)


@cases.each
def test_the_text_gives_what_the_eager_engine_gives(case, rng):
    check(case, case.values(rng), **case.options)


@cases(k=np.array([[1, 2], [3, 4]]), i=np.array([[1, 9], [3, 4]], np.int32), x=TWO)
def whole_numbers(k, i, x):
    return {
        "y": k * x + i,
        "s": F.sum(k) + F.sum(i),
        "m": F.max(k, axis=0),
        "n": F.min(i, axis=0),
        "q": F.mean(k),
        "k": k * 2,
    }


@cases(k=np.array([[1, 200], [3, 4]], np.uint8), x=TWO)
def pixels(k, x):
    return {"y": k / 255.0 * x, "m": F.max(k, axis=0)}


@cases(c=np.array([True, False, True]), x=(3,), z=(3,), w=(3, 4))
def conditions(c, x, z, w):
    return {"y": F.where(c, x, z), "s": F.sum(w > 0.0), "m": F.mean(w > 0.0), "n": F.where(x > z, c, c)}


@cases({"rtol": 1e-6}, a=HALF, b=(3,), n=0.1, s=np.float32(0.3), t=np.float64(0.7))
def two_precisions(a, b, n, s, t):
    return {
        "y": a * b,
        "z": a * 2.0,
        "w": F.sum(a) * b,
        "v": a * n + 0.1,
        "n": n * 0.5,
        "u": a * s,
        "s": s * F.sum(a),
        "r": a * t,
        "t": t * t,
    }


@cases({"each": True}, x=np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1e308, 5e-324]))
def numbers_at_the_edge(x):
    return {"zero": x * 0.0, "same": x + 0.0, "m": F.maximum(x, 0.0), "n": F.where(x > 0, x, -x), "q": x / x}


@cases(**{"for": TWO, "n": TWO, "rows": TWO, "j": TWO, "W.v": TWO, "W_v": TWO, "max": TWO, "sum": TWO})
def words_of_the_language(values):
    v = values
    return {
        "lambda": v["for"] * 2.0,
        "step": v["n"] + 1.0,
        "i": v["rows"] * v["j"],
        "W.m": v["W.v"] * v["W_v"],
        "min": F.max(v["max"]) * F.sum(v["sum"]),
    }


@cases(
    **{"n": 2.0, "i": 3.0, "thread": 2.0, "exp": 0.5, "a.b": 2.0, "multiply": 3.0, "multiply_": 2.0, "x": TWO}
)
def numbers_named_like_functions(values):
    product = values["x"]
    for name in ("n", "i", "thread", "exp", "a.b", "multiply", "multiply_"):
        product = product * values[name]
    return {"y": F.exp(product), "sum": F.sum(product) * values["n"]}


WORDS = (
    "addresses steps record numbers range where wait bool_ int32 uint16 isinf loss threads flags share call_gate r k "
    "step matmul max min"
).split()


@cases(s=(3,), **dict.fromkeys(WORDS, (3,)))
def words_of_the_text(values):
    outputs = {name: values[name] * 2.0 + values["addresses"] for name in WORDS}
    return outputs | dict.fromkeys(("t", "n", "first"), values["s"] + 1.0)


PARAMETERS = {"n", "rows", "calls", "thread", "threads", "flags"}  # that every text may have


@cases.each
def test_no_name_in_the_text_hides_what_the_text_calls(case, rng):
    step = compile_whole(case, case.values(rng))
    for source in (step.alone, step.team):
        code = next(c for c in compile(source.text, "step", "exec").co_consts if hasattr(c, "co_names"))
        assert set(code.co_names) <= RESERVED  # what it takes from outside
        assert not set(code.co_varnames[: code.co_argcount]) & RESERVED - PARAMETERS
