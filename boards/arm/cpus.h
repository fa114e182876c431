// The processing elements of an Arm board.
#pragma once

#include "boards/cpus.h"
#include "boards/machine.h"

namespace menura::boards::arm {

// Error: there is no such CPU. The second: without the system registers of GICv3.
Result<std::unique_ptr<Cpus>> make_cpus(const CpuSetup& setup);
Result<std::unique_ptr<Cpus>> make_cpus_for_gicv2(const CpuSetup& setup);

// BoardCode::connect: their timers' interrupts and the CPU interface of the interrupt controller.
void connect(Machine& machine);

// BoardCode::describe's part: /cpus, /psci, /timer.
void describe_cpus(Machine& machine, fdt::Tree& tree);

}  // namespace menura::boards::arm
