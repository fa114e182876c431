// The state of an A64 processing element: slots from state.def behind the CpuHeader, and the mode word.
#pragma once

#include "frontends/arm/features.h"
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

inline constexpr unsigned kProcessSlotCount = static_cast<unsigned>(SlotName::DAIF);

constexpr ir::SlotId slot(SlotName name) { return static_cast<ir::SlotId>(name); }
// x0-x30 and v0-v31 are consecutive.
constexpr ir::SlotId x_slot(unsigned number) { return slot(SlotName::X0) + number; }
constexpr ir::SlotId v_slot(unsigned number) { return slot(SlotName::V0) + number; }

const ir::StateLayout& state_layout(Level level);

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

  // Machines.
  static constexpr uint64_t kEl1 = 0x10000;           // EL1 or a higher one, else EL0
  static constexpr uint64_t kSp0 = 0x20000;           // PSTATE.SP is 0 above EL0: EL1t
  static constexpr uint64_t kFpTrapped = 0x40000;     // CPACR_EL1.FPEN and the like: floating point is trapped
  static constexpr uint64_t kUao = 0x80000;           // PSTATE.UAO: LDTR and STTR are ordinary
  static constexpr uint64_t kZvaTrapped = 0x100000;   // SCTLR_EL1.DZE is 0 at EL0
  static constexpr uint64_t kUserCounter = 0x200000;  // CNTKCTL_EL1.EL0VCTEN
  static constexpr uint64_t kEl2 = 0x400000;          // with kEl1: EL2
  static constexpr uint64_t kEl3 = 0x800000;          // with kEl1: EL3
  static constexpr uint64_t kLevel = kEl1 | kEl2 | kEl3;
  static constexpr uint64_t kHost = 0x1000000;   // EL2 with HCR_EL2.E2H: names of EL1's registers mean EL2's
  static constexpr uint64_t kGuest = 0x2000000;  // EL2 has a say about registers: what could be inline is not

  static constexpr unsigned level_of(uint64_t mode) {
    return (mode & kEl3) != 0 ? 3 : (mode & kEl2) != 0 ? 2 : (mode & kEl1) != 0 ? 1 : 0;
  }
  static constexpr uint64_t of_level(unsigned level) {
    constexpr uint64_t kModes[] = {0, kEl1, kEl1 | kEl2, kEl1 | kEl3};
    return kModes[level];
  }

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
