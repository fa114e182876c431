// C4.1.96: Data Processing -- Register. Pointer authentication is in pointer_authentication.cpp.
#include "frontends/arm/lift/lifter.h"

namespace menura::arm {
namespace lift {

namespace {

Lifter::Result use_of(Reg rd) { return rd == kZr ? Lifter::Result::Dropped : Lifter::Result::Kept; }

void two_sources(Lifter& l, Op op, bool sf, Reg rd, Reg rn, Reg rm) {
  l.set_r(sf, rd, l.b.binary(op, l.r(sf, rn), l.r(sf, rm)));
}

}  // namespace

// --- Data-processing (2 source)

// C6.2.393, C6.2.268: a zero divisor gives 0.
void udiv(Lifter& l, Sf sf, Rm rm, Rn rn, Rd rd) { l.set_r(sf, rd, l.b.divide(Op::DivU, l.r(sf, rn), l.r(sf, rm), 0)); }
void sdiv(Lifter& l, Sf sf, Rm rm, Rn rn, Rd rd) { l.set_r(sf, rd, l.b.divide(Op::DivS, l.r(sf, rn), l.r(sf, rm), 0)); }
// IR shifts count modulo the width, as these do.
void lslv(Lifter& l, Sf sf, Rm rm, Rn rn, Rd rd) { two_sources(l, Op::Shl, sf, rd, rn, rm); }
void lsrv(Lifter& l, Sf sf, Rm rm, Rn rn, Rd rd) { two_sources(l, Op::Shr, sf, rd, rn, rm); }
void asrv(Lifter& l, Sf sf, Rm rm, Rn rn, Rd rd) { two_sources(l, Op::Sar, sf, rd, rn, rm); }
void rorv(Lifter& l, Sf sf, Rm rm, Rn rn, Rd rd) { two_sources(l, Op::Rotr, sf, rd, rn, rm); }
void smax_register(Lifter& l, Sf sf, Rm rm, Rn rn, Rd rd) { two_sources(l, Op::MaxS, sf, rd, rn, rm); }
void umax_register(Lifter& l, Sf sf, Rm rm, Rn rn, Rd rd) { two_sources(l, Op::MaxU, sf, rd, rn, rm); }
void smin_register(Lifter& l, Sf sf, Rm rm, Rn rn, Rd rd) { two_sources(l, Op::MinS, sf, rd, rn, rm); }
void umin_register(Lifter& l, Sf sf, Rm rm, Rn rn, Rd rd) { two_sources(l, Op::MinU, sf, rd, rn, rm); }

namespace {

// The polynomials of CRC-32 and CRC-32C, reflected: bit n is the coefficient of x^(32 - n).
constexpr uint64_t kCrc32 = 0x1db710641;
constexpr uint64_t kCrc32C = 0x105ec76f1;

// What times the polynomial, without carries, is 1 modulo 2^64.
constexpr uint64_t inverse(uint64_t polynomial) {
  uint64_t result = 0;
  uint64_t left = 1;  // of the 1, what is not yet made
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((left >> bit & 1) == 0) continue;
    result |= uint64_t{1} << bit;
    left ^= polynomial << bit;
  }
  return result;
}

// Poly32Mod2 of bit-reversed numbers: the multiple of the polynomial that has the low bits of the sum takes them away,
// and the rest of it is what the checksum becomes.
void crc(Lifter& l, uint64_t polynomial, unsigned bytes, Reg rd, Reg rn, Reg rm) {
  const unsigned width = 8 * bytes;
  const auto number = [&](uint64_t value) { return l.imm(static_cast<int64_t>(value)); };
  const Value before = l.zext(l.w(rn));
  const Value sum = l.xor_(before, l.x(rm));
  Value factor = sum;
  if (width == 8) {
    // Few terms: sooner done by shifts.
    for (unsigned bit = 1; bit < 8; ++bit) {
      if ((inverse(polynomial) >> bit & 1) != 0) factor = l.xor_(factor, l.shl_by(sum, bit));
    }
  } else {
    factor = l.b.binary(Op::ClMul, sum, number(inverse(polynomial)));
  }
  if (width == 64) return l.set_w(rd, l.word(l.b.binary(Op::ClMulHigh, factor, number(polynomial))));
  factor = l.and_(factor, number((uint64_t{1} << width) - 1));
  Value result = l.shr_by(l.b.binary(Op::ClMul, factor, number(polynomial)), width);
  if (width < 32) result = l.xor_(result, l.shr_by(before, width));
  l.set_w(rd, l.word(result));
}

}  // namespace

void crc32b(Lifter& l, Rm rm, Rn rn, Rd rd) { crc(l, kCrc32, 1, rd, rn, rm); }
void crc32h(Lifter& l, Rm rm, Rn rn, Rd rd) { crc(l, kCrc32, 2, rd, rn, rm); }
void crc32w(Lifter& l, Rm rm, Rn rn, Rd rd) { crc(l, kCrc32, 4, rd, rn, rm); }
void crc32x(Lifter& l, Rm rm, Rn rn, Rd rd) { crc(l, kCrc32, 8, rd, rn, rm); }
void crc32cb(Lifter& l, Rm rm, Rn rn, Rd rd) { crc(l, kCrc32C, 1, rd, rn, rm); }
void crc32ch(Lifter& l, Rm rm, Rn rn, Rd rd) { crc(l, kCrc32C, 2, rd, rn, rm); }
void crc32cw(Lifter& l, Rm rm, Rn rn, Rd rd) { crc(l, kCrc32C, 4, rd, rn, rm); }
void crc32cx(Lifter& l, Rm rm, Rn rn, Rd rd) { crc(l, kCrc32C, 8, rd, rn, rm); }

// --- Data-processing (1 source)

void rbit(Lifter& l, Sf sf, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.b.unary(Op::Bswap, l.b.unary(Op::BitRev8, l.r(sf, rn))));
}
void rev16(Lifter& l, Sf sf, Rn rn, Rd rd) {
  const Value value = l.r(sf, rn);
  const Value low = l.imm(sf, 0x00ff00ff00ff00ff);
  l.set_r(sf, rd, l.or_(l.and_(l.shr_by(value, 8), low), l.shl_by(l.and_(value, low), 8)));
}
void rev_32(Lifter& l, Rn rn, Rd rd) { l.set_w(rd, l.b.unary(Op::Bswap, l.w(rn))); }
void rev32(Lifter& l, Rn rn, Rd rd) { l.set_x(rd, l.rotr_by(l.b.unary(Op::Bswap, l.x(rn)), 32)); }
void rev_64(Lifter& l, Rn rn, Rd rd) { l.set_x(rd, l.b.unary(Op::Bswap, l.x(rn))); }
void clz(Lifter& l, Sf sf, Rn rn, Rd rd) { l.set_r(sf, rd, l.b.unary(Op::Clz, l.r(sf, rn))); }
// Bits that equal the sign, the sign itself not counted: each differs from the bit above it nowhere (C6.2.52).
void cls(Lifter& l, Sf sf, Rn rn, Rd rd) {
  const Value value = l.r(sf, rn);
  const Value changes = l.xor_(value, l.shl_by(value, 1));
  // The lowest bit stands for the end: it is never counted.
  l.set_r(sf, rd, l.b.unary(Op::Clz, l.or_(changes, l.imm(sf, 1))));
}
void ctz(Lifter& l, Sf sf, Rn rn, Rd rd) { l.set_r(sf, rd, l.b.unary(Op::Ctz, l.r(sf, rn))); }
void cnt(Lifter& l, Sf sf, Rn rn, Rd rd) { l.set_r(sf, rd, l.b.unary(Op::Popcnt, l.r(sf, rn))); }
void abs(Lifter& l, Sf sf, Rn rn, Rd rd) {
  const Value value = l.r(sf, rn);
  l.set_r(sf, rd, l.b.select(l.is_negative(value), l.neg(value), value));
}

// --- Logical and add/subtract (shifted register)

namespace {

// ShiftReg: LSL, LSR, ASR, ROR.
Value shifted(Lifter& l, bool sf, Reg rm, int64_t shift, int64_t amount) {
  const Value value = l.r(sf, rm);
  switch (shift) {
    case 0:
      return l.shl_by(value, amount);
    case 1:
      return l.shr_by(value, amount);
    case 2:
      return l.sar_by(value, amount);
    default:
      return l.rotr_by(value, amount);
  }
}

}  // namespace

void and_register(Lifter& l, Sf sf, Shift shift, Rm rm, Imm6 imm6, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.and_(l.r(sf, rn), shifted(l, sf, rm, shift, imm6)));
}
void bic_register(Lifter& l, Sf sf, Shift shift, Rm rm, Imm6 imm6, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.andn(l.r(sf, rn), shifted(l, sf, rm, shift, imm6)));
}
void orr_register(Lifter& l, Sf sf, Shift shift, Rm rm, Imm6 imm6, Rn rn, Rd rd) {
  const Value value = shifted(l, sf, rm, shift, imm6);
  l.set_r(sf, rd, Reg(rn) == kZr ? value : l.or_(l.r(sf, rn), value));
}
void orn_register(Lifter& l, Sf sf, Shift shift, Rm rm, Imm6 imm6, Rn rn, Rd rd) {
  const Value value = l.not_(shifted(l, sf, rm, shift, imm6));
  l.set_r(sf, rd, Reg(rn) == kZr ? value : l.or_(l.r(sf, rn), value));
}
void eor_register(Lifter& l, Sf sf, Shift shift, Rm rm, Imm6 imm6, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.xor_(l.r(sf, rn), shifted(l, sf, rm, shift, imm6)));
}
void eon_register(Lifter& l, Sf sf, Shift shift, Rm rm, Imm6 imm6, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.not_(l.xor_(l.r(sf, rn), shifted(l, sf, rm, shift, imm6))));
}
void ands_register(Lifter& l, Sf sf, Shift shift, Rm rm, Imm6 imm6, Rn rn, Rd rd) {
  const Value operand = shifted(l, sf, rm, shift, imm6);
  const bool same = Reg(rn) == Reg(rm) && imm6 == 0;  // tst of a register with itself
  const Value result = same ? operand : l.and_(l.r(sf, rn), operand);
  l.logic_flags(result);
  l.set_r(sf, rd, result);
}
void bics_register(Lifter& l, Sf sf, Shift shift, Rm rm, Imm6 imm6, Rn rn, Rd rd) {
  const Value result = l.andn(l.r(sf, rn), shifted(l, sf, rm, shift, imm6));
  l.logic_flags(result);
  l.set_r(sf, rd, result);
}

void add_shifted(Lifter& l, Sf sf, Shift shift, Rm rm, Imm6 imm6, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.add(l.r(sf, rn), shifted(l, sf, rm, shift, imm6)));
}
void adds_shifted(Lifter& l, Sf sf, Shift shift, Rm rm, Imm6 imm6, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.add_flags(l.r(sf, rn), shifted(l, sf, rm, shift, imm6), use_of(rd)));
}
void sub_shifted(Lifter& l, Sf sf, Shift shift, Rm rm, Imm6 imm6, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.sub(l.r(sf, rn), shifted(l, sf, rm, shift, imm6)));
}
void subs_shifted(Lifter& l, Sf sf, Shift shift, Rm rm, Imm6 imm6, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.sub_flags(l.r(sf, rn), shifted(l, sf, rm, shift, imm6), use_of(rd)));
}

// --- Add/subtract (extended register)

namespace {

// ExtendReg: UXTB, UXTH, UXTW, UXTX, SXTB, SXTH, SXTW, SXTX, then left.
Value extended(Lifter& l, bool sf, Reg rm, int64_t option, int64_t amount) {
  constexpr Type kTypes[] = {Type::I8, Type::I16, Type::I32, Type::I64};
  const Type type = kTypes[option & 3];
  Value value = l.r(sf, rm);
  if (ir::bits(type) < ir::bits(l.type_of(sf))) {
    value = l.b.convert((option & 4) != 0 ? Op::Sext : Op::Zext, l.type_of(sf), l.b.convert(Op::Trunc, type, value));
  }
  return l.shl_by(value, amount);
}

}  // namespace

void add_extended(Lifter& l, Sf sf, Rm rm, Option option, Imm3 imm3, Rn rn, Rd rd) {
  l.set_r_sp(sf, rd, l.add(l.r_sp(sf, rn), extended(l, sf, rm, option, imm3)));
}
void adds_extended(Lifter& l, Sf sf, Rm rm, Option option, Imm3 imm3, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.add_flags(l.r_sp(sf, rn), extended(l, sf, rm, option, imm3), use_of(rd)));
}
void sub_extended(Lifter& l, Sf sf, Rm rm, Option option, Imm3 imm3, Rn rn, Rd rd) {
  l.set_r_sp(sf, rd, l.sub(l.r_sp(sf, rn), extended(l, sf, rm, option, imm3)));
}
void subs_extended(Lifter& l, Sf sf, Rm rm, Option option, Imm3 imm3, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.sub_flags(l.r_sp(sf, rn), extended(l, sf, rm, option, imm3), use_of(rd)));
}

// --- Add/subtract (with carry)

namespace {

Value carry(Lifter& l, bool sf) { return l.b.convert(Op::Zext, l.type_of(sf), l.flag(SlotName::C)); }

}  // namespace

void adc(Lifter& l, Sf sf, Rm rm, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.add(l.add(l.r(sf, rn), l.r(sf, rm)), carry(l, sf)));
}
void adcs(Lifter& l, Sf sf, Rm rm, Rn rn, Rd rd) { l.set_r(sf, rd, l.carry_flags(l.r(sf, rn), l.r(sf, rm))); }
void sbc(Lifter& l, Sf sf, Rm rm, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.add(l.add(l.r(sf, rn), l.not_(l.r(sf, rm))), carry(l, sf)));
}
void sbcs(Lifter& l, Sf sf, Rm rm, Rn rn, Rd rd) { l.set_r(sf, rd, l.carry_flags(l.r(sf, rn), l.not_(l.r(sf, rm)))); }

// --- Rotate right into flags, evaluate into flags

namespace {

Value bit_of(Lifter& l, Value value, int64_t bit) { return l.b.convert(Op::Trunc, Type::I1, l.shr_by(value, bit)); }

// C6.2.283: N and Z of the low `bits`, V whether the bit above differs from the sign; C stays.
void evaluate(Lifter& l, Reg rn, int64_t bits) {
  const Value value = l.w(rn);
  const Value low = l.shl_by(value, 32 - bits);
  const Value overflow = l.xor_(bit_of(l, value, bits), bit_of(l, value, bits - 1));
  l.set_nzcv(l.is_negative(low), l.is_zero(low), l.flag(SlotName::C), overflow);
}

}  // namespace

void rmif(Lifter& l, Imm6 imm6, Rn rn, Mask mask) {
  const Value value = l.rotr_by(l.x(rn), imm6);
  const auto choose = [&](SlotName name, int64_t bit) {
    return (mask >> bit & 1) != 0 ? bit_of(l, value, bit) : l.flag(name);
  };
  const Value n = choose(SlotName::N, 3);
  const Value z = choose(SlotName::Z, 2);
  const Value c = choose(SlotName::C, 1);
  l.set_nzcv(n, z, c, choose(SlotName::V, 0));
}
void setf8(Lifter& l, Rn rn) { evaluate(l, rn, 8); }
void setf16(Lifter& l, Rn rn) { evaluate(l, rn, 16); }

// --- Conditional compare

namespace {

void compare(Lifter& l, bool subtract, bool sf, Value operand, Reg rn, int64_t cond, int64_t nzcv) {
  const Value a = l.r(sf, rn);
  if (cond >= 14) {
    subtract ? l.sub_flags(a, operand, Lifter::Result::Dropped) : l.add_flags(a, operand, Lifter::Result::Dropped);
    return;
  }
  l.conditional_flags(l.condition_holds(static_cast<unsigned>(cond)), subtract, a, operand,
                      static_cast<unsigned>(nzcv));
}

}  // namespace

void ccmn_register(Lifter& l, Sf sf, Rm rm, Condition cond, Rn rn, Nzcv nzcv) {
  compare(l, false, sf, l.r(sf, rm), rn, cond, nzcv);
}
void ccmp_register(Lifter& l, Sf sf, Rm rm, Condition cond, Rn rn, Nzcv nzcv) {
  compare(l, true, sf, l.r(sf, rm), rn, cond, nzcv);
}
void ccmn_immediate(Lifter& l, Sf sf, Imm5 imm5, Condition cond, Rn rn, Nzcv nzcv) {
  compare(l, false, sf, l.imm(sf, imm5), rn, cond, nzcv);
}
void ccmp_immediate(Lifter& l, Sf sf, Imm5 imm5, Condition cond, Rn rn, Nzcv nzcv) {
  compare(l, true, sf, l.imm(sf, imm5), rn, cond, nzcv);
}

// --- Conditional select

namespace {

// `other`: what becomes of Rm where the condition does not hold.
template <typename Other>
void select(Lifter& l, bool sf, Reg rm, int64_t cond, Reg rn, Reg rd, Other other) {
  const Value holds = l.condition_holds(static_cast<unsigned>(cond));
  l.set_r(sf, rd, l.b.select(holds, l.r(sf, rn), other(l.r(sf, rm))));
}

}  // namespace

void csel(Lifter& l, Sf sf, Rm rm, Condition cond, Rn rn, Rd rd) {
  select(l, sf, rm, cond, rn, rd, [](Value value) { return value; });
}
void csinc(Lifter& l, Sf sf, Rm rm, Condition cond, Rn rn, Rd rd) {
  if (Reg(rn) == kZr && Reg(rm) == kZr && cond < 14) {  // cset of the opposite condition
    const Value holds = l.condition_holds(static_cast<unsigned>(cond) ^ 1);
    return l.set_x(rd, l.b.convert(Op::Zext, Type::I64, holds));
  }
  select(l, sf, rm, cond, rn, rd, [&](Value value) { return l.add(value, l.imm(sf, 1)); });
}
void csinv(Lifter& l, Sf sf, Rm rm, Condition cond, Rn rn, Rd rd) {
  if (Reg(rn) == kZr && Reg(rm) == kZr && cond < 14) {  // csetm
    const Value holds = l.condition_holds(static_cast<unsigned>(cond) ^ 1);
    return l.set_r(sf, rd, l.b.convert(Op::Sext, l.type_of(sf), holds));
  }
  select(l, sf, rm, cond, rn, rd, [&](Value value) { return l.not_(value); });
}
void csneg(Lifter& l, Sf sf, Rm rm, Condition cond, Rn rn, Rd rd) {
  select(l, sf, rm, cond, rn, rd, [&](Value value) { return l.neg(value); });
}

// --- Data-processing (3 source)

namespace {

void multiply_add(Lifter& l, bool sf, Value a, Value b, Reg ra, Reg rd) {
  const Value product = l.mul(a, b);
  l.set_r(sf, rd, ra == kZr ? product : l.add(l.r(sf, ra), product));
}
void multiply_sub(Lifter& l, bool sf, Value a, Value b, Reg ra, Reg rd) {
  l.set_r(sf, rd, l.sub(l.r(sf, ra), l.mul(a, b)));
}

}  // namespace

void madd(Lifter& l, Sf sf, Rm rm, Ra ra, Rn rn, Rd rd) { multiply_add(l, sf, l.r(sf, rn), l.r(sf, rm), ra, rd); }
void msub(Lifter& l, Sf sf, Rm rm, Ra ra, Rn rn, Rd rd) { multiply_sub(l, sf, l.r(sf, rn), l.r(sf, rm), ra, rd); }
void smaddl(Lifter& l, Rm rm, Ra ra, Rn rn, Rd rd) { multiply_add(l, true, l.sext(l.w(rn)), l.sext(l.w(rm)), ra, rd); }
void smsubl(Lifter& l, Rm rm, Ra ra, Rn rn, Rd rd) { multiply_sub(l, true, l.sext(l.w(rn)), l.sext(l.w(rm)), ra, rd); }
void umaddl(Lifter& l, Rm rm, Ra ra, Rn rn, Rd rd) { multiply_add(l, true, l.zext(l.w(rn)), l.zext(l.w(rm)), ra, rd); }
void umsubl(Lifter& l, Rm rm, Ra ra, Rn rn, Rd rd) { multiply_sub(l, true, l.zext(l.w(rn)), l.zext(l.w(rm)), ra, rd); }
void smulh(Lifter& l, Rm rm, Rn rn, Rd rd) { two_sources(l, Op::MulHighS, true, rd, rn, rm); }
void umulh(Lifter& l, Rm rm, Rn rn, Rd rd) { two_sources(l, Op::MulHighU, true, rd, rn, rm); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/data_processing_register.inc"
#undef INST

}  // namespace menura::arm
