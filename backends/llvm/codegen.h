// From an LLVM module to an object file in memory, with what the machine passes found.
#pragma once

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include <memory>
#include <vector>

#include "backends/llvm/features.h"
#include "backends/llvm/lowered.h"
#include "backends/llvm/recovery.h"

namespace menura::llvmjit {

// What LLVM ends the process for. Thrown through its frames, which have no destructors to run as far as C++ knows: what
// they held is lost.
struct FatalError {};

class Codegen {
 public:
  // For this host, or for less where MENURA_HOST says so (backends/x64/host_features.h).
  Codegen();

  bool ok() const { return machine_ != nullptr; }
  const Features& features() const { return features_; }
  void prepare(llvm::Module& module) const;
  // Optimizes and compiles; false: LLVM could not. Throws FatalError: then the module must not be touched again.
  bool run(llvm::Module& module, const std::vector<ExitStub>& stubs, std::vector<AccessSite>& sites, bool low,
           llvm::SmallVectorImpl<char>& object, MachineFacts& facts);

 private:
  void optimize(llvm::Module& module);
  void optimize_narrow(llvm::Module& module);

  std::unique_ptr<llvm::TargetMachine> machine_;
  Features features_;
};

}  // namespace menura::llvmjit
