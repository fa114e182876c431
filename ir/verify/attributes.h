// What an op's `aux` and `imm` may hold, and what its meaning says of its types beyond the signature.
#pragma once

#include <string>

#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/core/state_layout.h"

namespace menura::ir {

// Empty if all is well, else what is wrong. Operands are values and match the signature.
std::string check_attributes(const Region& region, const Inst& inst, const StateLayout& layout,
                             const HelperTable& helpers);

}  // namespace menura::ir
