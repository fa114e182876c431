// PSCI, the firmware's interface for power (Arm Power State Coordination Interface, DEN 0022, version 1.1), which
// Menura answers itself: HVC with SMCCC's arguments.
#pragma once

#include <cstdint>

#include "vcpu/system_cpu.h"

namespace menura::arm {

struct PsciCall {
  uint32_t function = 0;  // W0
  uint64_t arguments[3] = {};
};

struct PsciAnswer {
  int64_t value = 0;  // X0
  vcpu::SystemCpu::Next next = vcpu::SystemCpu::Next::Run;
};

class Cluster;

PsciAnswer psci(const PsciCall& call, Cluster& cluster);

}  // namespace menura::arm
