// Vectors.
#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

void Lowering::lower_vector(Value v, const Inst& inst) { define(v, vector_slow(inst)); }

}  // namespace menura::llvmjit
