"""The scalar functions of compiled loops: how accurate, what at the special values, and that loops vectorise."""

from __future__ import annotations

import math
import platform
import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

numba = pytest.importorskip("numba")

from chainrule.engines.fused import _plain_math, _vector_math  # noqa: E402  # not before Numba is known to be there

DTYPES = [np.float32, np.float64]
ULPS = {"exp": 2, "log": 2, "tanh": 2, "expm1": 3, "log1p": 2}
inf, nan = math.inf, math.nan


@cache
def loop(expression):
    """Compiled as emitted text is: for every i, out[i] = the expression of x[i], y[i] and n."""
    text = f"def run(x, y, n, out):\n    for i in range(x.shape[0]):\n        out[i] = {expression}\n"
    scope = dict(_vector_math.NAMES)
    exec(text, scope)
    return numba.njit(fastmath={"reassoc", "contract"}, error_model="numpy")(scope["run"])


def compiled(expression, x, y=None, n=3):
    out = np.empty_like(x)
    loop(expression)(x, x if y is None else y, n, out)
    return out


def plain(expression, x, y=None, n=3):
    run = eval(f"lambda x, y, n: {expression.replace('[i]', '')}", dict(_plain_math.NAMES))
    with np.errstate(all="ignore"):
        results = [run(a, b, n) for a, b in zip(x, x if y is None else y, strict=True)]
    assert {type(result) for result in results} == {x.dtype.type}
    return np.array(results)


# --- accuracy -------------------------------------------------------------------------------------------------


def sample(dtype, rng, of_each_exponent):
    """Floats of every exponent and both signs, the ends of every exponent, and the points where formulas change."""
    info = np.finfo(dtype)
    whole = np.dtype(f"u{info.bits // 8}")
    exponents = np.arange(2**info.nexp, dtype=whole)[:, None] << whole.type(info.nmant)
    fractions = rng.integers(0, 2**info.nmant, (2**info.nexp, of_each_exponent), dtype=whole)
    fractions[:, :4] = [0, 1, 2**info.nmant - 2, 2**info.nmant - 1]
    every = (exponents | fractions).ravel()
    every = np.concatenate([every, every | whole.type(1 << info.bits - 1)]).view(dtype)
    log_max, log_least = math.log(float(info.max)), math.log(float(info.smallest_subnormal))
    turns = [1, 2, 0.5, math.sqrt(0.5), math.sqrt(2), math.sqrt(2) - 1, math.sqrt(0.5) - 1, 0.55, 10, 20, 40]
    turns += [log_max, log_least, log_least - math.log(2), math.log(float(info.tiny)), 64 * math.log(2)]
    turns += [(k + 0.5) * math.log(2) for k in (0, 1, 2, 52, 127, 1022)]
    around = np.array([turn * sign for turn in turns for sign in (1, -1)], dtype).view(whole)
    around = (around[:, None] + np.arange(-200, 200).astype(whole)).ravel().view(dtype)
    even = rng.uniform(log_least * 1.01, log_max * 1.01, 2**17), rng.uniform(-2, 2, 2**18)
    return np.concatenate([every, around, *(numbers.astype(dtype) for numbers in even)])


def ulps(got, exact):
    """The distance in units of the last place of the exact value, where inf counts as the first too large number."""
    info = np.finfo(got.dtype)
    assert np.array_equal(np.isnan(got), np.isnan(exact))
    beyond = np.ldexp(exact.dtype.type(1), int(info.maxexp))
    known = ~np.isnan(got)
    got = np.clip(got[known].astype(exact.dtype), -beyond, beyond)
    exact = np.clip(exact[known], -beyond, beyond)
    _, exponent = np.frexp(exact)
    last_place = np.maximum(exponent - 1 - info.nmant, info.minexp - info.nmant)
    last_place[exact == 0] = info.minexp - info.nmant
    return np.abs(got - exact) / np.ldexp(exact.dtype.type(1), last_place)


def assert_close(name, x, exact, most):
    error = ulps(compiled(f"{name}(x[i])", x), exact)
    worst = int(np.argmax(error))
    assert error[worst] <= most, f"{name}: {error[worst]:.2f} ulp, with one of {x.size} numbers"


@pytest.mark.parametrize("name", ULPS)
def test_float32_is_within_its_ulps_of_float64_over_the_whole_range(name, rng):
    x = sample(np.float32, rng, of_each_exponent=1024)
    with np.errstate(all="ignore"):
        exact = getattr(np, name)(x.astype(np.float64))
    assert_close(name, x, exact, ULPS[name])


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="long double is not wider than float64 here")
@pytest.mark.parametrize("name", ULPS)
def test_float64_is_within_its_ulps_of_long_double_over_the_whole_range(name, rng):
    x = sample(np.float64, rng, of_each_exponent=32)
    with np.errstate(all="ignore"):
        exact = getattr(np, name)(x.astype(np.longdouble))
    assert_close(name, x, exact, ULPS[name])


@pytest.mark.parametrize("name", ULPS)
def test_float64_is_within_its_ulps_of_many_digits(name, rng):
    mp = pytest.importorskip("mpmath")
    least = -1 if name == "log1p" else 0 if name == "log" else -30
    x = np.concatenate([rng.uniform(least, 30, 200), 1 + rng.normal(0, 1e-3, 100)])
    if name != "log":
        x = np.append(x, rng.uniform(-0.1, 0.1, 100) * 10.0 ** -rng.integers(0, 300, 100))
    got = compiled(f"{name}(x[i])", x)
    with mp.workdps(40):
        exact = [getattr(mp, name)(mp.mpf(float(number))) for number in x]
        errors = [
            abs(mp.mpf(float(g)) - e) / max(2.0**-1074, math.ulp(abs(float(e))))
            for g, e in zip(got, exact, strict=True)
        ]
    assert max(errors) <= ULPS[name]


@pytest.mark.filterwarnings(
    "ignore:Descending:DeprecationWarning"
)  # mpmath 1.4 on how it orders coefficients
def test_the_polynomials_are_the_fits_that_the_docstring_names():
    mp = pytest.importorskip("mpmath")
    half_ln2, most_s = math.log(2) / 2, (math.sqrt(2) - 1) / (math.sqrt(2) + 1)

    def exp_rest(r):
        return (mp.expm1(r) - r) / r**2 if r else mp.mpf(1) / 2

    def log_rest(square):
        s = mp.sqrt(square)
        return (2 * mp.atanh(s) / s - 2) / square

    def tanh_rest(square):
        x = mp.sqrt(square)
        return (mp.tanh(x) / x - 1) / square

    fits = [
        ("exp_poly", exp_rest, [-half_ln2, half_ln2]),
        ("log_poly", log_rest, [0, most_s**2]),
        ("tanh_poly", tanh_rest, [0, 0.55**2]),
    ]
    with mp.workdps(50):
        for dtype, form in [(np.float32, _vector_math._SINGLE), (np.float64, _vector_math._DOUBLE)]:
            for name, function, interval in fits:
                coefficients = getattr(form, name)
                fitted = np.array([float(c) for c in mp.chebyfit(function, interval, len(coefficients))])
                np.testing.assert_allclose(
                    np.array(coefficients, dtype), fitted, rtol=8 * np.finfo(dtype).eps, err_msg=name
                )


# --- special values -------------------------------------------------------------------------------------------

SPECIAL = {
    "exp": [
        (-inf, 0.0),
        (inf, inf),
        (nan, nan),
        (0.0, 1.0),
        (-0.0, 1.0),
        (-800, 0.0),
        (800, inf),
        (1e-30, 1.0),
    ],
    "log": [
        (-inf, nan),
        (-1, nan),
        (-1e-40, nan),
        (-0.0, -inf),
        (0.0, -inf),
        (1, 0.0),
        (inf, inf),
        (nan, nan),
    ],
    "tanh": [
        (-inf, -1),
        (inf, 1),
        (nan, nan),
        (0.0, 0.0),
        (-0.0, -0.0),
        (1e-40, 1e-40),
        (-50, -1),
        (1e30, 1),
    ],
    "expm1": [
        (-inf, -1),
        (inf, inf),
        (nan, nan),
        (0.0, 0.0),
        (-0.0, -0.0),
        (-1e-40, -1e-40),
        (-99, -1),
        (800, inf),
    ],
    "log1p": [
        (-inf, nan),
        (-2, nan),
        (-1, -inf),
        (0.0, 0.0),
        (-0.0, -0.0),
        (1e-40, 1e-40),
        (inf, inf),
        (nan, nan),
    ],
    "sqrt": [(-1, nan), (-0.0, -0.0), (0.0, 0.0), (4, 2), (inf, inf), (nan, nan)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (inf, nan), (nan, nan)],
    "cos": [(0.0, 1), (-inf, nan), (nan, nan)],
    "erf": [(-inf, -1), (inf, 1), (nan, nan), (0.0, 0.0), (-0.0, -0.0)],
    "absolute": [(-inf, inf), (-0.0, 0.0), (-2, 2), (3, 3), (nan, nan)],
    "sign": [(-inf, -1), (-1e-40, -1), (-0.0, 0.0), (0.0, 0.0), (1e-40, 1), (inf, 1), (nan, nan)],
}


@pytest.mark.parametrize("evaluate", [compiled, plain])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SPECIAL)
def test_special_values_are_exact(name, dtype, evaluate):
    x, expected = np.array(SPECIAL[name], dtype).T.copy()
    got = evaluate(f"{name}(x[i])", x)
    np.testing.assert_array_equal(got, expected)
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(got[known]), np.signbit(expected[known]))


@pytest.mark.parametrize("evaluate", [compiled, plain])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("exponent", "of"), [("2", 2), ("0", 0), ("3", 3), ("-1", -1), ("7", 7), ("n", 3)])
def test_power_with_a_whole_exponent(exponent, of, dtype, evaluate):
    x = np.array([-inf, -2, -0.5, -0.0, 0.0, 0.25, 3, inf, nan], dtype)
    got = evaluate(f"power(x[i], {exponent})", x)
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(got, np.power(x, dtype(of)))


@pytest.mark.parametrize("evaluate", [compiled, plain])
@pytest.mark.parametrize("dtype", DTYPES)
def test_power_is_that_of_ieee_754(dtype, evaluate):
    x = np.array([-8, -8, -2, 0, 0, -0.0, 1, -1, 2, 2, nan, inf, 0.5], dtype)
    y = np.array([1 / 3, 2, 3, 0, -1, -3, nan, inf, 0.5, inf, 0, -1, inf], dtype)
    expected = np.array([nan, 64, -8, 1, inf, -inf, 1, 1, math.sqrt(2), inf, 1, 0, 0], dtype)
    np.testing.assert_array_equal(evaluate("power(x[i], y[i])", x, y), expected)


@pytest.mark.parametrize("evaluate", [compiled, plain])
@pytest.mark.parametrize("dtype", DTYPES)
def test_questions_and_choices(dtype, evaluate):
    x = np.array([-inf, -1, 0, 2, inf, nan], dtype)
    of_whole_numbers = evaluate("where(where(isfinite(x[i]), 1, 2) > 1, 5, x[i])", x)
    np.testing.assert_array_equal(of_whole_numbers, [5, -1, 0, 2, 5, 5])
    np.testing.assert_array_equal(evaluate("where(isnan(x[i]), 5, x[i])", x), [-inf, -1, 0, 2, inf, 5])
    np.testing.assert_array_equal(evaluate("where(isinf(x[i]), 5, x[i])", x), [5, -1, 0, 2, 5, nan])
    positive = "logical_and(x[i] > 0, logical_not(logical_or(isinf(x[i]), isnan(x[i]))))"
    np.testing.assert_array_equal(evaluate(f"where({positive}, x[i], -x[i])", x), [inf, 1, 0, 2, -inf, nan])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(), st.floats()), min_size=1, max_size=20))
def test_maximum_and_minimum_are_numpys_nan_included(pairs):
    x, y = np.array(pairs).T.copy()
    np.testing.assert_array_equal(compiled("maximum(x[i], y[i])", x, y), np.maximum(x, y))
    np.testing.assert_array_equal(compiled("minimum(x[i], y[i])", x, y), np.minimum(x, y))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(width=32), min_size=1, max_size=40))
def test_tanh_is_odd_to_the_bit(numbers):
    x = np.array(numbers, np.float32)
    np.testing.assert_array_equal(compiled("tanh(x[i])", -x), -compiled("tanh(x[i])", x))


def test_erf_and_waves_are_the_c_librarys(rng):
    x = rng.normal(0, 2, 100)
    for name in ("erf", "sin", "cos"):
        expected = [getattr(math, name)(number) for number in x]
        np.testing.assert_array_max_ulp(compiled(f"{name}(x[i])", x), np.array(expected), 1)
        np.testing.assert_allclose(plain(f"{name}(x[i])", x.astype(np.float32)), expected, rtol=1e-5)


# --- as compiled code sees them -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ULPS)
def test_a_number_gives_the_same_bits_wherever_it_stands(name, dtype, rng):
    x = np.abs(rng.normal(0, 3, 103)).astype(dtype)  # not a whole number of packed operations
    together = compiled(f"{name}(x[i])", x)
    alone = np.concatenate([compiled(f"{name}(x[i])", x[i : i + 1]) for i in range(x.size)])
    np.testing.assert_array_equal(together, alone)


def multiplies_packed(run, dtype):
    signature = next(s for s in run.signatures if s[0].dtype == numba.from_dtype(np.dtype(dtype)))
    suffix = "ps" if dtype is np.float32 else "pd"
    return re.search(rf"\bv?(mul|fn?madd\d+|fn?msub\d+){suffix}\b", run.inspect_asm(signature)) is not None


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the names of x86's instructions")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ULPS)
def test_a_loop_becomes_packed_instructions(name, dtype):
    compiled(f"{name}(x[i])", np.ones(3, dtype))
    assert multiplies_packed(loop(f"{name}(x[i])"), dtype)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the names of x86's instructions")
def test_a_loop_around_the_c_librarys_function_does_not():
    compiled("erf(x[i]) * x[i]", np.ones(3))
    assert not multiplies_packed(loop("erf(x[i]) * x[i]"), np.float64)


@pytest.mark.parametrize("expression", ["exp(n)", "maximum(n, n)", "power(n, n)"])
def test_compiled_code_has_them_for_floats_only(expression):
    with pytest.raises(numba.TypingError):
        compiled(expression, np.ones(3))


def test_both_ways_of_running_know_the_same_names():
    assert list(_plain_math.NAMES) == list(_vector_math.NAMES)
