#include <algorithm>
#include <bit>
#include <cassert>

#include "ir/interp/vector_op.h"

namespace menura::ir {

namespace {

// value * 2^amount, or divided by 2^-amount and rounded; cut or saturated.
uint64_t shifted(const VectorOp& op, uint64_t value, int amount) {
  const LaneDesc desc = op.lanes();
  const unsigned lane = op.lane();
  const bool range_signed = op.is_signed() && desc.to_unsigned == 0;
  S128 exact = number_of_lane(value, lane, op.is_signed());
  if (amount > 63) {
    // All ones of the lane have left it; a number is far out of the range.
    if (desc.saturate == 0) return 0;
    constexpr S128 kFar = S128{1} << 65;
    exact = exact > 0 ? kFar : exact < 0 ? -kFar : 0;
  } else if (amount >= 0) {
    exact *= S128{1} << amount;
  } else {
    const int down = std::min(-amount, 66);  // lanes have at most 64 bits: more change nothing
    if (desc.rounding != 0) exact += S128{1} << (down - 1);
    exact >>= down;
  }
  return desc.saturate != 0 ? saturated(exact, lane, range_signed) : static_cast<uint64_t>(exact);
}

uint64_t double_high(const VectorOp& op, uint64_t a, uint64_t b) {
  const unsigned lane = op.lane();
  S128 product = 2 * sign_extended(a, lane) * sign_extended(b, lane);
  if (op.lanes().rounding != 0) product += S128{1} << (lane - 1);
  return saturated(product >> lane, lane, true);
}

uint64_t reversed_byte(uint64_t byte) {
  uint64_t result = 0;
  for (unsigned i = 0; i < 8; ++i) result |= (byte >> i & 1) << (7 - i);
  return result;
}

uint64_t lane_op(const VectorOp& op, uint64_t a, uint64_t b, uint64_t c) {
  const unsigned lane = op.lane();
  const S128 x = number_of_lane(a, lane, op.is_signed());
  const S128 y = number_of_lane(b, lane, op.is_signed());
  switch (op.op) {
    case Op::VAdd:
      return a + b;
    case Op::VSub:
      return a - b;
    case Op::VMul:
      return a * b;
    case Op::VMulHigh:
      return static_cast<uint64_t>(x * y >> lane);
    case Op::VMulDoubleHigh:
      return double_high(op, a, b);
    case Op::VAddSat:
      return saturated(x + y, lane, op.is_signed());
    case Op::VSubSat:
      return saturated(x - y, lane, op.is_signed());
    case Op::VAverage:
      return static_cast<uint64_t>((x + y + op.lanes().rounding) >> 1);
    case Op::VMin:
      return x < y ? a : b;
    case Op::VMax:
      return x < y ? b : a;
    case Op::VAbs:
      return sign_extended(a, lane) < 0 ? 0 - a : a;
    case Op::VAnd:
      return a & b;
    case Op::VOr:
      return a | b;
    case Op::VXor:
      return a ^ b;
    case Op::VAndn:
      return a & ~b;
    case Op::VSelect:
      return (a & b) | (~a & c);
    case Op::VShl:
      return op.imm < lane ? a << op.imm : 0;
    case Op::VShr:
      return op.imm < lane ? a >> op.imm : 0;
    case Op::VSar:
      return static_cast<uint64_t>(sign_extended(a, lane) >> op.imm);
    case Op::VRotl:
      return a << op.imm | (op.imm == 0 ? 0 : a >> (lane - op.imm));
    case Op::VShlV:
      return b < lane ? a << b : 0;
    case Op::VShrV:
      return b < lane ? a >> b : 0;
    case Op::VSarV:
      return static_cast<uint64_t>(sign_extended(a, lane) >> std::min<uint64_t>(b, lane));
    case Op::VShift:
      return shifted(op, a, static_cast<int8_t>(b));
    case Op::VPopcnt:
      return static_cast<uint64_t>(std::popcount(a));
    case Op::VClz:
      return static_cast<uint64_t>(std::countl_zero(a)) - (64 - lane);
    case Op::VBitRev8:
      return reversed_byte(a);
    case Op::VCmp:
      return compare_ints(static_cast<Cond>(op.lanes().cond), lane, a, b) ? ~uint64_t{0} : 0;
    default:
      assert(false && "no op on lanes");
      return 0;
  }
}

}  // namespace

void evaluate_lanes(const VectorOp& op) {
  const unsigned lane = op.lane();
  const auto operand = [&](const uint64_t* words, unsigned i) {
    return words == nullptr ? 0 : get_lane(words, lane, i);
  };
  for (unsigned i = 0; i < op.count(); ++i) {
    set_lane(op.out, lane, i, lane_op(op, operand(op.a, i), operand(op.b, i), operand(op.c, i)));
  }
}

}  // namespace menura::ir
