// Printer: a region as text. README.md describes the notation.
#pragma once

#include <string>

#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/core/state_layout.h"

namespace menura::ir {

// Works for regions that do not verify, too.
std::string print(const Region& region, const StateLayout& layout, const HelperTable& helpers);

// One instruction, without a newline.
std::string print(const Region& region, Value at, const StateLayout& layout, const HelperTable& helpers);

}  // namespace menura::ir
