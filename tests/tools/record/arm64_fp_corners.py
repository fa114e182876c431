#!/usr/bin/env python3
"""Prints left sides of arm64 floating-point vectors: conditions behind comparisons, and where rounding, flushing and NaNs are decided:
halfway cases, the edges of overflow, underflow and integer ranges, under every FPCR that matters. For tests/isa/arm64/fp_corners_*.txt.
"""
import itertools
import struct

from fp_corners import FORMATS, PAIRS, TRIPLES

HALF = dict(one=0x3C00, next=0x3C01, half_ulp=0x1000, normal=0x0400, tiny=1, largest=0x7BFF, infinity=0x7C00, quiet=0x7E01, signaling=0x7C01,
            half=0x3800, below_half=0x37FF, two=0x4000, three=0x4200, below_one=0x3BFF, sign=1 << 15, below_normal=0x03FF, odd=0x3C03,
            third_of_tiny=0x3555)
WIDTHS = {"h": 16, "s": 32, "d": 64}
ROUNDING = [mode << 22 for mode in range(4)]
DN, FZ, FZ16, AHP = 1 << 25, 1 << 24, 1 << 19, 1 << 26
FLUSHING = [FZ | FZ16 | mode for mode in ROUNDING]
CONDITIONS = ("eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le")


def bits(fmt, name):
    negative, name = name.startswith("-"), name.removeprefix("-")
    table = HALF if fmt == "h" else FORMATS[fmt]
    value = 0 if name == "zero" else table[name]
    return value ^ (table["sign"] if negative else 0)


def show(value):
    return f"{value >> 64:#x}_{value & (1 << 64) - 1:016x}" if value >> 64 else f"{value:#x}"


def emit(assembly, fpcr=0, **registers):
    state = {name: value for name, value in registers.items() if value}
    if fpcr:
        state["fpcr"] = fpcr
    print(assembly + " | " + " ".join(f"{name}={show(value)}" for name, value in state.items()))


def vector(fmt, *names):
    return sum(bits(fmt, name) << WIDTHS[fmt] * at for at, name in enumerate(names))


RELATIONS = (("one", "two"), ("two", "one"), ("one", "one"), ("-zero", "zero"), ("one", "quiet"), ("signaling", "one"), ("tiny", "zero"),
             ("-infinity", "infinity"))


def conditions():
    results = dict(v3=0x33, v4=0x44)
    for fmt, compare in itertools.product("hsd", ("fcmp", "fcmpe")):
        for (a, b), cond in itertools.product(RELATIONS, CONDITIONS if fmt == "d" else CONDITIONS[::3]):
            operands = dict(v1=bits(fmt, a), v2=bits(fmt, b))
            if compare == "fcmp":
                emit(f"{compare} {fmt}1, {fmt}2; b.{cond} #8", **operands)
                emit(f"{compare} {fmt}1, {fmt}2; fcsel d0, d3, d4, {cond}", **operands, **results)
            other = CONDITIONS[(CONDITIONS.index(cond) + 5) % 14]
            emit(f"{compare} {fmt}1, {fmt}2; fcsel d0, d3, d4, {cond}; fcsel d5, d4, d3, {other}", FZ | FZ16, **operands, **results)
    for fmt, a in itertools.product("hsd", ("zero", "-zero", "one", "-one", "quiet", "signaling", "tiny")):
        emit(f"fcmp {fmt}1, #0.0; b.le #8", v1=bits(fmt, a))
        emit(f"fcmpe {fmt}1, #0.0; fcsel d0, d3, d4, mi", v1=bits(fmt, a), **results)


def chains():
    for number, (first, second) in enumerate(itertools.product(RELATIONS, RELATIONS)):
        operands = dict(zip(("v1", "v2", "v3", "v4"), (bits("d", name) for name in first + second)), v5=5, v6=6)
        nzcv, c1, c2 = number * 5 % 16, CONDITIONS[number % 14], CONDITIONS[(number * 3 + 1) % 14]
        op = ("fccmp", "fccmpe")[number % 2]
        emit(f"fcmp d1, d2; {op} d3, d4, #{nzcv}, {c1}; b.{c2} #8", **operands)
        emit(f"fcmp d1, d2; {op} d3, d4, #{nzcv}, {c1}; fcsel d0, d5, d6, {c2}", **operands)
        emit(f"{op} s3, s4, #{nzcv}, {c1}; fcsel d0, d5, d6, {c2}", **operands, n=1, c=number % 2)


def arithmetic():
    for fmt, (op, pairs) in itertools.product("hsd", PAIRS.items()):
        for number, pair in enumerate(pairs):
            a, b = pair.split()
            for fpcr in ROUNDING + [FLUSHING[number % 4], FZ | FZ16, DN]:
                emit(f"{op} {fmt}0, {fmt}1, {fmt}2", fpcr, v1=bits(fmt, a), v2=bits(fmt, b))
            shape = {"h": "8h", "s": "4s", "d": "2d"}[fmt]
            others = ["one", a, b, "three", "two", "half", a][:128 // WIDTHS[fmt] - 1]
            emit(f"{op} v0.{shape}, v1.{shape}, v2.{shape}", ROUNDING[number % 4], v1=vector(fmt, a, *others), v2=vector(fmt, b, *others))
            emit(f"{op} v0.{shape}, v1.{shape}, v2.{shape}", FLUSHING[number % 4], v1=vector(fmt, a, *others), v2=vector(fmt, b, *others))
    for fmt, triple in itertools.product("hsd", TRIPLES):
        names = triple.split()
        a, b, c = (bits(fmt, name) for name in names)
        for op, fpcr in itertools.product(("fmadd", "fmsub", "fnmadd", "fnmsub"), (0, FLUSHING[0], DN, ROUNDING[2])):
            emit(f"{op} {fmt}0, {fmt}1, {fmt}2, {fmt}3", fpcr, v1=a, v2=b, v3=c)
    # Which of three NaNs: the addend's first, signaling ones before quiet ones.
    kinds = ("one", "quiet", "signaling", "-quiet", "-signaling", "infinity", "zero")
    for number, names in enumerate(itertools.product(kinds, repeat=3)):
        if not any("quiet" in name or "signaling" in name for name in names):
            continue
        fmt = "hsd"[number % 3]
        a, b, c = (bits(fmt, name) ^ at << 3 if "ing" in name or "quiet" in name else bits(fmt, name) for at, name in enumerate(names))
        emit(f"fmadd {fmt}0, {fmt}1, {fmt}2, {fmt}3", v1=a, v2=b, v3=c)
        shape = {"h": "4h", "s": "2s", "d": "2d"}[fmt]
        emit(f"fmls v0.{shape}, v1.{shape}, v2.{shape}", v0=c, v1=a, v2=b)
    for fmt, a, b in itertools.product("hsd", kinds, kinds):
        for op in ("fadd", "fmin", "fmaxnm", "fminnm", "fmulx", "frecps", "frsqrts", "fabd"):
            emit(f"{op} {fmt}0, {fmt}1, {fmt}2", v1=bits(fmt, a), v2=bits(fmt, b) ^ (8 if "quiet" in b or "ing" in b else 0))


def encode(fmt, value):
    return int.from_bytes(struct.pack({"h": "<e", "s": "<f", "d": "<d"}[fmt], value), "little")


def integers():
    ulps = {"h": 11, "s": 24, "d": 53}
    for fmt, mode, unsigned, register in itertools.product("hsd", "nmpza", "su", "wx"):
        width = 32 if register == "w" else 64
        top = width if unsigned == "u" else width - 1
        values = [0.5, -0.5, 1.5, 2.5, -2.5, -0.25, -1.0]
        if top < 128 and fmt != "h":
            high = float(1 << top)
            values += [high, high - 2.0 ** (top - ulps[fmt]), -high, -high - 2.0 ** max(top + 1 - ulps[fmt], 0)]
        for value in values:
            emit(f"fcvt{mode}{unsigned} {register}0, {fmt}1", v1=encode(fmt, value))
    for fmt, unsigned, register in itertools.product("hsd", "su", "wx"):
        one = 1 << ulps[fmt]
        for value, fpcr in itertools.product((one + 1, one + 3, -one - 1, (1 << 64) - 1, (1 << 31) - 1, 65519, 65520), ROUNDING):
            emit(f"{unsigned}cvtf {fmt}0, {register}1", fpcr, x1=value & (1 << 64) - 1)
    for fmt, op in itertools.product("hsd", ("frintn", "frintp", "frintm", "frintz", "frinta", "frintx", "frinti")):
        for number, value in enumerate((0.5, -0.5, 1.5, 2.5, -2.5, -0.25, 0.75, 1000.5)):
            emit(f"{op} {fmt}0, {fmt}1", ROUNDING[number % 4], v1=encode(fmt, value))
        emit(f"{op} {fmt}0, {fmt}1", FZ | FZ16 | ROUNDING[1], v1=bits(fmt, "tiny"))
    for op, value in itertools.product(("frint32z", "frint32x", "frint64z", "frint64x"),
                                       (-0.25, 2.5, -2147483648.5, -2147483648.0, 2147483647.5, 2147483520.0, 2147483648.0, -2147483904.0,
                                        9223371487098961920.0, 9223372036854775808.0, -9223372036854775808.0, -1e19, 1e300)):
        if abs(value) < 1e38:
            emit(f"{op} s0, s1", v1=encode("s", value))
        emit(f"{op} d0, d1", v1=encode("d", value))
    for value in (0.0, -0.0, 1.5, -1.0, 2147483647.0, 2147483648.0, -2147483648.0, -2147483649.0, 4294967301.0, 1e18, -1e18, 2.0 ** 84, 1e300,
                  5e-324, -5e-324, float("inf"), float("nan"), 2.0 ** 52 + 1, -(2.0 ** 53) - 2):
        for fpcr in (0, FZ):
            emit("fjcvtzs w0, d1", fpcr, v1=encode("d", value), n=1, v=1)


DOUBLES = (0x3FF0000010000000, 0x3FF0000030000000, 0xBFF0000010000001, 0x47EFFFFFEFFFFFFF, 0x47EFFFFFF0000000, 0xC7EFFFFFF0000000,
           0x380FFFFFE0000000, 0x380FFFFFF0000000, 0xB80FFFFFFFFFFFFF, 0x36A0000000000000, 0x3690000000000001, 0xB690000000000000, 1,
           0x7FF8000000000001, 0xFFF0000000000001, 0x7FF0000000000000, 0x40EFFC0000000000, 0x40EFFE0000000000, 0x40EFFDFFFFFFFFFF, 0x3E60000000000000,
           0x3F0FFC0000000001, 0x40FFFFFFFFFFFFFF, 0x40FFFC0000000000)
SINGLES = (0x477FE000, 0x477FF000, 0x477FEFFF, 0x387FC000, 0x387FE000, 0x33000000, 0x33000001, 0xB3000000, 0x7FC12345, 0xFF812345, 0x7F800000, 1,
           0x807FFFFF, 0x47FFE000, 0x47FFF000, 0x3F801000, 0x3F803000, 0x3F808000, 0x3F818000, 0x7F7F8000, 0x7F7F7FFF, 0x00800000)


def formats():
    for value, fpcr in itertools.product(DOUBLES, ROUNDING + [FZ, FZ | ROUNDING[1], DN, AHP, AHP | ROUNDING[1]]):
        emit("fcvt s0, d1", fpcr, v1=value)
        emit("fcvt h0, d1", fpcr, v1=value)
        emit("fcvtxn s0, d1", fpcr, v1=value)
    for value, fpcr in itertools.product(SINGLES, ROUNDING + [FZ, FZ | ROUNDING[1], DN, AHP, AHP | ROUNDING[1]]):
        emit("fcvt h0, s1", fpcr, v1=value)
        emit("bfcvt h0, s1", fpcr, v1=value)
        emit("fcvt d0, s1", fpcr, v1=value)
    for name, fpcr in itertools.product(("tiny", "-below_normal", "largest", "infinity", "-quiet", "signaling"), (0, FZ, FZ16, DN, AHP, AHP | DN)):
        emit("fcvt s0, h1", fpcr, v1=bits("h", name))
        emit("fcvt d0, h1", fpcr, v1=bits("h", name))
        emit("fcvtl v0.4s, v1.4h", fpcr, v1=vector("h", name, "one", name, "-two"))


def fixed():
    for fpcr, (n, value) in itertools.product(ROUNDING + [FZ16], enumerate((1, 3, 0x7FF, 0xFFF, 0x1FFF, 0xFFFF, 0x80000001, (1 << 64) - 1, 1 << 63, 65520))):
        for fbits in (1, 16, 20 + n, 32):
            emit(f"scvtf h0, w1, #{fbits}", fpcr, x1=value)
            emit(f"ucvtf h0, x1, #{fbits}", fpcr, x1=value)
            emit(f"scvtf s0, w1, #{fbits}", fpcr, x1=value)
            emit(f"ucvtf d0, x1, #{fbits}", fpcr, x1=value)
    for name, (fmt, fbits) in itertools.product(("tiny", "-one", "odd", "largest", "-largest", "quiet", "-infinity", "below_normal"),
                                                (("h", 1), ("h", 16), ("s", 1), ("s", 31), ("d", 1), ("d", 32))):
        for fpcr in (0, FZ | FZ16):
            emit(f"fcvtzs w0, {fmt}1, #{fbits}", fpcr, v1=bits(fmt, name))
            emit(f"fcvtzu x0, {fmt}1, #{fbits}", fpcr, v1=bits(fmt, name))


def main():
    print("# Where rounding, flushing and NaNs are decided, and conditions behind comparisons; drawn by tests/tools/record/arm64_fp_corners.py")
    for part in (conditions, chains, arithmetic, integers, formats, fixed):
        part()


if __name__ == "__main__":
    main()
