// What compiled RISC-V code calls in C++.
#pragma once

#include "ir/core/helper_table.h"

namespace menura::riscv {

enum class HelperName : ir::HelperId {
  SetFrmMode,  // (frm): writes the mode word's bits for this rounding mode
  Counter,     // (0 cycle, 1 time, 2 instret): its value
  FcvtmodWD,   // (bits of a double): the integer modulo 2^32
  AccessCsr,   // (CsrAccess, operand): reads and writes a register of the system level; a CsrStatus
  FenceVma,    // (address or 0, ASID, 1 = an address is named + 2 = an ASID is): forgets translations
};

// Frequency of the time register, in Hz: what a RISC-V board's device tree says most often.
inline constexpr uint64_t kTimeHz = 10'000'000;

// What cycle (0), time (1) and instret (2) count, before anybody has written them.
uint64_t counter_source(const ir::CpuHeader& cpu, unsigned which);

const ir::HelperTable& helper_table();

}  // namespace menura::riscv
