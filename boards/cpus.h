// Cpus: the virtual CPUs of a machine with all that makes them run, as the code of a guest's boards builds them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "boards/devices/device.h"
#include "ir/api/frontend.h"
#include "ir/core/memory_port.h"
#include "ir/core/result.h"
#include "softmmu/bus/bus.h"
#include "softmmu/tlb/machine_memory.h"
#include "vcpu/debug_registers.h"
#include "vcpu/engine.h"
#include "vcpu/system_cpu.h"

namespace menura::boards {

// Makes the engine that the user has asked for. Frontend and memory outlive it.
using EngineMaker = std::function<Result<std::unique_ptr<vcpu::Engine>>(const ir::Frontend&, ir::MemoryPort&)>;

// What they are made from. Everything outlives them.
struct CpuSetup {
  std::string name;  // --cpu
  unsigned count = 1;
  softmmu::Bus& bus;
  vcpu::Door& door;
  vcpu::TimerService& timers;
  MachineControl& control;
  vcpu::GuestLog& log;
  const EngineMaker& make_engine;
};

// Where a machine begins.
struct Entry {
  uint64_t pc = 0;
  uint64_t argument0 = 0;  // SystemCpu::reset
  uint64_t argument1 = 0;
};

class Cpus {
 public:
  virtual ~Cpus() = default;

  virtual unsigned count() const = 0;
  virtual vcpu::SystemCpu& cpu(unsigned index) = 0;
  virtual vcpu::Engine& engine() = 0;
  // For debuggers.
  virtual softmmu::MachineMemory& memory() = 0;
  virtual softmmu::PageWalker& walker(unsigned index) = 0;
  virtual const vcpu::DebugRegisters& debug_registers() const = 0;
  // Power-on: those that start by themselves go to `entry`. No thread of theirs runs meanwhile.
  virtual void reset(const Entry& entry) = 0;
  // Their threads have ended, and the devices are about to go: nothing of theirs calls them any more.
  virtual void disconnect() {}
};

}  // namespace menura::boards
