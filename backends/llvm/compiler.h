// The LLVM compiler: IR region -> host code that took long to make and is fast (tier 2). It lives in a module of its
// own, menura-llvm.so, which is loaded when the first region is worth it (loader.h).
#pragma once

#include "backends/runtime/compiled_code.h"
#include "ir/core/helper_table.h"
#include "ir/core/state_layout.h"

namespace menura::llvmjit {

// What the module exports under this name. Both tables outlive the compiler; the caller deletes it. nullptr: LLVM knows
// no way to make code for this host.
using MakeCompiler = runtime::Compiler* (*)(const ir::StateLayout* layout, const ir::HelperTable* helpers);
inline constexpr const char* kMakeCompiler = "menura_make_llvm_compiler";

}  // namespace menura::llvmjit
