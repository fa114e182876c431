// Engine: runs virtual CPUs of one guest. Interpreter, compilers and KVM stand behind this one interface; all of them
// share the state struct (ir::CpuHeader and the slots behind it), which is up to date whenever run() is not active.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ir/core/cpu_header.h"
#include "vcpu/exit.h"

namespace menura::vcpu {

class Engine {
 public:
  virtual ~Engine() = default;

  // Before a virtual CPU runs here for the first time, and after its last run. Both on the thread that runs it.
  virtual void attach(ir::CpuHeader& cpu) = 0;
  virtual void detach(ir::CpuHeader& cpu) = 0;

  // Runs from cpu.pc until something must be done outside. Setting cpu.stop_request (from any thread or signal handler)
  // makes it return ExitKind::Stop within a bounded number of guest instructions; the caller clears the request.
  // Several threads may be in run() at once, each with its own virtual CPU.
  virtual Exit run(ir::CpuHeader& cpu) = 0;

  // Guest code in [begin, end) is about to change or to go away. May be called from run() of any virtual CPU and, on
  // the thread of a virtual CPU, from a host fault handler. Code that is being executed is left at its next exit.
  virtual void invalidate(uint64_t begin, uint64_t end) = 0;

  // From now on, all registers must be right when a guest instruction faults: somebody will look at them. Until then,
  // those that the guest's code would write before it reads them may be wrong.
  virtual void require_precise_faults() {}

  // --- debuggers
  // Guest addresses that run() leaves before, by ExitKind::Breakpoint: an exit of that kind at one of them is not the
  // guest's own. No virtual CPU is in run() or interpret() meanwhile.
  virtual void set_breakpoints(std::vector<uint64_t> pcs) = 0;

  // Executes at most so many guest instructions (at least 1) one after the other, each with all its accesses through
  // the MemoryPort: single steps, and what looks at every access. Neither a stop request nor a breakpoint keeps it from
  // executing the first. ExitKind::Budget: all of them.
  virtual Exit interpret(ir::CpuHeader& cpu, uint64_t instructions) = 0;

  // A host signal handler for SIGSEGV, SIGBUS, SIGFPE or SIGILL asks: did this happen in compiled code? If so, the
  // engine makes the host context leave run() with `fault` at the guest instruction and returns true.
  virtual bool take_host_fault(ir::CpuHeader& cpu, void* host_context, const ir::Fault& fault) = 0;

  // Around a host fork(): no translation is under way between the first and either of the others.
  virtual void before_fork() {}
  virtual void after_fork_parent() {}
  virtual void after_fork_child() {}
};

}  // namespace menura::vcpu
