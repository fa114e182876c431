#include "ir/interp/vectors.h"

#include <algorithm>
#include <cassert>

#include "ir/interp/integers.h"

namespace menura::ir {

namespace {

uint64_t lane_mask(unsigned width) { return width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1; }

uint64_t lane_op(Op op, LaneDesc desc, unsigned lane, uint64_t a, uint64_t b) {
  switch (op) {
    case Op::VAdd:
      return a + b;
    case Op::VSub:
      return a - b;
    case Op::VAnd:
      return a & b;
    case Op::VOr:
      return a | b;
    case Op::VXor:
      return a ^ b;
    case Op::VCmp:
      return compare_ints(static_cast<Cond>(desc.cond), lane, a, b) ? lane_mask(lane) : 0;
    default:
      break;
  }
  assert(false && "no vector op");
  return 0;
}

}  // namespace

uint64_t get_lane(const uint64_t* words, unsigned width, unsigned index) {
  const unsigned at = index * width;
  return words[at / 64] >> at % 64 & lane_mask(width);
}

void set_lane(uint64_t* words, unsigned width, unsigned index, uint64_t value) {
  const unsigned at = index * width;
  uint64_t& word = words[at / 64];
  word = (word & ~(lane_mask(width) << at % 64)) | (value & lane_mask(width)) << at % 64;
}

void evaluate_vector(const Inst& inst, unsigned width, const uint64_t* a, const uint64_t* b, uint64_t* result) {
  const auto desc = unpack<LaneDesc>(inst.aux);
  const unsigned lane = bits(static_cast<Type>(desc.lane));
  switch (inst.op) {
    case Op::VSplat:
      for (unsigned i = 0; i < width / lane; ++i) set_lane(result, lane, i, *a);
      return;
    case Op::VExtract: {
      const uint64_t value = get_lane(a, lane, desc.index);
      const U128 wide = desc.sign_extend != 0 ? static_cast<U128>(sign_extended(value, lane)) : U128{value};
      const U128 fitted = low_bits(wide, bits(inst.type));
      result[0] = static_cast<uint64_t>(fitted);
      if (bits(inst.type) > 64) result[1] = static_cast<uint64_t>(fitted >> 64);
      return;
    }
    case Op::VInsert:
      std::copy_n(a, width / 64, result);
      set_lane(result, lane, desc.index, *b);
      return;
    default:
      for (unsigned i = 0; i < width / lane; ++i) {
        set_lane(result, lane, i, lane_op(inst.op, desc, lane, get_lane(a, lane, i), get_lane(b, lane, i)));
      }
      return;
  }
}

}  // namespace menura::ir
