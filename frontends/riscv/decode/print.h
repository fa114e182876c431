// Prints an instruction from its row's assembly template, in LLVM's syntax without aliases and with ABI register names.
#pragma once

#include <string>

#include "frontends/riscv/decode/decode.h"

namespace menura::riscv {

std::string print(RowName name, uint32_t word);

}  // namespace menura::riscv
