// `virt`: a board for Linux guests, with the memory map and the interrupts of QEMU's board of this name
// (docs/system/arm/virt.rst).
#pragma once

#include "boards/board.h"

namespace menura::boards::arm {

extern const Board& kVirt;
extern const Board& kVirtGicV2;  // with the interrupt controller of before

}  // namespace menura::boards::arm
