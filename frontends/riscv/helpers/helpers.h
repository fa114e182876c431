// What compiled RISC-V code calls in C++.
#pragma once

#include "ir/core/helper_table.h"

namespace menura::riscv {

enum class HelperName : ir::HelperId {
  SetFrmMode,  // (frm): writes the mode word's bits for this rounding mode
  Counter,     // (0 cycle, 1 time, 2 instret): its value
  FcvtmodWD,   // (bits of a double): the integer modulo 2^32
};

// Frequency of the time register, in Hz: what a RISC-V board's device tree says most often.
inline constexpr uint64_t kTimeHz = 10'000'000;

const ir::HelperTable& helper_table();

}  // namespace menura::riscv
