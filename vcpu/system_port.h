// What leaves a virtual CPU of a machine other than by memory. Boards and devices stand behind it.
#pragma once

#include <cstdint>

namespace menura::vcpu {

// Registers of a virtual CPU that a device answers for (Arm: the interrupt controller's ICC_*), by the guest's own
// numbers (Arm: op0<0>:op1:CRn:CRm:op2, 15 bits). On the thread of virtual CPU `cpu`.
class RegisterPort {
 public:
  virtual ~RegisterPort() = default;
  virtual uint64_t read_register(unsigned cpu, uint32_t number) = 0;
  virtual void write_register(unsigned cpu, uint32_t number, uint64_t value) = 0;
};

// What firmware does to the whole machine for a guest's kernel, where there is none and the virtual CPU answers itself
// (Arm: PSCI). Any virtual CPU's thread; it happens soon.
class PowerPort {
 public:
  virtual ~PowerPort() = default;
  virtual void power_off() = 0;
  virtual void reset() = 0;
};

}  // namespace menura::vcpu
