// The board `virt` for RISC-V: QEMU's memory map (docs/system/riscv/virt.rst, hw/riscv/virt.c's documented addresses),
// so that firmware, U-Boot and kernels made for it run unchanged.
#pragma once

#include "boards/board.h"

namespace menura::boards::riscv {

extern const Board kVirt;

}  // namespace menura::boards::riscv
