"""riscv64 for the random comparator: which rows are safe to draw, how fields are filled, and the program around them.

Reserved registers: sp, s0 and s11 point into the sequence's own memory (s0 is what compressed loads and stores can name), s10
counts the repetitions. Everything else is fair game.
"""
import random

ROWS = "frontends/riscv/decode"
TRIPLET = "riscv64-linux-gnu"
REFERENCE = ["qemu-riscv64-static", "-cpu", "rv64,Zfhmin=true,zbkb=true"]
# Without the extensions that the reference (7.2) does not know.
UNKNOWN_TO_REFERENCE = {"Zicond", "Zfa", "Zawrs", "Zicboz", "Zicbom", "Zicbop"}
FIELD_WIDTHS = {"rd": 5, "rs1": 5, "rs2": 5, "rd'": 3, "rs1'": 3, "rs2'": 3, "fd": 5, "fs1": 5, "fs2": 5, "fs3": 5, "fd'": 3, "fs2'": 3,
                "zimm": 5, "rm": 3, "aq": 1, "rl": 1, "csr": 12, "pred": 4, "succ": 4, "fli": 5}
BASES = (2, 8, 27)
COUNTER = 26
# ctzw: the reference (7.2) counts zeros above bit 31 where the low word is 0; 29.4.12 says 32.
LEFT_OUT = ("ctzw", "jal", "c_j", "jalr", "ecall", "ebreak", "c_ebreak", "lr_", "sc_", "fence_i", "wrs", "cbo", "pause", "prefetch")
BRANCHES = ("beq", "bne", "blt", "bge", "c_beqz", "c_bnez")
MEMORY_SIZE = 4096   # of a sequence: [-2048, 1024) around the base for its loads and stores, the rest for the dump
DUMP = 1024          # from the base: x1..x31, f0..f31, fcsr
NAMES = [f"x{i}" for i in range(1, 32)] + [f"f{i}" for i in range(32)] + ["fcsr"]  # of the dump, in its order
INTERESTING = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000,
               0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF80000000)
FLOATS = (0x0, 0x8000000000000000, 0x3FF0000000000000, 0xBFF8000000000000, 0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000,
          0x7FF0000000000001, 0xFFF8000000000123, 0x1, 0x000FFFFFFFFFFFFF, 0x7FEFFFFFFFFFFFFF, 0x41DFFFFFFFC00000, 0x43E0000000000000,
          0xFFFFFFFF3F800000, 0xFFFFFFFF7FC00000, 0xFFFFFFFF7F800001, 0xFFFFFFFF00000001, 0xFFFFFFFF80000000, 0xFFFFFFFFFF7FFFFF)


def usable(row, by_reference):
    if "RV32" in row.feature or by_reference and any(feature in row.feature for feature in UNKNOWN_TO_REFERENCE):
        return False
    return not any(row.name.startswith(prefix) for prefix in LEFT_OUT)


def branch_field(row):
    """The offset of a branch that may be drawn."""
    return "imm" if row.name.startswith(BRANCHES) else None


def surround(row, values, word, rng):
    """What is drawn for this instruction: here only itself."""
    return word, row.bits // 8


def split(word, size):
    """The instructions of such a draw, as (word, bits)."""
    return [(word, 8 * size)]


def valid(pool):
    """Those of the pool that are instructions: here every word of a row is one."""
    return pool


def draw(row, rng):
    """Field values for one instruction, or None if this draw is no use."""
    values = {field: rng.getrandbits(row.field_bits(field)) & row.field_mask(field) for field in row.fields}
    memory = "({rs1" in row.assembly or "(sp)" in row.assembly
    reserved = BASES + (COUNTER,)
    if values.get("rd") in reserved or values.get("rd'", -8) + 8 in reserved or row.name == "c_addi16sp":
        return None
    if memory:
        if "rs1" in values:
            values["rs1"] = rng.choice(BASES)
        if "rs1'" in values:
            values["rs1'"] = 0
        for field in ("imm", "uimm"):
            if field in values and row.field_bits(field) == 12:
                values[field] = rng.randrange(-2048, 1000) & 0xFFF
    if row.name.startswith("amo"):
        values["rs1"] = rng.choice(BASES)
    if "rm" in values:
        values["rm"] = rng.choice((0, 1, 2, 3, 4, 7, 7, 7, 7))
    if "csr" in values:
        values["csr"] = rng.choice((1, 1, 3, 2))
        # Only values that leave a valid rounding mode in frm.
        if values["csr"] != 1 and row.name != "csrrwi":
            return None
        if "zimm" in values and values["csr"] != 1:
            values["zimm"] = rng.randrange(5)
    return values


def random_word(rng):
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(INTERESTING)
    if kind == 1:
        return rng.getrandbits(32) | (0xFFFFFFFF00000000 if rng.getrandbits(1) else 0)
    return rng.getrandbits(64)


def random_float(rng):
    kind = rng.randrange(5)
    if kind < 2:
        return rng.choice(FLOATS)
    if kind == 2:
        return 0xFFFFFFFF00000000 | rng.getrandbits(32)
    if kind == 3:  # exponents near each other, so that sums and products do not all overflow or vanish
        return rng.getrandbits(1) << 63 | rng.randrange(1003, 1043) << 52 | rng.getrandbits(52)
    return 0xFFFFFFFF00000000 | rng.getrandbits(1) << 31 | rng.randrange(117, 137) << 23 | rng.getrandbits(23)


def program(sequences, seed, repeat):
    """Assembly of a program that runs each sequence (a list of (word, bytes)) on its own memory and writes all memories out."""
    text = [".option nopic", ".option norelax", ".option norvc", ".globl _start", "_start:"]
    data = [".balign 4096", "memory:"]
    for number, sequence in enumerate(sequences):
        rng = random.Random(seed * 1000003 + number)
        text += [f"la s11, memory + {number * MEMORY_SIZE + 2048}"]
        text += [f"ld t0, {DUMP + 504}(s11)", "fscsr t0"]
        text += [f"fld f{i}, {DUMP + 248 + 8 * i}(s11)" for i in range(32)]
        text += [f"ld x{i}, {DUMP + 8 * (i - 1)}(s11)" for i in range(1, 32) if i not in BASES + (COUNTER,)]
        text += ["mv sp, s11", "mv s0, s11", f"li s10, {repeat}", f"again{number}:"]
        text += [f".{size}byte {word:#x}" for word, size in sequence]
        text += ["addi s10, s10, -1", f"beqz s10, done{number}", f"j again{number}", f"done{number}:"]
        text += [f"sd x{i}, {DUMP + 8 * (i - 1)}(s11)" for i in range(1, 32) if i not in BASES]
        text += [f"fsd f{i}, {DUMP + 248 + 8 * i}(s11)" for i in range(32)]
        text += ["frcsr t0", f"sd t0, {DUMP + 504}(s11)"]
        words = [random_word(rng) for _ in range(MEMORY_SIZE // 8)]
        first = (2048 + DUMP) // 8
        for i in range(32):
            words[first + 31 + i] = random_float(rng)
        words[first + 63] = rng.randrange(32) | rng.choice((0, 0, 0, 1, 2, 3, 4)) << 5
        data += [".quad " + ",".join(map(hex, words[i:i + 16])) for i in range(0, len(words), 16)]
    size = len(sequences) * MEMORY_SIZE
    text += ["li s1, 0", "write:", "li a0, 1", "la a1, memory", "add a1, a1, s1", f"li a2, {size}", "sub a2, a2, s1", "li a7, 64", "ecall",
             "add s1, s1, a0", f"li a2, {size}", "blt s1, a2, write", "li a0, 0", "li a7, 94", "ecall"]
    return "\n".join(text + [".data"] + data) + "\n"
