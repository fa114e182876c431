// The IR interpreter as an engine: the oracle, for tests and for `--engine interp`.
#pragma once

#include "ir/interp/interpreter.h"
#include "vcpu/engine.h"

namespace menura::runtime {

class InterpreterEngine : public vcpu::Engine {
 public:
  // Both outlive it.
  InterpreterEngine(const ir::Frontend& frontend, ir::MemoryPort& memory, ir::Interpreter::Options options = {})
      : interpreter_(frontend, memory, options) {}

  void attach(ir::CpuHeader& cpu) override { interpreter_.attach(cpu); }
  void detach(ir::CpuHeader& cpu) override { interpreter_.detach(cpu); }
  vcpu::Exit run(ir::CpuHeader& cpu) override {
    const ir::InterpreterExit exit = interpreter_.run(cpu);
    return {exit.kind, exit.fault, exit.detail};
  }
  void invalidate(uint64_t begin, uint64_t end) override { interpreter_.invalidate(begin, end); }
  // It accesses guest memory through the MemoryPort only, which reports faults itself.
  bool take_host_fault(ir::CpuHeader&, void*, const ir::Fault&) override { return false; }
  void before_fork() override { interpreter_.lock_for_fork(); }
  void after_fork_parent() override { interpreter_.unlock_after_fork(); }
  void after_fork_child() override { interpreter_.unlock_after_fork(); }

 private:
  ir::Interpreter interpreter_;
};

}  // namespace menura::runtime
