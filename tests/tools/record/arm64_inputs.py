"""arm64 for inputs.py: operands with coincidences, corner and random values in lanes of the width that the instruction works in, rounding
and flush modes, faults. LLVM prints the words that are drawn from the rows, so that only valid ones are left.
"""
import random
import re

from drawing import CODE, DATA, ROOT, Line, read_chapter, signed  # first: its path has arm64
import arm64

# What the reference (7.2) does not know: by_hand.py has them.
BY_HAND_FEATURES = {"CSSC", "MOPS", "HBC", "WFxT", "PAuth", "RNG", "SPECRES"}
# Rows that need more than drawn operands: lines for them are written in the files. dc zva: other block sizes.
WRITTEN = ("svc", "brk", "udf", "mrs", "msr", "sys", "dc_", "wfe", "wfi")
INTEGERS = list(arm64.INTERESTING) + [3, 5, 31, 32, 63, 64, 65, 0x0123456789ABCDEF, 0xFF00FF00FF00FF00, 0x80000001]
BRANCH_REGISTER = ("br", "blr", "ret")
ORDERED = ("ldx", "ldax", "stx", "stlx", "ldar", "stl", "ldlar", "stllr", "ldap", "cas", "swp", "ldadd", "ldclr", "ldeor", "ldset", "ldsmax",
           "ldsmin", "ldumax", "ldumin", "stadd", "stclr", "steor", "stset", "stsmax", "stsmin", "stumax", "stumin")
# Mnemonics that begin like floating-point ones, or do not, but are (not).
NOT_FLOAT = ("fmov",)
FLOAT = ("bfcvt", "bfdot", "bfml", "bfmmla", "scvtf", "ucvtf")
LANES = {"b": 8, "h": 16, "s": 32, "d": 64, "q": 128}
FPCR = [mode << 22 for mode in (1, 2, 3)] * 3 + [1 << 25, 1 << 24, 1 << 19, 1 << 26, 3 << 24, 1 << 24 | 1 << 19, 1 << 25 | 1 << 19 | 2 << 22,
                                                 1 << 24 | 1 << 22, 1 << 24 | 2 << 22, 1 << 19 | 3 << 22, 1 << 26 | 1 << 25, 1 << 26 | 1 << 22]


def integer(rng):
    if rng.random() < 0.5:
        return rng.choice(INTEGERS)
    value = rng.getrandbits(rng.choice((8, 16, 32, 64, 64)))
    return (1 << 64) - value & (1 << 64) - 1 if rng.random() < 0.3 else value


def lane(rng, width, floating):
    if floating and width in arm64.FLOATS:
        return arm64.random_float(rng, width) if rng.random() < 0.4 else rng.choice(arm64.FLOATS[width])
    corners = (0, 1, (1 << width) - 1, 1 << width - 1, (1 << width - 1) - 1, (1 << width - 1) + 1, 1 << width // 2, (1 << width // 2) - 1,
               rng.randrange(2 * width) & (1 << width) - 1, -rng.randrange(2 * width) & (1 << width) - 1)  # the last two: shift amounts
    return rng.choice(corners) if rng.random() < 0.6 else rng.getrandbits(width)


def vector(rng, width, floating):
    return sum(lane(rng, width, floating) << at for at in range(0, 128, width))


def lane_width(text, number):
    """Bits of a lane of vector register `number` as the text names it."""
    match = re.search(rf"\bv{number}\.\d*([bhsdq])", text)
    if match:
        return LANES[match[1]]
    match = re.search(rf"\b([bhsdq]){number}\b", text)
    return LANES[match[1]] if match else 32


def vectors_of(text):
    """Numbers of the vector registers that the text names, lists v0-v3 filled in."""
    numbers = []
    for first, last in re.findall(r"\bv(\d+)\.\w+ - v(\d+)\.", text):
        first, last = int(first), int(last)
        numbers += [(first + i) % 32 for i in range((last - first) % 32 + 1)]
    return numbers + [int(number) for number in re.findall(r"\b[bhsdqv](\d+)\b", text)]


def access_bytes(text):
    """Bytes that a load or store touches; a bound where this does not matter."""
    mnemonic = text.split()[0]
    operands = text.split(" ", 1)[1]
    if "{" in operands:
        names = vectors_of(operands)
        if re.match(r"(ld|st)\dr?$", mnemonic) and "]" in operands.split("}")[1].split(",")[0] or mnemonic.endswith("r"):
            return len(set(names)) * lane_width(operands, names[0]) // 8
        arrangement = re.search(r"\.(\d+)([bhsd])", operands)
        return len(set(names)) * int(arrangement[1]) * LANES[arrangement[2]] // 64 * 8
    pair = 2 if re.match(r"(ld|st)(n?p|xp|axp|lxp|psw)|casp|ldpsw", mnemonic) else 1
    if re.match(r"(st|ld)l?xp|ldaxp|stlxp", mnemonic):
        pair = 2
    if re.search(r"b$|sb$", mnemonic) and not mnemonic.endswith("sub"):
        return 1
    if mnemonic.endswith("h"):
        return 2
    if mnemonic.endswith("sw"):
        return 4 * pair
    first = re.findall(r"\b([wxbhsdq])(?:\d+|zr)\b", operands)
    register = first[1] if re.match(r"st[l]?x", mnemonic) else first[0]
    return pair * {"w": 4, "x": 8, **{name: bits // 8 for name, bits in LANES.items()}}[register]


def draw_word(row, rng):
    values = {"-": rng.choice((0, -1))}
    for field in row.fields:
        bits, mask = row.field_bits(field), row.field_mask(field)
        value = rng.getrandbits(bits) & mask
        if field.startswith(("imm", "simm")) and rng.random() < 0.3:
            value = rng.choice((0, 1, mask, 1 << (bits - 1), (1 << (bits - 1)) - 1)) & mask
        if field in ("Rd", "Rn", "Rm", "Ra", "Rt", "Rt2", "Rs") and rng.random() < 0.4:
            value = rng.randrange(8) & mask
        values[field] = value
    # Coincidences of registers are where lifts go wrong.
    for one, other in (("Rd", "Rn"), ("Rd", "Rm"), ("Rn", "Rm"), ("Rd", "Ra"), ("Rt", "Rs"), ("Rt", "Rn"), ("Rs", "Rn")):
        if one in values and other in values and rng.random() < 0.12:
            values[one] = values[other]
    if row.name in arm64.BRANCHES:
        field = arm64.BRANCHES[row.name]
        values[field] = rng.randrange(-2000, 2000, 4) & row.field_mask(field)
    elif "imm19" in values:  # literals
        values["imm19"] = rng.randrange(-500, 500) * 4 & row.field_mask("imm19")
    if arm64.is_memory(row) and rng.random() < 0.7:
        for field in ("Rt", "Rt2", "Rs"):  # seldom the base
            if values.get(field) == values.get("Rn"):
                values[field] ^= 2
    return None if arm64.is_memory(row) and arm64.is_unpredictable(row, values) else row.encode(values)


def place_memory(line, text, row, rng, number):
    """Chooses the base (and index) so that the access is in the data page, or across its end; fills what it reads."""
    operands = text[re.search(r"\[(x\d|sp)", text).start():]  # behind a lane number
    base = re.match(r"\[(x\d+|sp)", operands)[1]
    size = access_bytes(text)
    aligned = text.split()[0].startswith(ORDERED)
    place = rng.randrange(512, 3400)
    if aligned or rng.random() < 0.5:
        place = place // 16 * 16 + (0 if rng.random() < 0.5 else rng.randrange(0, 16) // size * size)
    is_store = text.split()[0].startswith("st")
    # The reference loads vector registers one by one, and keeps those that it has when a later one faults.
    several = "{" in text or re.match(r"ldn?p [sdq]", text)
    if number == 3:
        place = 4096 if aligned or is_store or several or size == 1 else 4096 - rng.randrange(1, size)
    if number == 4:
        place = -0x1000
    offset = 0
    inside = operands[1:operands.index("]")]
    match = re.search(r"#(-?\w+)", inside)
    index = re.search(r", ([wx])(\d+|zr)(?:, (\w+)(?: #(\d+))?)?$", inside)
    if index:
        name = f"x{index[2]}"
        if index[2] != "zr":
            line.registers[name] = rng.choice((rng.getrandbits(6), (1 << 64) - 1 - rng.getrandbits(6), rng.getrandbits(64) & 0xFFFFFFFF0000003F,
                                               0xFFFFFFF0)) if name != base else rng.getrandbits(40)
        value = line.registers.get(name, 0)
        kind = index[3] or "lsl"
        value = {"uxtw": value & 0xFFFFFFFF, "sxtw": signed(value & 0xFFFFFFFF, 32), "sxtx": signed(value, 64), "lsl": value}[kind]
        offset = value << int(index[4] or 0)
        if index[2] != "zr" and name == base:
            return False
    elif match:
        offset = int(match[1], 0)
    if base == "sp":  # D1.8.2: a stack pointer that is used is a multiple of 16, which the reference does not check
        place -= (place - offset) % 16
    line.registers[base] = DATA + place - offset & (1 << 64) - 1
    for at in range(max(place, 0) // 8 * 8, min(place + size, 4096), 8):
        line.data[at] = integer(rng) if rng.random() < 0.5 else rng.getrandbits(64)
    return True


def make_line(row, text, rng, number):
    line = Line()
    mnemonic = text.split()[0]
    if row.name == "hint" and mnemonic.startswith(("pac", "aut", "xpac")):
        return None
    floating = mnemonic.startswith("f") and mnemonic not in NOT_FLOAT or mnemonic.startswith(FLOAT)
    operands = text.partition(" ")[2]
    if arm64.is_memory(row) and mnemonic.startswith("prf"):
        pass
    elif arm64.is_memory(row) and not place_memory(line, text, row, rng, number):
        return None
    for name in re.findall(r"\b([wx]\d+|w?sp)\b", operands):
        name = name.replace("w", "x", 1) if name != "wsp" else "sp"
        line.registers.setdefault(name, integer(rng))
    for name in vectors_of(operands):
        line.registers.setdefault(f"v{name}", vector(rng, lane_width(operands, name), floating))
    if mnemonic.startswith(("sdiv", "udiv")) and rng.random() < 0.5:
        numbers = re.findall(r"[wx](\d+)", operands)
        if len(set(numbers[1:])) == 2:
            pairs = [(1 << 63, (1 << 64) - 1), (0x80000000, 0xFFFFFFFF), (7, 0), (1 << 63, 0), (0x180000000, 0xFFFFFFFF)]
            line.registers["x" + numbers[1]], line.registers["x" + numbers[2]] = rng.choice(pairs)
    if mnemonic in ("cbz", "cbnz") and rng.random() < 0.5 and line.registers:
        line.registers[next(iter(line.registers))] = rng.choice((0, 1 << 32, 0))
    if row.name.startswith(BRANCH_REGISTER) and line.registers:
        line.registers[next(iter(line.registers))] = CODE + rng.randrange(-500, 500) * 4
    if mnemonic.startswith("cas") and line.data and rng.random() < 0.6:  # the comparison holds
        base = re.search(r"\[(x\d+|sp)\]", operands)[1]
        memory = b"".join(line.data.get(at, 0).to_bytes(8, "little") for at in range(0, 4096, 8))
        first = re.match(r"[wx](\d+)(?:, [wx]\d+, [wx]\d+, [wx](\d+))?", operands)
        pair, size = mnemonic.startswith("casp"), access_bytes(text)
        for number in range(2 if pair else 1):
            width = size // 2 if pair else size
            at = line.registers[base] - DATA + number * width
            name = f"x{int(first[1]) + number}" if first else base
            if name not in (base, "x31"):
                line.registers[name] = int.from_bytes(memory[at:at + width], "little") | (rng.getrandbits(64) & -1 << 8 * width) % (1 << 64)
    if rng.random() < 0.5 or row.name == "b_cond":
        line.registers.update((flag, 1) for flag in "nzcv" if rng.getrandbits(1))
    if floating and rng.random() < 0.45:
        line.registers["fpcr"] = rng.choice(FPCR)
    if rng.random() < 0.06 and vectors_of(operands):
        line.registers["fpsr"] = rng.choice((0x1, 0x10, 0x80, 0x8000000, 0x800009F))
    return line.text(text)


def follow(row, rng, text):
    """Exclusive loads get their store."""
    match = re.match(r"lda?x(r|p)([bh]?)\s+(.*)\[(\w+)\] \| (.*)", text)
    if not match or row.name.startswith("st"):
        return text
    kind, width, operands, base, state = match.groups()
    names = operands.replace(" ", "").rstrip(",").split(",")
    if any(name[1:] == base[1:] for name in names):
        return text
    free = [n for n in range(9, 18) if f"x{n}" != base and not any(name[1:] == str(n) for name in names)]
    status, *sources = rng.sample(free, 3)
    sources = [names[0][0] + str(n) for n in sources[:len(names)]]
    store = f"st{rng.choice(('', 'l'))}x{kind}{width} w{status}, {', '.join(sources)}, [{base}]"
    extra = "".join(f" x{name[1:]}={rng.getrandbits(64):#x}" for name in sources if f"x{name[1:]}=" not in state)
    return text.replace(" | ", f"; {store} | ", 1) + extra


def lines(options):
    """What inputs.py prints for these options."""
    for row in read_chapter(ROOT / arm64.ROWS, options, arm64.FIELD_WIDTHS):
        if any(re.search(rf"\b{feature}\b", row.feature) for feature in BY_HAND_FEATURES) or row.name.startswith(WRITTEN):
            continue
        rng = random.Random(f"{options.seed} {row.name}")
        words = [word for word in (draw_word(row, rng) for _ in range(10 * options.count)) if word is not None]
        drawn = []
        for text in arm64.disassemble(words):
            if len(drawn) == (options.count if row.fields else 1):
                break
            text = text and make_line(row, text, rng, len(drawn))
            text = text and follow(row, rng, text)
            if text and text not in drawn:
                drawn.append(text)
        yield from drawn
