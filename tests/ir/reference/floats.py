"""Floating-point ops by fp_model: .ir tests of f32 and f64, and of conversions of all formats."""
import struct

from fp_model import (
    MODES, add, compare, convert, divide, from_integer, fused_multiply_add, min_or_max, multiply, round_integral,
    square_root, subtract, to_integer, width,
)  # fmt: skip

SLOT = {"f64": "f", "f32": "s", "f16": "hf", "bf16": "bf"}


def double(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def single(x):
    return struct.unpack("<I", struct.pack("<f", x))[0]


VALUES = {
    "f64": [0, 1 << 63]
    + [double(x) for x in (1.0, -1.0, 1.5, 0.1, -2.7, 1e308, 1.7976931348623157e308)]
    + [1, 0xFFFFFFFFFFFFF, 0x10000000000000, double(float("inf")), double(float("-inf"))]
    + [0x7FF8000000000000, 0xFFF8000000000001, 0x7FF0000000000001]
    + [double(x) for x in (3.0, 2.0**52 + 0.5, 1 + 2**-52, 2.0)],
    "f32": [0, 1 << 31]
    + [single(x) for x in (1.0, -1.0, 1.5, 0.1, -2.7, 3e38)]
    + [0x7F7FFFFF, 1, 0x7FFFFF, 0x800000, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00001, 0x7F800001]
    + [single(x) for x in (3.0, 8388607.5)]
    + [0x3F800001, single(2.0)],
    "f16": [0, 0x8000, 0x3C00, 0xBC01, 0x7BFF, 1, 0x03FF, 0x0400, 0x7C00, 0xFC00, 0x7E00, 0x7D00, 0xFE01],
    "bf16": [0, 0x8000, 0x3F80, 0xBF81, 0x7F7F, 1, 0x007F, 0x0080, 0x7F80, 0xFF80, 0x7FC0, 0x7F81],
}
HALVES = {
    "f64": [double(x) for x in (0.5, -0.5, 1.5, 2.5, -2.5, 0.25, 4503599627370497.5, 1e17)],
    "f32": [single(x) for x in (0.5, -0.5, 1.5, 2.5, -2.5, 0.25, 1e10)],
}
NARROWED = {  # near what the narrower formats can hold
    "f64": [65504.0, 65520.0, 65519.99, 2.0**-24, 2.0**-25, 2.0**-25 * 1.5, 3.4028235677973366e38, 1e-40, 1.00390625]
    + [1.001953125, -6e-8],
    "f32": [65504.0, 65520.0, 2.0**-24, 2.0**-25, 1.00390625],
}
TO_INTEGER = {
    "f64": [double(x) for x in (0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -0.75, -1.0, -1.5, 2147483647.0, 2147483647.5,
                                2147483648.0, -2147483648.0, -2147483648.5, -2147483649.0, 4294967295.0, 4294967295.5,
                                4294967296.0, 9.223372036854775e18, 2.0**63, -(2.0**63), -1e19, 1.844674407370955e19,
                                2.0**64, 1e300, -1e300, 5e-324, float("inf"), float("-inf"))]
    + [0x7FF8000000000000, 0xFFF8000000000000, 0x7FF0000000000001],
    "f32": [single(x) for x in (0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -0.75, -1.0, -1.5, 2147483520.0, 2147483648.0,
                                -2147483648.0, -2147483904.0, 4294967040.0, 4294967296.0, 9.2233715e18, 9.223372e18,
                                -9.223372e18, 1.8446743e19, 1.8446744e19, 3e38)]
    + [0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00000, 0x7F800001],
}  # fmt: skip
INTEGERS = [0, 1, -1, 123456789, 16777217, -16777219, (1 << 31) - 1, -(1 << 31), (1 << 53) + 1, -(1 << 53) - 3]
INTEGERS += [(1 << 63) - 1, -(1 << 63), (1 << 63) + 1025, 0xFFFFFFFFFFFFFBFF]


def text(value, bits):
    return f"0x{value & ((1 << bits) - 1):0{bits // 4}x}"


def pairs(fmt):
    """Each value with a few others, and the special ones with each other."""
    v = VALUES[fmt]
    n = len(v)
    some = [(v[i], v[j]) for i in range(n) for j in ((7 * i + 3) % n, (5 * i + 11) % n, (i + 1) % n)]
    special = [v[0], v[1], v[12], v[13], v[2]]
    return list(dict.fromkeys(some + [(a, b) for a in special for b in special]))


def region(fmt, inputs, lines):
    loads = [f"v{i}:{fmt} = get ${SLOT[fmt]}{i - 1}" for i in range(1, inputs + 1)]
    return "\nregion pc=0x10000\nb0:\n" + "".join(f"  {line}\n" for line in loads + lines) + "  jump +4\n"


def run(before, after, flags, mode="nearest"):
    live = f" round={MODES[mode]}" if MODES[mode] else ""
    return f"; run: {before}{live} => {after} flags={flags}\n"


def arithmetic(fmt):
    yield "; Sums, products, quotients, roots in the live rounding mode; canonical NaNs, sticky flags.\n"
    r, bits = SLOT[fmt], width(fmt)
    for op, function in (("fadd", add), ("fsub", subtract), ("fmul", multiply), ("fdiv", divide)):
        yield region(fmt, 2, [f"v3:{fmt} = {op} v1, v2", f"set ${r}2, v3"])
        for i, (a, b) in enumerate(pairs(fmt)):
            for mode in MODES if i % 4 == 0 else ["nearest"]:
                result, flags = function(a, b, fmt, mode)
                yield run(f"{r}0={text(a, bits)} {r}1={text(b, bits)}", f"{r}2={text(result, bits)}", flags, mode)
    yield region(fmt, 1, [f"v3:{fmt} = fsqrt v1", f"set ${r}2, v3"])
    for a in VALUES[fmt]:
        for mode in MODES:
            result, flags = square_root(a, fmt, mode)
            yield run(f"{r}0={text(a, bits)}", f"{r}2={text(result, bits)}", flags, mode)
    yield region(fmt, 3, [f"v4:{fmt} = fma v1, v2, v3", f"set ${r}3, v4"])
    v = VALUES[fmt]
    for i, (a, b) in enumerate(pairs(fmt)):
        for c in (v[i % len(v)], v[(3 * i + 1) % len(v)], v[14]):
            mode = list(MODES)[i % 4]
            result, flags = fused_multiply_add(a, b, c, fmt, mode)
            before = f"{r}0={text(a, bits)} {r}1={text(b, bits)} {r}2={text(c, bits)}"
            yield run(before, f"{r}3={text(result, bits)}", flags, mode)


def rounding():
    yield "; A rounding mode of their own: the live mode says zero, and stays as it is.\n"
    for fmt in ("f64", "f32"):
        r, bits = SLOT[fmt], width(fmt)
        for mode in [*MODES, "away"]:
            ops = [f"v{n}:{fmt} = {op} v1, v2, round={mode}" for n, op in ((3, "fadd"), (4, "fdiv"), (5, "fmul"))]
            yield region(fmt, 2, ops + [f"set ${r}{n - 1}, v{n}" for n in (3, 4, 5)])
            for a, b in pairs(fmt)[:24]:
                results = [function(a, b, fmt, mode) for function in (add, divide, multiply)]
                after = " ".join(f"{r}{n}={text(result, bits)}" for n, (result, _) in enumerate(results, 2))
                flags = results[0][1] | results[1][1] | results[2][1]
                yield run(f"{r}0={text(a, bits)} {r}1={text(b, bits)}", after, flags, "zero")


def integral():
    yield "; Rounded to integral values, with and without inexact; the live mode is down.\n"
    for mode in ["live", *MODES, "away"]:
        for exact in (False, True):
            for fmt in ("f64", "f32"):
                r, bits = SLOT[fmt], width(fmt)
                yield region(fmt, 1, [f"v2:{fmt} = fround v1, round={mode}{' exact' if exact else ''}", f"set ${r}1, v2"])
                for a in VALUES[fmt] + HALVES[fmt]:
                    result, flags = round_integral(a, fmt, "down" if mode == "live" else mode, exact)
                    yield run(f"{r}0={text(a, bits)}", f"{r}1={text(result, bits)}", flags, "down")


def minmax():
    yield "; Minimum and maximum; -0 is less than +0.\n"
    for fmt in ("f64", "f32"):
        r, bits = SLOT[fmt], width(fmt)
        for propagate in (False, True):
            words = ", minmax=propagate" if propagate else ""
            ops = [f"v3:{fmt} = fmin v1, v2{words}", f"v4:{fmt} = fmax v1, v2{words}"]
            yield region(fmt, 2, ops + [f"set ${r}2, v3", f"set ${r}3, v4"])
            for a, b in pairs(fmt):
                least, flags = min_or_max(a, b, fmt, False, propagate)
                most, _ = min_or_max(a, b, fmt, True, propagate)
                after = f"{r}2={text(least, bits)} {r}3={text(most, bits)}"
                yield run(f"{r}0={text(a, bits)} {r}1={text(b, bits)}", after, flags)


def comparisons(fmt):
    yield "; Comparisons, quiet and signaling, as values and with a branch on them.\n"
    r, bits = SLOT[fmt], width(fmt)
    v = VALUES[fmt]
    for signaling in (False, True):
        for condition in ("eq", "lt", "le", "gt", "ge", "un", "ord"):
            op = f"v3:i1 = fcmp v1, v2, cond={condition}{' signaling' if signaling else ''}"
            yield region(fmt, 2, [op, "v4:i64 = zext v3", "set $r0, v4"])
            for a, b in pairs(fmt)[::2] + [(v[2], v[2]), (v[14], v[14])]:
                result, flags = compare(a, b, fmt, condition, signaling)
                yield run(f"{r}0={text(a, bits)} {r}1={text(b, bits)}", f"r0={result}", flags)
    for condition in ("eq", "lt", "le", "gt", "ge", "un", "ord"):
        yield f"\nregion pc=0x10000\nb0:\n  v1:{fmt} = get ${r}0\n  v2:{fmt} = get ${r}1\n"
        yield f"  v3:i1 = fcmp v1, v2, cond={condition}\n  cbr v3, b1, b2\nb1:\n  jump +4\nb2:\n  jump +8\n"
        for a, b in ((v[2], v[20]), (v[20], v[2]), (v[2], v[2]), (v[0], v[1]), (v[14], v[2]), (v[2], v[16])):
            result, flags = compare(a, b, fmt, condition, False)
            yield run(f"{r}0={text(a, bits)} {r}1={text(b, bits)}", f"pc={'+4' if result else '+8'}", flags)


def formats():
    yield "; Between float formats.\n"
    more = {"f64": [double(x) for x in NARROWED["f64"]], "f32": [single(x) for x in NARROWED["f32"]]}
    for source in ("f16", "bf16", "f32", "f64"):
        for target in ("f16", "bf16", "f32", "f64"):
            if source == target:
                continue
            a, b = SLOT[source], SLOT[target]
            yield region(source, 1, [f"v2:{target} = fcvt v1", f"set ${b}1, v2"])
            rounds = width(target) < width(source) or {source, target} == {"f16", "bf16"}
            for x in VALUES[source] + more.get(source, []):
                for mode in MODES if rounds else ["nearest"]:
                    result, flags = convert(x, source, target, mode)
                    before, after = text(x, width(source)), text(result, width(target))
                    yield run(f"{a}0={before}", f"{b}1={after}", flags, mode)


def to_integers(fmt):
    yield f"; From {fmt} to integers: every saturation, signed and unsigned.\n"
    r = SLOT[fmt]
    for bits, slot in ((32, "w"), (64, "r")):
        for unsigned in (False, True):
            for mode, saturate in (
                ("live", "nan-max"), ("zero", "nan-max"), ("up", "nan-max"), ("away", "nan-max"), ("zero", "nan-zero"),
                ("zero", "indefinite"),
            ):  # fmt: skip
                words = f"round={mode} saturate={saturate}{' unsigned' if unsigned else ''}"
                yield region(fmt, 1, [f"v2:i{bits} = f2i v1, {words}", f"set ${slot}0, v2"])
                for a in TO_INTEGER[fmt]:
                    live = "down" if mode == "live" else mode
                    result, flags = to_integer(a, fmt, bits, unsigned, live, saturate)
                    before, after = f"{r}0={text(a, width(fmt))}", f"{slot}0={text(result, bits)}"
                    yield run(before, after, flags, "down" if mode == "live" else "nearest")


def from_integers():
    yield "; From integers to floats.\n"
    for fmt in ("f64", "f32"):
        for bits, slot in ((32, "w"), (64, "r")):
            for unsigned in (False, True):
                op = f"v2:{fmt} = i2f v1{', unsigned' if unsigned else ''}"
                yield f"\nregion pc=0x10000\nb0:\n  v1:i{bits} = get ${slot}0\n  {op}\n  set ${SLOT[fmt]}0, v2\n  jump +4\n"
                for n in INTEGERS:
                    n &= (1 << bits) - 1
                    value = n if unsigned or not n >> (bits - 1) else n - (1 << bits)
                    for mode in MODES:
                        result, flags = from_integer(value, fmt, mode)
                        after = f"{SLOT[fmt]}0={text(result, width(fmt))}"
                        yield run(f"{slot}0={text(n, bits)}", after, flags, mode)


def files():
    for fmt in ("f64", "f32"):
        yield f"fp-arithmetic-{fmt}", arithmetic(fmt)
        yield f"fp-compare-{fmt}", comparisons(fmt)
        yield f"fp-to-int-{fmt}", to_integers(fmt)
    yield "fp-rounding", rounding()
    yield "fp-integral", integral()
    yield "fp-minmax", minmax()
    yield "fp-formats", formats()
    yield "fp-from-int", from_integers()
