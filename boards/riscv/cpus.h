// The harts of a RISC-V machine.
#pragma once

#include <string>

#include "boards/cpus.h"
#include "boards/fdt/tree.h"

namespace menura::boards {
class Machine;
}

namespace menura::boards::riscv {

Result<std::unique_ptr<Cpus>> make_cpus(const CpuSetup& setup);

// The node /cpus; and the path of a hart's interrupt controller in it.
void describe_cpus(Machine& machine, fdt::Tree& tree);
std::string interrupt_node(unsigned hart);

}  // namespace menura::boards::riscv
