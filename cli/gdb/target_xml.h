// The target description that gdb reads (gdb's manual, appendix G), made from the guest's registers.
#pragma once

#include <string>

#include "vcpu/debug_registers.h"

namespace menura::cli::gdb {

std::string target_xml(const vcpu::DebugRegisters& registers);

}  // namespace menura::cli::gdb
