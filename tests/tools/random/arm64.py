"""arm64 for the random comparator: which rows are safe to draw, how fields are filled, and the program around them.

Reserved registers: x28 points into the sequence's own memory, x27 counts the repetitions; x26, x24 and x23 are set right before the
instruction that uses them (a base that it changes, an index or a system register's value, a target). Everything else is fair game, sp included.
"""
import pathlib
import random
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
ROWS = "frontends/arm/decode/a64"
TRIPLET = "aarch64-linux-gnu"
REFERENCE = ["qemu-aarch64-static", "-cpu", "max,sve=off,sme=off"]
FIELD_WIDTHS = {name: int(width) for name, width in
                re.findall(r'\{"(\w+)", (\d+)', (ROOT / "frontends/arm/decode/fields.h").read_text()) if width != "0"}
BASE, COUNTER, CHANGED, INDEX, TARGET = 28, 27, 26, 24, 23
RESERVED = set(range(TARGET, BASE + 1))
# What the reference (7.2) does not know.
UNKNOWN_TO_REFERENCE = {"CSSC", "MOPS", "HBC", "WFxT", "SPECRES", "LOR", "LSE2"}
DIFFERENT_EACH_TIME = {"PAuth", "RNG"}  # each process has keys of its own
# Exclusives come as pairs (surround()); dc zva has another block size on the reference, which also extends the sign of the 16 bits
# of a scalar fcvtzs to fixed point of half precision to 32 (C7.2.86: the result is zero-extended).
LEFT_OUT = ("fcvtzs_fixed_scalar_h", "svc", "brk", "udf", "wf", "hint", "bra", "blra", "reta", "msr_", "dc_", "ic_", "stxr", "stlxr", "stxp",
            "stlxp", "clrex", "stllr", "ldlar", "cpy", "setp", "setm", "sete", "ldraa", "ldrab", "cfp_", "dvp_", "cpp_")
REGISTER_BRANCHES = ("br", "blr", "ret")
NZCV, FPCR, FPSR = 0x5A10, 0x5A20, 0x5A21  # as MRS and MSR name them: o0:op1:CRn:CRm:op2
BRANCHES = {"b_cond": "imm19", "bc_cond": "imm19", "cbz": "imm19", "cbnz": "imm19", "tbz": "imm14", "tbnz": "imm14", "b": "imm26", "bl": "imm26"}
MEMORY_SIZE = 4096  # of a sequence: [-2048, 1024) around the base for its loads and stores, the rest for the dump
DUMP = 1024         # from the base: x0..x30, sp, nzcv, fpcr, fpsr, one unused, v0..v31
GENERAL = ["x%d" % i for i in range(31)] + ["sp", "nzcv", "fpcr", "fpsr", "-"]
NAMES = GENERAL + [f"v{i}.{half}" for i in range(32) for half in ("low", "high")]  # of the dump, in its order
INTERESTING = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000,
               0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF80000000)
# By width: zeros, one, 1.5, infinities, quiet and signaling NaNs, subnormals, largest, edges of integers.
FLOATS = {
    64: (0x0, 0x8000000000000000, 0x3FF0000000000000, 0xBFF8000000000000, 0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000,
         0x7FF0000000000001, 0xFFF8000000000123, 0xFFF4000000000007, 0x1, 0x800FFFFFFFFFFFFF, 0x0010000000000000, 0x7FEFFFFFFFFFFFFF,
         0x41DFFFFFFFC00000, 0x41E0000000000000, 0x43E0000000000000, 0xC3E0000000000000, 0x43F0000000000000, 0x3FE0000000000000,
         0x4004000000000000, 0x36A0000000000000, 0x47EFFFFFE0000000, 0x3FF0000010000000, 0x3F10000000000000, 0x40EFFC0000000000),
    32: (0x0, 0x80000000, 0x3F800000, 0xBFC00000, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001, 0xFFC00123, 0xFFA00007, 0x1, 0x807FFFFF,
         0x00800000, 0x7F7FFFFF, 0x4F000000, 0xCF000000, 0x4EFFFFFF, 0x5F000000, 0xDF000000, 0x5F800000, 0x3F000000, 0x40200000, 0x33800000,
         0x477FF000, 0x477FE000, 0x3F802000, 0x3DCCCCCD, 0x38800000, 0x387FC000),
    16: (0x0, 0x8000, 0x3C00, 0xBE00, 0x7C00, 0xFC00, 0x7E00, 0x7C01, 0xFE12, 0xFD03, 0x1, 0x83FF, 0x0400, 0x7BFF, 0xFBFF, 0x3555, 0x3800,
         0x4100, 0x7800, 0xF800, 0x2E66, 0x1400),
}
EXPONENTS = {64: (52, 1003, 1043), 32: (23, 110, 140), 16: (10, 8, 22)}
SPECIAL_FPCR = (0, 0, 0, 0, 1 << 22, 2 << 22, 3 << 22, 1 << 25, 1 << 24, 1 << 19, 1 << 26, 3 << 24, 3 << 24 | 1 << 22 | 1 << 19)


def usable(row, by_reference):
    if row.name == "msr_register":
        return True
    unwanted = {"EL1", "EL2", "EL3"} | DIFFERENT_EACH_TIME | (UNKNOWN_TO_REFERENCE if by_reference else set())
    if any(re.search(rf"\b{feature}\b", row.feature) for feature in unwanted):
        return False
    return not any(row.name.startswith(prefix) for prefix in LEFT_OUT)


def branch_field(row):
    """The offset of a branch that may be drawn."""
    return BRANCHES.get(row.name)


def is_memory(row):
    return "[{Xn" in row.assembly


def is_writeback(row):
    return is_memory(row) and ("]!" in row.assembly or "]," in row.assembly)


def is_unpredictable(row, values):
    """What the manual calls CONSTRAINED UNPREDICTABLE in loads and stores, and LLVM does not always know."""
    data = [values[field] for field in ("Rt", "Rt2") if field in values]
    if is_writeback(row) and values["Rn"] != 31 and values["Rn"] in data:
        return True
    if row.name.startswith(("stx", "stlx")):
        return values["Rs"] in data or values["Rs"] == values["Rn"] != 31
    return row.name.startswith("ld") and len(data) == 2 and data[0] == data[1]


def draw(row, rng):
    """Field values for one instruction, or None if this draw is no use."""
    values = {field: rng.getrandbits(row.field_bits(field)) & row.field_mask(field) for field in row.fields}
    values["-"] = rng.choice((0, -1))
    for field in ("Rd", "Rn", "Rm"):  # mostly few registers, so that values meet
        if field in values and rng.random() < 0.5:
            values[field] = rng.randrange(8)
    written = [values[field] for field in ("Rd", "Rt", "Rt2", "Rs") if field in values]
    if RESERVED.intersection(written) or row.name.startswith("casp") and RESERVED.intersection(n + 1 for n in written):
        return None
    if "systemreg" in values:
        values["systemreg"] = rng.choice((NZCV, FPCR, FPSR))
        if row.name == "msr_register" and values["systemreg"] != NZCV:
            values["Rt"] = INDEX
    if row.name in REGISTER_BRANCHES:
        values["Rn"] = TARGET
    if "imm19" in values:  # a literal among the code
        values["imm19"] = rng.randrange(-64, 64) & row.field_mask("imm19")
    if not is_memory(row):
        return values
    if "Rn" in values:
        values["Rn"] = CHANGED if is_writeback(row) else BASE
    if "Rm" in values and not is_writeback(row):
        values["Rm"] = INDEX
    if is_unpredictable(row, values):
        return None
    if row.name.startswith(("ldapur", "stlur")):  # the reference wants them aligned
        values["imm9"] &= ~15
    for field, low, high in (("imm12", 0, 900), ("imm7", -1024, 900), ("simm10", -1024, 900)):
        if field in values:
            values[field] = rng.randrange(low, high) & row.field_mask(field)
    return values


def surround(row, values, word, rng):
    """What is drawn for this instruction: with others before it that set its base or index, or behind it."""
    words = [word]
    if row.name in REGISTER_BRANCHES:
        words.insert(0, 0x10000040 | TARGET)  # adr: what follows the branch
    if row.name == "msr_register" and values["systemreg"] == FPCR:
        words.insert(0, 0xD2A00000 | rng.choice(SPECIAL_FPCR) >> 16 << 5 | INDEX)  # movz, lsl #16
    if row.name == "msr_register" and values["systemreg"] == FPSR:
        words.insert(0, 0xD2800000 | (rng.getrandbits(8) & 0x9F) << 5 | INDEX)
    if is_memory(row) and values.get("Rn") == CHANGED:
        words.insert(0, rng.choice((0x91000000, 0xD1000000)) | rng.randrange(0, 900, 16) << 10 | BASE << 5 | CHANGED)  # add, sub
    if is_memory(row) and values.get("Rm") == INDEX:
        # movz, movn: small enough after any shift; not negative for uxtw
        words.insert(0, (rng.choice((0xD2800000, 0x92800000)) if values.get("option", 1) & 5 else 0xD2800000) | rng.randrange(56) << 5 | INDEX)
    if row.name.startswith(("ldxr", "ldaxr", "ldxp", "ldaxp")) and rng.random() < 0.9:
        # The store of the same size: L clear; its status into x9, its data from x10 and x11.
        words.append(word & ~(1 << 22 | 31 << 16 | 31 << 10 | 31) | 9 << 16 | 10 | (11 if row.name[-4:].find("p") >= 0 else 31) << 10)
    size = 4 * len(words)
    return sum(one << (32 * i) for i, one in enumerate(words)), size


def split(word, size):
    """The instructions of such a draw, as (word, bits)."""
    return [(word >> at & 0xFFFFFFFF, 32) for at in range(0, 8 * size, 32)]


def disassemble(words):
    """LLVM's text of each word, or None for what is undefined or unpredictable."""
    source = "\n".join(" ".join(f"{word >> 8 * i & 255:#04x}" for i in range(4)) for word in words)
    result = subprocess.run(["llvm-mc-19", "-triple=aarch64", "-mattr=+all", "--disassemble"], input=source.encode(), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    warnings = re.findall(r"<stdin>:(\d+):\d+: warning: (invalid|potentially)", result.stderr.decode())
    invalid, unpredictable = ({int(line) for line, kind in warnings if kind == which} for which in ("invalid", "potentially"))
    printed = (re.sub(r"\s*//.*", "", line).strip() for line in result.stdout.decode().splitlines())
    texts = iter(line.replace("\t", " ") for line in printed if line and line != ".text")
    found = [None if number in invalid else next(texts) for number in range(1, len(words) + 1)]
    return [None if number in unpredictable else text for number, text in enumerate(found, 1)]


def valid(pool):
    """Those of the pool that are instructions."""
    words = [one for word, size in pool if size for one, _ in split(word, size)]
    texts = iter(disassemble(words))
    return [(word, size) for word, size in pool if size is None or all([next(texts) is not None for _ in split(word, size)])]


def random_word(rng):
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(INTERESTING)
    if kind == 1:
        return rng.getrandbits(32) | (0xFFFFFFFF00000000 if rng.getrandbits(1) else 0)
    return rng.getrandbits(64)


def random_float(rng, width):
    kind = rng.randrange(4)
    if kind < 2:
        return rng.choice(FLOATS[width])
    if kind == 2:
        return rng.getrandbits(width)
    fraction, low, high = EXPONENTS[width]  # exponents near each other, so that sums and products do not all overflow or vanish
    return rng.getrandbits(1) << (width - 1) | rng.randrange(low, high) << fraction | rng.getrandbits(fraction)


def random_vector(rng):
    """128 bits: lanes of floats of one width, or of integers."""
    width = rng.choice((16, 32, 64, 0))
    if width == 0:
        return rng.choice((rng.getrandbits(128), random_word(rng) << 64 | random_word(rng)))
    return sum(random_float(rng, width) << at for at in range(0, 128, width))


def program(sequences, seed, repeat):
    """Assembly of a program that runs each sequence (a list of (word, bytes)) on its own memory and writes all memories out."""
    text = [".globl _start", "_start:"]
    data = [".balign 4096", "memory:"]

    def each_vector(instruction):
        return [f"{instruction} q{i}, q{i + 1}, [x28, #{16 * i}]" for i in range(0, 32, 2)]

    for number, sequence in enumerate(sequences):
        rng = random.Random(seed * 1000003 + number)
        text += [f"ldr x28, =memory + {number * MEMORY_SIZE + 2048 + DUMP + 8 * len(GENERAL)}"] + each_vector("ldp")
        text += [f"sub x28, x28, #{DUMP + 8 * len(GENERAL)}", f"add x27, x28, #{DUMP}"]
        text += [f"ldr x0, [x27, #{8 * (31 + i)}]\n{into}" for i, into in
                 enumerate(("mov sp, x0", "msr nzcv, x0", "msr fpcr, x0", "msr fpsr, x0"))]
        text += [f"ldr x{i}, [x27, #{8 * i}]" for i in range(31) if i not in (BASE, COUNTER)]
        text += [f"mov x27, #{repeat}", f"again{number}:"]
        text += [f".4byte {one:#x}" for word, size in sequence for one, _ in split(word, size)]
        text += ["sub x27, x27, #1", f"cbz x27, done{number}", f"b again{number}", ".ltorg", f"done{number}:", f"add x27, x28, #{DUMP}"]
        text += [f"str x{i}, [x27, #{8 * i}]" for i in range(31) if i not in (BASE, COUNTER)]
        text += [f"{out}\nstr x0, [x27, #{8 * (31 + i)}]" for i, out in
                 enumerate(("mov x0, sp", "mrs x0, nzcv", "mrs x0, fpcr", "mrs x0, fpsr"))]
        text += [f"add x28, x27, #{8 * len(GENERAL)}"] + each_vector("stp")
        words = [random_word(rng) for _ in range(MEMORY_SIZE // 8)]
        first = (2048 + DUMP) // 8
        words[first + 31:first + 36] = [random_word(rng) & ~15, rng.getrandbits(4) << 28, rng.choice(SPECIAL_FPCR), 0, 0]
        for i in range(32):
            vector = random_vector(rng)
            words[first + 36 + 2 * i:first + 38 + 2 * i] = [vector & (1 << 64) - 1, vector >> 64]
        data += [".quad " + ",".join(map(hex, words[i:i + 16])) for i in range(0, len(words), 16)]
    size = len(sequences) * MEMORY_SIZE
    text += ["mov x19, #0", "write:", "mov x0, #1", "ldr x1, =memory", "add x1, x1, x19", f"ldr x2, ={size}", "sub x2, x2, x19", "mov x8, #64",
             "svc #0", "add x19, x19, x0", f"ldr x2, ={size}", "cmp x19, x2", "b.lt write", "mov x0, #0", "mov x8, #94", "svc #0"]
    return "\n".join(text + [".data"] + data) + "\n"
