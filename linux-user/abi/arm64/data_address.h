// The address of a load or store from its encoding and the registers: for faults whose address the host does not tell.
#pragma once

#include <cstdint>
#include <optional>

#include "ir/core/cpu_header.h"

namespace menura::linux_user::arm64 {

class Guest;

// Where the instruction at cpu.pc accesses memory, by the state before it: the lowest address; for copies (MOPS) the
// first of the two that has a tag. Nothing: it is no access, or a PC-relative one.
std::optional<uint64_t> data_address(const Guest& guest, const ir::CpuHeader& cpu);

}  // namespace menura::linux_user::arm64
