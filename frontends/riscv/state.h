// The state of a RISC-V hart: slots from state.def behind the CpuHeader, and the mode word.
#pragma once

#include "frontends/riscv/features.h"
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

inline constexpr unsigned kProcessSlotCount = static_cast<unsigned>(SlotName::Mstatus);

// x1-x31 (x0 has no slot) and f0-f31 are consecutive.
constexpr ir::SlotId x_slot(unsigned number) { return static_cast<ir::SlotId>(SlotName::X1) + number - 1; }
constexpr ir::SlotId f_slot(unsigned number) { return static_cast<ir::SlotId>(SlotName::F0) + number; }
constexpr ir::SlotId slot(SlotName name) { return static_cast<ir::SlotId>(name); }

// Bytes of one vector register. v0-v31 follow the last slot, aligned to 64; they become slots with the V extension.
inline constexpr unsigned kVlenb = 16;

// The layout for registers of 32 or 64 bits. The system level exists in 64 bits only.
const ir::StateLayout& state_layout(unsigned xlen, Level level);

// Volume II, 1.2.
enum class Privilege : uint8_t { User = 0, Supervisor = 1, Machine = 3 };

// What decoding depends on besides the bytes (ir::Identity::mode). 0 is the state of a fresh process.
struct Mode {
  static constexpr uint64_t kNearestAway = 1;  // frm = RMM, which no host mode expresses
  static constexpr uint64_t kFrmInvalid = 2;   // frm is 5, 6 or 7: instructions with dynamic rounding are illegal
  static constexpr uint64_t kFrmBits = kNearestAway | kFrmInvalid;
  // Machines: the privilege level in bits 2 and 3. In user mode also what mstatus.FS says; above, code that uses
  // floating point looks at FS itself, so that a kernel's changes of FS do not change the mode.
  static constexpr unsigned kPrivilegeShift = 2;
  static constexpr uint64_t kPrivilege = 3U << kPrivilegeShift;
  static constexpr uint64_t kFpOff = 1U << 4;    // floating point is illegal
  static constexpr uint64_t kFpClean = 1U << 5;  // what changes its state leaves for the hart first
  // Bits 8 to 23 are for the V extension: vtype's vlmul, vsew, vta, vma and vill, and whether vstart is 0.

  static constexpr Privilege privilege(uint64_t mode) {
    return static_cast<Privilege>((mode & kPrivilege) >> kPrivilegeShift);
  }
  // The bits for a value of frm.
  static constexpr uint64_t of_frm(unsigned frm) { return frm == 4 ? kNearestAway : frm > 4 ? kFrmInvalid : 0; }
};

}  // namespace menura::riscv
