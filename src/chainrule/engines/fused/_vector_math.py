"""The scalar functions that compiled steps call inside their loops, made so that LLVM vectorises the loops.

Numba's own ``exp``, ``log`` and ``tanh`` call the C library, one number at a time, and a loop around a call
stays scalar. The functions here are arithmetic, selects and reinterpreted bits only, without a branch, a table
or a call: LLVM turns ``for i in range(n): y[i] = exp(x[i])`` into packed instructions of whatever width the
machine has. Each is written once, as a formula over `_Value`, and emits the instructions for the float32 or
float64 that it meets.

Every instruction of a formula may be contracted (fused multiply-add where the machine has it) and nothing else.
That each carries this flag also keeps Numba from giving it the caller's: under ``reassoc`` the reduction of
the argument of `exp` would be simplified away.

Sources. The shape of the algorithms (argument reduction in two parts, ``log`` through ``(m - 1)/(m + 1)``) is
that of W. J. Cody and W. Waite, Software Manual for the Elementary Functions, 1980, and of J.-M. Muller,
Elementary Functions, 3rd edition, 2016, chapters 4, 5 and 11. Every polynomial is the Chebyshev fit, hence nearly
minimax, of the function named beside it; the tests fit them again.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ...gates import murmur3


@dataclass(frozen=True, slots=True)
class _Format:
    """A floating-point format: its widths, its limits and the polynomials that are accurate enough for it.

    fraction       bits of the fraction
    bias           of the exponent
    bits           of a number
    ln2            ln 2 as a sum; a whole number of the exponent's size times its first part is exact
    exp_range      outside of it exp is 0 or inf already at the bound
    expm1_least    expm1 is -1 from here down
    tanh_most      tanh is 1 from here up
    exp_poly       (exp(r) - 1 - r) / r² on |r| ≤ ln 2 / 2, powers of r, highest first
    log_poly       (2 artanh(s) / s - 2) / s² on |s| ≤ (√2 - 1) / (√2 + 1), powers of s²
    tanh_poly      (tanh(x) / x - 1) / x² on |x| ≤ 0.55, powers of x²
    """

    fraction: int
    bias: int
    bits: int
    ln2: tuple[float, float]
    exp_range: tuple[float, float]
    expm1_least: float
    tanh_most: float
    exp_poly: tuple[float, ...]
    log_poly: tuple[float, ...]
    tanh_poly: tuple[float, ...]

    @property
    def whole(self) -> ir.IntType:
        """The integers as wide as this format."""
        return ir.IntType(self.bits)

    @property
    def real(self) -> ir.Type:
        return ir.FloatType() if self.bits == 32 else ir.DoubleType()

    @property
    def one(self) -> int:
        """The bits of 1.0."""
        return self.bias << self.fraction


_SINGLE = _Format(
    fraction=23,
    bias=127,
    bits=32,
    ln2=(0.693145751953125, 1.428606765330187e-06),
    exp_range=(-104.0, 89.0),
    expm1_least=-20.0,
    tanh_most=10.0,
    exp_poly=(0.0013926176, 0.008363173, 0.041666556, 0.16666578, 0.5),
    log_poly=(0.23330468, 0.28550822, 0.40000123, 0.6666667),
    tanh_poly=(-0.0066102277, 0.021309389, -0.05390943, 0.13333113, -0.3333333),
)
_DOUBLE = _Format(
    fraction=52,
    bias=1023,
    bits=64,
    ln2=(0.6931471803691238, 1.9082149292705877e-10),
    exp_range=(-746.0, 710.0),
    expm1_least=-40.0,
    tanh_most=20.0,
    exp_poly=(
        *(2.5100375832561234e-08, 2.7620075879983367e-07, 2.7557268480310024e-06, 2.4801521322368692e-05),
        *(0.00019841269863040545, 0.0013888888917196719, 0.008333333333330065, 0.041666666666624164),
        *(0.16666666666666669, 0.5000000000000001),
    ),
    log_poly=(
        *(0.14616449685043406, 0.15331721600556042, 0.18182889125261723, 0.2222221113479508),
        *(0.28571428625975487, 0.39999999999899505, 0.666666666666667),
    ),
    tanh_poly=(
        *(-2.060276537636634e-05, 8.511313685577672e-05, -0.0002346347410887237, 0.0005889360520074057),
        *(-0.001455661830100716, 0.003592110378689024, -0.008863234397814355, 0.021869488493666944),
        *(-0.053968253967434016, 0.13333333333332714, -0.3333333333333333),
    ),
)
_FORMATS: dict[Any, _Format] = {types.float32: _SINGLE, types.float64: _DOUBLE}


class _Value:
    """A number inside a function being compiled; arithmetic on it emits instructions.

    Floats and integers of one width share the class, since formulas go back and forth between a float and its
    bits. The other side of an operator may be a Python number.
    """

    def __init__(self, builder: ir.IRBuilder, form: _Format, value: ir.Value) -> None:
        self.builder, self.form, self.value = builder, form, value

    def new(self, value: ir.Value) -> _Value:
        return _Value(self.builder, self.form, value)

    def constant(self, number: float) -> ir.Value:
        """`number` in this value's own type."""
        return ir.Constant(self.value.type, number)

    def _operand(self, other: _Value | float) -> ir.Value:
        return other.value if isinstance(other, _Value) else self.constant(other)

    def _arithmetic(self, name: str, left: ir.Value, right: ir.Value) -> _Value:
        if isinstance(self.value.type, ir.IntType):
            return self.new(getattr(self.builder, name)(left, right))
        return self.new(getattr(self.builder, f"f{name}")(left, right, flags=("contract",)))

    def __add__(self, other: _Value | float) -> _Value:
        return self._arithmetic("add", self.value, self._operand(other))

    def __sub__(self, other: _Value | float) -> _Value:
        return self._arithmetic("sub", self.value, self._operand(other))

    def __rsub__(self, other: float) -> _Value:
        return self._arithmetic("sub", self._operand(other), self.value)

    def __mul__(self, other: _Value | float) -> _Value:
        return self._arithmetic("mul", self.value, self._operand(other))

    def __truediv__(self, other: _Value | float) -> _Value:
        return self._arithmetic("div", self.value, self._operand(other))

    def __rtruediv__(self, other: float) -> _Value:
        return self._arithmetic("div", self._operand(other), self.value)

    __radd__, __rmul__ = __add__, __mul__

    def __and__(self, other: _Value | int) -> _Value:
        return self.new(self.builder.and_(self.value, self._operand(other)))

    def __or__(self, other: _Value | int) -> _Value:
        return self.new(self.builder.or_(self.value, self._operand(other)))

    def __xor__(self, other: _Value | int) -> _Value:
        return self.new(self.builder.xor(self.value, self._operand(other)))

    def __lshift__(self, places: int) -> _Value:
        return self.new(self.builder.shl(self.value, self.constant(places)))

    def __rshift__(self, places: int) -> _Value:
        return self.new(self.builder.lshr(self.value, self.constant(places)))

    def is_(self, sign: str, other: _Value | float) -> _Value:
        """A comparison; false where either is NaN."""
        return self.new(self.builder.fcmp_ordered(sign, self.value, self._operand(other)))

    def is_nan(self) -> _Value:
        return self.new(self.builder.fcmp_unordered("uno", self.value, self.value))

    def bits(self) -> _Value:
        """The integer with the same bits."""
        return self.new(self.builder.bitcast(self.value, self.form.whole))

    def real(self) -> _Value:
        """The float with the same bits."""
        return self.new(self.builder.bitcast(self.value, self.form.real))

    def __abs__(self) -> _Value:
        return (self.bits() & ((1 << self.form.bits - 1) - 1)).real()

    def with_sign_of(self, other: _Value) -> _Value:
        """This, which is not negative, with another's sign."""
        return (self.bits() | (other.bits() & (1 << self.form.bits - 1))).real()


def _where(condition: _Value, then: _Value | float, otherwise: _Value) -> _Value:
    chosen = condition.builder.select(condition.value, otherwise._operand(then), otherwise.value)
    return otherwise.new(chosen)


def _horner(coefficients: tuple[float, ...], x: _Value) -> _Value:
    first, second, *rest = coefficients
    total = first * x + second
    for coefficient in rest:
        total = total * x + coefficient
    return total


# --- exp and its kin ------------------------------------------------------------------------------------------


def _reduce(x: _Value) -> tuple[_Value, _Value, _Value]:
    """x = k ln 2 + r with |r| ≤ ln 2 / 2: k, k as the low bits of an integer, and r."""
    form = x.form
    # Adding 1.5 * 2^fraction rounds to a whole number and leaves it, in two's complement, in the low bits.
    magic = 1.5 * 2.0**form.fraction
    shifted = x * (1 / math.log(2)) + magic
    k = shifted - magic
    high, low = form.ln2
    return k, shifted.bits(), (x - k * high) - k * low


def _exp_minus_one(r: _Value) -> _Value:
    """exp(r) - 1 for a reduced r, to full relative precision."""
    return r + (r * r) * _horner(r.form.exp_poly, r)


def _two_to(k: _Value) -> _Value:
    """2^k; of the integer k only the low bits count, and 2^k must be a normal number."""
    return ((k + k.form.bias) << k.form.fraction).real()


def _exp(x: _Value) -> _Value:
    least, most = x.form.exp_range
    x = _where(x.is_("<", least), least, x)
    x = _where(x.is_(">", most), most, x)
    k, whole, r = _reduce(x)
    # 2^k itself may be subnormal or too large where the result is not, so it is applied in two parts; only the
    # second one rounds.
    negative = k.is_("<", 0.0)
    first = _two_to(whole + _where(negative, 64, whole.new(whole.constant(-1))))
    second = _where(negative, 2.0**-64, x.new(x.constant(2.0)))
    return (_exp_minus_one(r) + 1.0) * first * second


def _expm1(x: _Value) -> _Value:
    least, most = x.form.expm1_least, x.form.exp_range[1]
    bounded = _where(x.is_("<", least), least, x)
    bounded = _where(bounded.is_(">", most), most, bounded)
    k, whole, r = _reduce(bounded)
    # 2^k (p + 1 - 2^-k) loses nothing: where 2^-k is not a normal number it is far below the last bit of 1.
    inverse = _where(k.is_(">", 64.0), 0.0, _two_to(0 - whole))
    grown = (_exp_minus_one(r) + (1.0 - inverse)) * _two_to(whole - 1) * 2.0
    return _itself_near_zero(x, grown)


def _itself_near_zero(x: _Value, y: _Value) -> _Value:
    """y, or x where x is so small that y differs from it by less than half of the last bit; keeps the sign of 0."""
    return _where(abs(x).is_("<", 2.0 ** -(x.form.fraction + 2)), x, y)


def _tanh(x: _Value) -> _Value:
    size = abs(x)
    square = size * size
    small = size + size * (square * _horner(x.form.tanh_poly, square))
    most = x.form.tanh_most
    bounded = _where(size.is_(">", most), most, size)
    _, whole, r = _reduce(bounded * 2.0)
    grown = (_exp_minus_one(r) + 1.0) * _two_to(whole)
    large = 1.0 - 2.0 / (grown + 1.0)
    return _where(size.is_("<", 0.55), small, large).with_sign_of(x)


# --- log and its kin ------------------------------------------------------------------------------------------


def _split(x: _Value) -> tuple[_Value, _Value]:
    """x = 2^k m with √½ ≤ m < √2, for a positive normal x."""
    form = x.form
    # The bits of √½, shortened so that they suit both formats: where exactly m wraps round does not matter.
    least = form.one - (1 << form.fraction) + (0x6A09E << form.fraction - 20)
    shifted = x.bits() + (form.one - least)
    # The integer in the exponent's place becomes a float as the fraction of 2^fraction.
    two_to_fraction = form.bias + form.fraction << form.fraction
    k = ((shifted >> form.fraction) | two_to_fraction).real() - (2.0**form.fraction + form.bias)
    m = ((shifted & (1 << form.fraction) - 1) + least).real()
    return k, m


def _log_of(k: _Value, f: _Value, correction: _Value | float) -> _Value:
    """k ln 2 + ln(1 + f) + correction, for 1 + f between √½ and √2.

    With s = f / (2 + f), ln(1 + f) = 2 artanh(s) = f - f²/2 + s (f²/2 + s² R(s²)): what is rounded is small
    against f.
    """
    s = f / (f + 2.0)
    square = s * s
    half = 0.5 * f * f
    high, low = f.form.ln2
    tail = s * (half + square * _horner(f.form.log_poly, square)) + (k * low + correction)
    return k * high - ((half - tail) - f)


def _positive_or_special(x: _Value, y: _Value, pole: float) -> _Value:
    """y where x is between the pole and inf; as log: -inf at the pole, NaN below it, else x (inf or NaN)."""
    beyond = _where(x.is_("<", pole), math.nan, x)
    beyond = _where(x.is_("==", pole), -math.inf, beyond)
    return _where(x.is_(">", pole) & x.is_("<", math.inf), y, beyond)


def _log(x: _Value) -> _Value:
    form = x.form
    subnormal = x.is_("<", 2.0 ** (1 - form.bias))
    k, m = _split(_where(subnormal, x * 2.0**form.fraction, x))
    k = _where(subnormal, k - form.fraction, k)
    return _positive_or_special(x, _log_of(k, m - 1.0, 0.0), 0.0)


def _log1p(x: _Value) -> _Value:
    u = x + 1.0
    k, m = _split(u)
    # What rounding took from u, and ln(u + lost) = ln(u) + lost / u.
    lost = _where(x.is_(">", 1.0), 1.0 - (u - x), x - (u - 1.0))
    near = k.is_("==", 0.0)
    f = _where(near, x, m - 1.0)
    y = _log_of(k, f, _where(near, 0.0, lost / u))
    return _positive_or_special(x, _itself_near_zero(x, y), -1.0)


# --- the rest -------------------------------------------------------------------------------------------------


def _maximum(x: _Value, y: _Value) -> _Value:
    return _where(x.is_(">=", y) | x.is_nan(), x, y)


def _minimum(x: _Value, y: _Value) -> _Value:
    return _where(x.is_("<=", y) | x.is_nan(), x, y)


def _sign(x: _Value) -> _Value:
    one = x.new(x.constant(1.0))
    signed = _where(x.is_("==", 0.0), 0.0, one.with_sign_of(x))
    return _where(x.is_nan(), x, signed)


def _power(x: _Value, y: _Value) -> _Value:
    function = x.builder.module.declare_intrinsic("llvm.pow", [x.value.type])
    return x.new(x.builder.call(function, [x.value, y.value]))


def _whole_power(x: _Value, exponent: int) -> _Value:
    """x to a small exponent of 0 or more, by squaring: products vectorise, a call does not."""
    result = x.new(x.constant(1.0))
    while exponent:
        result = result * x if exponent & 1 else result
        x, exponent = x * x, exponent >> 1
    return result


# --- as Numba sees them ---------------------------------------------------------------------------------------


def _widest(*given: Any) -> Any:
    """The type of the result: the widest float given, which the others are converted to; None if there is none."""
    return max((t for t in given if t in _FORMATS), key=lambda t: t.bitwidth, default=None)


def _of_one(formula: Callable[[_Value], _Value]) -> Any:
    """The formula as a function that compiled code can call with a float."""

    def typed(typing_context: Any, x: Any) -> Any:
        if x not in _FORMATS:
            return None

        def emitted(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            return formula(_Value(builder, _FORMATS[x], arguments[0])).value

        return x(x), emitted

    return intrinsic(typed)


def _of_two(formula: Callable[[_Value, _Value], _Value]) -> Any:
    """The formula as a function that compiled code can call with two numbers, one of them a float."""

    def typed(typing_context: Any, x: Any, y: Any) -> Any:
        common = _widest(x, y)
        if common is None:
            return None

        def emitted(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            left, right = (_Value(builder, _FORMATS[common], argument) for argument in arguments)
            return formula(left, right).value

        return common(common, common), emitted

    return intrinsic(typed)


def _typed_where(typing_context: Any, condition: Any, then: Any, otherwise: Any) -> Any:
    common = _widest(then, otherwise) or typing_context.unify_types(then, otherwise)
    if common is None:
        return None

    def emitted(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        return builder.select(*arguments)

    return common(types.boolean, common, common), emitted


def _typed_power(typing_context: Any, x: Any, y: Any) -> Any:
    common = _widest(x, y)
    if common is None:
        return None
    constant = getattr(y, "literal_value", None)

    def emitted(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        base, exponent = (_Value(builder, _FORMATS[common], argument) for argument in arguments)
        if isinstance(constant, int) and 0 <= constant <= _MOST_SQUARED:
            return _whole_power(base, constant).value
        return _power(base, exponent).value

    return common(common, common), emitted


def _typed_murmur3(typing_context: Any, seed: Any, first: Any, second: Any, third: Any) -> Any:
    word = types.uint32

    def emitted(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        return murmur3(*(_Value(builder, _SINGLE, argument) for argument in arguments)).value

    return word(word, word, word, word), emitted


_MOST_SQUARED = 4  # beyond, the roundings of the products add up to more than those of a call

#: The names that emitted text uses, as compiled code calls them. Where `math` and the built-ins already vectorise
#: (or, for sin, cos and erf, are right and rarely used) they stand for themselves.
NAMES: dict[str, object] = {
    "exp": _of_one(_exp),
    "expm1": _of_one(_expm1),
    "log": _of_one(_log),
    "log1p": _of_one(_log1p),
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tanh": _of_one(_tanh),
    "erf": math.erf,
    "power": intrinsic(prefer_literal=True)(_typed_power),
    "maximum": _of_two(_maximum),
    "minimum": _of_two(_minimum),
    "absolute": abs,
    "sign": _of_one(_sign),
    "isfinite": math.isfinite,
    "isnan": math.isnan,
    "isinf": math.isinf,
    "where": intrinsic(_typed_where),
    "logical_and": operator.and_,
    "logical_or": operator.or_,
    "logical_not": operator.not_,
    "murmur3": intrinsic(_typed_murmur3),
}
