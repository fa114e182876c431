#include "frontends/arm/lift/lanes.h"

namespace menura::arm {

using ir::Cond;

Value Lanes::get_scalar(VReg reg) const {
  Value value = low(l_.v(reg));
  if (width() < 64) {
    const Value mask = l_.b.constant(Type::V64, static_cast<int64_t>(~uint64_t{0} >> (64 - width())));
    value = Lanes(l_, false, size_).and_(value, mask);
  }
  return q() ? l_.b.convert(Op::VZext, Type::V128, value) : value;
}

void Lanes::set_half(VReg reg, bool upper, Value value) const {
  l_.set_v(reg, upper ? concat(low(l_.v(reg)), value) : l_.b.convert(Op::VZext, Type::V128, value));
}

Value Lanes::all(int64_t value) const {
  uint64_t repeated = static_cast<uint64_t>(value) & ~uint64_t{0} >> (64 - width());
  for (unsigned filled = width(); filled < 64; filled *= 2) repeated |= repeated << filled;
  return l_.b.constant(type_, static_cast<int64_t>(repeated));
}

Value Lanes::literal(uint64_t lower, uint64_t upper) const {
  if (lower == upper) return l_.b.constant(Type::V128, static_cast<int64_t>(lower));
  return concat(l_.b.constant(Type::V64, static_cast<int64_t>(lower)),
                l_.b.constant(Type::V64, static_cast<int64_t>(upper)));
}

void Lanes::note_saturation(Value difference) const {
  if (l_.b.type_of(difference) == Type::V64) difference = l_.b.convert(Op::VZext, Type::V128, difference);
  const Lanes whole(l_, true, 3);
  l_.b.set(slot(SlotName::QC), whole.or_(l_.b.get(slot(SlotName::QC)), difference));
}

// (a - c) >> 1 without overflow: a + ~c + 1 is a - c, and the rounding average adds the 1. Unsigned numbers: ~c is
// 2^width - 1 - c, which leaves 2^(width-1) too much.
Value Lanes::halving_sub(bool is_signed, Value a, Value c) const {
  const Value half = halving_add(is_signed, true, a, not_(c));
  return is_signed ? half : xor_(half, sign_bits());
}

// Copies of the sign below it.
Value Lanes::count_sign_bits(Value a) const { return sub(count_zeros(xor_(a, shr(kSigned, a, width() - 1))), all(1)); }

Value Lanes::polynomial_mul(Value a, Value c) const {
  const Lanes wide(l_, true, size_ + 1);
  if (!q()) return wide.narrow(polynomial_mul_long(a, c));
  return concat(wide.narrow(polynomial_mul_long(low(a), low(c))), wide.narrow(polynomial_mul_long(high(a), high(c))));
}

// A saturated sum or difference never equals the wrapped one.
Value Lanes::saturating(Op saturated, Op wrapped, bool is_signed, Value a, Value c) const {
  const Value result = op(saturated, a, c, sign(is_signed));
  note_saturation(xor_(result, op(wrapped, a, c)));
  return result;
}

// With the sign bit of the first operand flipped, which moves its range by half of it, both operands are of the
// second's kind.
Value Lanes::add_mixed_saturating(bool is_signed, Value a, Value c) const {
  return xor_(add_saturating(!is_signed, xor_(a, sign_bits()), c), sign_bits());
}

// Only minimum times minimum does not fit.
Value Lanes::mul_doubling_high(bool rounding, Value a, Value c) const {
  const Value minimum = sign_bits();
  note_saturation(and_(compare(Cond::Eq, a, minimum), compare(Cond::Eq, c, minimum)));
  return op(Op::VMulDoubleHigh, a, c, {.rounding = rounding});
}

// Half of the manual's ((a << width) + 2 * c * d + (1 << (width-1))) >> width, all terms exact in lanes of twice the
// width.
Value Lanes::mul_doubling_high_add(bool subtract, Value a, Value c, Value d) const {
  const Lanes wide(l_, true, size_ + 1);
  const auto half = [&](Value ah, Value ch, Value dh) {
    const Value product = mul_long(kSigned, ch, dh);
    const Value sum = wide.shl(widen(kSigned, ah), width() - 1);
    const Value total = subtract ? wide.sub(sum, product) : wide.add(sum, product);
    const Value rounded = wide.add(total, wide.all(int64_t{1} << (width() - 2)));
    return wide.narrow_saturating(kSigned, false, wide.shr(kSigned, rounded, width() - 1));
  };
  return q() ? concat(half(low(a), low(c), low(d)), half(high(a), high(c), high(d))) : half(a, c, d);
}

// ceil(x / 2) of x = a >> (amount - 1).
Value Lanes::shr_rounding(bool is_signed, Value a, unsigned amount) const {
  const Value twice = shr(is_signed, a, amount - 1);
  return sub(twice, shr(is_signed, twice, 1));
}

// Saturated where shifting back does not give the operand.
Value Lanes::shl_saturating(bool is_signed, bool to_unsigned, Value a, unsigned amount) const {
  const Value result =
      op(Op::VShift, a, all(amount), {.sign_extend = is_signed, .saturate = true, .to_unsigned = to_unsigned});
  note_saturation(xor_(shr(is_signed && !to_unsigned, result, amount), a));
  return result;
}

// Saturated where the shift is to the left and shifting the cut result back does not give the operand.
Value Lanes::shift_saturating(bool is_signed, bool rounding, Value a, Value by) const {
  const Value back = shift(is_signed, false, shift(is_signed, false, a, by), neg(by));
  const Value to_left = compare(Cond::Sgt, shl(by, width() - 8), zero());
  note_saturation(and_(xor_(back, a), to_left));
  return op(Op::VShift, a, by,
            {.sign_extend = is_signed, .rounding = rounding, .saturate = true, .to_unsigned = !is_signed});
}

Value Lanes::mul_doubling_long(Value a, Value c) const {
  const Lanes wide(l_, true, size_ + 1);
  const Value product = mul_long(kSigned, a, c);
  return wide.add_saturating(kSigned, product, product);
}

Value Lanes::narrow_saturating(bool is_signed, bool to_unsigned, Value a) const {
  const Value result = l_.b.vec(Op::VNarrow, Type::V64, {a},
                                with_lane({.sign_extend = is_signed, .saturate = true, .to_unsigned = to_unsigned}));
  note_saturation(xor_(half().widen(!to_unsigned, result), a));
  return result;
}

}  // namespace menura::arm
