"""Floating-point ops in exact rational arithmetic (fractions.Fraction), written from IEEE 754-2019 alone: the reference for ir/ops.def.

Numbers are the bits of a format; each function returns (bits, flags). NaN results are canonical.
"""
from fractions import Fraction
from math import isqrt

INVALID, DIV_BY_ZERO, OVERFLOW, UNDERFLOW, INEXACT = 1, 2, 4, 8, 16
FORMATS = {"f16": (5, 10), "bf16": (8, 7), "f32": (8, 23), "f64": (11, 52)}  # bits of exponent and fraction
MODES = {"nearest": 0, "zero": 1, "down": 2, "up": 3}  # as the live mode; "away" is never live
BEYOND = Fraction(10) ** 400  # stands for infinity in comparisons


def width(fmt):
    return 1 + sum(FORMATS[fmt])


def canonical_nan(fmt):
    exponent, fraction = FORMATS[fmt]
    return ((1 << exponent) - 1) << fraction | 1 << (fraction - 1)


def infinity(fmt, sign):
    exponent, fraction = FORMATS[fmt]
    return sign << (exponent + fraction) | ((1 << exponent) - 1) << fraction


def zero(fmt, sign):
    return sign << sum(FORMATS[fmt])


def unpack(number, fmt):
    """(kind, sign, value); kind is zero, number, inf, qnan or snan."""
    e, f = FORMATS[fmt]
    sign, biased, fraction = number >> (e + f), number >> f & ((1 << e) - 1), number & ((1 << f) - 1)
    bias = (1 << (e - 1)) - 1
    if biased == (1 << e) - 1:
        return ("inf" if fraction == 0 else "qnan" if fraction >> (f - 1) else "snan"), sign, None
    if biased == 0 and fraction == 0:
        return "zero", sign, Fraction(0)
    if biased == 0:
        value = fraction * Fraction(2) ** (1 - bias - f)
    else:
        value = (fraction + (1 << f)) * Fraction(2) ** (biased - bias - f)
    return "number", sign, -value if sign else value


def is_nan(x):
    return x[0] in ("qnan", "snan")


def round_to_integer(magnitude, mode, negative):
    whole = magnitude.numerator // magnitude.denominator
    rest = magnitude - whole
    half = Fraction(1, 2)
    up = rest != 0 and {
        "zero": False,
        "down": negative,
        "up": not negative,
        "nearest": rest > half or (rest == half and whole % 2 == 1),
        "away": rest >= half,
    }[mode]
    return whole + 1 if up else whole


def exponent_of(magnitude):
    n = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    return n - 1 if Fraction(2) ** n > magnitude else n


def pack(value, fmt, mode):
    """Rounds a nonzero exact value; tininess is detected after rounding."""
    e, f = FORMATS[fmt]
    bias = (1 << (e - 1)) - 1
    least = 1 - bias
    negative, magnitude = value < 0, abs(value)
    sign = int(negative)

    def rounded(exponent):
        unit = Fraction(2) ** (exponent - f)
        return round_to_integer(magnitude / unit, mode, negative) * unit

    unbounded = rounded(exponent_of(magnitude))
    if unbounded >= Fraction(2) ** (bias + 1):
        to_infinity = mode in ("nearest", "away") or mode == ("down" if negative else "up")
        return infinity(fmt, sign) - (0 if to_infinity else 1), OVERFLOW | INEXACT
    result = rounded(max(exponent_of(magnitude), least))
    flags = INEXACT if result != magnitude else 0
    if flags and unbounded < Fraction(2) ** least:
        flags |= UNDERFLOW
    if result == 0:
        return zero(fmt, sign), flags
    exponent = exponent_of(result)
    if exponent < least:
        return sign << (e + f) | int(result / Fraction(2) ** (least - f)), flags
    return sign << (e + f) | (exponent + bias) << f | int(result / Fraction(2) ** (exponent - f)) - (1 << f), flags


def of_nans(operands, fmt):
    return canonical_nan(fmt), INVALID if any(x[0] == "snan" for x in operands) else 0


def sum_or_zero(value, fmt, mode, zero_sign=None):
    if value != 0:
        return pack(value, fmt, mode)
    return zero(fmt, int(mode == "down") if zero_sign is None else zero_sign), 0


def add(a, b, fmt, mode):
    x, y = unpack(a, fmt), unpack(b, fmt)
    if is_nan(x) or is_nan(y):
        return of_nans((x, y), fmt)
    if "inf" in (x[0], y[0]):
        if x[0] == y[0] and x[1] != y[1]:
            return canonical_nan(fmt), INVALID
        return infinity(fmt, x[1] if x[0] == "inf" else y[1]), 0
    same_zero = x[0] == y[0] == "zero" and x[1] == y[1]
    return sum_or_zero(x[2] + y[2], fmt, mode, x[1] if same_zero else None)


def subtract(a, b, fmt, mode):
    if is_nan(unpack(b, fmt)):
        return add(a, b, fmt, mode)
    return add(a, b ^ zero(fmt, 1), fmt, mode)


def multiply(a, b, fmt, mode):
    x, y = unpack(a, fmt), unpack(b, fmt)
    if is_nan(x) or is_nan(y):
        return of_nans((x, y), fmt)
    sign = x[1] ^ y[1]
    if "inf" in (x[0], y[0]):
        return (canonical_nan(fmt), INVALID) if "zero" in (x[0], y[0]) else (infinity(fmt, sign), 0)
    return sum_or_zero(x[2] * y[2], fmt, mode, sign)


def divide(a, b, fmt, mode):
    x, y = unpack(a, fmt), unpack(b, fmt)
    if is_nan(x) or is_nan(y):
        return of_nans((x, y), fmt)
    sign = x[1] ^ y[1]
    if x[0] == y[0] and x[0] in ("inf", "zero"):
        return canonical_nan(fmt), INVALID
    if x[0] == "inf":
        return infinity(fmt, sign), 0
    if y[0] == "inf" or x[0] == "zero":
        return zero(fmt, sign), 0
    if y[0] == "zero":
        return infinity(fmt, sign), DIV_BY_ZERO
    return pack(x[2] / y[2], fmt, mode)


def square_root(a, fmt, mode):
    x = unpack(a, fmt)
    if is_nan(x):
        return of_nans((x,), fmt)
    if x[0] == "zero" or (x[0] == "inf" and x[1] == 0):
        return a, 0
    if x[1]:
        return canonical_nan(fmt), INVALID
    # Many more bits than any format has, and half a unit more where the root is not exact.
    scale = 800
    scaled = x[2] * Fraction(4) ** scale
    root = isqrt(scaled.numerator // scaled.denominator)
    exact = scaled == root * root
    return pack((Fraction(root) if exact else root + Fraction(1, 2)) / Fraction(2) ** scale, fmt, mode)


def fused_multiply_add(a, b, c, fmt, mode):
    x, y, z = (unpack(n, fmt) for n in (a, b, c))
    inf_times_zero = {x[0], y[0]} == {"inf", "zero"}
    if any(map(is_nan, (x, y, z))):
        result, flags = of_nans((x, y, z), fmt)
        return result, flags | (INVALID if inf_times_zero else 0)
    if inf_times_zero:
        return canonical_nan(fmt), INVALID
    sign = x[1] ^ y[1]
    if "inf" in (x[0], y[0]):
        return (canonical_nan(fmt), INVALID) if z[0] == "inf" and z[1] != sign else (infinity(fmt, sign), 0)
    if z[0] == "inf":
        return c, 0
    product = x[2] * y[2]
    same_zero = product == 0 and z[0] == "zero" and z[1] == sign
    return sum_or_zero(product + z[2], fmt, mode, sign if same_zero else None)


def ordered(x):
    """A key that sorts all numbers."""
    return (-BEYOND if x[1] else BEYOND) if x[0] == "inf" else x[2]


def min_or_max(a, b, fmt, largest, propagate):
    x, y = unpack(a, fmt), unpack(b, fmt)
    flags = INVALID if "snan" in (x[0], y[0]) else 0
    if is_nan(x) or is_nan(y):
        if propagate or (is_nan(x) and is_nan(y)):
            return canonical_nan(fmt), flags
        return b if is_nan(x) else a, flags
    low, high = sorted(((ordered(x), 1 - x[1], a), (ordered(y), 1 - y[1], b)))
    return (high if largest else low)[2], flags


def compare(a, b, fmt, condition, signaling):
    x, y = unpack(a, fmt), unpack(b, fmt)
    unordered = is_nan(x) or is_nan(y)
    flags = INVALID if "snan" in (x[0], y[0]) or (unordered and signaling) else 0
    if condition in ("un", "ord"):
        return int(unordered == (condition == "un")), flags
    if unordered:
        return 0, flags
    p, q = ordered(x), ordered(y)
    return int({"eq": p == q, "lt": p < q, "le": p <= q, "gt": p > q, "ge": p >= q}[condition]), flags


def round_integral(a, fmt, mode, exact):
    x = unpack(a, fmt)
    if is_nan(x):
        return of_nans((x,), fmt)
    if x[0] != "number":
        return a, 0
    whole = round_to_integer(abs(x[2]), mode, x[1] == 1)
    flags = INEXACT if exact and whole != abs(x[2]) else 0
    return (pack(Fraction(-whole if x[1] else whole), fmt, mode)[0] if whole else zero(fmt, x[1])), flags


def convert(a, source, target, mode):
    x = unpack(a, source)
    if is_nan(x):
        return of_nans((x,), target)
    if x[0] == "inf":
        return infinity(target, x[1]), 0
    return sum_or_zero(x[2], target, mode, x[1])


def to_integer(a, fmt, bits, unsigned, mode, saturate):
    low, high = (0, (1 << bits) - 1) if unsigned else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    x = unpack(a, fmt)
    if x[0] in ("zero", "number"):
        whole = round_to_integer(abs(x[2]), mode, x[1] == 1) * (-1 if x[1] else 1)
        if low <= whole <= high:
            return whole, INEXACT if whole != x[2] else 0
    if saturate == "indefinite":
        return 1 << (bits - 1), INVALID
    if is_nan(x):
        return high if saturate == "nan-max" else 0, INVALID
    return low if x[1] else high, INVALID


def from_integer(value, fmt, mode):
    return pack(Fraction(value), fmt, mode) if value else (0, 0)
