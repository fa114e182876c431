// Scalar floats in vector registers, as Arm has them: the guest's FADD D0 writes all of V0, with zero above the result,
// which costs the host an instruction each time, and one of the loop's if the value goes around.
#pragma once

#include <llvm/IR/Module.h>

#include <vector>

#include "backends/llvm/lowered.h"

namespace menura::llvmjit {

// Behind all passes on LLVM's IR but number_constants(): what is zero but for its first lane goes around as that lane,
// is named by stackmaps as that lane (SiteSlot::part), and is made whole where somebody wants it, exits above all.
void narrow_vectors(llvm::Module& module, std::vector<AccessSite>& sites);

}  // namespace menura::llvmjit
