// How RISC-V machines start: the boot ROM, firmware (OpenSBI) and what it passes control to.
#pragma once

#include "boards/machine.h"

namespace menura::boards::riscv {

inline constexpr uint64_t kBootRom = 0x1000;

Result<BootPlan> plan_boot(Machine& machine, const BootFiles& files);

}  // namespace menura::boards::riscv
