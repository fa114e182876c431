"""Vector ops of integers, lane by lane in Python's unbounded integers: .ir tests of every lane and width."""
import random

from integers import RELATIONS, carry_less, low, signed

SLOT = {64: "d", 128: "x", 256: "y", 512: "z"}
SCALAR = {8: "c", 16: "h", 32: "w", 64: "r", 128: "q"}
LANES = (8, 16, 32, 64)


def split(value, lane, width):
    return [value >> at & ((1 << lane) - 1) for at in range(0, width, lane)]


def join(lanes, lane):
    return sum(low(value, lane) << i * lane for i, value in enumerate(lanes))


def number(value, w, is_signed):
    return signed(value, w) if is_signed else low(value, w)


def saturated(value, w, is_signed):
    least, most = (-(1 << (w - 1)), (1 << (w - 1)) - 1) if is_signed else (0, (1 << w) - 1)
    return min(max(value, least), most)


def shift(a, b, w, is_signed=False, rounding=False, saturate=False, to_unsigned=False):
    amount, exact = signed(b, 8), number(a, w, is_signed)
    if amount >= 0:
        exact <<= amount
    else:
        exact = (exact + (1 << (-amount - 1) if rounding else 0)) >> -amount
    return saturated(exact, w, is_signed and not to_unsigned) if saturate else exact


def double_high(a, b, w, rounding):
    product = 2 * signed(a, w) * signed(b, w) + (1 << (w - 1) if rounding else 0)
    return saturated(product >> w, w, True)


# by op with its attributes: operands, lanes, value of a lane of width w from the operands' lanes
EACH = {
    "vmul": (2, LANES, lambda a, b, w: a * b),
    "vmulh": (2, LANES[:3], lambda a, b, w: a * b >> w),
    "vmulh sx": (2, LANES[:3], lambda a, b, w: signed(a, w) * signed(b, w) >> w),
    "vmuldh": (2, (16, 32), lambda a, b, w: double_high(a, b, w, False)),
    "vmuldh rounding": (2, (16, 32), lambda a, b, w: double_high(a, b, w, True)),
    "vaddsat": (2, LANES, lambda a, b, w: saturated(a + b, w, False)),
    "vaddsat sx": (2, LANES, lambda a, b, w: saturated(signed(a, w) + signed(b, w), w, True)),
    "vsubsat": (2, LANES, lambda a, b, w: saturated(a - b, w, False)),
    "vsubsat sx": (2, LANES, lambda a, b, w: saturated(signed(a, w) - signed(b, w), w, True)),
    "vavg": (2, LANES, lambda a, b, w: a + b >> 1),
    "vavg sx": (2, LANES, lambda a, b, w: signed(a, w) + signed(b, w) >> 1),
    "vavg rounding": (2, LANES, lambda a, b, w: a + b + 1 >> 1),
    "vavg sx rounding": (2, LANES, lambda a, b, w: signed(a, w) + signed(b, w) + 1 >> 1),
    "vmin": (2, LANES, lambda a, b, w: min(a, b)),
    "vmin sx": (2, LANES, lambda a, b, w: min(signed(a, w), signed(b, w))),
    "vmax": (2, LANES, lambda a, b, w: max(a, b)),
    "vmax sx": (2, LANES, lambda a, b, w: max(signed(a, w), signed(b, w))),
    "vabs": (1, LANES, lambda a, w: abs(signed(a, w))),
    "vand": (2, (8,), lambda a, b, w: a & b),
    "vor": (2, (8,), lambda a, b, w: a | b),
    "vxor": (2, (8,), lambda a, b, w: a ^ b),
    "vandn": (2, (8, 64), lambda a, b, w: a & ~b),
    "vselect": (3, (8, 64), lambda a, b, c, w: (a & b) | (~a & c)),
    "vshlv": (2, LANES, lambda a, b, w: a << b if b < w else 0),
    "vshrv": (2, LANES, lambda a, b, w: a >> min(b, w)),
    "vsarv": (2, LANES, lambda a, b, w: signed(a, w) >> min(b, w)),
    "vshift": (2, LANES, shift),
    "vshift sx": (2, LANES, lambda a, b, w: shift(a, b, w, True)),
    "vshift rounding": (2, LANES, lambda a, b, w: shift(a, b, w, False, True)),
    "vshift sx rounding": (2, LANES, lambda a, b, w: shift(a, b, w, True, True)),
    "vshift saturate": (2, LANES, lambda a, b, w: shift(a, b, w, False, False, True)),
    "vshift sx saturate": (2, LANES, lambda a, b, w: shift(a, b, w, True, False, True)),
    "vshift rounding saturate": (2, LANES, lambda a, b, w: shift(a, b, w, False, True, True)),
    "vshift sx rounding saturate": (2, LANES, lambda a, b, w: shift(a, b, w, True, True, True)),
    "vshift sx saturate unsigned": (2, LANES, lambda a, b, w: shift(a, b, w, True, False, True, True)),
    "vpopcnt": (1, LANES, lambda a, w: bin(a).count("1")),
    "vclz": (1, LANES, lambda a, w: w - a.bit_length()),
    "vbitrev8": (1, (8,), lambda a, w: int(f"{a:08b}"[::-1], 2)),
}
EACH.update(
    (f"vcmp cond={name}", (2, LANES, lambda a, b, w, holds=holds: -int(holds(a, b, w))))
    for name, holds in RELATIONS.items()
)
SHIFTS = {
    "vrotl": lambda a, n, w: a << n | a >> w - n,
    "vshl": lambda a, n, w: a << n,
    "vshr": lambda a, n, w: a >> n,
    "vsar": lambda a, n, w: signed(a, w) >> n,
}


def dot(c, a, b, a_signed, b_signed):
    bytes_of = lambda value, is_signed: [number(byte, 8, is_signed) for byte in split(value, 8, 32)]
    return c + sum(x * y for x, y in zip(bytes_of(a, a_signed), bytes_of(b, b_signed)))


def pairs_of(lanes):
    return zip(lanes[::2], lanes[1::2])


def aes_times(a, b):  # FIPS 197, 4.2
    product = carry_less(a, b)
    for bit in range(14, 7, -1):
        product ^= 0x11B << (bit - 8) if product >> bit & 1 else 0
    return product


def aes_s_box():  # FIPS 197, 5.1.1
    table = []
    for byte in range(256):
        inverse = next((other for other in range(256) if aes_times(byte, other) == 1), 0)
        bits = [inverse >> i & 1 for i in range(8)]
        made = [bits[i] ^ bits[(i + 4) % 8] ^ bits[(i + 5) % 8] ^ bits[(i + 6) % 8] ^ bits[(i + 7) % 8] for i in range(8)]
        table.append(sum(bit << i for i, bit in enumerate(made)) ^ 0x63)
    return table


S_BOX = aes_s_box()


def aes_shift_rows(state, by):  # 5.1.2: state[row + 4 * column]
    return [state[row + 4 * ((column + by * row) % 4)] for column in range(4) for row in range(4)]


def aes_mix(state, polynomial):  # 5.1.3: a(x) times each column, modulo x^4 + 1
    result = []
    for column in (state[i : i + 4] for i in range(0, 16, 4)):
        for row in range(4):
            value = 0
            for power, factor in enumerate(polynomial):
                value ^= aes_times(factor, column[(row - power) % 4])
            result.append(value)
    return result


AES = {
    "vaes.sub": lambda state: aes_shift_rows([S_BOX[byte] for byte in state], 1),
    "vaes.subinv": lambda state: aes_shift_rows([S_BOX.index(byte) for byte in state], -1),
    "vaes.mix": lambda state: aes_mix(state, (2, 1, 1, 3)),
    "vaes.mixinv": lambda state: aes_mix(state, (14, 9, 13, 11)),
}


class Numbers:
    """Vectors with lanes from corners and from everywhere, always the same ones."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def lane(self, w):
        corners = [0, 1, (1 << w) - 1, 1 << (w - 1), (1 << (w - 1)) - 1, (1 << (w - 1)) + 1, (1 << w // 2) - 1, 1 << w // 2]
        kind = self.random.randrange(3)
        return self.random.choice(corners) if kind == 0 else self.random.getrandbits(w)

    def vector(self, lane, width):
        return join([self.lane(lane) for _ in range(width // lane)], lane)

    def amounts(self, lane, width):
        """Lanes to shift by: most near the lane's width, some far beyond, with anything above the low byte."""
        def one():
            amount = self.random.choice([0, 1, lane - 1, lane, lane + 1, 127, 128, self.random.randrange(lane)])
            amount = amount if self.random.randrange(2) else -amount
            above = self.random.getrandbits(lane) if self.random.randrange(3) == 0 else 0
            return (above & ~0xFF) | low(amount, 8)
        return join([one() for _ in range(width // lane)], lane)


def slot(kind, width, n):
    return f"{(SLOT if kind == 'v' else SCALAR)[width]}{n}"


def shown(width, value):
    return f"0x{low(value, width):0{width // 4}x}"


def region(instruction, operands, result, runs):
    """`instruction` names its operands v1, v2, v3. Types are ("v" or "i", width); runs: operands and the result."""
    kind, width = result
    out = slot(kind, width, 3 if (kind, width) == ("v", 128) else 1)
    names = [slot(k, w, n if (k, w) == ("v", 128) else n % 2) for n, (k, w) in enumerate(operands)]
    text = "\nregion pc=0x10000\nb0:\n"
    for n, (name, (k, w)) in enumerate(zip(names, operands), 1):
        text += f"  v{n}:{k}{w} = get ${name}\n"
    last = len(operands) + 1
    text += f"  v{last}:{kind}{width} = {instruction}\n  set ${out}, v{last}\n  jump +4\n"
    for values, expected in runs:
        before = dict(zip(names, (shown(w, value) for value, (_, w) in zip(values, operands))))
        text += "; run: " + " ".join(f"{name}={value}" for name, value in before.items())
        text += f" => {out}={shown(width, expected)}\n"
    return text


# Wide vectors repeat what narrow ones do: fewer runs of them.
RUNS = {64: 2, 128: 4, 256: 1, 512: 1}


def case(instruction, function, operands, result, make, count):
    """`make(n)` gives operand n. The third operand of types that have but two slots is the first."""
    runs = []
    for _ in range(count):
        values = [make(n) for n in range(len(operands))]
        if len(values) == 3 and operands[0] != ("v", 128) and operands[2] == operands[0]:
            values[2] = values[0]
        runs.append((values, function(*values)))
    return region(instruction, operands, result, runs)


def each_lane(names):
    for name in names:
        op, _, words = name.partition(" ")
        count, lanes, function = EACH[name]
        numbers = Numbers(name)
        for width in SLOT:
            for lane in lanes:
                def whole(*values):
                    columns = zip(*(split(value, lane, width) for value in values))
                    return join([function(*column, lane) for column in columns], lane)
                def operand(n):
                    shifts = n == 1 and op in ("vshlv", "vshrv", "vsarv", "vshift")
                    return (numbers.amounts if shifts else numbers.vector)(lane, width)
                operands = ", ".join(f"v{n + 1}" for n in range(count))
                text = f"{op} {operands}, lane=i{lane} {words}".rstrip()
                yield case(text, whole, [("v", width)] * count, ("v", width), operand, RUNS[width])


def arithmetic():
    yield "; Sums, products, halves: every lane alone.\n"
    names = [name for name in EACH if not name.startswith(("vcmp", "vshift", "vshlv", "vshrv", "vsarv"))]
    yield from each_lane(names)


def compare():
    yield "; Relations of lanes, in vectors of all widths.\n"
    yield from each_lane([name for name in EACH if name.startswith("vcmp")])


def shifts():
    yield "; Shifts by a number, by another lane, by a signed amount with rounding and saturation.\n"
    for op, function in SHIFTS.items():
        numbers = Numbers(op)
        for width in SLOT:
            for lane in LANES:
                for amount in (0, 1, lane // 2, lane // 2 + 1, lane - 1, lane) if width == 128 else (3,):
                    if op == "vrotl" and amount == lane:
                        continue
                    def whole(value):
                        return join([function(each, amount, lane) for each in split(value, lane, width)], lane)
                    text = f"{op} v1, imm={amount}, lane=i{lane}"
                    yield case(text, whole, [("v", width)], ("v", width), lambda n: numbers.vector(lane, width), RUNS[width])
    yield from each_lane([name for name in EACH if name.startswith(("vshlv", "vshrv", "vsarv", "vshift"))])


def across():
    yield "; Lanes from several, and lanes of other widths.\n"
    numbers = Numbers("across")

    def vectors(lane, width):
        return lambda n: numbers.vector(lane, width)

    for width in SLOT:
        v = ("v", width)
        for words in ("", " sx", " sx2", " sx sx2"):
            def whole(c, a, b):
                lanes = zip(*(split(value, 32, width) for value in (c, a, b)))
                return join([dot(*each, "sx" in words.split(), "sx2" in words) for each in lanes], 32)
            yield case(f"vdot v1, v2, v3, lane=i32{words}", whole, [v] * 3, v, vectors(8, width), RUNS[width])
        for is_signed in (False, True):
            words = " sx" if is_signed else ""
            for lane in LANES:
                def lanes_of(value):
                    return [number(each, lane, is_signed) for each in split(value, lane, width)]
                reductions = (("vaddv", sum), ("vminv", min), ("vmaxv", max))
                for op, function in reductions:
                    if op == "vaddv" and is_signed:
                        continue
                    yield case(f"{op} v1, lane=i{lane}{words}", lambda a: low(function(lanes_of(a)), lane), [v], v,
                               vectors(lane, width), RUNS[width])
                if lane == 64:
                    continue
                yield case(f"vaddpairs v1, lane=i{lane}{words}",
                           lambda a: join([x + y for x, y in pairs_of(lanes_of(a))], 2 * lane), [v], v,
                           vectors(lane, width), RUNS[width])
                if width == 512:
                    continue
                twice = ("v", 2 * width)
                yield case(f"vwiden v1, lane=i{lane}{words}", lambda a: join(lanes_of(a), 2 * lane), [v], twice,
                           vectors(lane, width), RUNS[2 * width])
                yield case(f"vmulw v1, v2, lane=i{lane}{words}",
                           lambda a, b: join([x * y for x, y in zip(lanes_of(a), lanes_of(b))], 2 * lane), [v] * 2, twice,
                           vectors(lane, width), RUNS[2 * width])
        for lane in (8, 64):
            if width == 512:
                continue
            yield case(f"vclmulw v1, v2, lane=i{lane}",
                       lambda a, b: join([carry_less(x, y) for x, y in zip(split(a, lane, width), split(b, lane, width))],
                                         2 * lane), [v] * 2, ("v", 2 * width), vectors(lane, width), RUNS[2 * width])
        for lane in (16, 32, 64) if width > 64 else ():
            for words in ("", " saturate", " sx saturate", " saturate unsigned", " sx saturate unsigned"):
                def narrowed(a):
                    lanes = [number(each, lane, " sx" in words) for each in split(a, lane, width)]
                    if "saturate" in words:
                        lanes = [saturated(each, lane // 2, "unsigned" not in words) for each in lanes]
                    return join(lanes, lane // 2)
                def near(n):
                    # Most lanes near the bounds of the narrower ranges.
                    bounds = [0, 1 << (lane // 2), 1 << (lane // 2 - 1), -1 << (lane // 2 - 1)]
                    pick = numbers.random
                    return join([pick.choice(bounds) + pick.randrange(-2, 3) if pick.randrange(3) else numbers.lane(lane)
                                 for _ in range(width // lane)], lane)
                yield case(f"vnarrow v1, lane=i{lane}{words}", narrowed, [v], ("v", width // 2), near, RUNS[width])


def moves():
    yield "; Lanes and halves on their way.\n"
    numbers = Numbers("moves")
    for width in SLOT:
        v = ("v", width)
        for lane in LANES:
            n = width // lane
            vectors = lambda _: numbers.vector(lane, width)
            of = lambda value: split(value, lane, width)
            runs = RUNS[width]
            for index in dict.fromkeys((0, 1, n // 2, n - 1)) if n > 1 else (0,):
                yield case(f"vsplatlane v1, lane=i{lane} index={index}", lambda a: join([of(a)[index]] * n, lane), [v], v,
                           vectors, runs)
                other = n - 1 - index
                yield case(f"vinsertlane v1, v2, lane=i{lane} index={index} from={other}",
                           lambda a, b: join(of(a)[:index] + [of(b)[other]] + of(a)[index + 1 :], lane), [v] * 2, v,
                           vectors, runs)
                for kind in (lane, 64):
                    pick = lambda k: numbers.vector(lane, width) if k == 0 else numbers.random.getrandbits(kind)
                    yield case(f"vinsert v1, v2, lane=i{lane} index={index}",
                               lambda a, b: join(of(a)[:index] + [b] + of(a)[index + 1 :], lane), [v, ("i", kind)], v, pick,
                               runs)
                    for words in ("", " sx"):
                        yield case(f"vextract v1, lane=i{lane} index={index}{words}",
                                   lambda a: number(of(a)[index], lane, bool(words)), [v], ("i", kind), vectors, runs)
            yield case(f"vsplat v1, lane=i{lane}", lambda a: join([a] * n, lane), [("i", 64)], v,
                       lambda _: numbers.random.getrandbits(64), runs)
            for index in (0, 1) if n > 1 else ():
                half = slice(index * n // 2, (index + 1) * n // 2)
                zipped = lambda a, b: join([x for pair in zip(of(a)[half], of(b)[half]) for x in pair], lane)
                yield case(f"vzip v1, v2, lane=i{lane} index={index}", zipped, [v] * 2, v, vectors, runs)
                yield case(f"vuzp v1, v2, lane=i{lane} index={index}",
                           lambda a, b: join(of(a)[index::2] + of(b)[index::2], lane), [v] * 2, v, vectors, runs)
                turned = lambda a, b: join([x for pair in zip(of(a)[index::2], of(b)[index::2]) for x in pair], lane)
                yield case(f"vtrn v1, v2, lane=i{lane} index={index}", turned, [v] * 2, v, vectors, runs)
            for group in (2, 4, 8):
                if group <= n:
                    yield case(f"vrev v1, lane=i{lane} index={group}",
                               lambda a: join([x for i in range(0, n, group) for x in of(a)[i : i + group][::-1]], lane),
                               [v], v, vectors, runs)
        size = width // 8
        whole = lambda _: numbers.vector(8, width)
        for at in (0, 1, 5, size // 2, size - 1):
            yield case(f"vbytes v1, v2, imm={at}, lane=i8",
                       lambda a, b: (a | b << width) >> 8 * at, [v] * 2, v, whole, RUNS[width])
        def numbers_of_bytes(n):
            if n == 0:
                return numbers.vector(8, width)
            pick = numbers.random
            return join([pick.randrange(size) if pick.randrange(3) else pick.randrange(size, 256) for _ in range(size)], 8)
        table = lambda a, b: join([split(a, 8, width)[i] if i < size else 0 for i in split(b, 8, width)], 8)
        yield case("vtable v1, v2, lane=i8", table, [v] * 2, v, numbers_of_bytes, RUNS[width])
        if width < 512:
            twice = ("v", 2 * width)
            yield case("vconcat v1, v2", lambda a, b: a | b << width, [v] * 2, twice, whole, RUNS[2 * width])
            yield case("vhigh v1", lambda a: a >> width, [twice], v, lambda _: numbers.vector(8, 2 * width), RUNS[width])
        for narrower in (w for w in SLOT if w < width):
            yield case("vtrunc v1", lambda a: low(a, narrower), [v], ("v", narrower), whole, 2)
            yield case("vzext v1", lambda a: a, [("v", narrower)], v, lambda _: numbers.vector(8, narrower), 2)


def aes():
    yield "; AES (FIPS 197), on one state and on several.\n"
    # FIPS 197, appendix B: round 1 of the example, from the start of the round on.
    start, shifted, mixed = (
        "193de3bea0f4e22b9ac68d2ae9f84808", "d4bf5d30e0b452aeb84111f11e2798e5", "046681e5e0cb199a48f8d37a2806264c",
    )  # fmt: skip
    of_text = lambda text: int.from_bytes(bytes.fromhex(text), "little")
    example = {"vaes.sub": (start, shifted), "vaes.subinv": (shifted, start)}
    example |= {"vaes.mix": (shifted, mixed), "vaes.mixinv": (mixed, shifted)}
    for op, function in AES.items():
        v = ("v", 128)
        given, expected = map(of_text, example[op])
        yield region(f"{op} v1, lane=i8", [v], v, [([given], expected)])
        numbers = Numbers(op)
        for width in (128, 256, 512):
            def whole(a):
                states = (split(block, 8, 128) for block in split(a, 128, width))
                return join([join(function(state), 8) for state in states], 128)
            yield case(f"{op} v1, lane=i8", whole, [("v", width)], ("v", width), lambda _: numbers.vector(8, width), 16)


def files():
    yield "vectors-arithmetic", arithmetic()
    yield "vectors-relations", compare()
    yield "vectors-shifts", shifts()
    yield "vectors-across", across()
    yield "vectors-moves", moves()
    yield "vectors-aes", aes()
