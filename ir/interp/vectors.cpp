#include "ir/interp/vectors.h"

#include <algorithm>

#include "ir/interp/vector_op.h"

namespace menura::ir {

namespace {

uint64_t lane_mask(unsigned width) { return ~uint64_t{0} >> (64 - width); }

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

void evaluate_vector(Op op, uint32_t aux, int64_t imm, Type result, Type operand, CpuHeader& cpu, const uint64_t* a,
                     const uint64_t* b, const uint64_t* c, uint64_t* out) {
  const VectorOp all = {op, aux, imm, result, operand, a, b, c, out};
  std::fill_n(out, (bits(result) + 63) / 64, 0);
  if (info(op).attr == Attr::FpLane) return evaluate_floats(all, cpu);
  switch (op) {
    case Op::VDot:
    case Op::VAddPairs:
    case Op::VAddAcross:
    case Op::VMinAcross:
    case Op::VMaxAcross:
    case Op::VWiden:
    case Op::VNarrow:
    case Op::VMulWiden:
    case Op::VClMulWiden:
      return evaluate_across(all);
    case Op::VSplat:
    case Op::VSplatLane:
    case Op::VExtract:
    case Op::VInsert:
    case Op::VInsertLane:
    case Op::VTrunc:
    case Op::VZext:
    case Op::VHigh:
    case Op::VConcat:
    case Op::VZip:
    case Op::VUnzip:
    case Op::VTranspose:
    case Op::VReverse:
    case Op::VBytes:
    case Op::VTable:
      return evaluate_moves(all);
    case Op::VAesSubShift:
    case Op::VAesSubShiftInverse:
    case Op::VAesMix:
    case Op::VAesMixInverse:
      return evaluate_aes(all);
    case Op::VSha1Rounds:
    case Op::VSha256Rounds:
    case Op::VSha256Sigma0:
    case Op::VSha256Sigma1:
    case Op::VSm4Substitute:
      return evaluate_hash(all);
    default:
      return evaluate_lanes(all);
  }
}

}  // namespace menura::ir
