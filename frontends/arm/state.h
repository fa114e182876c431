// The state of an A64 processing element as a user program sees it: slots from state.def behind the CpuHeader, and the
// mode word.
#pragma once

#include "ir/core/cpu_header.h"
#include "ir/core/state_layout.h"

namespace menura::arm {

enum class SlotName : ir::SlotId {
#define SLOT(id, name, type, pin, gdb) id,
#include "frontends/arm/state.def"
#undef SLOT
};

inline constexpr unsigned kSlotCount = 0
#define SLOT(id, name, type, pin, gdb) +1
#include "frontends/arm/state.def"
#undef SLOT
    ;

constexpr ir::SlotId slot(SlotName name) { return static_cast<ir::SlotId>(name); }
// x0-x30 and v0-v31 are consecutive.
constexpr ir::SlotId x_slot(unsigned number) { return slot(SlotName::X0) + number; }
constexpr ir::SlotId v_slot(unsigned number) { return slot(SlotName::V0) + number; }

const ir::StateLayout& state_layout();

// What decoding depends on besides the bytes (ir::Identity::mode). 0 is the state of a fresh process.
struct Mode {
  static constexpr uint64_t kDefaultNan = 1;     // FPCR.DN
  static constexpr uint64_t kFlushToZero = 2;    // FPCR.FZ
  static constexpr uint64_t kFlushToZero16 = 4;  // FPCR.FZ16
  static constexpr uint64_t kAlternateHalf = 8;  // FPCR.AHP
  static constexpr uint64_t kAlternateFp = 16;   // FPCR.AH
  static constexpr uint64_t kFlushInputs = 32;   // FPCR.FIZ
  static constexpr uint64_t kElementwise = 64;   // FPCR.NEP
  static constexpr uint64_t kFpcrBits = 127;
  static constexpr uint64_t kTopByteIgnored = 256;  // data addresses may carry a tag in their top byte: it is cleared
  static constexpr uint64_t kCheckBranchTargets = 512;  // BTI: indirect branches must reach a landing pad

  // The bits for a value of FPCR (C5.2.8).
  static constexpr uint64_t of_fpcr(uint64_t fpcr) {
    return (fpcr >> 25 & 1) * kDefaultNan | (fpcr >> 24 & 1) * kFlushToZero | (fpcr >> 19 & 1) * kFlushToZero16 |
           (fpcr >> 26 & 1) * kAlternateHalf | (fpcr >> 1 & 1) * kAlternateFp | (fpcr & 1) * kFlushInputs |
           (fpcr >> 2 & 1) * kElementwise;
  }
};

}  // namespace menura::arm
