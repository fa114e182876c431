"""arm64 for by_hand.py: features that the reference does not know, and where it departs from the manual (DDI 0487)."""
import random

from drawing import CODE, line, signed

INTEGERS = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 63, (1 << 64) - 1, 0xFFFFFFFF00000000, (1 << 63) - 1,
            0xFFFFFFFFFFFFFF80, 0x8000000000000001, 0x0123456789ABCDEF]


def integer(rng):
    return rng.choice(INTEGERS) if rng.random() < 0.6 else rng.getrandbits(64)


def both_widths(rng, count):
    """(register letter, bits) in turn."""
    for number in range(count):
        yield rng, *(("x", 64) if number % 2 == 0 else ("w", 32))


MIN_MAX = {"smax": (max, True), "smin": (min, True), "umax": (max, False), "umin": (min, False)}


def min_max_immediate():
    yield "# by hand: the reference does not know CSSC (C6.2: SMAX (immediate) and so on: the immediate has the sign of the operation)."
    for name, (choose, is_signed) in MIN_MAX.items():
        for rng, letter, bits in both_widths(random.Random(name), 10):
            number = rng.choice((-128, -1, 0, 1, 127, rng.randrange(-128, 128)) if is_signed else (0, 1, 127, 128, 255, rng.randrange(256)))
            value = integer(rng)
            operand = value & (1 << bits) - 1
            result = choose(signed(operand, bits) if is_signed else operand, number) & (1 << bits) - 1
            d, n = rng.choice(((3, 4), (5, 5), (0, 30)))
            yield line(f"{name} {letter}{d}, {letter}{n}, #{number}", {f"x{n}": value}, {f"x{d}": result})


def min_max_register():
    yield "# by hand: the reference does not know CSSC."
    for name, (choose, is_signed) in MIN_MAX.items():
        for rng, letter, bits in both_widths(random.Random(name), 12):
            a, b = integer(rng), integer(rng)
            mask = (1 << bits) - 1
            result = choose(a & mask, b & mask, key=lambda value: signed(value, bits) if is_signed else value)
            yield line(f"{name} {letter}3, {letter}4, {letter}5", {"x3": 7, "x4": a, "x5": b}, {"x3": result})
    for rng, letter, bits in both_widths(random.Random("abs"), 16):
        value = integer(rng)
        low = value & (1 << bits) - 1
        yield line(f"abs {letter}3, {letter}4", {"x3": 7, "x4": value}, {"x3": abs(signed(low, bits)) & (1 << bits) - 1})
        yield line(f"cnt {letter}3, {letter}4", {"x3": 7, "x4": value}, {"x3": low.bit_count()})
        yield line(f"ctz {letter}3, {letter}4", {"x3": 7, "x4": value}, {"x3": (low & -low).bit_length() - 1 if low else bits})


def branches():
    yield "# by hand: the reference knows no BC.cond, and WFE and WFI end it. Both may do nothing (C6.2: \"can\" wait)."
    yield "wfe | =>"
    yield "wfi | =>"
    conditions = {"eq": "z", "ne": "z", "cs": "c", "cc": "c", "mi": "n", "pl": "n", "vs": "v", "vc": "v"}
    for number, (name, flag) in enumerate(conditions.items()):
        for value in (0, 1):
            taken = value == (1 - number % 2)
            offset = 8 + 4 * number
            state = f" {flag}=1" if value else ""
            yield f"bc.{name} #{offset} |{state} =>" + (f" pc=+{offset if offset < 10 else hex(offset)}" if taken else "")


PARTS = {"arm64/branches": branches, "arm64/data_processing_immediate": min_max_immediate}
