// Loads the LLVM compiler's module.
#pragma once

#include <memory>
#include <string>

#include "backends/llvm/compiler.h"
#include "ir/core/result.h"

namespace menura::llvmjit {

// Where the module is: beside the program, or in ../lib/menura from there; empty: in neither.
std::string find_module();

// The module stays loaded. An error says what is missing.
Result<std::unique_ptr<runtime::Compiler>> load_compiler(const std::string& module, const ir::StateLayout& layout,
                                                         const ir::HelperTable& helpers);

}  // namespace menura::llvmjit
