// Facts: what is known of a value's bits without running anything. Light on purpose: one word and one byte.
#pragma once

#include <bit>
#include <cstdint>

#include "ir/core/inst.h"

namespace menura::ir::opt {

constexpr uint64_t low_mask(unsigned width) { return width >= 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1; }

// Whether the optimizer computes with values of this type.
constexpr bool is_small_int(Type type) { return type >= Type::I1 && type <= Type::I64; }

// The form in which Const::imm holds an integer of up to 64 bits: sign-extended; i1 as 0 or 1.
constexpr int64_t canonical(Type type, uint64_t value) {
  if (type == Type::I1) return static_cast<int64_t>(value & 1);
  const unsigned unused = 64 - bits(type);
  return static_cast<int64_t>(value << unused) >> unused;
}

struct Facts {
  // Integers up to 64 bits: bits that may be one. Never has bits beyond the width.
  uint64_t ones = ~uint64_t{0};
  // Integers: how many of the top bits are certainly equal to the sign bit, which counts (1 to width).
  // Floats: how many of the top bits are certainly ones (what NaN boxing makes).
  uint8_t sign = 0;

  // Nothing is known.
  static constexpr Facts of(Type type) {
    if (!is_small_int(type)) return {};
    return {low_mask(bits(type)), 1};
  }
  static constexpr Facts of_constant(Type type, int64_t imm) {
    if (is_float(type)) {
      const unsigned width = bits(type);
      if (width > 64) return {};
      return {~uint64_t{0}, static_cast<uint8_t>(std::countl_one(static_cast<uint64_t>(imm) << (64 - width)))};
    }
    if (!is_small_int(type)) return {};
    const unsigned width = bits(type);
    Facts facts{static_cast<uint64_t>(imm) & low_mask(width), 1};
    facts.sign = static_cast<uint8_t>(sign_bits(static_cast<uint64_t>(imm), width));
    return facts;
  }
  // What holds for a value that is one or the other.
  constexpr Facts either(const Facts& other) const {
    return {ones | other.ones, sign < other.sign ? sign : other.sign};
  }
  constexpr bool operator==(const Facts&) const = default;

  // The sign bit is zero.
  constexpr bool non_negative(Type type) const { return (ones >> (bits(type) - 1)) == 0; }
  // No bit from `width` up is one.
  constexpr bool fits(unsigned width) const { return (ones & ~low_mask(width)) == 0; }

  static constexpr unsigned sign_bits(uint64_t value, unsigned width) {
    const auto top = static_cast<int64_t>(value << (64 - width));
    const auto same = static_cast<unsigned>(std::countl_zero(static_cast<uint64_t>(top < 0 ? ~top : top)));
    return same < width ? same : width;
  }
};

// Facts of an instruction's result, given those of its (at most three) operands. `constant` is the value of the second
// operand where that is a constant; `source` is the type of the first operand.
struct FactInputs {
  Facts args[3];
  Type source = Type::Void;
  bool has_constant = false;
  int64_t constant = 0;
};
Facts compute_facts(const Inst& inst, const FactInputs& in);

}  // namespace menura::ir::opt
