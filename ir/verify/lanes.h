// Vector ops: which lanes and widths each takes.
#pragma once

#include <string>

#include "ir/core/region.h"

namespace menura::ir {

// Empty if the vector op `inst`, whose types fit its signature, obeys its sentence in ops.def; else what does not.
std::string check_lanes(const Region& region, const Inst& inst);

}  // namespace menura::ir
