// Constant folding of integer ops.
#pragma once

#include <cstdint>
#include <optional>

#include "ir/core/inst.h"

namespace menura::ir::opt {

// The result of an integer op (effect None, types up to i64) on constants, as ops.def defines it, in canonical form.
// `type` is the result's, `source` the operands'. Unused operands are ignored. Nothing where the op is none of those.
std::optional<int64_t> fold(const Inst& inst, Type source, int64_t a, int64_t b, int64_t c);

bool holds(Cond cond, Type type, int64_t a, int64_t b);
// The relation that holds exactly where `cond` does not, and the one for exchanged operands.
Cond inverted(Cond cond);
Cond swapped(Cond cond);

}  // namespace menura::ir::opt
