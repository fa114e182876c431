# A bit of everything that Python's library does: text, numbers, hashes, compression, a database, threads, processes.
import base64, collections, datetime, decimal, fractions, hashlib, heapq, itertools, json, math, os, re, sqlite3, struct
import subprocess, threading, zlib

words = re.findall(r"[a-z]+", "the quick brown fox jumps over the lazy dog " * 3000)
print("words", sorted(collections.Counter(words).items())[:4], len(words))

data = {"list": [i * 0.1 for i in range(2000)], "nested": {str(i): [None, True, i] for i in range(500)}, "text": "äöü\u20ac\n"}
text = json.dumps(data, sort_keys=True)
print("json", len(text), hashlib.sha256(text.encode()).hexdigest(), json.loads(text) == data)
for name in ("md5", "sha1", "sha512", "sha3_256", "blake2b"):
    print(name, hashlib.new(name, text.encode()).hexdigest()[:32])
packed = zlib.compress(text.encode(), 9)
print("zlib", len(packed), zlib.crc32(packed), zlib.decompress(packed).decode() == text)
print("base64", base64.b64encode(packed)[:40].decode(), struct.pack("<dfhQ", math.pi, 1.5, -2, 2**63).hex())

print("floats", [repr(x) for x in (0.1 + 0.2, 1e300 * 1e10, 5e-324, math.sin(1e10), math.exp(-20), 2 ** 0.5, -0.0, float("nan"))])
print("rounding", [round(x, 2) for x in (2.675, 1.005, 1e16 + 0.5)], math.fsum([0.1] * 10), int(1e23), float("1.7976931348623157e308"))
print("gamma", math.gamma(5.5), math.erf(0.3), math.hypot(3, 4), complex(1, 2) ** 3)
decimal.getcontext().prec = 50
print("decimal", decimal.Decimal(2).sqrt(), fractions.Fraction(355, 113) - fractions.Fraction(22, 7))
print("integers", 3 ** 200 % 1000007, math.factorial(120) % (10 ** 30 + 57), pow(3, -1, 2 ** 61 - 1), math.isqrt(10 ** 80))

database = sqlite3.connect(":memory:")
database.execute("create table t(a integer primary key, b text, c real)")
database.executemany("insert into t values(?, ?, ?)", ((i, f"name{i * 7919 % 1000}", i / 7) for i in range(5000)))
print("sqlite", database.execute("select count(*), sum(c), max(b) from t where b like '%9%'").fetchone())

def sieve(limit):
    flags = bytearray([1]) * limit
    for i in range(2, math.isqrt(limit) + 1):
        if flags[i]:
            flags[i * i::i] = bytes(len(range(i * i, limit, i)))
    return sum(flags[2:])
print("primes", sieve(300000), heapq.nsmallest(3, (i * 7919 % 1009 for i in range(1, 1000))))
print("permutations", sum(1 for p in itertools.permutations(range(7)) if all(p[i] != i for i in range(7))))

totals = []
lock = threading.Lock()
def work(start):
    total = sum(i * i for i in range(start, start + 5000))
    with lock:
        totals.append(total)
threads = [threading.Thread(target=work, args=(i * 1000,)) for i in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("threads", sum(totals))

reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, b"from the child")
    os._exit(7)
print("fork", os.read(reader, 100), os.waitstatus_to_exitcode(os.wait()[1]))
print("process", subprocess.run(["/bin/sh", "-c", "tr a-z A-Z; exit 3"], input=b"hello", capture_output=True))

class Node:
    def __init__(self, value, children): self.value, self.children = value, children
    def total(self): return self.value + sum(child.total() for child in self.children)
def tree(depth): return Node(depth, [tree(depth - 1) for _ in range(3)] if depth else [])
print("objects", tree(7).total())
try:
    def deep(n): return deep(n + 1)
    deep(0)
except RecursionError as error:
    print("exceptions", error)
print("dates", datetime.date(2024, 2, 29) + datetime.timedelta(days=366), datetime.datetime.fromtimestamp(1e9, datetime.timezone.utc))
