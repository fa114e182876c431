"""SHA-1 and SHA-256 from FIPS 180-4, the S-box of SM4 from GB/T 32907-2016: .ir tests. What the ops are made to be is
checked here against hashlib and the standard's example."""
import hashlib

from integers import carry_less, low
from vectors import RUNS, SLOT, Numbers, case, join, region, split


def rol(x, n):
    return low(x << n | low(x, 32) >> 32 - n, 32)


def ror(x, n):
    return rol(x, 32 - n)


def ch(x, y, z):
    return x & y ^ low(~x, 32) & z


def maj(x, y, z):
    return x & y ^ x & z ^ y & z


def parity(x, y, z):
    return x ^ y ^ z


SHA1 = ((ch, 0x5A827999), (parity, 0x6ED9EBA1), (maj, 0x8F1BBCDC), (parity, 0xCA62C1D6))


def sha1_rounds(state, words, which):  # FIPS 180-4, 6.1.2, step 3
    d, c, b, a = state
    function, constant = SHA1[which]
    e = 0
    for word in reversed(words):
        a, b, c, d, e = low(rol(a, 5) + function(b, c, d) + e + constant + word, 32), a, rol(b, 30), c, d
    return [d, c, b, a]


def sha256_rounds(hgdc, feba, words):  # 6.2.2, step 3
    (h, g, d, c), (f, e, b, a) = hgdc, feba
    for word in words[:2]:
        t1 = h + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + ch(e, f, g) + word
        t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + maj(a, b, c)
        a, b, c, d, e, f, g, h = low(t1 + t2, 32), a, b, c, low(d + t1, 32), e, f, g
    return [f, e, b, a]


def sha256_sigma0(a, b):  # 6.2.2, step 1
    return [low(x + (ror(y, 7) ^ ror(y, 18) ^ y >> 3), 32) for x, y in zip(a, a[1:] + b[:1])]


def sha256_sigma1(a, b):
    words = b[2:]
    for x in a:
        words.append(low(x + (ror(words[-2], 17) ^ ror(words[-2], 19) ^ words[-2] >> 10), 32))
    return words[2:]


def roots(count, power):
    """The first 32 bits of the fractions of roots of the first primes: FIPS 180-4, 4.2.2 and 5.3.3."""
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, n))][:count]
    found = []
    for prime in primes:
        root, step = 0, 1 << 40
        while step:
            root += step if (root + step) ** power <= prime << 32 * power else 0
            step >>= 1
        found.append(low(root, 32))
    return found


def check_hashes():
    """One block through the ops."""
    block = b"abc\x80" + bytes(59) + b"\x18"
    words = [int.from_bytes(block[i : i + 4], "big") for i in range(0, 64, 4)]
    start = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0]
    schedule = list(words)
    while len(schedule) < 80:
        schedule.append(rol(schedule[-3] ^ schedule[-8] ^ schedule[-14] ^ schedule[-16], 1))
    state, e = start[3::-1], start[4]
    for at in range(0, 80, 4):
        group = schedule[at + 3 : at - 1 if at else None : -1]
        group[3] += e
        e = rol(state[3], 30)
        state = sha1_rounds(state, group, at // 20)
    digest = [low(x + y, 32) for x, y in zip(state[::-1] + [e], start)]
    assert b"".join(x.to_bytes(4, "big") for x in digest) == hashlib.sha1(b"abc").digest()

    start, constants = roots(8, 2), roots(64, 3)
    schedule = [words[i : i + 4] for i in range(0, 16, 4)]
    while len(schedule) < 16:
        w0, w4, w8, w12 = schedule[-4:]
        sums = [x + y for x, y in zip(sha256_sigma0(w0, w4), w8[1:] + w12[:1])]
        schedule.append(sha256_sigma1(sums, w12))
    a, b, c, d, e, f, g, h = start
    first, second = [h, g, d, c], [f, e, b, a]
    flat = [low(w + k, 32) for w, k in zip(sum(schedule, []), constants)]
    for at in range(0, 64, 2):
        first, second = second, sha256_rounds(first, second, flat[at : at + 2])
    (h, g, d, c), (f, e, b, a) = first, second
    digest = [low(x + y, 32) for x, y in zip((a, b, c, d, e, f, g, h), start)]
    assert b"".join(x.to_bytes(4, "big") for x in digest) == hashlib.sha256(b"abc").digest()


def sm4_times(a, b):  # modulo x^8 + x^7 + x^6 + x^5 + x^4 + x^2 + 1
    product = carry_less(a, b)
    for bit in range(14, 7, -1):
        product ^= 0x1F5 << (bit - 8) if product >> bit & 1 else 0
    return product


def sm4_s_box():
    def affine(x):
        row = lambda i: (0xA7 << i | 0xA7 >> 8 - i) & 0xFF
        return 0xD3 ^ sum((bin(row(i) & x).count("1") & 1) << i for i in range(8))
    inverse = [next((b for b in range(256) if sm4_times(a, b) == 1), 0) for a in range(256)]
    return [affine(inverse[affine(x)]) for x in range(256)]


SM4_BOX = sm4_s_box()


def check_sm4():
    """GB/T 32907-2016, appendix A.1."""
    substitute = lambda x: sum(SM4_BOX[x >> at & 0xFF] << at for at in (0, 8, 16, 24))
    def rounds(x, keys, linear):
        for key in keys:
            x.append(x[-4] ^ linear(substitute(x[-3] ^ x[-2] ^ x[-1] ^ key)))
        return x
    text = [0x01234567, 0x89ABCDEF, 0xFEDCBA98, 0x76543210]
    system = [0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC]
    constants = [sum(low((4 * i + j) * 7, 8) << 24 - 8 * j for j in range(4)) for i in range(32)]
    keys = rounds([x ^ y for x, y in zip(text, system)], constants, lambda x: x ^ rol(x, 13) ^ rol(x, 23))[4:]
    linear = lambda x: x ^ rol(x, 2) ^ rol(x, 10) ^ rol(x, 18) ^ rol(x, 24)
    assert rounds(text, keys, linear)[:-5:-1] == [0x681EDF34, 0xD206965E, 0x86B3E94F, 0x536E4246]


def hashes():
    check_hashes()
    check_sm4()
    yield "; SHA-1 and SHA-256 (FIPS 180-4), the S-box of SM4 (GB/T 32907).\n"
    ops = {f"vsha1.rounds v1, v2, imm={n}": (2, lambda a, b, n=n: sha1_rounds(a, b, n)) for n in range(4)}
    ops |= {
        "vsha256.rounds v1, v2, v3": (3, sha256_rounds),
        "vsha256.sigma0 v1, v2": (2, sha256_sigma0),
        "vsha256.sigma1 v1, v2": (2, sha256_sigma1),
    }
    for text, (count, function) in ops.items():
        numbers = Numbers(text)
        for width in (128, 256, 512):
            def whole(*values):
                blocks = zip(*(split(value, 128, width) for value in values))
                return join([join(function(*(split(block, 32, 128) for block in each)), 32) for each in blocks], 128)
            v = ("v", width)
            yield case(f"{text}, lane=i32", whole, [v] * count, v, lambda _: numbers.vector(32, width), 2 * RUNS[width])
    v = ("v", 128)
    of_bytes = lambda values: join(values, 8)
    every = [range(at, at + 16) for at in range(0, 256, 16)]
    yield region("vsm4.sub v1, lane=i8", [v], v, [([of_bytes(each)], of_bytes([SM4_BOX[x] for x in each])) for each in every])
    numbers = Numbers("vsm4.sub")
    for width in SLOT:
        whole = lambda a: join([SM4_BOX[x] for x in split(a, 8, width)], 8)
        yield case("vsm4.sub v1, lane=i8", whole, [("v", width)], ("v", width), lambda _: numbers.vector(8, width), RUNS[width])


def files():
    yield "vectors-hashes", hashes()
