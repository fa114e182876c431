// Parser: the reverse of print. README.md describes the notation.
#pragma once

#include <string_view>

#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/core/result.h"
#include "ir/core/state_layout.h"

namespace menura::ir {

// Reads one region. Any text is survived; a message says the line, what was found there and what was expected. The
// region has the shape that the text says: whether it makes sense is for the verifier to find.
Result<Region> parse(std::string_view text, const StateLayout& layout, const HelperTable& helpers);

}  // namespace menura::ir
