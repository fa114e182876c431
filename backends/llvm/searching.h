// Loops that only look for something (strlen, memchr, strcmp and their like) take as many steps at a time as a vector
// register has lanes: README.md says how, and why guests cannot tell.
#pragma once

#include <llvm/IR/Module.h>

#include <vector>

#include "backends/llvm/lowered.h"

namespace menura::llvmjit {

// `bytes`: of a vector register. The accesses that it adds get sites of their own.
void widen_searches(llvm::Module& module, std::vector<AccessSite>& sites, unsigned bytes);

}  // namespace menura::llvmjit
