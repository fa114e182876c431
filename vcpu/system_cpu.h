// SystemCpu: a virtual CPU of a machine at system level. Frontends implement it; a board's thread drives it around
// Engine::run:
//
//   for (;;) {
//     while (!cpu.runnable()) sleep until somebody changes an input or asks the thread to stop;
//     cpu.take_interrupt();
//     act on cpu.handle(engine.run(cpu.header()));
//   }
#pragma once

#include <cstdint>
#include <functional>

#include "ir/core/cpu_header.h"
#include "vcpu/exit.h"

namespace menura::vcpu {

// Bits of CpuHeader::stop_request that owners of a machine use.
inline constexpr uint32_t kStopInterrupt = 1U << 0;  // an interrupt input has changed: take_interrupt()
inline constexpr uint32_t kStopThread = 1U << 1;     // the board wants the virtual CPU's thread
inline constexpr uint32_t kStopDebugger = 1U << 2;

class SystemCpu {
 public:
  enum class Next : uint8_t {
    Run,   // go on
    Wait,  // it waits for an interrupt or an event: runnable() says when it is over
    Off,   // it has turned itself off (PSCI CPU_OFF, SBI HSM through firmware is no such thing)
  };

  virtual ~SystemCpu() = default;

  virtual ir::CpuHeader& header() = 0;

  // --- on the thread that runs it
  // The architecture's reset, then execution from `pc` with these arguments in the registers that boot protocols use.
  virtual void reset(uint64_t pc, uint64_t argument0, uint64_t argument1) = 0;
  // Does what the guest's architecture says about an exit: takes an exception, executes what compiled code leaves to
  // it. ExitKind::Stop needs nothing.
  virtual Next handle(const Exit& exit) = 0;
  // Takes the interrupt that is pending, enabled and comes first, if there is one.
  virtual void take_interrupt() = 0;
  // False while it waits and nothing has ended that.
  virtual bool runnable() const = 0;

  // --- from any thread
  // The level of an interrupt input, by the guest's own number (RISC-V: the bit of mip; Arm: SystemCpu of that guest).
  // Sets kStopInterrupt in CpuHeader::stop_request and calls the waker if the virtual CPU may have something to do.
  virtual void set_interrupt(unsigned input, bool level) = 0;
  // Called when a virtual CPU that waits may be runnable again. Set before it runs.
  void set_waker(std::function<void()> waker) { waker_ = std::move(waker); }

 protected:
  void wake() const {
    if (waker_) waker_();
  }

 private:
  std::function<void()> waker_;
};

}  // namespace menura::vcpu
