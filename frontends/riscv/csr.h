// The control and status registers that a user program sees (Unprivileged 20240411, 7.1, 8, 21.2).
#pragma once

#include "frontends/riscv/features.h"

namespace menura::riscv {

inline constexpr unsigned kFflags = 0x001;
inline constexpr unsigned kFrm = 0x002;
inline constexpr unsigned kFcsr = 0x003;
inline constexpr unsigned kCycle = 0xc00;  // then time, instret
inline constexpr unsigned kCycleHigh = 0xc80;

constexpr bool is_counter(unsigned csr) { return csr >= kCycle && csr < kCycle + 3; }
constexpr bool is_high_counter(unsigned csr) { return csr >= kCycleHigh && csr < kCycleHigh + 3; }

constexpr bool csr_exists(unsigned csr, FeatureSet features) {
  if (csr >= kFflags && csr <= kFcsr) return has(features, Feature::F);
  if (is_high_counter(csr)) return has(features, Feature::Zicntr) && xlen(features) == 32;
  return is_counter(csr) && has(features, Feature::Zicntr);
}

// The two highest bits of the number say so.
constexpr bool is_read_only(unsigned csr) { return (csr >> 10) == 3; }

}  // namespace menura::riscv
