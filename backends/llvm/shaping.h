// Machine passes that give code the shape which our exits, our frames and the host's decoders like.
#pragma once

#include <llvm/CodeGen/MachineFunctionPass.h>

#include <vector>

#include "backends/llvm/lowered.h"
#include "backends/llvm/recovery.h"

namespace menura::llvmjit {

// Behind instruction selection: looks for stop requests in one instruction, which LLVM leaves two, since the load is
// atomic.
llvm::MachineFunctionPass* make_poll_folder();

// The last pass but for code's emission, behind the recovery collector:
// - comparisons stand right before their jumps, with which the host's decoder fuses them;
// - frames lie in the state, and are addressed from it where some register has that all along: the stack then stays as
//   the contract wants it;
// - jumps to exits become room for them (MachineFacts::rooms).
// Both outlive it.
llvm::MachineFunctionPass* make_shaper(const std::vector<ExitStub>& stubs, bool low, MachineFacts& facts);

}  // namespace menura::llvmjit
