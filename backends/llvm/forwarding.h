// A machine pass that takes from registers what the frame has as well.
#pragma once

#include <llvm/CodeGen/MachineFunctionPass.h>

namespace menura::llvmjit {

// Behind register allocation, while the frame's places are still numbers.
llvm::MachineFunctionPass* make_frame_forwarder();

}  // namespace menura::llvmjit
