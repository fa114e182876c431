// What an engine answers when a virtual CPU leaves it. CpuHeader::pc holds the guest address that goes with the kind.
#pragma once

#include "ir/core/exit_kind.h"
#include "ir/core/memory_port.h"

namespace menura::vcpu {

using ir::ExitKind;

struct Exit {
  ExitKind kind = ExitKind::Stop;
  ir::Fault fault;      // Fault, Misaligned
  uint64_t detail = 0;  // operand of the IR exit instruction
};

}  // namespace menura::vcpu
