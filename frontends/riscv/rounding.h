// Rounding modes (Unprivileged 20240411, 21.2, table 26): the rm field of an instruction and the frm register.
#pragma once

#include <cstdint>

#include "frontends/riscv/state.h"
#include "ir/core/descriptors.h"

namespace menura::riscv {

enum class Rounding : uint8_t { Rne, Rtz, Rdn, Rup, Rmm, Reserved5, Reserved6, Dyn };

// Whether an instruction with this rm field is legal in this mode: reserved modes are not, and dynamic rounding is not
// while frm holds one of them.
constexpr bool is_valid_rounding(unsigned rm, uint64_t mode) {
  if (rm == static_cast<unsigned>(Rounding::Dyn)) return (mode & Mode::kFrmInvalid) == 0;
  return rm <= static_cast<unsigned>(Rounding::Rmm);
}

constexpr ir::RoundingSource rounding_source(unsigned rm, uint64_t mode) {
  using enum ir::RoundingSource;
  constexpr ir::RoundingSource fixed[] = {NearestEven, Zero, Down, Up, NearestAway};
  if (rm < 5) return fixed[rm];
  return (mode & Mode::kNearestAway) != 0 ? NearestAway : Live;
}

}  // namespace menura::riscv
