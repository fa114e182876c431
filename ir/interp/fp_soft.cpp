#include "ir/interp/fp_soft.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "ir/interp/fp.h"

namespace menura::ir::soft {

namespace {

int top_bit(Wide value) {
  const auto high = static_cast<uint64_t>(value >> 64);
  return high != 0 ? 127 - std::countl_zero(high) : 63 - std::countl_zero(static_cast<uint64_t>(value));
}

Wide low_bits(Wide value, int count) { return count >= 128 ? value : value & ((Wide{1} << count) - 1); }

// The same finite number with its highest one at bit `top`, which is not below where it is.
Number normalized(Number number, int top) {
  const int shift = top - top_bit(number.sig);
  assert(shift >= 0);
  number.sig <<= shift;
  number.exponent -= shift;
  return number;
}

Number zero(bool sign) {
  Number result;
  result.sign = sign;
  return result;
}

uint64_t signed_bits(const Format& format, bool sign, uint64_t magnitude) {
  return sign ? magnitude | format.sign_bit() : magnitude;
}

// The sum of two finite numbers without remainders, of at most 126 bits each. Exact but for the sticky bit, which
// stands more than 60 bits below the highest one: so far that it cannot cancel up into what is kept.
Number exact_sum(const Number& x, const Number& y, Rounding rounding) {
  Number big = normalized(x, 125);
  Number small = normalized(y, 125);
  if (small.exponent > big.exponent || (small.exponent == big.exponent && small.sig > big.sig)) std::swap(big, small);
  const int distance = big.exponent - small.exponent;
  const Wide shifted = distance >= 128 ? 0 : small.sig >> distance;
  big.sticky = low_bits(small.sig, distance) != 0;
  if (big.sign == small.sign) {
    big.sig += shifted;
    return big;
  }
  big.sig -= shifted;
  if (big.sticky) big.sig -= 1;  // big - (shifted + rest) = (big - shifted - 1) + (1 - rest)
  if (big.sig == 0) return zero(rounding == Rounding::Down);  // IEEE 754, 6.3
  return big;
}

uint64_t square_root_floor(Wide value) {
  uint64_t root = 0;
  Wide rest = value;
  for (int bit = 63; bit >= 0; --bit) {
    const Wide trial = (Wide{root} << (bit + 1)) + (Wide{1} << (2 * bit));
    if (trial <= rest) {
      rest -= trial;
      root |= uint64_t{1} << bit;
    }
  }
  return root;
}

}  // namespace

const Format& format_of(Type type) {
  static constexpr Format f16{5, 10};
  static constexpr Format bf16{8, 7};
  static constexpr Format f32{8, 23};
  static constexpr Format f64{11, 52};
  switch (type) {
    case Type::F16:
      return f16;
    case Type::BF16:
      return bf16;
    case Type::F32:
      return f32;
    default:
      assert(type == Type::F64);
      return f64;
  }
}

Number unpack(const Format& format, uint64_t bits) {
  Number number;
  number.bits = bits;
  number.sign = (bits & format.sign_bit()) != 0;
  const uint64_t fraction = bits & ((uint64_t{1} << format.fraction_bits) - 1);
  const uint64_t infinity = format.infinity();
  const auto biased = static_cast<int>((bits & infinity) >> format.fraction_bits);
  if ((bits & infinity) == infinity) {
    if (fraction == 0) {
      number.kind = Kind::Infinity;
    } else {
      number.kind = (bits & format.quiet_bit()) != 0 ? Kind::QuietNan : Kind::SignalingNan;
    }
    return number;
  }
  if (biased == 0 && fraction == 0) return number;
  number.kind = Kind::Finite;
  number.exponent = std::max(biased, 1) - format.bias() - format.fraction_bits;
  number.sig = biased == 0 ? fraction : fraction | uint64_t{1} << format.fraction_bits;
  return number;
}

Number unpack_alternative(uint64_t bits) {
  const Format& format = format_of(Type::F16);
  if ((bits & format.infinity()) != format.infinity()) return unpack(format, bits);
  Number number;
  number.kind = Kind::Finite;
  number.sign = (bits & format.sign_bit()) != 0;
  number.sig = (bits & (format.sign_bit() - 1)) - format.infinity() + (uint64_t{1} << format.fraction_bits);
  number.exponent = format.max_exponent() + 1 - format.fraction_bits;
  return number;
}

bool is_denormal(const Format& format, uint64_t bits) {
  return (bits & format.infinity()) == 0 && (bits & ~format.sign_bit()) != 0;
}

Rounded round_at(Wide sig, bool sticky, int shift, bool sign, Rounding rounding) {
  if (shift <= 0) {
    assert(!sticky);
    return {sig << -shift, false};
  }
  const Wide kept = shift >= 128 ? 0 : sig >> shift;
  const bool half = shift <= 128 && (sig >> (shift - 1) & 1) != 0;
  const bool below = sticky || low_bits(sig, shift - 1) != 0;
  bool up = false;
  switch (rounding) {
    case Rounding::NearestEven:
      up = half && (below || (kept & 1) != 0);
      break;
    case Rounding::Zero:
      break;
    case Rounding::Down:
      up = sign && (half || below);
      break;
    case Rounding::Up:
      up = !sign && (half || below);
      break;
    case Rounding::NearestAway:
      up = half;
      break;
  }
  return {kept + (up ? 1 : 0), half || below};
}

namespace {

// What takes the place of infinities and of numbers that are too large: Arm ARM, FPRound and FPConvert.
uint64_t largest_alternative(const Format& format, bool sign, Context& context) {
  context.flags |= kFpInvalid;
  return signed_bits(format, sign, format.sign_bit() - 1);
}

}  // namespace

uint64_t pack(const Format& format, const Number& number, Context& context) {
  if (number.is_zero()) return signed_bits(format, number.sign, 0);
  if (number.is_infinite()) return signed_bits(format, number.sign, format.infinity());
  assert(number.kind == Kind::Finite && number.sig != 0);
  const int top = top_bit(number.sig);
  const int exponent = number.exponent + top;
  const int min = format.min_exponent();

  if (context.flush && exponent < min) {
    context.flags |= kFpUnderflow;
    return signed_bits(format, number.sign, 0);
  }
  // The first magnitude that is too large.
  const uint64_t limit = context.alternative ? format.sign_bit() : format.infinity();
  const int stored_exponent = std::max(exponent, min);
  uint64_t magnitude = limit;
  bool inexact = true;
  if (exponent <= format.max_exponent() + (context.alternative ? 1 : 0)) {
    const int shift = stored_exponent - format.fraction_bits - number.exponent;
    const Rounded rounded = round_at(number.sig, number.sticky, shift, number.sign, context.rounding);
    // A normal number's leading one counts the exponent up by one; so does a carry out of the fraction.
    magnitude =
        (static_cast<uint64_t>(stored_exponent - min) << format.fraction_bits) + static_cast<uint64_t>(rounded.value);
    inexact = rounded.inexact;
  }
  if (magnitude >= limit) {
    if (context.alternative) return largest_alternative(format, number.sign, context);
    context.flags |= kFpOverflow | kFpInexact;
    const bool to_infinity = context.rounding == Rounding::NearestEven || context.rounding == Rounding::NearestAway ||
                             context.rounding == (number.sign ? Rounding::Down : Rounding::Up);
    magnitude = to_infinity ? format.infinity() : format.infinity() - 1;
    return signed_bits(format, number.sign, magnitude);
  }
  if (inexact) {
    context.flags |= kFpInexact;
    bool tiny = exponent < min;
    if (!context.tiny_before && exponent == min - 1) {
      // Tiny after rounding: with an unbounded exponent, the result would still be below the smallest normal number.
      const Rounded unbounded =
          round_at(number.sig, number.sticky, top - format.fraction_bits, number.sign, context.rounding);
      tiny = unbounded.value >> (format.fraction_bits + 1) == 0;
    }
    if (tiny) context.flags |= kFpUnderflow;
  }
  return signed_bits(format, number.sign, magnitude);
}

uint64_t invalid_nan(const Format& format, Context& context) {
  context.flags |= kFpInvalid;
  return signed_bits(format, context.nan == NanPolicy::First, format.canonical_nan());
}

uint64_t propagate_nan(const Format& format, const Number& a, const Number& b, const Number& c, Context& context) {
  const Number* first = nullptr;
  const Number* signaling = nullptr;
  for (const Number* number : {&a, &b, &c}) {
    if (number->is_nan() && first == nullptr) first = number;
    if (number->kind == Kind::SignalingNan && signaling == nullptr) signaling = number;
  }
  assert(first != nullptr);
  if (signaling != nullptr) context.flags |= kFpInvalid;
  if (context.nan == NanPolicy::Canonical) return format.canonical_nan();
  if (context.nan == NanPolicy::SignalingFirst && signaling != nullptr) first = signaling;
  return first->bits | format.quiet_bit();
}

uint64_t add(const Format& format, const Number& a, const Number& b, Context& context) {
  if (a.is_nan() || b.is_nan()) return propagate_nan(format, a, b, {}, context);
  if (a.is_infinite() && b.is_infinite() && a.sign != b.sign) return invalid_nan(format, context);
  if (a.is_infinite() || b.is_infinite()) return pack(format, a.is_infinite() ? a : b, context);
  if (a.is_zero() && b.is_zero()) {
    return pack(format, zero(a.sign == b.sign ? a.sign : context.rounding == Rounding::Down), context);
  }
  if (a.is_zero()) return pack(format, b, context);
  if (b.is_zero()) return pack(format, a, context);
  return pack(format, exact_sum(a, b, context.rounding), context);
}

namespace {

// The exact product of two numbers, not infinity times zero.
Number product(const Number& a, const Number& b) {
  Number result;
  result.sign = a.sign != b.sign;
  if (a.is_infinite() || b.is_infinite()) {
    result.kind = Kind::Infinity;
  } else if (!a.is_zero() && !b.is_zero()) {
    result.kind = Kind::Finite;
    result.sig = a.sig * b.sig;
    result.exponent = a.exponent + b.exponent;
  }
  return result;
}

bool infinity_times_zero(const Number& a, const Number& b) {
  return (a.is_infinite() && b.is_zero()) || (a.is_zero() && b.is_infinite());
}

}  // namespace

uint64_t multiply(const Format& format, const Number& a, const Number& b, bool defined, Context& context) {
  if (a.is_nan() || b.is_nan()) return propagate_nan(format, a, b, {}, context);
  if (infinity_times_zero(a, b)) {
    if (!defined) return invalid_nan(format, context);
    return signed_bits(format, a.sign != b.sign, static_cast<uint64_t>(format.bias() + 1) << format.fraction_bits);
  }
  return pack(format, product(a, b), context);
}

uint64_t multiply_add(const Format& format, const Number& a, const Number& b, const Number& c, Fused how,
                      Context& context) {
  const bool signaling_first = context.nan == NanPolicy::SignalingFirst;
  const bool no_product = infinity_times_zero(a, b);
  if (no_product && !how.defined) {
    const uint64_t result = invalid_nan(format, context);
    if (signaling_first && c.kind == Kind::QuietNan) return result;
    return c.is_nan() ? propagate_nan(format, c, {}, {}, context) : result;
  }
  if (a.is_nan() || b.is_nan() || c.is_nan()) {
    return signaling_first ? propagate_nan(format, c, a, b, context) : propagate_nan(format, a, b, c, context);
  }
  Number exact = no_product ? zero(a.sign != b.sign) : product(a, b);
  Number addend = c;
  if (how.halved) {
    --exact.exponent;
    --addend.exponent;
  }
  return add(format, exact, addend, context);
}

uint64_t divide(const Format& format, const Number& a, const Number& b, Context& context) {
  if (a.is_nan() || b.is_nan()) return propagate_nan(format, a, b, {}, context);
  if (a.kind == b.kind && a.kind != Kind::Finite) return invalid_nan(format, context);
  Number quotient;
  quotient.sign = a.sign != b.sign;
  if (a.is_infinite() || b.is_zero()) {
    if (!a.is_infinite()) context.flags |= kFpDivByZero;
    quotient.kind = Kind::Infinity;
  } else if (!a.is_zero() && !b.is_infinite()) {
    const Number dividend = normalized(a, 127);
    const Number divisor = normalized(b, 63);
    quotient.kind = Kind::Finite;
    quotient.sig = dividend.sig / divisor.sig;  // 64 or 65 bits
    quotient.sticky = quotient.sig * divisor.sig != dividend.sig;
    quotient.exponent = dividend.exponent - divisor.exponent;
  }
  return pack(format, quotient, context);
}

uint64_t square_root(const Format& format, const Number& a, Context& context) {
  if (a.is_nan()) return propagate_nan(format, a, {}, {}, context);
  if (a.is_zero()) return pack(format, a, context);
  if (a.sign) return invalid_nan(format, context);
  if (a.is_infinite()) return pack(format, a, context);
  Number radicand = normalized(a, 126);
  if ((radicand.exponent & 1) != 0) radicand = normalized(a, 127);
  Number root = a;
  const uint64_t floor = square_root_floor(radicand.sig);  // 64 bits
  root.sig = floor;
  root.sticky = Wide{floor} * floor != radicand.sig;
  root.exponent = radicand.exponent / 2;
  return pack(format, root, context);
}

uint64_t round_to_integral(const Format& format, const Number& a, bool exact, Context& context) {
  if (a.is_nan()) return propagate_nan(format, a, {}, {}, context);
  if (a.kind != Kind::Finite || a.exponent >= 0) return pack(format, a, context);
  const Rounded rounded = round_at(a.sig, false, -a.exponent, a.sign, context.rounding);
  if (rounded.inexact && exact) context.flags |= kFpInexact;
  if (rounded.value == 0) return signed_bits(format, a.sign, 0);
  Number integral = a;
  integral.sig = rounded.value;
  integral.exponent = 0;
  return pack(format, integral, context);
}

uint64_t to_integer(const Number& a, unsigned width, bool is_unsigned, Saturation saturation, Context& context) {
  assert(width >= 1 && width <= 64);
  const uint64_t mask = ~uint64_t{0} >> (64 - width);
  const uint64_t half = uint64_t{1} << (width - 1);
  const uint64_t largest = is_unsigned ? mask : half - 1;
  const uint64_t smallest = is_unsigned ? 0 : half;  // as bits; its magnitude, too
  if (a.is_zero()) return 0;
  if (a.kind == Kind::Finite && top_bit(a.sig) + a.exponent <= 64) {
    const Rounded rounded = round_at(a.sig, false, -a.exponent, a.sign, context.rounding);
    if (rounded.value <= (a.sign ? smallest : largest)) {
      if (rounded.inexact) context.flags |= kFpInexact;
      const auto magnitude = static_cast<uint64_t>(rounded.value);
      return (a.sign ? 0 - magnitude : magnitude) & mask;
    }
  }
  context.flags |= kFpInvalid;
  switch (saturation) {
    case Saturation::Indefinite:
      return half;
    case Saturation::NanToZero:
      if (a.is_nan()) return 0;
      break;
    case Saturation::NanToMax:
      if (a.is_nan()) return largest;
      break;
  }
  return a.sign ? smallest : largest;
}

uint64_t from_integer(const Format& format, uint64_t value, unsigned width, bool is_unsigned, Context& context) {
  assert(width >= 1 && width <= 64);
  value &= ~uint64_t{0} >> (64 - width);
  Number number;
  number.sign = !is_unsigned && (value >> (width - 1) & 1) != 0;
  number.sig = number.sign ? (Wide{1} << width) - value : Wide{value};
  number.kind = number.sig == 0 ? Kind::Zero : Kind::Finite;
  return pack(format, number, context);
}

uint64_t convert(const Format& to, const Format& from, const Number& a, Context& context) {
  if (context.alternative && (a.is_nan() || a.is_infinite())) {
    const uint64_t largest = largest_alternative(to, a.sign, context);
    return a.is_nan() ? signed_bits(to, a.sign, 0) : largest;
  }
  if (!a.is_nan()) return pack(to, a, context);
  if (a.kind == Kind::SignalingNan) context.flags |= kFpInvalid;
  if (context.nan == NanPolicy::Canonical) return to.canonical_nan();
  // The payload keeps its place below the point; what does not fit is cut off.
  const int widen = to.fraction_bits - from.fraction_bits;
  const uint64_t fraction = a.bits & ((uint64_t{1} << from.fraction_bits) - 1);
  return signed_bits(to, a.sign, to.canonical_nan() | (widen >= 0 ? fraction << widen : fraction >> -widen));
}

}  // namespace menura::ir::soft
