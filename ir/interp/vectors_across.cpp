#include <cassert>

#include "ir/interp/vector_op.h"

namespace menura::ir {

namespace {

S128 operand_lane(const VectorOp& op, const uint64_t* words, unsigned i) {
  return number_of_lane(get_lane(words, op.lane(), i), op.lane(), op.is_signed());
}

void dot(const VectorOp& op) {
  for (unsigned i = 0; i < op.count(); ++i) {
    auto sum = static_cast<S128>(get_lane(op.a, 32, i));
    for (unsigned byte = 4 * i; byte < 4 * i + 4; ++byte) {
      sum += number_of_lane(get_lane(op.b, 8, byte), 8, op.is_signed()) *
             number_of_lane(get_lane(op.c, 8, byte), 8, op.lanes().sign_extend2 != 0);
    }
    set_lane(op.out, 32, i, static_cast<uint64_t>(sum));
  }
}

void add_pairs(const VectorOp& op) {
  for (unsigned i = 0; i < op.count() / 2; ++i) {
    const S128 sum = operand_lane(op, op.a, 2 * i) + operand_lane(op, op.a, 2 * i + 1);
    set_lane(op.out, 2 * op.lane(), i, static_cast<uint64_t>(sum));
  }
}

// All lanes to one, in lane 0.
void reduce(const VectorOp& op) {
  S128 result = operand_lane(op, op.a, 0);
  for (unsigned i = 1; i < op.count(); ++i) {
    const S128 lane = operand_lane(op, op.a, i);
    if (op.op == Op::VAddAcross) {
      result += lane;
    } else if ((lane < result) == (op.op == Op::VMinAcross)) {
      result = lane;
    }
  }
  set_lane(op.out, op.lane(), 0, static_cast<uint64_t>(result));
}

void narrow(const VectorOp& op) {
  const LaneDesc desc = op.lanes();
  const unsigned half = op.lane() / 2;
  for (unsigned i = 0; i < bits(op.result) / half; ++i) {
    const S128 lane = operand_lane(op, op.a, i);
    set_lane(op.out, half, i,
             desc.saturate != 0 ? saturated(lane, half, desc.to_unsigned == 0) : static_cast<uint64_t>(lane));
  }
}

void carry_less_products(const VectorOp& op) {
  const unsigned lane = op.lane();
  for (unsigned i = 0; i < op.count() / 2; ++i) {
    const uint64_t a = get_lane(op.a, lane, i);
    const uint64_t b = get_lane(op.b, lane, i);
    U128 product = 0;
    for (unsigned bit = 0; bit < lane; ++bit) product ^= (b >> bit & 1) != 0 ? U128{a} << bit : 0;
    if (lane == 64) {
      op.out[2 * i] = static_cast<uint64_t>(product);
      op.out[2 * i + 1] = static_cast<uint64_t>(product >> 64);
    } else {
      set_lane(op.out, 2 * lane, i, static_cast<uint64_t>(product));
    }
  }
}

void widen(const VectorOp& op) {
  for (unsigned i = 0; i < op.count() / 2; ++i) {
    S128 lane = operand_lane(op, op.a, i);
    if (op.op == Op::VMulWiden) lane *= operand_lane(op, op.b, i);
    set_lane(op.out, 2 * op.lane(), i, static_cast<uint64_t>(lane));
  }
}

}  // namespace

void evaluate_across(const VectorOp& op) {
  switch (op.op) {
    case Op::VDot:
      return dot(op);
    case Op::VAddPairs:
      return add_pairs(op);
    case Op::VAddAcross:
    case Op::VMinAcross:
    case Op::VMaxAcross:
      return reduce(op);
    case Op::VNarrow:
      return narrow(op);
    case Op::VClMulWiden:
      return carry_less_products(op);
    case Op::VWiden:
    case Op::VMulWiden:
      return widen(op);
    default:
      assert(false && "no op across lanes");
  }
}

}  // namespace menura::ir
