// What compiled A64 code calls in C++.
#pragma once

#include "ir/core/helper_table.h"
#include "vcpu/door.h"

namespace menura::arm {

enum class HelperName : ir::HelperId {
  Counter,          // (): CNTVCT_EL0
  Random,           // (): 64 random bits
  SetFpcrMode,      // (FPCR): writes the mode word's bits for it
  DenormalSeen,     // (): whether FPSR.IDC is set
  SetDenormalSeen,  // (flag): sets it or clears it
  ClearExclusive,   // (): closes the reservation of load-exclusive
  Qarma5,           // (data, modifier, low and high half of the key): the code of pointer authentication
  Urecpe,           // (two words): URECPE of each
  Ursqrte,          // (two words): URSQRTE of each
  FpLanes,          // (FpSpecialDesc, a, b, c): floating_point.h
};

// CNTFRQ_EL0, in Hz: what Armv8.6 and later count with (D12.1.2).
inline constexpr uint64_t kCounterHz = 1'000'000'000;

// CNTFRQ_EL0 of whoever has this door. What software in EL3 writes there itself is the rate of cores before Armv8.6,
// for a machine that counts so.
inline constexpr uint64_t kOldCounterHz = 62'500'000;
uint64_t counter_rate(const vcpu::Door& door);
// CNTPCT_EL0; CNTVCT_EL0, too, where no hypervisor has given it an offset.
uint64_t count_of(vcpu::Door& door);

const ir::HelperTable& helper_table();

}  // namespace menura::arm
