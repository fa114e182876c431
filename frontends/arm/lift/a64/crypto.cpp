// C4.1.96: Cryptographic instructions. AES has ops of its own; the rounds of the hashes and of SM4 are helpers.
#include "frontends/arm/helpers/helpers.h"
#include "frontends/arm/lift/lanes.h"

namespace menura::arm {
namespace lift {

// --- AES

namespace {

Lanes bytes(Lifter& l) { return {l, true, 0}; }
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

// --- SHA, SM3, SM4

namespace {

void call(Lifter& l, HelperName helper, VReg d, VReg n, VReg m = VReg(0), int64_t a = 0) {
  l.b.call(static_cast<ir::HelperId>(helper), {l.imm32(d.number), l.imm32(n.number), l.imm32(m.number), l.imm32(a)});
}

}  // namespace

#define TWO(name, helper) \
  void name(Lifter& l, Vn vn, Vd vd) { call(l, HelperName::helper, vd, vn); }
#define THREE(name, helper) \
  void name(Lifter& l, Vm vm, Vn vn, Vd vd) { call(l, HelperName::helper, vd, vn, vm); }
#define INDEXED(name, helper) \
  void name(Lifter& l, Vm vm, Imm2 imm2, Vn vn, Vd vd) { call(l, HelperName::helper, vd, vn, vm, imm2); }
THREE(sha1c, Sha1c)
THREE(sha1p, Sha1p)
THREE(sha1m, Sha1m)
TWO(sha1su1, Sha1su1)
THREE(sha256h, Sha256h)
THREE(sha256h2, Sha256h2)
TWO(sha256su0, Sha256su0)
THREE(sha256su1, Sha256su1)
THREE(sha512h, Sha512h)
THREE(sha512h2, Sha512h2)
TWO(sha512su0, Sha512su0)
THREE(sha512su1, Sha512su1)
INDEXED(sm3tt1a, Sm3tt1a)
INDEXED(sm3tt1b, Sm3tt1b)
INDEXED(sm3tt2a, Sm3tt2a)
INDEXED(sm3tt2b, Sm3tt2b)
THREE(sm3partw1, Sm3partw1)
THREE(sm3partw2, Sm3partw2)
TWO(sm4e, Sm4e)
THREE(sm4ekey, Sm4ekey)
void sm3ss1(Lifter& l, Vm vm, Va va, Vn vn, Vd vd) { call(l, HelperName::Sm3ss1, vd, vn, vm, VReg(va).number); }

void sha1h(Lifter& l, Vn vn, Vd vd) {
  const Lanes v(l, true, 2);
  v.set(vd, v.insert(v.zero(), 0, l.rotr_by(v.extract(Type::I32, vn, 0), 2)));
}
// The upper half of d with the lower one of n behind it, and the two operands.
void sha1su0(Lifter& l, Vm vm, Vn vn, Vd vd) {
  const Lanes v = bytes(l);
  v.set(vd, v.xor_(v.xor_(v.bytes(l.v(vd), l.v(vn), 8), l.v(vd)), l.v(vm)));
}

// --- SHA3

namespace {

// n > 0
Value rotate_left(const Lanes& v, Value value, unsigned n) {
  return v.or_(v.shl(value, n), v.shr(kUnsigned, value, v.width() - n));
}

}  // namespace

void eor3(Lifter& l, Vm vm, Va va, Vn vn, Vd vd) {
  const Lanes v = bytes(l);
  v.set(vd, v.xor_(v.xor_(l.v(vn), l.v(vm)), l.v(va)));
}
void bcax(Lifter& l, Vm vm, Va va, Vn vn, Vd vd) {
  const Lanes v = bytes(l);
  v.set(vd, v.xor_(l.v(vn), v.andn(l.v(vm), l.v(va))));
}
void rax1(Lifter& l, Vm vm, Vn vn, Vd vd) {
  const Lanes v(l, true, 3);
  v.set(vd, v.xor_(l.v(vn), rotate_left(v, l.v(vm), 1)));
}
void xar(Lifter& l, Vm vm, Imm6 imm6, Vn vn, Vd vd) {
  const Lanes v(l, true, 3);
  const Value value = v.xor_(l.v(vn), l.v(vm));
  v.set(vd, imm6 == 0 ? value : rotate_left(v, value, 64 - static_cast<unsigned>(imm6)));
}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/crypto.inc"
#undef INST

}  // namespace menura::arm
