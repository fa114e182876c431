#!/usr/bin/env python3
"""Prints left sides of RISC-V floating-point vectors where rounding is decided: halfway cases, the edges of overflow,
underflow and integer ranges, in every rounding mode, static and dynamic. For tests/isa/riscv/fp_corners.txt.
"""
MODES = ("rne", "rtz", "rdn", "rup", "rmm")
BOX = 0xFFFFFFFF00000000
FORMATS = {
    # one, one ulp above it, half an ulp of one, smallest normal, smallest subnormal, largest, infinity, quiet, signaling
    "s": dict(one=0x3F800000, next=0x3F800001, half_ulp=0x33800000, normal=0x00800000, tiny=1, largest=0x7F7FFFFF,
              infinity=0x7F800000, quiet=0x7FC00001, signaling=0x7F800001, half=0x3F000000, below_half=0x3EFFFFFF, two=0x40000000,
              three=0x40400000, below_one=0x3F7FFFFF, sign=1 << 31, below_normal=0x007FFFFF, odd=0x3F800003, third_of_tiny=0x3EAAAAAB),
    "d": dict(one=0x3FF0000000000000, next=0x3FF0000000000001, half_ulp=0x3CA0000000000000, normal=0x0010000000000000, tiny=1,
              largest=0x7FEFFFFFFFFFFFFF, infinity=0x7FF0000000000000, quiet=0x7FF8000000000001, signaling=0x7FF0000000000001,
              half=0x3FE0000000000000, below_half=0x3FDFFFFFFFFFFFFF, two=0x4000000000000000, three=0x4008000000000000,
              below_one=0x3FEFFFFFFFFFFFFF, sign=1 << 63, below_normal=0x000FFFFFFFFFFFFF, odd=0x3FF0000000000003,
              third_of_tiny=0x3FD5555555555555),
}
# Operands by name, - for negative ones.
PAIRS = {
    "fadd": ("one half_ulp", "next half_ulp", "-one -half_ulp", "-next -half_ulp", "largest largest", "-largest -largest", "one -one",
             "infinity -infinity", "quiet signaling", "tiny -normal"),
    "fsub": ("one half_ulp", "-one half_ulp", "next -half_ulp", "largest -largest", "one one", "infinity infinity", "normal tiny"),
    "fmul": ("next next", "-next odd", "largest two", "-largest two", "normal below_one", "-normal below_one", "tiny half", "-tiny half",
             "tiny tiny", "below_normal next", "infinity zero", "odd half"),
    "fdiv": ("one three", "-two three", "normal next", "-normal next", "tiny two", "largest half", "-largest half", "one zero", "-one zero",
             "zero zero", "infinity infinity", "below_normal below_one"),
}
TRIPLES = ("next next -one", "next next half_ulp", "infinity zero quiet", "infinity zero one", "largest two -largest", "largest two -infinity",
           "tiny tiny normal", "-tiny tiny normal", "one one -one", "normal below_one zero", "normal below_one tiny", "signaling one one")
SINGLES = {"fsqrt": ("two", "three", "next", "tiny", "below_normal", "largest", "-one", "-zero", "infinity", "signaling")}


def boxed(fmt, bits):
    return bits | BOX if fmt == "s" else bits


def operand(fmt, name):
    negative, name = name.startswith("-"), name.removeprefix("-")
    bits = 0 if name == "zero" else FORMATS[fmt][name]
    return boxed(fmt, bits ^ (FORMATS[fmt]["sign"] if negative else 0))


def emit(assembly, **registers):
    print(assembly + " | " + " ".join(f"{name}={value:#x}" for name, value in registers.items()))


def in_modes(text, **registers):
    """Each mode by the instruction and, every second line, by frm."""
    for number, mode in enumerate(MODES):
        if number % 2 == len(text) % 2:
            emit(f"{text}, dyn", frm=number, **registers)
        else:
            emit(f"{text}, {mode}", **registers)


def arithmetic():
    for fmt in FORMATS:
        for op, pairs in PAIRS.items():
            for pair in pairs:
                a, b = (operand(fmt, name) for name in pair.split())
                in_modes(f"{op}.{fmt} fa0, fa1, fa2", fa1=a, fa2=b)
        for number, triple in enumerate(TRIPLES):
            a, b, c = (operand(fmt, name) for name in triple.split())
            for op in ("fmadd", "fmsub", "fnmadd", "fnmsub"):
                for mode in MODES if number < 2 or "below_one" in triple else MODES[number % 5:number % 5 + 1]:
                    emit(f"{op}.{fmt} fa0, fa1, fa2, fa3, {mode}", fa1=a, fa2=b, fa3=c)
        for name in SINGLES["fsqrt"]:
            in_modes(f"fsqrt.{fmt} fa0, fa1", fa1=operand(fmt, name))


def sign_and_relation():
    names = ("zero", "-zero", "one", "-one", "infinity", "-infinity", "quiet", "-signaling", "tiny")
    for fmt in FORMATS:
        for op in ("fmin", "fmax"):
            for a in names:
                for b in names[:2] + names[6:8]:
                    emit(f"{op}.{fmt} fa0, fa1, fa2", fa1=operand(fmt, a), fa2=operand(fmt, b))
        for op in ("feq", "flt", "fle"):
            for a, b in (("zero", "-zero"), ("one", "one"), ("-one", "one"), ("one", "tiny"), ("quiet", "one"), ("one", "-signaling"),
                         ("infinity", "quiet"), ("-infinity", "infinity")):
                emit(f"{op}.{fmt} a0, fa1, fa2", fa1=operand(fmt, a), fa2=operand(fmt, b))
        for name in names + ("normal", "-normal", "below_normal", "-tiny", "signaling", "-quiet"):
            emit(f"fclass.{fmt} a0, fa1", fa1=operand(fmt, name))


def double(value):
    import struct
    return int.from_bytes(struct.pack("<d", value), "little")


def single(value):
    import struct
    return boxed("s", int.from_bytes(struct.pack("<f", value), "little"))


def to_integers():
    small = (0.5, -0.5, 1.5, 2.5, -2.5, -0.25, 0.75, -1.0)
    for fmt, encode, ulp in (("s", single, 24), ("d", double, 53)):
        for suffix, width, signed in (("w", 32, True), ("wu", 32, False), ("l", 64, True), ("lu", 64, False)):
            bits = width - 1 if signed else width
            high = float(1 << bits)
            edges = [high, high - 2.0 ** (bits - ulp), high - 0.5 if bits < ulp - 1 else high / 2, -high if signed else -1.0]
            if signed and bits < ulp - 1:
                edges += [-high - 0.5, -high - 1.0, -high + 0.5]
            for value in small + tuple(edges):
                in_modes(f"fcvt.{suffix}.{fmt} a0, fa1", fa1=encode(value))
            for name in ("quiet", "-signaling", "infinity", "-infinity"):
                emit(f"fcvt.{suffix}.{fmt} a0, fa1, rtz", fa1=operand(fmt, name))


def from_integers():
    for fmt, ulp in (("s", 24), ("d", 53)):
        for suffix, width in (("w", 32), ("wu", 32), ("l", 64), ("lu", 64)):
            if width <= ulp:
                continue
            one = 1 << ulp
            for value in (one + 1, one + 3, -one - 1, -one - 3, one, -one, (1 << width) - 1, (1 << width - 1) - 1, 1 << width - 1):
                in_modes(f"fcvt.{fmt}.{suffix} fa0, a1", a1=value & (1 << 64) - 1)


def between_formats():
    bits = (0x3FF0000010000000, 0x3FF0000030000000, 0xBFF0000010000000, 0x3FF0000010000001, 0x47EFFFFFEFFFFFFF, 0x47EFFFFFF0000000,
            0xC7EFFFFFF0000000, 0x380FFFFFE0000000, 0x380FFFFFF0000000, 0x380FFFFFFFFFFFFF, 0xB80FFFFFF0000000, 0x36A0000000000000,
            0x3690000000000000, 0x3690000000000001, 0xB690000000000000, 0x1, 0x7FF8000000000001, 0xFFF0000000000001, 0x7FF0000000000000)
    for value in bits:
        in_modes("fcvt.s.d fa0, fa1", fa1=value)
    for name in ("tiny", "-below_normal", "largest", "quiet", "signaling", "-infinity"):
        emit("fcvt.d.s fa0, fa1", fa1=operand("s", name))


def main():
    print("# Where rounding is decided; drawn by tests/tools/record/fp_corners.py")
    for part in (arithmetic, sign_and_relation, to_integers, from_integers, between_formats):
        part()


if __name__ == "__main__":
    main()
