"""Arm's floating-point policies by arm_model: .ir tests of scalars and of vectors of floats."""
from itertools import product

import floats
from arm_model import FORMATS, Fp
from fp_model import MODES
from vectors import RUNS, SLOT as VECTOR_SLOT, Numbers, join, shown

SLOT = floats.SLOT
# FPCR's controls, with what an op says of them.
POLICIES = {
    "tiny=before nan=signaling": {},
    "tiny=before nan=signaling flush": {"fz": True},
    "tiny=before flush": {"fz": True, "dn": True},
    "tiny=before": {"dn": True},
}


def special(fmt):
    """Zeros, the ends of the ranges, denormals, NaNs of both kinds with different payloads."""
    n, e, f = FORMATS[fmt]
    sign, infinity, quiet = 1 << n - 1, ((1 << e) - 1) << f, 1 << f - 1
    one = ((1 << e - 1) - 1) << f
    return [
        0, sign, one, sign | one | quiet, 1, sign | (1 << f) - 1, 1 << f, sign | (1 << f) + 1, infinity - 1, infinity,
        sign | infinity, infinity | quiet | 5, sign | infinity | quiet | 6, infinity | 1, sign | infinity | quiet >> 1,
    ]  # fmt: skip


def numbers_near(fmt, numbers):
    """One of the special numbers or one whose exponent is near a special one's."""
    n, _, f = FORMATS[fmt]
    kind = numbers.random.randrange(3)
    value = numbers.random.choice(special(fmt))
    return value if kind == 0 else (value ^ numbers.random.getrandbits(f)) if kind == 1 else numbers.random.getrandbits(n)


def outcome(policy, mode, function):
    fp = Fp(rounding=mode, **POLICIES[policy])
    return function(fp), fp


def run(before, after, fp, mode):
    live = f" round={MODES[mode]}" if MODES[mode] else ""
    denormal = " denormal=1" if fp.IDC else ""
    return f"; run: {before}{live} => {after} flags={fp.flags}{denormal}\n"


def operations(fmt, ops, comment):
    """`ops`: text, operands, function of an Fp and the operands."""
    yield f"; {comment}\n"
    r, bits = SLOT[fmt], FORMATS[fmt][0]
    modes = list(MODES)
    for policy in POLICIES:
        for text, count, function in ops:
            operands = ", ".join(f"v{n}" for n in range(1, count + 1))
            op, _, more = text.partition(" ")
            yield floats.region(fmt, count, [f"v4:{fmt} = {op} {operands}, {policy}{' ' + more if more else ''}", f"set ${r}3, v4"])
            values = special(fmt)
            if count == 1:
                cases = [(a,) for a in values]
            elif count == 2:
                cases = list(product(values, values))
            else:
                cases = [(a, b, c) for a, b in product(values[::2] + values[9:], values[::3] + values[11:]) for c in values[1::3]]
                cases += [(a, b, c) for a, b, c in product((0, values[9]), (values[1], values[10]), values[9:])]
            keep = 1 if policy == "tiny=before nan=signaling" and fmt == "f32" else 3
            for i, case in enumerate(cases):
                if count > 1 and i % keep:
                    continue
                mode = modes[i // keep % 4]
                result, fp = outcome(policy, mode, lambda fp: function(fp, *case))
                before = " ".join(f"{r}{n}={shown(bits, value)}" for n, value in enumerate(case))
                yield run(before, f"{r}3={shown(bits, result)}", fp, mode)


def arithmetic(fmt):
    return [
        ("fadd", 2, lambda fp, a, b: fp.FPAdd(a, b, fmt)),
        ("fsub", 2, lambda fp, a, b: fp.FPSub(a, b, fmt)),
        ("fmul", 2, lambda fp, a, b: fp.FPMul(a, b, fmt)),
        ("fdiv", 2, lambda fp, a, b: fp.FPDiv(a, b, fmt)),
        ("fsqrt", 1, lambda fp, a: fp.FPSqrt(a, fmt)),
        ("fma", 3, lambda fp, a, b, c: fp.FPMulAdd(a, b, c, fmt)),
        ("fmul defined", 2, lambda fp, a, b: fp.FPMulX(a, b, fmt)),
        ("fma defined", 3, lambda fp, a, b, c: fp.FPStep(a, b, c, fmt, False)),
        ("fma defined halved", 3, lambda fp, a, b, c: fp.FPStep(a, b, c, fmt, True)),
        ("frecpe", 1, lambda fp, a: fp.FPRecipEstimate(a, fmt)),
        ("frsqrte", 1, lambda fp, a: fp.FPRSqrtEstimate(a, fmt)),
        ("fmin minmax=propagate", 2, lambda fp, a, b: fp.FPMin(a, b, fmt)),
        ("fmax minmax=propagate", 2, lambda fp, a, b: fp.FPMax(a, b, fmt)),
        ("fmin minmax=quiet-loses", 2, lambda fp, a, b: fp.FPMinNum(a, b, fmt)),
        ("fmax minmax=quiet-loses", 2, lambda fp, a, b: fp.FPMaxNum(a, b, fmt)),
        ("fround round=up exact", 1, lambda fp, a: fp.FPRoundInt(a, fmt, "up", True)),
        ("fround round=away", 1, lambda fp, a: fp.FPRoundInt(a, fmt, "away", False)),
    ]


def conversions():
    yield "; Arm's conversions: NaN payloads, flushed denormals, half precision without infinities.\n"
    for policy, alternative in product(POLICIES, (False, True)):
        for source, target in product(FORMATS, FORMATS):
            if source == target or (alternative and "f16" not in (source, target)):
                continue
            a, b = SLOT[source], SLOT[target]
            words = policy + (" alternative" if alternative else "")
            yield floats.region(source, 1, [f"v2:{target} = fcvt v1, {words}", f"set ${b}1, v2"])
            more = floats.NARROWED.get(source, [])
            convert = floats.double if source == "f64" else floats.single
            values = special(source) + [convert(x) for x in more + [131008.0, 131071.0, -131072.0, 65536.0] if more]
            if source != "f16":
                values += [floats.single(2.0**-140) if source == "f32" else floats.double(2.0**-140)]
            for i, x in enumerate(values):
                mode = list(MODES)[i % 4]
                fp = Fp(rounding=mode, ahp=alternative, **POLICIES[policy])
                result = fp.FPConvert(x, source, target)
                yield run(f"{a}0={shown(FORMATS[source][0], x)}", f"{b}1={shown(FORMATS[target][0], result)}", fp, mode)
    for policy in ("tiny=before nan=signaling", "tiny=before nan=signaling flush"):
        for fmt, bits, unsigned, mode in product(FORMATS, (16, 32, 64), (False, True), ("up", "away", "zero")):
            a, b = SLOT[fmt], {16: "h", 32: "w", 64: "r"}[bits]
            words = f"{policy} round={mode} saturate=nan-zero{' unsigned' if unsigned else ''}"
            yield floats.region(fmt, 1, [f"v2:i{bits} = f2i v1, {words}", f"set ${b}0, v2"])
            for x in special(fmt):
                fp = Fp(**POLICIES[policy])
                result = fp.FPToFixed(x, fmt, bits, unsigned, mode)
                yield run(f"{a}0={shown(FORMATS[fmt][0], x)}", f"{b}0={shown(bits, result)}", fp, "nearest")


def comparisons():
    yield "; Arm's comparisons: denormals may count as zeros.\n"
    for policy in ("tiny=before nan=signaling", "tiny=before nan=signaling flush"):
        for fmt, (condition, signaling) in product(FORMATS, (("eq", False), ("ge", True), ("gt", True))):
            r, bits = SLOT[fmt], FORMATS[fmt][0]
            words = f"{policy}{' signaling' if signaling else ''} cond={condition}"
            yield floats.region(fmt, 2, [f"v3:i1 = fcmp v1, v2, {words}", "set $p0, v3"])
            for i, (a, b) in enumerate(product(special(fmt), special(fmt))):
                if i % 3 == 0:
                    fp = Fp(**POLICIES[policy])
                    result = fp.compare(a, b, fmt, condition, signaling)
                    yield run(f"{r}0={shown(bits, a)} {r}1={shown(bits, b)}", f"p0={result}", fp, "nearest")


def vector_case(text, count, source, target, width, function, policy, numbers, mode):
    """A region and its runs. `source`, `target`: formats or widths of lanes of operands and result."""
    lane, result_lane = (FORMATS[x][0] if x in FORMATS else x for x in (source, target))
    result_width = width * result_lane // lane
    out = f"{VECTOR_SLOT[result_width]}{3 if result_width == 128 else 1}"
    names = [f"{VECTOR_SLOT[width]}{n if width == 128 else n % 2}" for n in range(count)]
    lines = [f"v{n}:v{width} = get ${name}" for n, name in enumerate(names, 1)]
    lines += [f"v{count + 1}:v{result_width} = {text}", f"set ${out}, v{count + 1}"]
    yield "\nregion pc=0x10000\nb0:\n" + "".join(f"  {line}\n" for line in lines) + "  jump +4\n"
    for _ in range(RUNS[width]):
        slots = {
            name: [numbers_near(source, numbers) if source in FORMATS else numbers.lane(lane) for _ in range(width // lane)]
            for name in names
        }
        fp = Fp(rounding=mode, **POLICIES[policy])
        results = [function(fp, *column) for column in zip(*(slots[name] for name in names))]
        before = " ".join(f"{name}={shown(width, join(lanes, lane))}" for name, lanes in slots.items())
        yield run(before, f"{out}={shown(result_width, join(results, result_lane))}", fp, mode)


def vectors():
    yield "; Vectors of floats: each lane by the scalar op's rules, flags or-ed together.\n"
    for policy, width, fmt in product(POLICIES, (128, 64, 256, 512), FORMATS):
        numbers = Numbers(f"{policy} {width} {fmt}")
        bits = FORMATS[fmt][0]
        mode = numbers.random.choice(list(MODES))
        lanes = f"lane={fmt}"

        def case(text, count, function, source=fmt, target=fmt):
            op, _, more = text.partition(" ")
            operands = ", ".join(f"v{n}" for n in range(1, count + 1))
            words = " ".join(filter(None, (f"{op} {operands}, {lanes}", policy, more)))
            return vector_case(words, count, source, target, width, function, policy, numbers, mode)

        for text, count, function in arithmetic(fmt):
            yield from case("v" + text, count, function)
        for condition, signaling in (("eq", False), ("ge", True), ("gt", True)):
            text = f"vfcmp{' signaling' if signaling else ''} cond={condition}"
            yield from case(text, 2, lambda fp, a, b: -fp.compare(a, b, fmt, condition, signaling))
        for unsigned in (False, True):
            word = " unsigned" if unsigned else ""
            yield from case(f"vf2i round=zero saturate=nan-zero{word}", 1,
                            lambda fp, a: fp.FPToFixed(a, fmt, bits, unsigned, "zero"), fmt, bits)
            of_lane = lambda a: a if unsigned or not a >> bits - 1 else a - (1 << bits)
            yield from case(f"vi2f{word}", 1, lambda fp, a: fp.FixedToFP(of_lane(a), fmt), bits, fmt)
        wider = {"f16": "f32", "f32": "f64"}.get(fmt)
        if wider and width < 512:
            yield from case("vfcvt", 1, lambda fp, a: fp.FPConvert(a, fmt, wider), fmt, wider)
        narrower = {"f32": "f16", "f64": "f32"}.get(fmt)
        if narrower and width > 64:
            yield from case("vfcvt", 1, lambda fp, a: fp.FPConvert(a, fmt, narrower), fmt, narrower)


def files():
    for fmt in FORMATS:
        yield f"fp-arm-{fmt}", operations(fmt, arithmetic(fmt), "Arm's arithmetic: NaN operands, flushed denormals, tininess before rounding.")
    yield "fp-arm-conversions", conversions()
    yield "fp-arm-comparisons", comparisons()
    yield "vectors-floats", vectors()
