"""RISC-V for by_hand.py: extensions that the reference does not know, and where it departs from the manual (Unprivileged 20240411)."""
import math
import random
from fractions import Fraction

from drawing import line, show as text

ALL_ONES = (1 << 64) - 1
INTEGERS = [0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 63, ALL_ONES, 0xFFFFFFFF00000000, 0x8000000000000001, 64, 63, 32, 31]
NV, NX = 0x10, 0x01


def integer(rng):
    return rng.choice(INTEGERS) if rng.random() < 0.6 else rng.getrandbits(64)


def atomics():
    yield "# by hand: the reference does not know Zawrs, and lets a misaligned sc fail without an exception (14.2 wants one)."
    yield "wrs.nto | =>"
    yield "wrs.sto | =>"
    yield "lr.w a0, (a1); wrs.nto | a1=0x20000008 [8]=0x8000000000000005 => a0=5"
    yield "lr.d a0, (a1); wrs.sto | a1=0x20000008 [8]=0x8000000000000005 => a0=0x8000000000000005"
    yield "sc.w a0, a2, (a1) | a0=7 a1=0x20000002 a2=1 => exit=misaligned pc=+0"
    yield "sc.d a0, a2, (a1) | a0=7 a1=0x20000004 a2=1 => exit=misaligned pc=+0"
    yield "sc.d a0, a2, (a1) | a0=7 a1=0x20000008 a2=1 => a0=1"
    yield "lr.w a0, (a1); sc.d a3, a2, (a1) | a0=7 a1=0x20000008 a2=1 a3=9 => a0=0 a3=1"
    yield "lr.d a0, (a1); sc.d a3, a2, (a1); sc.d a4, a2, (a1) | a0=7 a1=0x20000008 a2=1 a3=9 => a0=0 a3=0 a4=1 [8]=1"


def bits():
    yield "# by hand: the reference's ctzw looks above bit 31. 29.4.12: trailing zeros of the low word, 32 where it is 0."
    for value in INTEGERS + [0x1234567800000000, 0x00010000, 0xDEADBEEF00008000]:
        low = value & 0xFFFFFFFF
        yield line("ctzw a0, a1", {"a0": 0x55, "a1": value}, {"a0": 32 if low == 0 else (low & -low).bit_length() - 1})


def zicond():
    yield "# by hand: the reference does not know Zicond."
    yield "# 12.4: czero.eqz gives 0 where rs2 is 0, else rs1; czero.nez the reverse."
    rng = random.Random(7)
    for name in ("eqz", "nez"):
        for _ in range(16):
            rd, rs1, rs2 = rng.choice([("a0", "a1", "a2"), ("a0", "a0", "a2"), ("a0", "a1", "a0"), ("s3", "t5", "sp"), ("a0", "a1", "a1")])
            state = {rd: integer(rng)}
            state[rs1] = integer(rng)
            state[rs2] = 0 if rng.random() < 0.45 else integer(rng)
            is_zero = (state[rs2] == 0) == (name == "eqz")
            yield line(f"czero.{name} {rd}, {rs1}, {rs2}", state, {rd: 0 if is_zero else state[rs1]})
        yield line(f"czero.{name} a0, a1, zero", {"a0": 1, "a1": 0x1234}, {"a0": 0 if name == "eqz" else 0x1234})
        yield line(f"czero.{name} a0, zero, a2", {"a0": 1, "a2": 0x1234}, {"a0": 0})
        yield line(f"czero.{name} zero, a1, a2", {"a1": 5, "a2": 0x1234}, {})


def cache_blocks():
    yield "# by hand: the reference does not know the cache-block operations."
    yield "# 19.4: cbo.zero stores zeros to the whole block of 64 bytes that rs1 points into; the others change nothing that a"
    yield "# program could see. All but the prefetches raise what an access would, at rs1; prefetches are hints (19.5)."
    rng = random.Random(8)
    data = lambda low, high: {f"[{at}]": rng.getrandbits(64) | 1 for at in range(max(low, 0), min(high, 4096), 8)}
    for address in (0x20000000, 0x20000040, 0x2000007F, 0x200000C5, 0x20000FFF, 0x20000FC0):
        block = (address & ~63) - 0x20000000
        before = data(block - 8, block + 72)
        after = {name: 0 if block <= int(name[1:-1]) < block + 64 else value for name, value in before.items()}
        yield line("cbo.zero (a1)", {"a1": address, **before}, after)
    for name in ("inval", "clean", "flush"):
        yield line(f"cbo.{name} (a1)", {"a1": 0x20000045, **data(64, 128)}, {})
        yield line(f"cbo.{name} (sp)", {"sp": 0x20000FFF}, {})
    for name in ("zero", "inval", "clean", "flush"):
        yield f"cbo.{name} (a1) | a1=0x20001000 => exit=fault address=0x20001000 pc=+0"
        yield f"cbo.{name} (a1) | a1=0x1fffffe8 => exit=fault address=0x1fffffe8 pc=+0"
    for letter in "irw":
        yield f"prefetch.{letter} 0(a1) | a1=0x20000045 =>"
        yield f"prefetch.{letter} -2048(a1) | a1=0x1000 =>"
        yield f"prefetch.{letter} 2016(zero) | =>"


class Format:
    """A binary float format in a 64-bit register."""

    def __init__(self, letter, width, fraction_bits):
        self.letter, self.width, self.fraction_bits = letter, width, fraction_bits
        self.bias = (1 << (width - fraction_bits - 2)) - 1
        self.infinity = ((1 << (width - fraction_bits - 1)) - 1) << fraction_bits
        self.sign = 1 << (width - 1)
        self.nan = self.infinity | 1 << (fraction_bits - 1)

    def box(self, bits):
        return bits | ALL_ONES & ~((1 << self.width) - 1)

    def unbox(self, register):  # 21.2: what is not boxed counts as the canonical NaN
        low = register & ((1 << self.width) - 1)
        return low if self.box(low) == register else self.nan

    def is_nan(self, bits):
        return bits & ~self.sign > self.infinity

    def is_signaling(self, bits):
        return self.is_nan(bits) and not bits >> (self.fraction_bits - 1) & 1

    def value(self, bits):
        """A Fraction, or a float infinity."""
        magnitude = bits & ~self.sign
        exponent, fraction = magnitude >> self.fraction_bits, magnitude & ((1 << self.fraction_bits) - 1)
        if magnitude == self.infinity:
            return -math.inf if bits & self.sign else math.inf
        power = max(exponent, 1) - self.bias - self.fraction_bits
        number = Fraction(fraction + ((1 << self.fraction_bits) if exponent else 0)) * Fraction(2) ** power
        return -number if bits & self.sign else number

    def encode(self, number):
        """Of a number that the format has, not 0."""
        sign, number = (self.sign, -number) if number < 0 else (0, number)
        exponent = math.floor(math.log2(number)) if number >= 1 else -math.ceil(math.log2(1 / number))
        while Fraction(2) ** exponent > number:
            exponent -= 1
        while Fraction(2) ** (exponent + 1) <= number:
            exponent += 1
        fraction = number / Fraction(2) ** exponent - 1
        scaled = fraction * (1 << self.fraction_bits)
        assert scaled.denominator == 1
        return sign | (exponent + self.bias) << self.fraction_bits | int(scaled)

    def operands(self, rng):
        one = self.bias << self.fraction_bits
        halves = [self.encode(Fraction(n, 2)) for n in (1, 3, 5, 7, -1, -3, -5, 9, 4, -7)]
        special = [0, self.sign, one, one | self.sign, self.infinity, self.infinity | self.sign, self.nan, self.nan | self.sign | 5,
                   self.infinity | 1, self.infinity | self.sign | 9, 1, self.sign | 3, self.infinity - 1, one - 1, one + 1]
        large = [self.encode(Fraction(n)) for n in (1 << 31, -(1 << 31), (1 << 32) + 4096, 1 << 52, -(1 << 63), 1 << 33)]
        if rng.random() < 0.05:
            return rng.getrandbits(64) & ~(1 << 63)  # not boxed, in narrow formats
        kind = rng.randrange(4)
        if kind == 3:
            exponent = self.bias + rng.randrange(-4, 60 if self.width == 64 else 40)
            return self.box(rng.getrandbits(1) << (self.width - 1) | exponent << self.fraction_bits | rng.getrandbits(self.fraction_bits))
        return self.box(rng.choice((special, halves, large)[kind]))


SINGLE, DOUBLE = Format("s", 32, 23), Format("d", 64, 52)
FLI = ["-1.0", "min", "1.52587890625e-05", "3.0517578125e-05", "0.00390625", "0.0078125", "0.0625", "0.125", "0.25", "0.3125", "0.375",
       "0.4375", "0.5", "0.625", "0.75", "0.875", "1.0", "1.25", "1.5", "1.75", "2.0", "2.5", "3.0", "4.0", "8.0", "16.0", "128.0", "256.0",
       "32768.0", "65536.0", "inf", "nan"]
ROUNDING = ["rne", "rtz", "rdn", "rup", "rmm"]


def round_integral(number, mode):
    floor = math.floor(number)
    below, half = number - floor, Fraction(1, 2)
    if mode == 1:
        return math.trunc(number)
    if mode == 2:
        return floor
    if mode == 3:
        return math.ceil(number)
    if below == half:
        return (floor if floor % 2 == 0 else floor + 1) if mode == 0 else (floor + 1 if number > 0 else floor)
    return floor + (below > half)


def zfa():
    yield "# by hand: the reference does not know Zfa (chapter 25)."
    rng = random.Random(9)
    for form in (SINGLE, DOUBLE):
        letter = form.letter
        for name in FLI:
            special = {"min": 1 << form.fraction_bits, "inf": form.infinity, "nan": form.nan}
            bits = special[name] if name in special else form.encode(Fraction(name))
            yield line(f"fli.{letter} fa0, {name}", {"fa0": 0x55}, {"fa0": form.box(bits)})

    def two(form, name, result, destination):
        for _ in range(24):
            a, b = form.operands(rng), form.operands(rng)
            if rng.random() < 0.15:
                b = a ^ form.sign
            before = {destination: 0x55, "fa1": a, "fa2": b}
            value, flags = result(form.unbox(a), form.unbox(b))
            yield line(f"{name}.{form.letter} {destination}, fa1, fa2", before, {destination: value, "fflags": flags})

    for form in (SINGLE, DOUBLE):
        def minimum(a, b, form=form, largest=False):
            flags = NV if form.is_signaling(a) or form.is_signaling(b) else 0
            if form.is_nan(a) or form.is_nan(b):
                return form.box(form.nan), flags
            key = lambda bits: (form.value(bits), 0 if bits & form.sign else 1)  # -0 is less than +0
            return form.box((max if largest else min)(a, b, key=key)), flags

        def compare(a, b, form=form, equal=False):
            flags = NV if form.is_signaling(a) or form.is_signaling(b) else 0
            if form.is_nan(a) or form.is_nan(b):
                return 0, flags
            return int(form.value(a) < form.value(b) or equal and form.value(a) == form.value(b)), flags

        yield from two(form, "fminm", minimum, "fa0")
        yield from two(form, "fmaxm", lambda a, b: minimum(a, b, largest=True), "fa0")
        yield from two(form, "fleq", lambda a, b: compare(a, b, equal=True), "a0")
        yield from two(form, "fltq", compare, "a0")
        for name in ("fround", "froundnx"):
            for _ in range(40):
                register, mode, dynamic = form.operands(rng), rng.randrange(5), rng.random() < 0.4
                bits, flags = form.unbox(register), 0
                if form.is_nan(bits):
                    flags, result = NV if form.is_signaling(bits) else 0, form.nan
                elif bits & ~form.sign in (0, form.infinity):
                    result = bits
                else:
                    rounded = round_integral(form.value(bits), mode)
                    flags = NX if name == "froundnx" and rounded != form.value(bits) else 0
                    result = form.encode(Fraction(rounded)) if rounded else bits & form.sign
                before = {"fa0": 0x55, "fa1": register, **({"frm": mode} if dynamic and mode else {})}
                yield line(f"{name}.{form.letter} fa0, fa1, {'dyn' if dynamic else ROUNDING[mode]}", before, {"fa0": form.box(result), "fflags": flags})
            yield f"{name}.{form.letter} fa0, fa1, dyn | fa1={text(form.box(0))} frm=5 => exit=illegal pc=+0"
    for _ in range(60):
        bits = DOUBLE.operands(rng)
        if DOUBLE.is_nan(bits) or bits & ~DOUBLE.sign == DOUBLE.infinity:
            result, flags = 0, NV
        else:
            whole = math.trunc(DOUBLE.value(bits))
            low = whole & 0xFFFFFFFF
            result = low | (0xFFFFFFFF00000000 if low >> 31 else 0)
            flags = NV if not -(1 << 31) <= whole < 1 << 31 else NX if whole != DOUBLE.value(bits) else 0
        yield line("fcvtmod.w.d a0, fa1, rtz", {"a0": 0x55, "fa1": bits}, {"a0": result, "fflags": flags})


def zfa_rv32():
    yield "# by hand: the reference does not know Zfa. 25.6: fmvh.x.d is the high word, fmvp.d.x joins rs1 (low) and rs2 (high)."
    rng = random.Random(10)
    for _ in range(8):
        bits, low, high = rng.getrandbits(64), rng.getrandbits(32), rng.getrandbits(32)
        yield line("fmvh.x.d a0, fa1", {"a0": 0x55, "fa1": bits}, {"a0": bits >> 32})
        yield line("fmvp.d.x fa0, a1, a2", {"a1": low, "a2": high, "fa0": 0x55}, {"fa0": high << 32 | low})
    yield line("fmvp.d.x fa0, zero, a2", {"a2": 0xC0000000}, {"fa0": 0xC0000000 << 32})


PARTS = {"riscv/a": atomics, "riscv/b": bits, "riscv/zicond": zicond, "riscv/cmo": cache_blocks, "riscv/zfa": zfa, "riscv32/zfa": zfa_rv32}
