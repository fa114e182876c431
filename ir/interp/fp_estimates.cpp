// Estimates of reciprocals and of reciprocal square roots: Arm ARM, shared/functions/float/fprecipestimate and
// fprsqrtestimate.
#include <bit>

#include "ir/interp/estimates.h"
#include "ir/interp/fp.h"
#include "ir/interp/fp_soft.h"

namespace menura::ir::soft {

namespace {

uint64_t signed_bits(const Format& format, bool sign, uint64_t magnitude) {
  return sign ? magnitude | format.sign_bit() : magnitude;
}

// A finite number's fraction, the 52 bits below its leading one, and the biased exponent that goes with it, which may
// be 0 or less.
struct Normalized {
  uint64_t fraction;
  int exponent;
};
Normalized normalized(const Format& format, const Number& number) {
  const auto sig = static_cast<uint64_t>(number.sig);
  const int top = 63 - std::countl_zero(sig);
  return {(sig << (52 - top)) & ((uint64_t{1} << 52) - 1), number.exponent + top + format.bias()};
}

}  // namespace

uint64_t reciprocal_estimate(const Format& format, const Number& a, Context& context) {
  if (a.is_nan()) return propagate_nan(format, a, {}, {}, context);
  if (a.is_infinite()) return signed_bits(format, a.sign, 0);
  if (a.is_zero()) {
    context.flags |= kFpDivByZero;
    return signed_bits(format, a.sign, format.infinity());
  }
  const Normalized n = normalized(format, a);
  if (n.exponent < -1) {  // the result is too large
    context.flags |= kFpOverflow | kFpInexact;
    const bool to_infinity = context.rounding == Rounding::NearestEven || context.rounding == Rounding::NearestAway ||
                             context.rounding == (a.sign ? Rounding::Down : Rounding::Up);
    return signed_bits(format, a.sign, to_infinity ? format.infinity() : format.infinity() - 1);
  }
  int exponent = 2 * format.bias() - 1 - n.exponent;
  if (context.flush && exponent < 1) {
    context.flags |= kFpUnderflow;
    return signed_bits(format, a.sign, 0);
  }
  const uint32_t estimate = recip_estimate(static_cast<unsigned>(256 | n.fraction >> 44));
  uint64_t fraction = uint64_t{estimate & 255} << 44;
  if (exponent < 1) {  // denormal: 0 or -1
    fraction = (uint64_t{1} << 52 | fraction) >> (1 - exponent);
    exponent = 0;
  }
  return signed_bits(format, a.sign,
                     static_cast<uint64_t>(exponent) << format.fraction_bits | fraction >> (52 - format.fraction_bits));
}

uint64_t square_root_estimate(const Format& format, const Number& a, Context& context) {
  if (a.is_nan()) return propagate_nan(format, a, {}, {}, context);
  if (a.is_zero()) {
    context.flags |= kFpDivByZero;
    return signed_bits(format, a.sign, format.infinity());
  }
  if (a.sign) return invalid_nan(format, context);
  if (a.is_infinite()) return 0;
  const Normalized n = normalized(format, a);
  const uint64_t top = 256 | n.fraction >> 44;
  const uint32_t estimate = recip_sqrt_estimate(static_cast<unsigned>((n.exponent & 1) == 0 ? top : top >> 1));
  const int exponent = (3 * format.bias() - 1 - n.exponent) >> 1;
  const uint64_t fraction = estimate & 255;
  if (format.fraction_bits < 8)
    return static_cast<uint64_t>(exponent) << format.fraction_bits | fraction >> (8 - format.fraction_bits);
  return static_cast<uint64_t>(exponent) << format.fraction_bits | fraction << (format.fraction_bits - 8);
}

}  // namespace menura::ir::soft
