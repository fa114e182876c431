// The floating-point control and status register from outside of guest code (Unprivileged 20240411, 20.2): frm has a
// slot, the accrued flags live in CpuHeader::mxcsr, and what lifting depends on is in the mode word, too.
#pragma once

#include "ir/core/cpu_header.h"
#include "ir/core/state_layout.h"

namespace menura::riscv {

uint32_t fcsr(const ir::CpuHeader& cpu, const ir::StateLayout& layout);
void set_fcsr(ir::CpuHeader& cpu, const ir::StateLayout& layout, uint32_t value);

}  // namespace menura::riscv
