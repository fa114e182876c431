// Scalar floats in vector registers, of guests whose scalar operations write all of the register, with zero above the
// result: that costs the host an instruction each time, in the loop's own chain where the value goes around.
#pragma once

#include <llvm/IR/Module.h>

#include <vector>

#include "backends/llvm/lowered.h"

namespace menura::llvmjit {

// Behind all passes on LLVM's IR but number_constants(): what is zero but for its first lane goes around as that lane,
// is named by stackmaps as that lane (SiteSlot::part), and is made whole where somebody wants it, exits above all.
void narrow_vectors(llvm::Module& module, std::vector<AccessSite>& sites);

}  // namespace menura::llvmjit
