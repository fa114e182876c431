// The processing elements of an Arm board.
#pragma once

#include "boards/cpus.h"
#include "boards/machine.h"

namespace menura::boards::arm {

// What a board's properties say about them.
struct Levels {
  bool gicv3 = true;            // system registers for its interrupt controller
  bool virtualization = false;  // EL2
  bool secure = false;          // EL3
};

// Error: there is no such CPU.
Result<std::unique_ptr<Cpus>> make_cpus(const CpuSetup& setup, const Levels& levels);

// Whether they begin with firmware or with a kernel: who answers PSCI calls depends on it. Before the device tree is
// made.
void start_with_firmware(Machine& machine, bool firmware);

// BoardCode::connect: their timers' interrupts and the CPU interface of the interrupt controller.
void connect(Machine& machine);

// BoardCode::describe's part: /cpus, /psci, /timer.
void describe_cpus(Machine& machine, fdt::Tree& tree);

}  // namespace menura::boards::arm
