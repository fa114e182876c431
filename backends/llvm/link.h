// From an object file to what the runtime places: our own small linker. The object's relocations are few, and its exits
// must become links that the runtime patches.
#pragma once

#include <llvm/ADT/ArrayRef.h>

#include <vector>

#include "backends/llvm/lowered.h"
#include "backends/llvm/recovery.h"
#include "backends/runtime/compiled_code.h"

namespace menura::llvmjit {

struct LinkInput {
  llvm::ArrayRef<char> object;
  const MachineFacts& facts;
  const std::vector<ExitStub>& stubs;
  const std::vector<AccessSite>& sites;
  bool low = false;  // guest addresses of the region fit 31 bits
};

// False: the object has what we do not know, or frames larger than spill memory has room for.
bool link(const LinkInput& input, runtime::CompiledCode& out);

}  // namespace menura::llvmjit
