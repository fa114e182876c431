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
  static constexpr uint64_t kFpcrBits = 15;
  static constexpr uint64_t kTopByteIgnored = 256;  // data addresses may carry a tag in their top byte: it is cleared
  static constexpr uint64_t kCheckBranchTargets = 512;  // BTI: there are guarded pages (code_guard.h)

  static constexpr uint64_t kSharedMemory = 0x400;  // other threads look on: pairs are single-copy atomic (FEAT_LSE2)
  // Keys of pointer authentication that prctl() has switched off: APIA, then APIB, APDA, APDB.
  static constexpr uint64_t kKeyDisabled = 0x1000;

  // The bits for a value of FPCR (C5.2.8), and the reverse.
  struct FpcrBit {
    uint64_t mode;
    unsigned bit;
  };
  static constexpr FpcrBit kFpcr[] = {
      {kDefaultNan, 25}, {kFlushToZero, 24}, {kFlushToZero16, 19}, {kAlternateHalf, 26}};
  static constexpr uint64_t of_fpcr(uint64_t fpcr) {
    uint64_t mode = 0;
    for (const FpcrBit& each : kFpcr) mode |= (fpcr >> each.bit & 1) * each.mode;
    return mode;
  }
  static constexpr uint64_t to_fpcr(uint64_t mode) {
    uint64_t fpcr = 0;
    for (const FpcrBit& each : kFpcr) fpcr |= (mode & each.mode) != 0 ? uint64_t{1} << each.bit : 0;
    return fpcr;
  }
};

}  // namespace menura::arm
