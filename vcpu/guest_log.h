// What a machine tells about its guest when asked (`-d`): events of virtual CPUs, and what the guest does wrong.
#pragma once

#include <cstdint>
#include <string_view>

namespace menura::vcpu {

enum class LogItem : uint8_t {
  Interrupts,     // int: exceptions and interrupts that virtual CPUs take
  Mmu,            // mmu: page walks that fail
  GuestErrors,    // guest_errors: accesses that a manual forbids
  Unimplemented,  // unimp: what is not modelled
};

class GuestLog {
 public:
  virtual ~GuestLog() = default;

  // Cheap, so that nobody makes a line for nothing.
  bool wants(LogItem item) const { return (wanted_ >> static_cast<unsigned>(item) & 1) != 0; }
  // Without a newline. Any thread.
  virtual void write(LogItem item, std::string_view line) = 0;

 protected:
  uint32_t wanted_ = 0;  // bits by LogItem, set before anything runs
};

}  // namespace menura::vcpu
