"""RISC-V for inputs.py: operands with coincidences (rd = rs1, x0), corner and random values, faults."""
import random
import re

from drawing import CODE, DATA, ROOT, Line, read_chapter, signed  # first: its path has riscv
import riscv

X = "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6".split()
F = ("ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 "
     "fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11").split()
ROUNDING = ["rne", "rtz", "rdn", "rup", "rmm", None, None, "dyn"]
# What the reference (7.2) does not know, or not rightly (ctzw counts up to 63): written by hand, from the manual.
BY_HAND = {"wrs_nto", "wrs_sto", "ctzw"}
UNUSED = {3, 4}  # gp and tp: the reference program's own
BRANCHES = {"beq", "bne", "blt", "bge", "bltu", "bgeu", "c_beqz", "c_bnez"}
DOUBLES = [0x0, 1 << 63, 0x3FF0000000000000, 0xBFF8000000000000, 0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000,
           0x7FF0000000000001, 0xFFF8000000000123, 0x1, 0x800FFFFFFFFFFFFF, 0x0010000000000000, 0x7FEFFFFFFFFFFFFF,
           0x41DFFFFFFFC00000, 0x41E0000000000000, 0xC1E0000000000000, 0x43E0000000000000, 0xC3E0000000000000, 0x3FE0000000000000,
           0x4004000000000000, 0x36A0000000000000, 0x47EFFFFFE0000000, 0x3FF0000010000000, 0x3FB999999999999A]
SINGLES = [0x0, 0x80000000, 0x3F800000, 0xBFC00000, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001, 0xFFC00123, 0x1, 0x807FFFFF,
           0x00800000, 0x7F7FFFFF, 0x4F000000, 0xCF000000, 0x4EFFFFFF, 0x5F000000, 0xDF000000, 0x3F000000, 0x40200000, 0x33800000,
           0x477FF000, 0x3F802000, 0x3DCCCCCD]
HALVES = [0x0, 0x8000, 0x3C00, 0xBE00, 0x7C00, 0xFC00, 0x7E00, 0x7C01, 0xFE12, 0x1, 0x83FF, 0x0400, 0x7BFF, 0x3555]
INTEGERS = list(riscv.INTERESTING) + [3, 5, 31, 32, 63, 64, 65, 0x0123456789ABCDEF, 0xFF00FF00FF00FF00, 0x80000001]


def integer(rng):
    if rng.random() < 0.5:
        return rng.choice(INTEGERS)
    value = rng.getrandbits(rng.choice((8, 16, 32, 64, 64)))
    return (1 << 64) - value & (1 << 64) - 1 if rng.random() < 0.3 else value


def floating(rng, assembly):
    """Mostly of the width that the mnemonic works in, sometimes a value that is not boxed."""
    boxed32, boxed16 = 0xFFFFFFFF00000000, 0xFFFFFFFFFFFF0000
    widths = re.findall(r"\.(d|s|h)\b", assembly.split()[0]) or ["d"]
    width = rng.choice(widths[-1:] * 6 + widths + ["any"])
    if width == "s":
        return boxed32 | (rng.choice(SINGLES) if rng.random() < 0.6 else rng.getrandbits(1) << 31 | rng.randrange(110, 150) << 23 | rng.getrandbits(23))
    if width == "h":
        return boxed16 | (rng.choice(HALVES) if rng.random() < 0.6 else rng.getrandbits(16))
    if width == "d":
        return rng.choice(DOUBLES) if rng.random() < 0.6 else rng.getrandbits(1) << 63 | rng.randrange(1003, 1043) << 52 | rng.getrandbits(52)
    return rng.choice((0x3F800000, boxed32 | 0x3C00, 0xFFFFFFFE3F800000, rng.getrandbits(64)))


def draw(row, rng, number):
    """One line for the row, or None if this draw is of no use."""
    mnemonic = row.assembly.split()[0]
    values, line = {}, Line()
    for field in row.fields:
        bits, mask = row.field_bits(field), row.field_mask(field)
        value = rng.getrandbits(bits) & mask
        if field in ("imm", "nzimm", "uimm", "nzuimm") and rng.random() < 0.3:
            value = rng.choice((0, 1, mask, 1 << (bits - 1), (1 << (bits - 1)) - 1)) & mask
        if field in ("rd", "rs1", "rs2", "fd", "fs1", "fs2", "fs3"):
            value = rng.choice([n for n in range(32) if n not in UNUSED] if rng.random() < 0.7 else range(10, 16))
        values[field] = value
    # Coincidences of registers are where lifts go wrong.
    for one, other in (("rd", "rs1"), ("rd", "rs2"), ("rs1", "rs2"), ("fd", "fs1"), ("fd", "fs2"), ("fs1", "fs2"), ("rd'", "rs2'")):
        if one in values and other in values and rng.random() < 0.15:
            values[one] = values[other]
    if "rd" in values and number > 1 and values["rd"] == 0 and "!=0" not in row.pattern:
        values["rd"] = 10
    if "rm" in values:
        values["rm"] = rng.choice((0, 1, 2, 3, 4, 7, 7))
        if values["rm"] == 7 and rng.random() < 0.7:
            line.registers["frm"] = rng.choice((1, 2, 3, 4, 4, 5)) if rng.random() < 0.9 else 7
    if "fli" in values:
        values["fli"] = number % 32
    if "csr" in values:
        values["csr"] = rng.choice((1, 2, 3, 1, 2, 3, 0x300, 0xC00)) if number else 0xC01
        if values["csr"] >= 0xC00:
            values.update({name: 0 for name in ("rd", "rs1", "zimm") if name in values})
        line.registers["frm"] = rng.randrange(8)
        line.registers["fflags"] = rng.getrandbits(5)
        if "zimm" in values and values["csr"] == 2 and rng.random() < 0.5:
            values["zimm"] = rng.randrange(5)
    is_memory = ("({rs1" in row.assembly or "(sp)" in row.assembly) and row.name != "jalr"
    is_atomic = row.name.startswith(("amo", "lr_", "sc_"))
    if "shamt" in values and row.bits == 16 and values["shamt"] == 0:
        return None  # a hint that has no assembly of its own
    if row.name in BRANCHES:
        limit = 256 if row.bits == 16 else 2000
        values["imm"] = rng.randrange(-limit, limit, 2) & row.field_mask("imm")
    if row.name in ("jal", "c_j"):
        values["imm"] = rng.randrange(-2000, 2000, 2) & row.field_mask("imm")
    if is_memory and "rs1" in values and values["rs1"] == 0:
        values["rs1"] = 11
    word = row.encode(values)
    if word is None:
        return None

    def text_of(field):
        field, _, default = field.partition("=")  # {rm=rne}: not printed where it is that
        value = values[field]
        if default and ROUNDING[value] == default:
            return ""
        if field in ("rd", "rs1", "rs2"):
            return X[value]
        if field in ("rd'", "rs1'", "rs2'"):
            return X[value + 8]
        if field in ("fd", "fs1", "fs2", "fs3"):
            return F[value]
        if field in ("fd'", "fs2'"):
            return F[value + 8]
        if field in ("imm", "nzimm"):
            bits = row.field_bits(field)
            if bits == 32:
                return str(value >> 12)
            return str(signed(value, bits) >> 12 & 0xFFFFF) if bits == 18 else str(signed(value, bits))
        if field == "rm":
            return ", " + ROUNDING[value]
        if field == "aq":
            return ".aq" if value else ""
        if field == "rl":
            return ("rl" if values.get("aq") else ".rl") if value else ""
        if field in ("pred", "succ"):
            return "".join(c for i, c in enumerate("iorw") if value & 8 >> i) or "0"
        if field == "fli":
            names = re.findall(r'"([^"]*)"', (ROOT / "frontends/riscv/decode/print.cpp").read_text().split("kFliConstants[] =")[1].split(";")[0])
            return names[value]
        return str(value)

    assembly = re.sub(r"\{([^}]*)\}", lambda m: text_of(m.group(1)), row.assembly)
    named = re.findall(r"\b[a-z]+[0-9]*\b", assembly[len(mnemonic):])
    for name in named:
        if name in X and name != "zero" and name not in line.registers:
            line.registers[name] = integer(rng)
        if name in F:
            line.registers[name] = floating(rng, assembly)
    if mnemonic.startswith(("div", "rem")) and rng.random() < 0.5 and values["rs1"] and values["rs2"]:
        pairs = [(1 << 63, (1 << 64) - 1), (0xFFFFFFFF80000000, (1 << 64) - 1), (7, 0), (1 << 63, 0), (0x180000000, 0xFFFFFFFF)]
        line.registers[X[values["rs1"]]], line.registers[X[values["rs2"]]] = rng.choice(pairs)
    if row.name in BRANCHES and rng.random() < 0.4 and "rs2" in values and values["rs1"] and values["rs2"]:
        line.registers[X[values["rs2"]]] = line.registers[X[values["rs1"]]]
    if row.name == "c_beqz" and rng.random() < 0.4 or row.name == "c_bnez" and rng.random() < 0.3:
        line.registers[X[values["rs1'"] + 8]] = 0
    if row.name in ("jalr", "c_jr", "c_jalr"):
        offset = signed(values["imm"], 12) if "imm" in values else 0
        if values["rs1"] == 0:
            return None
        line.registers[X[values["rs1"]]] = CODE + rng.randrange(-1000, 1000) - offset & (1 << 64) - 1
        if row.bits == 16:
            line.registers[X[values["rs1"]]] &= ~1
    if is_memory:
        base = X[values["rs1"]] if "rs1" in values else X[values["rs1'"] + 8] if "rs1'" in values else "sp"
        field = next((f for f in ("imm", "uimm") if f in values), None)
        offset = 0 if field is None else signed(values[field], 12) if field == "imm" else values[field]
        size = {"b": 1, "h": 2, "w": 4, "d": 8}[re.search(r"([bhwd])u?(sp)?$", row.name.removeprefix("c_")).group(1)] if not row.name.startswith(("cbo", "prefetch")) else 1
        place = rng.randrange(64, 4000)
        # The reference lets a misaligned sc fail without an exception.
        if is_atomic and (number != 2 or row.name.startswith("sc_")) or rng.random() < 0.4:
            place = place // 8 * 8 if rng.random() < 0.7 else place // size * size
        if number == 3:
            place = 4096 if size == 1 else 4097 - size  # crosses into nothing
            if is_atomic:
                place = 4096
        if number == 4 and not row.name.startswith("amo"):
            place = -0x1000
        line.registers[base] = DATA + place - offset & (1 << 64) - 1
        for at in range(max(place, 0) // 8 * 8, min(place + size, 4096), 8):
            line.data[at] = integer(rng) if rng.random() < 0.5 else rng.getrandbits(64)
    return line.text(assembly)


def follow(row, rng, text):
    """Lines that need a second instruction."""
    if row.name.startswith("lr_"):
        base = re.search(r"\((\w+)\)", text).group(1)
        size = row.name[-1]
        destination = rng.choice([name for name in ("a2", "t3") if name != base])
        source = rng.choice([name for name in ("a4", "t5") if name != base])
        address = base if rng.random() < 0.8 else rng.choice(("s6", "s7"))
        left, right = text.split(" | ")
        if left.split()[1].rstrip(",") == base:
            return None
        extra = f" {source}={rng.getrandbits(64):#x}" if f"{source}=" not in right else ""
        if address != base:
            extra += f" {address}={DATA + 8:#x}" if f"{address}=" not in right else ""
        return f"{left}; sc.{size} {destination}, {source}, ({address}) | {right}{extra}"
    return text


def lines(options):
    """What inputs.py prints for these options."""
    for row in read_chapter(ROOT / riscv.ROWS, options, {**riscv.FIELD_WIDTHS, "zimm": 5, "fli": 5}):
        if ("RV32" if options.guest == "riscv" else "RV64") in row.feature or row.name in BY_HAND:
            continue
        rng = random.Random(f"{options.seed} {row.name}")
        drawn = []
        for _ in range(20 * options.count):
            if len(drawn) == (options.count if row.fields else 1):
                break
            text = draw(row, rng, len(drawn))
            text = text and follow(row, rng, text)
            if text and options.guest == "riscv32":
                text = re.sub(r"\b(\w+)=(0x[0-9a-f]+)", lambda m: f"{m[1]}={int(m[2], 16) & 0xFFFFFFFF:#x}" if m[1] in X else m[0], text)
            if text and text not in drawn:
                drawn.append(text)
        yield from drawn
