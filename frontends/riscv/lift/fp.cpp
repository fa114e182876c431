#include "frontends/riscv/lift/fp.h"

namespace menura::riscv::lift {

namespace {

using ir::Cond;

// An operation that never rounds: naming a mode would make engines switch to it.
constexpr ir::FpDesc kExact = {};

Type bits_type(Type format) { return format == Type::F64 ? Type::I64 : format == Type::F32 ? Type::I32 : Type::I16; }

// Fraction bits of a format.
unsigned fraction_bits(Type format) { return format == Type::F64 ? 52 : format == Type::F32 ? 23 : 10; }

}  // namespace

void arithmetic(Lifter& l, Op op, Type format, FReg fd, FReg fs1, FReg fs2, unsigned rm) {
  l.set_f(format, fd, l.b.fp(op, format, {l.f(format, fs1), l.f(format, fs2)}, l.fp_desc(rm)));
}

void fused(Lifter& l, Negate negate, Type format, FReg fd, FReg fs1, FReg fs2, FReg fs3, unsigned rm) {
  Value a = l.f(format, fs1);
  Value c = l.f(format, fs3);
  if (negate == Negate::Product || negate == Negate::Both) a = l.b.unary(Op::FNeg, a);
  if (negate == Negate::Addend || negate == Negate::Both) c = l.b.unary(Op::FNeg, c);
  l.set_f(format, fd, l.b.fp(Op::FMa, format, {a, l.f(format, fs2), c}, l.fp_desc(rm)));
}

void square_root(Lifter& l, Type format, FReg fd, FReg fs1, unsigned rm) {
  l.set_f(format, fd, l.b.fp(Op::FSqrt, format, {l.f(format, fs1)}, l.fp_desc(rm)));
}

void min_max(Lifter& l, Op op, ir::MinMax nans, Type format, FReg fd, FReg fs1, FReg fs2) {
  const ir::FpDesc desc = {.min_max = static_cast<uint32_t>(nans)};
  l.set_f(format, fd, l.b.fp(op, format, {l.f(format, fs1), l.f(format, fs2)}, desc));
}

void sign_inject(Lifter& l, SignOf sign, Type format, FReg fd, FReg fs1, FReg fs2) {
  const Value a = l.f(format, fs1);
  if (fs1 == fs2) {  // fmv, fneg, fabs
    if (sign == SignOf::Second) return l.set_f(format, fd, a);
    return l.set_f(format, fd, l.b.unary(sign == SignOf::NotSecond ? Op::FNeg : Op::FAbs, a));
  }
  const Value b = l.f(format, fs2);
  if (sign == SignOf::Second) return l.set_f(format, fd, l.b.binary(Op::FCopySign, a, b));
  if (sign == SignOf::NotSecond) {
    return l.set_f(format, fd, l.b.binary(Op::FCopySign, a, l.b.unary(Op::FNeg, b)));
  }
  const Type type = bits_type(format);
  const auto sign_bit = static_cast<int64_t>(uint64_t{1} << (ir::bits(type) - 1));
  const Value flip = l.and_(l.b.convert(Op::Bitcast, type, b), l.b.constant(type, sign_bit));
  l.set_f(format, fd, l.b.convert(Op::Bitcast, format, l.xor_(l.b.convert(Op::Bitcast, type, a), flip)));
}

void compare(Lifter& l, ir::FpCond cond, bool signaling, Type format, XReg rd, FReg fs1, FReg fs2) {
  const ir::FpDesc desc = {.signaling = signaling, .cond = static_cast<uint32_t>(cond)};
  l.set_x_bool(rd, l.b.fcmp(l.f(format, fs1), l.f(format, fs2), desc));
}

// 21.9: one bit of ten. Positive numbers from zero up have the classes 4 to 7, negative ones the mirrored 3 to 0; NaNs
// 8 (signaling) and 9 whatever their sign. So the class is a count of the bounds that the magnitude reaches.
void classify(Lifter& l, Type format, XReg rd, FReg fs1) {
  const Type type = bits_type(format);
  const auto constant = [&](int64_t value) { return l.b.constant(type, value); };
  const unsigned width = ir::bits(type);
  const unsigned fraction = fraction_bits(format);
  const int64_t largest = static_cast<int64_t>(~uint64_t{0} >> (65 - width));
  const int64_t infinity = largest >> fraction << fraction;
  const Value raw = l.b.convert(Op::Bitcast, type, l.f(format, fs1));
  const Value magnitude = l.and_(raw, constant(largest));

  const int64_t bounds[] = {1, int64_t{1} << fraction, infinity, infinity + 1, infinity | int64_t{1} << (fraction - 1)};
  Value rank = l.b.constant(Type::I32, 4);
  for (const int64_t bound : bounds) {
    rank = l.add(rank, l.b.convert(Op::Zext, Type::I32, l.b.icmp(Cond::Uge, magnitude, constant(bound))));
  }
  // Counted from minus zero, the bits of the negative numbers are those up to minus infinity.
  const int64_t sign_bit = -largest - 1;
  const Value negative = l.b.icmp(Cond::Ule, l.sub(raw, constant(sign_bit)), constant(infinity));
  const Value mirrored = l.sub(l.b.constant(Type::I32, 7), rank);
  const Value one_hot = l.shl(l.b.constant(Type::I32, 1), l.b.select(negative, mirrored, rank));
  l.set_x(rd, l.is_rv64() ? l.b.convert(Op::Zext, Type::I64, one_hot) : one_hot);
}

void convert(Lifter& l, Type to, Type from, FReg fd, FReg fs1, unsigned rm) {
  const ir::FpDesc desc = ir::bits(to) > ir::bits(from) ? kExact : l.fp_desc(rm);
  l.set_f(to, fd, l.b.fp(Op::FCvt, to, {l.f(from, fs1)}, desc));
}

// 21.7: out of range and NaN, the nearest end of the range; 32-bit results are sign-extended, unsigned ones, too.
void to_integer(Lifter& l, Type integer, bool is_unsigned, Type from, XReg rd, FReg fs1, unsigned rm) {
  ir::FpDesc desc = l.fp_desc(rm);
  desc.saturation = static_cast<uint32_t>(ir::Saturation::NanToMax);
  desc.is_unsigned = is_unsigned;
  const Value value = l.b.fp(Op::F2I, integer, {l.f(from, fs1)}, desc);
  if (integer == Type::I32) return l.set_x_word(rd, value);
  l.set_x(rd, value);
}

void from_integer(Lifter& l, Type to, Type integer, bool is_unsigned, FReg fd, XReg rs1, unsigned rm) {
  const bool is_exact = to == Type::F64 && integer == Type::I32;
  ir::FpDesc desc = is_exact ? kExact : l.fp_desc(rm);
  desc.is_unsigned = is_unsigned;
  l.set_f(to, fd, l.b.fp(Op::I2F, to, {integer == Type::I32 ? l.x_word(rs1) : l.x(rs1)}, desc));
}

void round(Lifter& l, bool raise_inexact, Type format, FReg fd, FReg fs1, unsigned rm) {
  ir::FpDesc desc = l.fp_desc(rm);
  desc.exact = raise_inexact;
  l.set_f(format, fd, l.b.fp(Op::FRound, format, {l.f(format, fs1)}, desc));
}

}  // namespace menura::riscv::lift
