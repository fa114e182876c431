// C4.1.96: Cryptographic instructions. Rounds of AES, SHA-1 and SHA-256 and the S-box of SM4 are ops; the rest is made
// of lanes. Names of functions are the manual's (shared/functions/crypto).
#include "frontends/arm/lift/lanes.h"

namespace menura::arm {
namespace lift {

// --- AES

namespace {

Lanes bytes(Lifter& l) { return {l, true, 0}; }
Lanes words(Lifter& l) { return {l, true, 2}; }
Lanes doublewords(Lifter& l) { return {l, true, 3}; }
// The round key is added first.
void add_key(Lifter& l, Op round, VReg vn, VReg vd) {
  const Lanes v = bytes(l);
  v.set(vd, v.op(round, v.xor_(v.get(vd), v.get(vn))));
}

}  // namespace

void aese(Lifter& l, Vn vn, Vd vd) { add_key(l, Op::VAesSubShift, vn, vd); }
void aesd(Lifter& l, Vn vn, Vd vd) { add_key(l, Op::VAesSubShiftInverse, vn, vd); }
void aesmc(Lifter& l, Vn vn, Vd vd) { l.set_v(vd, bytes(l).op(Op::VAesMix, l.v(vn))); }
void aesimc(Lifter& l, Vn vn, Vd vd) { l.set_v(vd, bytes(l).op(Op::VAesMixInverse, l.v(vn))); }

// --- what the hashes share

namespace {

Value parity(const Lanes& v, Value a, Value b, Value c) { return v.xor_(v.xor_(a, b), c); }
Value choose(const Lanes& v, Value a, Value b, Value c) { return v.select(a, b, c); }
// Where the last two differ, the first decides.
Value majority(const Lanes& v, Value a, Value b, Value c) { return v.select(v.xor_(b, c), a, c); }
Value rotate_right(const Lanes& v, Value a, unsigned amount) { return v.rotl(a, v.width() - amount); }
// The lanes above, zeros behind them; lane 0 as the highest one, zeros below.
Value lanes_down(const Lanes& v, Value a) { return v.bytes(a, v.zero(), v.width() / 8); }
Value lowest_on_top(const Lanes& v, Value a) { return v.bytes(v.zero(), a, v.width() / 8); }
Value reversed(const Lanes& v, Value a) { return v.op(Op::VReverse, a, {.index = 4}); }

}  // namespace

// --- SHA-1

namespace {

// SHA1hash. The op adds the constant, which the words have already.
void sha1_hash(Lifter& l, unsigned which, VReg vm, VReg vn, VReg vd) {
  static constexpr std::array<uint32_t, 4> constants = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
  const Lanes v = words(l);
  const Value w = v.add(v.sub(v.get(vm), v.all(constants[which])), v.get_scalar(vn));
  v.set(vd, reversed(v, v.op_imm(Op::VSha1Rounds, reversed(v, v.get(vd)), reversed(v, w), which)));
}

}  // namespace

void sha1c(Lifter& l, Vm vm, Vn vn, Vd vd) { sha1_hash(l, 0, vm, vn, vd); }
void sha1p(Lifter& l, Vm vm, Vn vn, Vd vd) { sha1_hash(l, 1, vm, vn, vd); }
void sha1m(Lifter& l, Vm vm, Vn vn, Vd vd) { sha1_hash(l, 2, vm, vn, vd); }
void sha1h(Lifter& l, Vn vn, Vd vd) {
  const Lanes v = words(l);
  v.set(vd, v.rotl(v.get_scalar(vn), 30));
}
// The upper half of d with the lower one of n behind it, and the two operands.
void sha1su0(Lifter& l, Vm vm, Vn vn, Vd vd) {
  const Lanes v = bytes(l);
  v.set(vd, v.xor_(v.xor_(v.bytes(l.v(vd), l.v(vn), 8), l.v(vd)), l.v(vm)));
}
void sha1su1(Lifter& l, Vn vn, Vd vd) {
  const Lanes v = words(l);
  const Value t = v.xor_(v.get(vd), lanes_down(v, v.get(vn)));
  v.set(vd, v.xor_(v.rotl(t, 1), v.rotl(lowest_on_top(v, t), 2)));
}

// --- SHA-256

namespace {

// SHA256hash: four rounds on the state's halves a to d and e to h. The ops want it as a, b, e, f and c, d, g, h,
// backwards. The two instructions of the same rounds share all of this.
struct Hashed {
  Value abcd, efgh;
};
Hashed sha256_hash(Lifter& l, Value abcd, Value efgh, Value w) {
  const Lanes v = words(l);
  const Lanes halves = doublewords(l);
  const Value abef = reversed(v, halves.zip(0, abcd, efgh));
  const Value cdgh = reversed(v, halves.zip(1, abcd, efgh));
  const Value second = v.op(Op::VSha256Rounds, cdgh, abef, w);
  const Value fourth = v.op(Op::VSha256Rounds, abef, second, v.bytes(w, w, 8));
  const Value first_half = reversed(v, fourth);
  const Value second_half = reversed(v, second);
  return {halves.zip(0, first_half, second_half), halves.zip(1, first_half, second_half)};
}

}  // namespace

void sha256h(Lifter& l, Vm vm, Vn vn, Vd vd) { l.set_v(vd, sha256_hash(l, l.v(vd), l.v(vn), l.v(vm)).abcd); }
void sha256h2(Lifter& l, Vm vm, Vn vn, Vd vd) { l.set_v(vd, sha256_hash(l, l.v(vn), l.v(vd), l.v(vm)).efgh); }
void sha256su0(Lifter& l, Vn vn, Vd vd) { l.set_v(vd, words(l).op(Op::VSha256Sigma0, l.v(vd), l.v(vn))); }
void sha256su1(Lifter& l, Vm vm, Vn vn, Vd vd) {
  const Lanes v = words(l);
  const Value sum = v.add(v.get(vd), v.bytes(v.get(vn), v.get(vm), 4));
  v.set(vd, v.op(Op::VSha256Sigma1, sum, v.get(vm)));
}

// --- SHA-512: two rounds, each in the upper lane, the lower operands turned up for it

namespace {

Value turned(const Lanes& v, Value a) { return v.bytes(a, a, 8); }
Value sum512(const Lanes& v, Value a, unsigned first, unsigned second, unsigned third) {
  return parity(v, rotate_right(v, a, first), rotate_right(v, a, second), rotate_right(v, a, third));
}
Value sigma512(const Lanes& v, Value a, unsigned first, unsigned second, unsigned shift) {
  return parity(v, rotate_right(v, a, first), rotate_right(v, a, second), v.shr(kUnsigned, a, shift));
}

}  // namespace

void sha512h(Lifter& l, Vm vm, Vn vn, Vd vd) {
  const Lanes v = doublewords(l);
  const Value x = v.get(vn);
  const Value y = v.get(vm);
  const Value w = v.get(vd);
  const Value low_x = turned(v, x);
  const Value high = v.add(v.add(choose(v, y, low_x, x), sum512(v, y, 14, 18, 41)), w);
  const Value t = v.add(high, turned(v, y));
  const Value low = v.add(v.add(choose(v, t, y, low_x), sum512(v, t, 14, 18, 41)), turned(v, w));
  v.set(vd, v.zip(1, low, high));
}
void sha512h2(Lifter& l, Vm vm, Vn vn, Vd vd) {
  const Lanes v = doublewords(l);
  const Value y = v.get(vm);
  const Value low_y = turned(v, y);
  const Value w = v.get(vd);
  const Value high = v.add(v.add(majority(v, turned(v, v.get(vn)), low_y, y), sum512(v, low_y, 28, 34, 39)), w);
  const Value low = v.add(v.add(majority(v, high, low_y, y), sum512(v, high, 28, 34, 39)), turned(v, w));
  v.set(vd, v.zip(1, low, high));
}
void sha512su0(Lifter& l, Vn vn, Vd vd) {
  const Lanes v = doublewords(l);
  const Value w = v.get(vd);
  v.set(vd, v.add(w, sigma512(v, v.bytes(w, v.get(vn), 8), 1, 8, 7)));
}
void sha512su1(Lifter& l, Vm vm, Vn vn, Vd vd) {
  const Lanes v = doublewords(l);
  v.set(vd, v.add(v.add(v.get(vd), sigma512(v, v.get(vn), 19, 61, 6)), v.get(vm)));
}

// --- SM3: what a round makes is made in the highest lane

namespace {

using Function = Value (*)(const Lanes& v, Value a, Value b, Value c);

Value p1(const Lanes& v, Value a) { return parity(v, a, v.rotl(a, 15), v.rotl(a, 23)); }
// The state a round on: the lowest word leaves, the one behind the next is rotated, `made` enters on top.
void sm3_set(const Lanes& v, VReg vd, unsigned rotation, Value made) {
  const Value x = v.get(vd);
  v.set(vd, v.insert_lane(v.insert_lane(v.bytes(x, made, 4), 3, made, 3), 1, v.rotl(x, rotation), 2));
}
// SM3TT1A and SM3TT1B.
void sm3_tt1(Lifter& l, Function function, VReg vm, int64_t index, VReg vn, VReg vd) {
  const Lanes v = words(l);
  const Value x = v.get(vd);
  const Value ss2 = v.xor_(v.get(vn), v.rotl(x, 12));
  const Value f = function(v, v.splat_lane(vd, 1), x, v.splat_lane(vd, 2));
  const Value rest = v.add(v.splat_lane(vd, 0), v.splat_lane(vm, index));
  sm3_set(v, vd, 9, v.add(v.add(f, ss2), rest));
}
// SM3TT2A and SM3TT2B.
void sm3_tt2(Lifter& l, Function function, VReg vm, int64_t index, VReg vn, VReg vd) {
  const Lanes v = words(l);
  const Value f = function(v, v.get(vd), v.splat_lane(vd, 2), v.splat_lane(vd, 1));
  const Value rest = v.add(v.splat_lane(vd, 0), v.splat_lane(vm, index));
  const Value t = v.add(v.add(f, v.get(vn)), rest);
  sm3_set(v, vd, 19, parity(v, t, v.rotl(t, 9), v.rotl(t, 17)));
}

}  // namespace

void sm3ss1(Lifter& l, Vm vm, Va va, Vn vn, Vd vd) {
  const Lanes v = words(l);
  const Value sum = v.add(v.add(v.rotl(v.get(vn), 12), v.get(vm)), v.get(va));
  v.set(vd, v.and_(v.rotl(sum, 7), v.literal(0, 0xffffffff00000000)));
}
void sm3tt1a(Lifter& l, Vm vm, Imm2 imm2, Vn vn, Vd vd) { sm3_tt1(l, parity, vm, imm2, vn, vd); }
void sm3tt1b(Lifter& l, Vm vm, Imm2 imm2, Vn vn, Vd vd) { sm3_tt1(l, majority, vm, imm2, vn, vd); }
void sm3tt2a(Lifter& l, Vm vm, Imm2 imm2, Vn vn, Vd vd) { sm3_tt2(l, parity, vm, imm2, vn, vd); }
void sm3tt2b(Lifter& l, Vm vm, Imm2 imm2, Vn vn, Vd vd) { sm3_tt2(l, choose, vm, imm2, vn, vd); }
// The highest word takes in the lowest of the result: P1 of a sum is the sum of P1's.
void sm3partw1(Lifter& l, Vm vm, Vn vn, Vd vd) {
  const Lanes v = words(l);
  const Value known = parity(v, v.get(vd), v.get(vn), v.rotl(lanes_down(v, v.get(vm)), 15));
  const Value result = p1(v, known);
  v.set(vd, v.xor_(result, p1(v, v.rotl(lowest_on_top(v, result), 15))));
}
void sm3partw2(Lifter& l, Vm vm, Vn vn, Vd vd) {
  const Lanes v = words(l);
  const Value t = v.xor_(v.get(vn), v.rotl(v.get(vm), 7));
  v.set(vd, parity(v, v.get(vd), t, p1(v, v.rotl(lowest_on_top(v, t), 15))));
}

// --- SM4

namespace {

// Four rounds on the words of `state` with those of `keys`, each word in all lanes; `linear` is what follows the
// S-boxes, added to its third operand.
void sm4_rounds(const Lanes& v, Value (*linear)(const Lanes& v, Value a, Value sum), VReg vd, VReg state, VReg keys) {
  std::array<Value, 4> x;
  for (unsigned i = 0; i < 4; ++i) x[i] = v.splat_lane(state, i);
  for (unsigned i = 0; i < 4; ++i) {
    // The newest word last: all waits for it.
    const Value sum = v.xor_(parity(v, v.splat_lane(keys, i), x[(i + 1) % 4], x[(i + 2) % 4]), x[(i + 3) % 4]);
    x[i] =
        linear(v, v.l().b.vec(Op::VSm4Substitute, Type::V128, {sum}, {.lane = static_cast<uint32_t>(Type::I8)}), x[i]);
  }
  const Lanes halves = v.wider();
  v.set(vd, halves.zip(0, v.zip(0, x[0], x[1]), v.zip(0, x[2], x[3])));
}

}  // namespace

void sm4e(Lifter& l, Vn vn, Vd vd) {
  const auto linear = [](const Lanes& v, Value a, Value sum) {
    return v.xor_(parity(v, a, v.rotl(a, 2), v.rotl(a, 10)), parity(v, v.rotl(a, 18), v.rotl(a, 24), sum));
  };
  sm4_rounds(words(l), linear, vd, vd, vn);
}
void sm4ekey(Lifter& l, Vm vm, Vn vn, Vd vd) {
  const auto linear = [](const Lanes& v, Value a, Value sum) {
    return v.xor_(parity(v, a, v.rotl(a, 13), v.rotl(a, 23)), sum);
  };
  sm4_rounds(words(l), linear, vd, vn, vm);
}

// --- SHA3

void eor3(Lifter& l, Vm vm, Va va, Vn vn, Vd vd) {
  const Lanes v = bytes(l);
  v.set(vd, v.xor_(v.xor_(l.v(vn), l.v(vm)), l.v(va)));
}
void bcax(Lifter& l, Vm vm, Va va, Vn vn, Vd vd) {
  const Lanes v = bytes(l);
  v.set(vd, v.xor_(l.v(vn), v.andn(l.v(vm), l.v(va))));
}
void rax1(Lifter& l, Vm vm, Vn vn, Vd vd) {
  const Lanes v = doublewords(l);
  v.set(vd, v.xor_(l.v(vn), v.rotl(l.v(vm), 1)));
}
void xar(Lifter& l, Vm vm, Imm6 imm6, Vn vn, Vd vd) {
  const Lanes v = doublewords(l);
  v.set(vd, v.rotl(v.xor_(l.v(vn), l.v(vm)), (64 - static_cast<unsigned>(imm6)) % 64));
}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/crypto.inc"
#undef INST

}  // namespace menura::arm
