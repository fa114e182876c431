"""Integer ops in Python's own unbounded integers: .ir tests of every width."""
from itertools import chain

SLOT = {1: "p", 8: "c", 16: "h", 32: "w", 64: "r", 128: "q"}


def low(value, width):
    return value & ((1 << width) - 1)


def signed(value, width):
    value = low(value, width)
    return value - (1 << width) if value >> (width - 1) else value


def text(value, width):
    return f"0x{low(value, width):x}"


def carry_less(a, b):
    product = 0
    for i in range(b.bit_length()):
        product ^= a << i if b >> i & 1 else 0
    return product


def quotient(a, b):  # rounded to zero
    return abs(a) // abs(b) * (-1 if (a < 0) != (b < 0) else 1)


def divide(a, b, w, on_zero, is_signed):
    if b == 0:
        return on_zero
    return quotient(signed(a, w), signed(b, w)) if is_signed else a // b


def remainder(a, b, w):
    a, b = signed(a, w), signed(b, w)
    return a - b * quotient(a, b) if b else a


def rotate(a, amount, w):
    amount %= w
    return a << amount | a >> (w - amount)


def reverse_bits_of_bytes(a, w):
    return int.from_bytes((int(f"{byte:08b}"[::-1], 2) for byte in a.to_bytes(w // 8, "little")), "little")


# by op as it is written, with what follows the operands: value of operands a, b of width w
BINARY = {
    "add": lambda a, b, w: a + b,
    "sub": lambda a, b, w: a - b,
    "mul": lambda a, b, w: a * b,
    "mulhu": lambda a, b, w: a * b >> w,
    "mulhs": lambda a, b, w: signed(a, w) * signed(b, w) >> w,
    "mulhsu": lambda a, b, w: signed(a, w) * b >> w,
    "divu, -1": lambda a, b, w: divide(a, b, w, -1, False),
    "divs, -1": lambda a, b, w: divide(a, b, w, -1, True),
    "remu": lambda a, b, w: a % b if b else a,
    "rems": remainder,
    "divu, 0": lambda a, b, w: divide(a, b, w, 0, False),
    "divs, 0": lambda a, b, w: divide(a, b, w, 0, True),
    "and": lambda a, b, w: a & b,
    "or": lambda a, b, w: a | b,
    "xor": lambda a, b, w: a ^ b,
    "andn": lambda a, b, w: a & ~b,
    "shl": lambda a, b, w: a << b % w,
    "shr": lambda a, b, w: a >> b % w,
    "sar": lambda a, b, w: signed(a, w) >> b % w,
    "rotl": rotate,
    "rotr": lambda a, b, w: rotate(a, w - b % w, w),
    "clmul": lambda a, b, w: carry_less(a, b),
    "clmulh": lambda a, b, w: carry_less(a, b) >> w,
    "minu": lambda a, b, w: min(a, b),
    "maxu": lambda a, b, w: max(a, b),
    "mins": lambda a, b, w: min(signed(a, w), signed(b, w)),
    "maxs": lambda a, b, w: max(signed(a, w), signed(b, w)),
}
UNARY = {
    "clz": lambda a, w: w - a.bit_length(),
    "ctz": lambda a, w: (a & -a).bit_length() - 1 if a else w,
    "popcnt": lambda a, w: bin(a).count("1"),
    "bswap": lambda a, w: int.from_bytes(a.to_bytes(w // 8, "little"), "big"),
    "bitrev8": reverse_bits_of_bytes,
}
RELATIONS = {
    "eq": lambda a, b, w: a == b,
    "ne": lambda a, b, w: a != b,
    "ult": lambda a, b, w: a < b,
    "ule": lambda a, b, w: a <= b,
    "ugt": lambda a, b, w: a > b,
    "uge": lambda a, b, w: a >= b,
    "slt": lambda a, b, w: signed(a, w) < signed(b, w),
    "sle": lambda a, b, w: signed(a, w) <= signed(b, w),
    "sgt": lambda a, b, w: signed(a, w) > signed(b, w),
    "sge": lambda a, b, w: signed(a, w) >= signed(b, w),
}
FILES = {
    "arithmetic": ("Sums and products of every width.", ["add", "sub", "mul", "mulhu", "mulhs", "mulhsu"]),
    "division": (
        "Division: by zero, and of the minimum by -1.",
        ["divu, -1", "divs, -1", "remu", "rems", "divu, 0", "divs, 0"],
    ),
    "logic": ("Bitwise ops.", ["and", "or", "xor", "andn"]),
    "minmax": ("Minimum and maximum.", ["minu", "maxu", "mins", "maxs"]),
    "shifts": ("Shifts and rotations: amounts count modulo the width.", ["shl", "shr", "sar", "rotl", "rotr"]),
    "bits": (
        "Bit counts, reversals, carry-less products.",
        ["clz", "ctz", "popcnt", "bswap", "bitrev8", "clmul", "clmulh"],
    ),
}


def pairs(w):
    most = (1 << w) - 1
    top = 1 << (w - 1)
    numbers = [
        (0, 0), (1, most), (most, most), (top, most), (top, 1), (top - 1, 1),
        (0x123456789ABCDEF0FEDCBA9876543210, 0x0F1E2D3C4B5A69788796A5B4C3D2E1F0),
        (0x8123456789ABCDEF0011223344556677, 3), (7, 0), (most - 5, 3), (3, most - 5),
        (0x55AA55AA55AA55AA55AA55AA55AA55AA, w - 1), (0xDEADBEEFCAFEBABE0BADF00DFEEDFACE, w), (100, 7), (most - 99, 7),
    ]  # fmt: skip
    return list(dict.fromkeys((low(a, w), low(b, w)) for a, b in numbers))


def operations(comment, ops):
    yield f"; {comment}\n"
    for w in (64, 32, 16, 8, 128, 1):
        r, room = SLOT[w], 14 if w == 64 else 2
        known = [op for op in ops if w > 1 or op not in ("bswap", "bitrev8")]
        for group in (known[i : i + room] for i in range(0, len(known), room)):
            yield f"\nregion pc=0x10000\nb0:\n  v1:i{w} = get ${r}0\n  v2:i{w} = get ${r}1\n"
            for value, op in enumerate(group, 3):
                name, _, on_zero = op.partition(", ")
                operands = "v1" if op in UNARY else "v1, v2" + (f", {on_zero}" if on_zero else "")
                yield f"  v{value}:i{w} = {name} {operands}\n"
            yield "".join(f"  set ${r}{n + 2}, v{n + 3}\n" for n in range(len(group))) + "  jump +4\n"
            for a, b in pairs(w):
                results = (UNARY[op](a, w) if op in UNARY else BINARY[op](a, b, w) for op in group)
                after = " ".join(f"{r}{n}={text(result, w)}" for n, result in enumerate(results, 2))
                yield f"; run: {r}0={text(a, w)} {r}1={text(b, w)} => {after}\n"


def branch(setup, operands, relation):
    return (
        f"region pc=0x10000\nb0:\n{setup}  v3:i1 = icmp {operands}, {relation}\n  cbr v3, b1, b2\n"
        "b1 +4:\n  jump +4\nb2 +8:\n  jump +8\n"
    )


def comparisons():
    yield "; All relations on integers of every width: bit i of r2 is relation i.\n"
    for w in (64, 32, 16, 8, 1, 128):
        r = SLOT[w]
        yield f"\nregion pc=0x10000\nb0:\n  v1:i{w} = get ${r}0\n  v2:i{w} = get ${r}1\n  v3:i64 = const 0\n"
        for i, relation in enumerate(RELATIONS):
            v, so_far = 4 + 5 * i, 3 + 5 * i
            yield f"  v{v}:i1 = icmp v1, v2, {relation}\n  v{v + 1}:i64 = zext v{v}\n  v{v + 2}:i64 = const {i}\n"
            yield f"  v{v + 3}:i64 = shl v{v + 1}, v{v + 2}\n  v{v + 4}:i64 = or v{so_far}, v{v + 3}\n"
        yield f"  set $r2, v{3 + 5 * len(RELATIONS)}\n  jump +4\n"
        for a, b in dict.fromkeys(chain(pairs(w), [(low(5, w), low(5, w))])):
            held = sum(int(holds(a, b, w)) << i for i, holds in enumerate(RELATIONS.values()))
            yield f"; run: {r}0={text(a, w)} {r}1={text(b, w)} => r2={text(held, 64)}\n"
    yield "\n; A comparison and the branch on it.\n"
    for relation, holds in RELATIONS.items():
        yield branch("  v1:i64 = get $r0\n  v2:i64 = get $r1\n", "v1, v2", relation)
        for a, b in ((1, 2), (2, 1), (5, 5), (low(-1, 64), 1)):
            yield f"; run: r0={text(a, 64)} r1={text(b, 64)} => pc={'+4' if holds(a, b, 64) else '+8'}\n"
    yield "\n; A comparison with a constant, of 32 bits.\n"
    for relation, holds in RELATIONS.items():
        yield branch("  v1:i32 = get $w0\n  v2:i32 = const -5\n", "v1, v2", relation)
        for a in (0, low(-5, 32), low(-6, 32), 7):
            yield f"; run: w0={text(a, 32)} => pc={'+4' if holds(a, low(-5, 32), 32) else '+8'}\n"


def carries():
    yield "; Carry and signed overflow out of sums with a carry in.\n"
    for w in (64, 32, 16, 8, 128):
        r = SLOT[w]
        yield f"\nregion pc=0x10000\nb0:\n  v1:i{w} = get ${r}0\n  v2:i{w} = get ${r}1\n  v3:i1 = get $p0\n"
        yield "  v4:i1 = addcarry v1, v2, v3\n  v5:i1 = addoverflow v1, v2, v3\n  set $p1, v4\n  set $p2, v5\n  jump +4\n"
        for a, b in pairs(w):
            for c in (0, 1):
                exact = signed(a, w) + signed(b, w) + c
                after = f"p1={a + b + c >> w} p2={int(exact != signed(exact, w))}"
                yield f"; run: {r}0={text(a, w)} {r}1={text(b, w)} p0={c} => {after}\n"


def borrows():
    yield "; Signed overflow of differences.\n"
    for w in (64, 32, 16, 8, 128, 1):
        r = SLOT[w]
        yield f"\nregion pc=0x10000\nb0:\n  v1:i{w} = get ${r}0\n  v2:i{w} = get ${r}1\n"
        yield "  v3:i1 = suboverflow v1, v2\n  set $p3, v3\n  jump +4\n"
        for a, b in pairs(w) if w > 1 else ((0, 0), (0, 1), (1, 0), (1, 1)):
            exact = signed(a, w) - signed(b, w)
            yield f"; run: {r}0={text(a, w)} {r}1={text(b, w)} => p3={int(exact != signed(exact, w))}\n"


def widths():
    yield "; Extensions, truncations, concatenations between all integer types.\n"
    for n, narrow in enumerate(SLOT):
        for wide in list(SLOT)[n + 1 :]:
            a, b = SLOT[narrow], SLOT[wide]
            yield f"\nregion pc=0x10000\nb0:\n  v1:i{narrow} = get ${a}0\n  v2:i{wide} = zext v1\n  v3:i{wide} = sext v1\n"
            yield f"  set ${b}1, v2\n  set ${b}2, v3\n  v6:i{wide} = get ${b}3\n  v7:i{narrow} = trunc v6\n"
            yield f"  set ${a}1, v7\n  jump +4\n"
            for x in (0x123456789ABCDEF0FEDCBA9876543211, 0x8899AABBCCDDEEFF7766554433221180, (1 << 128) - 1):
                small, large = low(x, narrow), low(3 * x + 1, wide)
                yield f"; run: {a}0={text(small, narrow)} {b}3={text(large, wide)} => {b}1={text(small, wide)}"
                yield f" {b}2={text(signed(small, narrow), wide)} {a}1={text(large, narrow)}\n"
    for half in (8, 16, 32, 64):
        a, b = SLOT[half], SLOT[2 * half]
        x, y = low(0x1122334455667788, half), low(0x99AABBCCDDEEFF00, half)
        yield f"\nregion pc=0x10000\nb0:\n  v1:i{half} = get ${a}0\n  v2:i{half} = get ${a}1\n"
        yield f"  v3:i{2 * half} = concat v1, v2\n  set ${b}2, v3\n  jump +4\n"
        yield f"; run: {a}0={text(x, half)} {a}1={text(y, half)} => {b}2={text(x | y << half, 2 * half)}\n"


def files():
    for name, (comment, ops) in FILES.items():
        yield name, operations(comment, ops)
    yield "compare", comparisons()
    yield "carry", carries()
    yield "borrow", borrows()
    yield "widths", widths()
