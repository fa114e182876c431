// What compiled RISC-V code calls in C++.
#pragma once

#include "ir/core/helper_table.h"

namespace menura::riscv {

enum class HelperName : ir::HelperId {
  SetFrm,  // (frm): writes frm and the mode word's bits for it
};

const ir::HelperTable& helper_table();

}  // namespace menura::riscv
