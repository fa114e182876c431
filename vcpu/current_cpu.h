// Which virtual CPU a host thread runs: devices with registers that each virtual CPU has its own of (Arm: GICv2) ask.
#pragma once

namespace menura::vcpu {

// The number that the machine gives its virtual CPUs; 0 on threads that run none.
inline unsigned& current_cpu() {
  thread_local unsigned number = 0;
  return number;
}

}  // namespace menura::vcpu
