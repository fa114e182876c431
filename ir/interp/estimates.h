// Estimates of reciprocals and of reciprocal square roots (shared/functions/float/fprecipestimate, fprsqrtestimate):
// what the fixed-point and floating-point instructions have in common.
#pragma once

#include <cstdint>

namespace menura::ir {

// RecipEstimate: of a / 512, in 256ths; a is 256 to 511.
constexpr unsigned recip_estimate(unsigned a) {
  const unsigned b = (1U << 19) / (2 * a + 1);
  return (b + 1) / 2;
}

// RecipSqrtEstimate: of a / 512, in 256ths; a is 128 to 511.
constexpr unsigned recip_sqrt_estimate(unsigned a) {
  a = a < 256 ? 2 * a + 1 : (a | 1) * 2;
  unsigned b = 512;
  while (uint64_t{a} * (b + 1) * (b + 1) < 1U << 28) ++b;
  return (b + 1) / 2;
}

}  // namespace menura::ir
