// Host faults on the thread of a virtual CPU: compiled code has a stack of predictions that ends at a guard page, and
// the engine knows what to do there.
#pragma once

#include <memory>

#include "ir/core/cpu_header.h"
#include "vcpu/engine.h"

namespace menura::boards {

// While one exists, SIGSEGV and SIGBUS of its thread are the engine's first. Others end the process.
class HostFaults {
 public:
  HostFaults(vcpu::Engine& engine, ir::CpuHeader& cpu);
  ~HostFaults();
  HostFaults(const HostFaults&) = delete;
  HostFaults& operator=(const HostFaults&) = delete;

 private:
  std::unique_ptr<char[]> stack_;  // compiled code has no room for C++ on its own
};

}  // namespace menura::boards
