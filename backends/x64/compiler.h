// The x64 compiler: IR region -> host code in one pass (tier 1).
#pragma once

#include <memory>

#include "backends/runtime/compiled_code.h"
#include "backends/x64/host_features.h"
#include "ir/core/helper_table.h"
#include "ir/core/state_layout.h"

namespace menura::x64 {

// Both tables outlive the compiler. One compiler serves one thread at a time; its buffers are reused.
std::unique_ptr<runtime::Compiler> make_compiler(const ir::StateLayout& layout, const ir::HelperTable& helpers,
                                                 const HostFeatures& features);

}  // namespace menura::x64
