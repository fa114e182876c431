// Vector ops on behalf of compiled code, where the host cannot do them inline: evaluate_vector (vectors.h) on operands
// in spill memory. What Thunk::VectorSlow calls.
#pragma once

#include <cassert>
#include <cstdint>

#include "ir/core/cpu_header.h"
#include "ir/core/inst.h"

namespace menura::ir {

// Byte offsets in CpuHeader::spill: three operands of up to 64 bytes, then the result.
inline constexpr unsigned kVectorSlowOperands = 64;
inline constexpr unsigned kVectorSlowStride = 64;
inline constexpr unsigned kVectorSlowResult = kVectorSlowOperands + 3 * kVectorSlowStride;
inline constexpr unsigned kVectorSlowEnd = kVectorSlowResult + kVectorSlowStride;

// An op with its types, descriptor and number in 64 bits. Bits 0-31 are aux, 32-39 the op, 40-44 the type of the
// result, 45-49 that of the first operand, 50-57 imm.
enum class VectorSlowOp : uint64_t {};

constexpr VectorSlowOp vector_slow_op(Op op, Type result, Type operand, uint32_t aux, int64_t imm) {
  assert(imm >= 0 && imm < 256);
  return static_cast<VectorSlowOp>(aux | static_cast<uint64_t>(op) << 32 | static_cast<uint64_t>(result) << 40 |
                                   static_cast<uint64_t>(operand) << 45 | static_cast<uint64_t>(imm) << 50);
}

// cpu->mxcsr holds the guest's live mode and takes the flags.
void vector_slow(CpuHeader* cpu, VectorSlowOp op);

}  // namespace menura::ir
