// The state of a RISC-V hart: slots from state.def behind the CpuHeader, and the mode word.
#pragma once

#include "ir/core/cpu_header.h"
#include "ir/core/state_layout.h"

namespace menura::riscv {

enum class SlotName : ir::SlotId {
#define SLOT(id, name, type, pin, gdb) id,
#include "frontends/riscv/state.def"
#undef SLOT
};

inline constexpr unsigned kSlotCount = 0
#define SLOT(id, name, type, pin, gdb) +1
#include "frontends/riscv/state.def"
#undef SLOT
    ;

// x1-x31 (x0 has no slot) and f0-f31 are consecutive.
constexpr ir::SlotId x_slot(unsigned number) { return static_cast<ir::SlotId>(SlotName::X1) + number - 1; }
constexpr ir::SlotId f_slot(unsigned number) { return static_cast<ir::SlotId>(SlotName::F0) + number; }
constexpr ir::SlotId slot(SlotName name) { return static_cast<ir::SlotId>(name); }

// Bytes of one vector register. v0-v31 follow the last slot, aligned to 64; they become slots with the V extension.
inline constexpr unsigned kVlenb = 16;

// The layout for registers of 32 or 64 bits.
const ir::StateLayout& state_layout(unsigned xlen);

// What decoding depends on besides the bytes (ir::Identity::mode). 0 is the state of a fresh process.
struct Mode {
  static constexpr uint64_t kNearestAway = 1;  // frm = RMM, which no host mode expresses
  static constexpr uint64_t kFrmInvalid = 2;   // frm is 5, 6 or 7: instructions with dynamic rounding are illegal
  static constexpr uint64_t kFrmBits = kNearestAway | kFrmInvalid;
  // Bits 8 to 23 are for the V extension: vtype's vlmul, vsew, vta, vma and vill, and whether vstart is 0.

  // The bits for a value of frm.
  static constexpr uint64_t of_frm(unsigned frm) { return frm == 4 ? kNearestAway : frm > 4 ? kFrmInvalid : 0; }
};

}  // namespace menura::riscv
