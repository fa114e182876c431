"""arm64 for by_hand.py: features that the reference does not know, and where it departs from the manual (DDI 0487)."""
import random
import struct
from fractions import Fraction

from drawing import CODE, DATA, line, signed

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


def data_line(assembly, before, after, memory, stored):
    """As line(), with bytes of the data page: what `memory` (offset -> bytes) becomes where `stored` says so."""
    page = bytearray(4096)
    for at, data in memory.items():
        page[at:at + len(data)] = data
    words = {f"[{at}]": int.from_bytes(page[at:at + 8], "little") for at in range(0, 4096, 8) if any(page[at:at + 8])}
    for at, data in stored.items():
        page[at:at + len(data)] = data
    changed = {f"[{at}]": int.from_bytes(page[at:at + 8], "little") for at in range(0, 4096, 8)}
    changed = {name: value for name, value in changed.items() if value or name in words}
    return line(assembly, {**before, **words}, {**after, **changed})


def memory_copy_and_set():
    yield "# by hand: the reference does not know MOPS (C6.2.78 CPYP and so on, C6.2.330 SETP). The registers between the three parts are"
    yield "# those of the manual's option B: C is set, N says backwards; at the end Xn is 0 and the addresses are behind what was done."
    rng = random.Random("mops")
    for size in (0, 1, 7, 8, 15, 16, 17, 31, 32, 45, 64, 100, 257):
        to, value = rng.randrange(8, 300), rng.getrandbits(64)
        three = ("[x0]!, x1!, x2",) * 3
        yield data_line("setp {}; setm {}; sete {}".format(*three), {"x0": DATA + to, "x1": size, "x2": value},
                        {"x0": DATA + to + size, "x1": 0, "c": 1}, {}, {to: bytes([value & 255]) * size})
    for size, from_, to in ((0, 64, 320), (1, 65, 327), (8, 64, 320), (33, 65, 320), (64, 77, 320), (100, 600, 333), (48, 100, 90), (48, 164, 100)):
        data = rng.randbytes(size)
        three = ("[x5]!, [x6]!, x7!",) * 3
        yield data_line("cpyfp {}; cpyfm {}; cpyfe {}".format(*three), {"x5": DATA + to, "x6": DATA + from_, "x7": size},
                        {"x5": DATA + to + size, "x6": DATA + from_ + size, "x7": 0, "c": 1}, {from_: data}, {to: data})
    # Overlap chooses the direction; backwards the addresses are the lowest ones again at the end.
    for size, from_, to in ((48, 100, 90), (64, 101, 100), (33, 90, 100), (64, 100, 101), (17, 200, 216), (100, 64, 96)):
        data, backwards = rng.randbytes(size), to > from_
        three = ("[x5]!, [x6]!, x7!",) * 3
        end = 0 if backwards else size
        yield data_line("cpyp {}; cpym {}; cpye {}".format(*three), {"x5": DATA + to, "x6": DATA + from_, "x7": size},
                        {"x5": DATA + to + end, "x6": DATA + from_ + end, "x7": 0, "c": 1, "n": int(backwards)}, {from_: data}, {to: data})
    huge = (1 << 64) - 1
    yield line("setp [x0]!, x1!, x2", {"x0": DATA, "x1": huge}, {"x1": (1 << 63) - 1, "c": 1})
    yield line("cpyfp [x0]!, [x2]!, x1!", {"x0": DATA, "x2": DATA, "x1": huge}, {"x1": (1 << 63) - 1, "c": 1})
    yield line("cpyp [x0]!, [x2]!, x1!", {"x0": DATA, "x2": DATA + 64, "x1": huge, "n": 1, "v": 1, "z": 1},
               {"x1": (1 << 55) - 1, "n": 0, "z": 0, "c": 1, "v": 0})


def pointer_authentication():
    yield "# by hand: codes are the implementation's own (D8.8), so they appear here only between an instruction that adds one and one"
    yield "# that checks or removes it. An address has 48 bits, the top byte of the lower half is ignored: a code is in bits 54 to 48,"
    yield "# and without one the check fails: bits 54 and 53 become 01 with an A key, 10 with a B key (AuthIA and so on, no FEAT_FPAC)."
    pointer, failed = 0xAB0012345678, {"a": 1 << 53, "b": 1 << 54}
    for kind in "id":
        for key in "ab":
            yield line(f"pac{kind}{key} x0, x1; aut{kind}{key} x0, x1", {"x0": pointer, "x1": 77}, {})
            yield line(f"pac{kind}{key} x0, sp; aut{kind}{key} x0, sp", {"x0": pointer, "sp": 0x1000}, {})
            yield line(f"pac{kind}z{key} x3; aut{kind}z{key} x3", {"x3": pointer}, {})
            yield line(f"pac{kind}z{key} x3; xpac{kind} x3", {"x3": pointer}, {})
            yield line(f"aut{kind}{key} x0, x1", {"x0": pointer, "x1": 5}, {"x0": pointer | failed[key]})
            yield line(f"aut{kind}z{key} x0", {"x0": pointer}, {"x0": pointer | failed[key]})
    for key in "ab":
        yield line(f"paci{key}1716; auti{key}1716", {"x16": 3, "x17": pointer}, {})
        yield line(f"auti{key}1716", {"x16": 3, "x17": pointer}, {"x17": pointer | failed[key]})
        yield line(f"paci{key}z; auti{key}z", {"x30": pointer}, {})
        yield line(f"paci{key}sp; auti{key}sp", {"x30": pointer, "sp": 0x2000}, {})
        yield line(f"paci{key}sp; xpaclri", {"x30": pointer, "sp": 0x2000}, {})
        # Branches, to the next instruction.
        yield line(f"paci{key} x0, x1; bra{key} x0, x1; xpaci x0", {"x0": CODE + 8, "x1": 9}, {})
        yield line(f"paciz{key} x0; bra{key}z x0; xpaci x0", {"x0": CODE + 8}, {})
        yield line(f"paci{key} x0, sp; blra{key} x0, sp; xpaci x0", {"x0": CODE + 8, "sp": 0x2000}, {"x30": CODE + 8})
        yield line(f"paciz{key} x0; blra{key}z x0; xpaci x0", {"x0": CODE + 8}, {"x30": CODE + 8})
        yield line(f"paci{key}sp; reta{key}; xpaclri", {"x30": CODE + 8, "sp": 0x3000}, {})
        yield line(f"pacdz{key} x1; ldra{key} x0, [x1, #24]; xpacd x1", {"x1": DATA + 16, "[40]": 0x1122334455667788}, {"x0": 0x1122334455667788})
        yield line(f"pacdz{key} x1; ldra{key} x0, [x1, #-8]!", {"x1": DATA + 48, "[40]": 0x99}, {"x0": 0x99, "x1": DATA + 40})
    yield line("pacga x0, x1, x2; mov w0, w0", {"x0": 5, "x1": 6, "x2": 7}, {"x0": 0})
    for value, result in ((0x007F000012345678, 0x12345678), (0xFF7F000012345678, 0xFF00000012345678), (0x0080000012345678, 0xFFFF000012345678),
                          (0x12345678, 0x12345678), (0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)):
        for instruction, name in (("xpaci x2", "x2"), ("xpacd x2", "x2"), ("xpaclri", "x30")):
            yield line(instruction, {name: value}, {name: result})


def system():
    yield "# by hand: the reference has other block sizes, no cache maintenance by virtual address to the point of persistence, no"
    yield "# FEAT_SPECRES and FEAT_WFxT for programs, and keeps the AArch32 fields of FPCR and FPSR, which a CPU without AArch32 does not."
    memory = {at: bytes([0x55]) * 8 for at in range(56, 200, 8)}
    yield data_line("dc zva, x1", {"x1": DATA + 64}, {}, memory, {64: bytes(64)})
    yield data_line("dc zva, x1", {"x1": DATA + 127}, {}, memory, {64: bytes(64)})
    yield "dc zva, x1 | x1=0x20001000 => exit=fault address=0x20001000 pc=+0"
    yield line("mrs x0, dczid_el0", {}, {"x0": 4})
    yield "dc cvap, x1 | x1=0x20000040 =>"
    yield "dc cvadp, x1 | x1=0x20000040 =>"
    for name in ("cfp", "dvp", "cpp"):
        yield f"{name} rctx, x1 | x1=5 =>"
    yield "wfet x0 | x0=0 =>"
    yield "wfit x0 | x0=0 =>"
    yield line("msr fpsr, x3; mrs x4, fpsr", {"x3": 0xFFFFFFFF}, {"fpsr": 0x0800009F, "x4": 0x0800009F})
    yield line("msr fpcr, x3; mrs x4, fpcr", {"x3": 0x00370000}, {})


def atomics():
    yield "# by hand: with FEAT_LSE2 ordered accesses within 16 aligned bytes need not be aligned (AArch64.CheckAlignment); the reference"
    yield "# has none. Atomic ones that cross 16 bytes fault."
    yield data_line("ldar x0, [x2]", {"x2": DATA + 7}, {"x0": 0x0123456789ABCDEF}, {7: (0x0123456789ABCDEF).to_bytes(8, "little")}, {})
    yield data_line("stlr w0, [x2]", {"x0": 0x11223344, "x2": DATA + 9}, {}, {}, {9: (0x11223344).to_bytes(4, "little")})
    yield data_line("ldapurh w0, [x2, #-4]", {"x2": DATA + 9}, {"x0": 0x7766}, {5: b"\x66\x77"}, {})
    for text in ("ldadd x0, x1, [x2]", "swpal x0, x1, [x2]", "cas x0, x1, [x2]", "ldxr x0, [x2]", "ldumaxl x0, x1, [x2]"):
        yield f"{text} | x2=0x2000000c => exit=misaligned pc=+0"
    yield "casp x0, x1, x4, x5, [x2] | x2=0x20000008 => exit=misaligned pc=+0"


def scalar_fixed_point():
    yield "# by hand: the reference extends the sign of these 16 bits to 32. C7.2.86: V[d] = ZeroExtend of the result."
    for number, (value, fbits) in enumerate(((-1.5, 1), (-0.75, 3), (-2.0, 12), (-3.0, 15), (-65504.0, 1), (-0.0999755859375, 16), (-1.0, 15))):
        scaled = Fraction(value) * 2**fbits
        result = int(scaled)  # toward zero
        flags = 0x10 if scaled != result else 0
        if result < -0x8000:
            result, flags = -0x8000, 1
        operand = int.from_bytes(struct.pack("<e", value), "little")
        outputs = {"fpsr": flags, "v3": result & 0xFFFF}
        yield line(f"fcvtzs h3, h4, #{fbits}", {"v3": 7 << 60, "v4": operand | number << 100}, {k: v for k, v in outputs.items() if v})


PARTS = {"arm64/simd_scalar_fp": scalar_fixed_point, "arm64/branches": branches,
         "arm64/data_processing_immediate": min_max_immediate, "arm64/data_processing_register": min_max_register,
         "arm64/mops": memory_copy_and_set, "arm64/pointer_authentication": pointer_authentication, "arm64/system": system,
         "arm64/atomics": atomics}
