// ExclusiveSequence: runs guest code from a load-linked to its store-conditional while no other virtual CPU runs, so
// that nothing can come between. For pairs whose values do not tell whether something did (ir/api/exclusives.h).
#pragma once

#include "ir/api/exclusives.h"
#include "ir/api/former.h"
#include "ir/interp/evaluator.h"

namespace menura::ir {

class ExclusiveSequence {
 public:
  // Both outlive it.
  ExclusiveSequence(const Frontend& frontend, MemoryPort& memory)
      : former_(frontend, memory), evaluator_(frontend.layout(), frontend.helpers(), memory) {}

  struct Result {
    bool goes_on = true;   // at cpu.pc; else the virtual CPU has left
    InterpreterExit exit;  // then
    uint64_t culprit = 0;  // a load-linked that was taken for one that compares values; 0: none
  };
  // Begins at cpu.pc, after ExitKind::Exclusive. Ends behind the store-conditional, before the next load-linked, where
  // the virtual CPU leaves, or after many instructions; no reservation is open then. So a system call and a signal
  // close it, as the return from the kernel does on Arm (B2.9.3) and under Linux on RISC-V.
  Result run(CpuHeader& cpu, bool count);

 private:
  bool step(CpuHeader& cpu, const Evaluator::Options& options, bool first, Result* result);

  Former former_;
  Evaluator evaluator_;
  Region region_;
};

}  // namespace menura::ir
