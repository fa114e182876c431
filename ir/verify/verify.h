// Verifier: whether a region keeps what ops.def and region.h promise. Engines run it on every region in debug builds.
#pragma once

#include <string>

#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/core/state_layout.h"

namespace menura::ir {

// Empty if all is well, else one sentence that names the block and the value, e.g.
// "b2, v17 (add): operand 1 is i32, expected i64".
// Safe for any content of the region: nothing is trusted.
std::string verify(const Region& region, const StateLayout& layout, const HelperTable& helpers);

}  // namespace menura::ir
