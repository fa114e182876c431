#include "frontends/arm/helpers/floating_point.h"

#include <bit>
#include <cmath>

#include "ir/interp/fp.h"
#include "ir/interp/fp_soft.h"

namespace menura::arm {
namespace {

using ir::Type;
using ir::soft::Context;
using ir::soft::Format;
using ir::soft::Kind;
using ir::soft::Number;
using ir::soft::Rounding;

// A lane's operation: its format and what FPCR says about it.
class Special {
 public:
  Special(FpSpecialDesc desc, const ir::CpuHeader& cpu)
      : what_(static_cast<FpSpecial>(desc.what)),
        type_(static_cast<Type>(desc.lane)),
        format_(ir::soft::format_of(type_)) {
    context_.rounding = static_cast<Rounding>(ir::fp_mode_of(cpu.mxcsr));
    context_.tiny_before = true;
    context_.nan = desc.default_nan != 0 ? ir::NanPolicy::Canonical : ir::NanPolicy::SignalingFirst;
    context_.flush = (type_ == Type::F16 ? desc.flush16 : desc.flush) != 0;
    flush16_ = desc.flush16 != 0;
  }

  uint64_t lane(uint64_t a, uint64_t b, uint64_t c);
  // Into the live flags.
  void raise(ir::CpuHeader& cpu) const {
    cpu.mxcsr = ir::fp_with_flags(cpu.mxcsr, ir::fp_flags_of(cpu.mxcsr) | context_.flags);
    if (denormal_) cpu.fp_denormal = 1;
  }

 private:
  // FPUnpack.
  Number unpack(uint64_t bits) {
    if (context_.flush && ir::soft::is_denormal(format_, bits)) {
      if (type_ != Type::F16) denormal_ = true;
      bits &= format_.sign_bit();
    }
    return ir::soft::unpack(format_, bits);
  }
  uint64_t signed_bits(bool sign, uint64_t magnitude) const {
    return sign ? magnitude | format_.sign_bit() : magnitude;
  }
  uint64_t process_nan(const Number& a) { return ir::soft::propagate_nan(format_, a, {}, {}, context_); }

  uint64_t reciprocal_exponent(uint64_t a);
  uint64_t to_odd(uint64_t a);
  uint64_t fixed_to_half(uint64_t a, uint64_t fbits, bool is_unsigned);
  uint64_t to_javascript(uint64_t a);

  FpSpecial what_;
  Type type_;
  const Format& format_;
  Context context_;
  bool flush16_ = false;
  bool denormal_ = false;
};

uint64_t Special::reciprocal_exponent(uint64_t a) {
  const Number x = unpack(a);
  if (x.is_nan()) return process_nan(x);
  const uint64_t exponent = a & format_.infinity();
  const uint64_t largest = format_.infinity() - (uint64_t{1} << format_.fraction_bits);
  return signed_bits(x.sign, exponent == 0 ? largest : ~exponent & format_.infinity());
}

// FPRounding_ODD: what is cut off makes the last bit a one.
uint64_t Special::to_odd(uint64_t a) {
  const Format& single = ir::soft::format_of(Type::F32);
  Context rounding = context_;
  rounding.rounding = Rounding::Zero;
  const uint64_t result = ir::soft::convert(single, format_, unpack(a), rounding);
  context_.flags |= rounding.flags;
  return (rounding.flags & ir::kFpInexact) != 0 ? result | 1 : result;
}

uint64_t Special::fixed_to_half(uint64_t a, uint64_t fbits, bool is_unsigned) {
  const unsigned width = ir::bits(type_);
  Number number;
  number.sign = !is_unsigned && (a >> (width - 1) & 1) != 0;
  number.sig = number.sign ? (ir::soft::Wide{1} << width) - a : ir::soft::Wide{a};
  number.exponent = -static_cast<int>(fbits);
  number.kind = a == 0 ? Kind::Zero : Kind::Finite;
  Context half = context_;
  half.flush = flush16_;
  const uint64_t result = ir::soft::pack(ir::soft::format_of(Type::F16), number, half);
  context_.flags |= half.flags;
  return result;
}

// Toward zero, modulo 2^32. Exact: -0 is not.
uint64_t Special::to_javascript(uint64_t a) {
  const Number x = unpack(a);
  constexpr uint64_t kExact = uint64_t{1} << 32;
  if (x.is_zero()) return x.sign ? 0 : kExact;
  if (x.kind != Kind::Finite) {
    context_.flags |= ir::kFpInvalid;
    return 0;
  }
  const int shift = -x.exponent;
  const auto sig = static_cast<uint64_t>(x.sig);
  const uint64_t magnitude = shift <= 0 ? (shift > -32 ? sig << -shift : 0) : shift < 64 ? sig >> shift : 0;
  const bool inexact = shift > 0 && (shift >= 64 || magnitude << shift != sig);
  const uint64_t limit = (uint64_t{1} << 31) - (x.sign ? 0 : 1);
  const bool fits = shift > -12 && magnitude <= limit;
  if (!fits) {
    context_.flags |= ir::kFpInvalid;
  } else if (inexact) {
    context_.flags |= ir::kFpInexact;
  }
  const uint64_t result = static_cast<uint32_t>(x.sign ? 0 - magnitude : magnitude);
  return fits && !inexact ? result | kExact : result;
}

// --- BFloat16 dot products: no flags, the default NaN, denormals are zeros, rounding to odd (FPMul_BF16, FPAdd_BF16)

// Exact in double precision where it is finite: `value` plus an error of less than half a unit in its last place.
float to_odd_single(double value, double error) {
  if (std::isnan(value)) return std::bit_cast<float>(0x7fc00000U);
  if (std::isinf(value) || value == 0) return static_cast<float>(value);
  // The double, rounded to odd.
  auto bits = std::bit_cast<uint64_t>(value);
  if (error != 0 && (bits & 1) == 0) bits = (error < 0) == (value < 0) ? bits | 1 : bits - 1;
  const Format& single = ir::soft::format_of(Type::F32);
  Context context;
  context.rounding = Rounding::Zero;
  context.tiny_before = true;
  context.flush = true;
  auto result = static_cast<uint32_t>(ir::soft::convert(
      single, ir::soft::format_of(Type::F64), ir::soft::unpack(ir::soft::format_of(Type::F64), bits), context));
  if ((context.flags & ir::kFpOverflow) != 0) {
    result = (result & 0x80000000U) | 0x7f800000U;  // BFRound: an infinity, unlike other rounding to odd
  } else if ((context.flags & ir::kFpInexact) != 0) {
    result |= 1;
  }
  return std::bit_cast<float>(result);
}

float flushed(float value) { return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(0.0F, value) : value; }

float bfloat_multiply(uint64_t a, uint64_t b) {
  const auto value = [](uint64_t bits) {
    return flushed(std::bit_cast<float>(static_cast<uint32_t>(bits & 0xffff) << 16));
  };
  return to_odd_single(double{value(a)} * double{value(b)}, 0);
}

float bfloat_add(float a, float b) {
  const double x = flushed(a);
  const double y = flushed(b);
  const double sum = x + y;
  if (!std::isfinite(sum)) return to_odd_single(sum, 0);
  const double z = sum - x;
  const double error = (x - (sum - z)) + (y - z);  // Knuth's exact error of a sum
  return to_odd_single(sum, error);
}

float bfloat_dot(float addend, uint64_t a, uint64_t b) {
  return bfloat_add(addend, bfloat_add(bfloat_multiply(a, b), bfloat_multiply(a >> 16, b >> 16)));
}

uint64_t Special::lane(uint64_t a, uint64_t b, uint64_t c) {
  const auto addend = [&] { return std::bit_cast<float>(static_cast<uint32_t>(c)); };
  switch (what_) {
    case FpSpecial::RecipExponent:
      return reciprocal_exponent(a);
    case FpSpecial::ToOdd:
      return to_odd(a);
    case FpSpecial::SignedFixedToHalf:
      return fixed_to_half(a, b, false);
    case FpSpecial::UnsignedFixedToHalf:
      return fixed_to_half(a, b, true);
    case FpSpecial::JavaScript:
      return to_javascript(a);
    case FpSpecial::BfloatDot:
      return std::bit_cast<uint32_t>(bfloat_dot(addend(), a, b));
    case FpSpecial::BfloatDot4:
      return std::bit_cast<uint32_t>(bfloat_dot(bfloat_dot(addend(), a, b), a >> 32, b >> 32));
  }
  return 0;
}

}  // namespace

uint64_t fp_lanes(ir::CpuHeader* cpu, uint64_t word, uint64_t a, uint64_t b, uint64_t c) {
  const auto desc = ir::unpack<FpSpecialDesc>(static_cast<uint32_t>(word));
  Special special(desc, *cpu);
  const unsigned width = ir::bits(static_cast<Type>(desc.lane));
  const uint64_t mask = ~uint64_t{0} >> (64 - width);
  uint64_t result = 0;
  for (unsigned i = 0; i < desc.count; ++i) {
    const unsigned shift = i * width;
    result |= special.lane(a >> shift & mask, b >> shift & mask, c >> shift & mask) << shift;
  }
  special.raise(*cpu);
  return result;
}

}  // namespace menura::arm
