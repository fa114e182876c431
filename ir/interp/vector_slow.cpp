#include "ir/interp/vector_slow.h"

#include "ir/interp/vectors.h"

namespace menura::ir {

void vector_slow(CpuHeader* cpu, VectorSlowOp op) {
  const auto word = static_cast<uint64_t>(op);
  const auto place = [&](unsigned offset) { return reinterpret_cast<uint64_t*>(cpu->spill + offset); };
  evaluate_vector(static_cast<Op>(word >> 32 & 0xff), static_cast<uint32_t>(word),
                  static_cast<int64_t>(word >> 50 & 0xff), static_cast<Type>(word >> 40 & 31),
                  static_cast<Type>(word >> 45 & 31), *cpu, place(kVectorSlowOperands),
                  place(kVectorSlowOperands + kVectorSlowStride), place(kVectorSlowOperands + 2 * kVectorSlowStride),
                  place(kVectorSlowResult));
}

}  // namespace menura::ir
