// Lanes: the arrangement that an Advanced SIMD instruction works in, and what the integer instructions do to lanes. The
// names are those of the manual's pseudocode where it has one.
#pragma once

#include "frontends/arm/lift/lifter.h"

namespace menura::arm {

using ir::LaneDesc;

inline constexpr bool kSigned = true;
inline constexpr bool kUnsigned = false;

class Lanes {
 public:
  // Lanes of 8 << size bits; q: 128 bits of them, else 64.
  Lanes(Lifter& l, bool q, int64_t size)
      : l_(l), type_(q ? Type::V128 : Type::V64), size_(static_cast<unsigned>(size)) {}

  Lifter& l() const { return l_; }
  Type type() const { return type_; }
  bool q() const { return type_ == Type::V128; }
  unsigned width() const { return 8U << size_; }
  Type lane() const { return static_cast<Type>(static_cast<unsigned>(Type::I8) + size_); }
  unsigned count() const { return bits(type_) / width(); }
  Lanes narrower() const { return {l_, q(), size_ - 1}; }
  Lanes wider() const { return {l_, q(), size_ + 1}; }
  // The operands of widening and the results of narrowing instructions: lanes of half the width in half a vector.
  Lanes half() const { return {l_, false, size_ - 1}; }

  // --- registers
  Value get(VReg reg) const { return q() ? l_.v(reg) : low(l_.v(reg)); }
  // Lane 0, zeros above: the operand of a scalar instruction.
  Value get_scalar(VReg reg) const;
  // Clears the bits above a 64-bit vector.
  void set(VReg reg, Value value) const { l_.set_v(reg, q() ? value : l_.b.convert(Op::VZext, Type::V128, value)); }
  // Half of a register, as 64 bits: the upper one for the instructions whose names end in 2.
  Value get_half(VReg reg, bool upper) const { return upper ? high(l_.v(reg)) : low(l_.v(reg)); }
  // 64 bits into the lower half, zeros above; or into the upper half, the lower one kept.
  void set_half(VReg reg, bool upper, Value value) const;
  Value low(Value value) const { return l_.b.convert(Op::VTrunc, Type::V64, value); }
  Value high(Value value) const { return l_.b.convert(Op::VHigh, Type::V64, value); }
  Value concat(Value lower, Value upper) const { return l_.b.emit(Op::VConcat, Type::V128, {lower, upper}); }

  // --- constants: the same value in all lanes
  Value zero() const { return l_.b.constant(type_, 0); }
  Value ones() const { return l_.b.constant(type_, -1); }
  Value all(int64_t value) const;
  Value sign_bits() const { return all(int64_t{1} << (width() - 1)); }
  // 128 bits.
  Value literal(uint64_t lower, uint64_t upper) const;

  // --- any op on operands of this type
  Value op(Op op, Value a, LaneDesc desc = {}) const { return l_.b.vec(op, type_, {a}, with_lane(desc)); }
  Value op(Op op, Value a, Value c, LaneDesc desc = {}) const { return l_.b.vec(op, type_, {a, c}, with_lane(desc)); }
  Value op(Op op, Value a, Value c, Value d, LaneDesc desc = {}) const {
    return l_.b.vec(op, type_, {a, c, d}, with_lane(desc));
  }

  Value op_imm(Op op, Value a, Value c, int64_t imm) const {
    return l_.b.vec_imm(op, type_, {a, c}, with_lane({}), imm);
  }

  // --- bitwise
  Value and_(Value a, Value c) const { return op(Op::VAnd, a, c); }
  Value or_(Value a, Value c) const { return op(Op::VOr, a, c); }
  Value xor_(Value a, Value c) const { return op(Op::VXor, a, c); }
  Value andn(Value a, Value c) const { return op(Op::VAndn, a, c); }
  Value not_(Value a) const { return xor_(a, ones()); }
  Value select(Value mask, Value a, Value c) const { return op(Op::VSelect, mask, a, c); }

  // --- arithmetic
  Value add(Value a, Value c) const { return op(Op::VAdd, a, c); }
  Value sub(Value a, Value c) const { return op(Op::VSub, a, c); }
  Value neg(Value a) const { return sub(zero(), a); }
  Value abs(Value a) const { return op(Op::VAbs, a); }
  Value mul(Value a, Value c) const { return op(Op::VMul, a, c); }
  Value min(bool is_signed, Value a, Value c) const { return op(Op::VMin, a, c, sign(is_signed)); }
  Value max(bool is_signed, Value a, Value c) const { return op(Op::VMax, a, c, sign(is_signed)); }
  Value halving_add(bool is_signed, bool rounding, Value a, Value c) const {
    return op(Op::VAverage, a, c, {.sign_extend = is_signed, .rounding = rounding});
  }
  Value halving_sub(bool is_signed, Value a, Value c) const;
  Value absolute_difference(bool is_signed, Value a, Value c) const {
    return sub(max(is_signed, a, c), min(is_signed, a, c));
  }
  // The sums of neighbours, or what else `combine` makes of them: those of the first operand, then the second's.
  Value pairwise_add(Value a, Value c) const { return add(even(a, c), odd(a, c)); }
  Value pairwise_min(bool is_signed, Value a, Value c) const { return min(is_signed, even(a, c), odd(a, c)); }
  Value pairwise_max(bool is_signed, Value a, Value c) const { return max(is_signed, even(a, c), odd(a, c)); }
  // In lanes of twice the width.
  Value add_pairs(bool is_signed, Value a) const { return op(Op::VAddPairs, a, sign(is_signed)); }
  Value count_sign_bits(Value a) const;
  Value count_zeros(Value a) const { return op(Op::VClz, a); }
  // Carry-less, low halves. Lanes of 8 bits.
  Value polynomial_mul(Value a, Value c) const;

  // --- saturating: FPSR.QC is set where a lane does not fit
  Value add_saturating(bool is_signed, Value a, Value c) const {
    return saturating(Op::VAddSat, Op::VAdd, is_signed, a, c);
  }
  Value sub_saturating(bool is_signed, Value a, Value c) const {
    return saturating(Op::VSubSat, Op::VSub, is_signed, a, c);
  }
  // One operand of each kind; the result is of the first's.
  Value add_mixed_saturating(bool is_signed, Value a, Value c) const;
  Value neg_saturating(Value a) const { return sub_saturating(kSigned, zero(), a); }
  Value abs_saturating(Value a) const { return max(kSigned, a, neg_saturating(a)); }
  Value mul_doubling_high(bool rounding, Value a, Value c) const;
  // a + high half of twice c * d, or a minus it, rounded once (SQRDMLAH, SQRDMLSH).
  Value mul_doubling_high_add(bool subtract, Value a, Value c, Value d) const;

  // --- comparisons: all ones where true
  Value compare(ir::Cond cond, Value a, Value c) const {
    return op(Op::VCmp, a, c, {.cond = static_cast<uint32_t>(cond)});
  }
  Value test(Value a, Value c) const { return compare(ir::Cond::Ne, and_(a, c), zero()); }

  // --- shifts by an immediate
  Value shl(Value a, unsigned amount) const { return amount == 0 ? a : shift(Op::VShl, a, amount); }
  Value shr(bool is_signed, Value a, unsigned amount) const {
    return amount == 0 ? a : shift(is_signed ? Op::VSar : Op::VShr, a, amount);
  }
  // Rotated left; amount < width.
  Value rotl(Value a, unsigned amount) const { return amount == 0 ? a : shift(Op::VRotl, a, amount); }
  // Rounded to nearest, up in the middle; amount > 0.
  Value shr_rounding(bool is_signed, Value a, unsigned amount) const;
  // The result's range: signed, or unsigned with a signed or an unsigned operand.
  Value shl_saturating(bool is_signed, bool to_unsigned, Value a, unsigned amount) const;
  // --- and by the signed low byte of another vector's lanes
  Value shift(bool is_signed, bool rounding, Value a, Value by) const {
    return op(Op::VShift, a, by, {.sign_extend = is_signed, .rounding = rounding});
  }
  Value shift_saturating(bool is_signed, bool rounding, Value a, Value by) const;

  // --- 64-bit vectors of these lanes to 128-bit vectors of wider ones, and back
  Value widen(bool is_signed, Value a) const { return widened(Op::VWiden, {a}, is_signed); }
  Value mul_long(bool is_signed, Value a, Value c) const { return widened(Op::VMulWiden, {a, c}, is_signed); }
  Value polynomial_mul_long(Value a, Value c) const { return widened(Op::VClMulWiden, {a, c}, false); }
  // Twice the exact products, saturated.
  Value mul_doubling_long(Value a, Value c) const;
  // Low halves of the lanes of a 128-bit vector.
  Value narrow(Value a) const { return l_.b.vec(Op::VNarrow, Type::V64, {a}, with_lane({})); }
  Value narrow_high(Value a) const { return narrow(shr(kUnsigned, a, width() / 2)); }
  Value narrow_saturating(bool is_signed, bool to_unsigned, Value a) const;

  // --- moving lanes
  Value even(Value a, Value c) const { return op(Op::VUnzip, a, c, {.index = 0}); }
  Value odd(Value a, Value c) const { return op(Op::VUnzip, a, c, {.index = 1}); }
  Value zip(unsigned half, Value a, Value c) const { return op(Op::VZip, a, c, {.index = half}); }
  // From byte `from` of the first vector on, the second behind it.
  Value bytes(Value a, Value c, int64_t from) const {
    return l_.b.vec_imm(Op::VBytes, type_, {a, c}, {.lane = static_cast<uint32_t>(Type::I8)}, from);
  }
  Value splat(Value integer) const { return l_.b.vec(Op::VSplat, type_, {integer}, with_lane({})); }
  // A lane of a whole register in all lanes.
  Value splat_lane(VReg reg, int64_t index) const {
    return l_.b.vec(Op::VSplatLane, type_, {l_.v(reg)}, with_lane({.index = static_cast<uint32_t>(index)}));
  }
  // A lane of a whole register as an integer.
  Value extract(Type type, VReg reg, int64_t index, bool is_signed = false) const {
    return l_.b.vec(Op::VExtract, type, {l_.v(reg)},
                    with_lane({.index = static_cast<uint32_t>(index), .sign_extend = is_signed}));
  }
  Value insert(Value vector, int64_t index, Value integer) const {
    return op(Op::VInsert, vector, integer, {.index = static_cast<uint32_t>(index)});
  }
  Value insert_lane(Value vector, int64_t index, Value from, int64_t from_index) const {
    return op(Op::VInsertLane, vector, from,
              {.index = static_cast<uint32_t>(index), .from = static_cast<uint32_t>(from_index)});
  }

  // FPSR.QC is set where any bit of `difference` is.
  void note_saturation(Value difference) const;

 private:
  static LaneDesc sign(bool is_signed) { return {.sign_extend = is_signed}; }
  LaneDesc with_lane(LaneDesc desc) const {
    desc.lane = static_cast<uint32_t>(lane());
    return desc;
  }
  Value shift(Op op, Value a, unsigned amount) const { return l_.b.vec_imm(op, type_, {a}, with_lane({}), amount); }
  Value widened(Op op, std::initializer_list<Value> args, bool is_signed) const {
    return l_.b.vec(op, Type::V128, args, with_lane(sign(is_signed)));
  }
  Value saturating(Op saturated, Op wrapped, bool is_signed, Value a, Value c) const;

  Lifter& l_;
  Type type_;
  unsigned size_;
};

}  // namespace menura::arm
