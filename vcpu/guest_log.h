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

// An exception or an interrupt that a virtual CPU takes, in the words of its manual.
struct TakenException {
  unsigned cpu = 0;
  const char* what = "";   // lives as long as the process
  const char* from = "";   // the level that it comes from; so does this
  bool interrupt = false;  // or it is asynchronous otherwise
  uint64_t pc = 0;         // where the handler is told to go back to
  uint64_t syndrome = 0;   // what says more about it (RISC-V: the cause; Arm: ESR)
  uint64_t address = 0;    // that goes with it (RISC-V: tval; Arm: FAR)
};

class GuestLog {
 public:
  virtual ~GuestLog() = default;

  // Cheap, so that nobody makes a line for nothing.
  bool wants(LogItem item) const { return (wanted_ >> static_cast<unsigned>(item) & 1) != 0; }
  // Without a newline. Any thread.
  virtual void write(LogItem item, std::string_view line) = 0;
  // LogItem::Interrupts.
  virtual void took(const TakenException& exception) { static_cast<void>(exception); }

 protected:
  uint32_t wanted_ = 0;  // bits by LogItem, set before anything runs
};

}  // namespace menura::vcpu
