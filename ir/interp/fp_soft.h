// Binary floating point in integers: a number is taken apart, computed exactly (or with a sticky remainder) in 128
// bits, and rounded once. IEEE 754-2019, sections 4 to 7; the formats are parameters.
#pragma once

#include <cstdint>

#include "ir/core/descriptors.h"
#include "ir/core/types.h"

namespace menura::ir::soft {

using Wide = unsigned __int128;

enum class Rounding : uint8_t { NearestEven, Zero, Down, Up, NearestAway };

struct Format {
  int exponent_bits;
  int fraction_bits;

  constexpr int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  constexpr int min_exponent() const { return 1 - bias(); }  // of normal numbers 1.x * 2^e
  constexpr int max_exponent() const { return bias(); }
  constexpr uint64_t sign_bit() const { return uint64_t{1} << (exponent_bits + fraction_bits); }
  constexpr uint64_t infinity() const { return ((uint64_t{1} << exponent_bits) - 1) << fraction_bits; }
  constexpr uint64_t quiet_bit() const { return uint64_t{1} << (fraction_bits - 1); }
  constexpr uint64_t canonical_nan() const { return infinity() | quiet_bit(); }
};

// f16, bf16, f32 or f64.
const Format& format_of(Type type);

enum class Kind : uint8_t { Zero, Finite, Infinity, QuietNan, SignalingNan };

// Finite: sig * 2^exponent with sig != 0; if `sticky`, plus something between 0 and 2^exponent, exclusively.
struct Number {
  Kind kind = Kind::Zero;
  bool sign = false;
  bool sticky = false;
  int exponent = 0;
  Wide sig = 0;
  uint64_t bits = 0;  // NaNs: the operand as it came

  bool is_nan() const { return kind >= Kind::QuietNan; }
  bool is_zero() const { return kind == Kind::Zero; }
  bool is_infinite() const { return kind == Kind::Infinity; }
};

// How to round, and what was raised on the way.
struct Context {
  Rounding rounding = Rounding::NearestEven;
  bool tiny_before = false;
  NanPolicy nan = NanPolicy::Canonical;
  bool flush = false;        // FpDesc::flush, for results
  bool alternative = false;  // FpDesc::alternative_half, for f16 results
  uint32_t flags = 0;        // kFpInvalid, ...
};

Number unpack(const Format& format, uint64_t bits);
// A number of f16 without infinities and NaNs (Arm's alternative half-precision).
Number unpack_alternative(uint64_t bits);
bool is_denormal(const Format& format, uint64_t bits);
// Rounds to the format, raising overflow, underflow and inexact.
uint64_t pack(const Format& format, const Number& number, Context& context);

// sig * 2^-shift (plus the sticky remainder) as an integer, rounded. The result must fit in 128 bits; a sticky
// remainder needs shift > 0.
struct Rounded {
  Wide value;
  bool inexact;
};
Rounded round_at(Wide sig, bool sticky, int shift, bool sign, Rounding rounding);

// The NaN that an operation on these operands gives; at least one is a NaN. Raises invalid for a signaling one.
uint64_t propagate_nan(const Format& format, const Number& a, const Number& b, const Number& c, Context& context);
// The NaN of an invalid operation on numbers.
uint64_t invalid_nan(const Format& format, Context& context);

uint64_t add(const Format& format, const Number& a, const Number& b, Context& context);
// `defined`: FpDesc::defined.
uint64_t multiply(const Format& format, const Number& a, const Number& b, bool defined, Context& context);
// Of FpDesc.
struct Fused {
  bool defined = false;
  bool halved = false;
};
uint64_t multiply_add(const Format& format, const Number& a, const Number& b, const Number& c, Fused how,
                      Context& context);
uint64_t divide(const Format& format, const Number& a, const Number& b, Context& context);
uint64_t square_root(const Format& format, const Number& a, Context& context);
// To an integral value of the same format; inexact is raised only if `exact`.
uint64_t round_to_integral(const Format& format, const Number& a, bool exact, Context& context);
uint64_t to_integer(const Number& a, unsigned width, bool is_unsigned, Saturation saturation, Context& context);
uint64_t from_integer(const Format& format, uint64_t value, unsigned width, bool is_unsigned, Context& context);
uint64_t reciprocal_estimate(const Format& format, const Number& a, Context& context);   // fp_estimates.cpp
uint64_t square_root_estimate(const Format& format, const Number& a, Context& context);  //
uint64_t convert(const Format& to, const Format& from, const Number& a, Context& context);

}  // namespace menura::ir::soft
