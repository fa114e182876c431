// Reserved values of fields that depend on other fields: what a row's pattern cannot exclude.
#include <bit>

#include "frontends/arm/decode/decode.h"

namespace menura::arm {
namespace {

constexpr uint32_t bits(uint32_t word, unsigned high, unsigned low) { return word >> low & ((2U << (high - low)) - 1); }
constexpr bool is_64(uint32_t word) { return (word >> 31) != 0; }

// Rows of vectors with lanes by size and Q ({Vd.T}, print_simd.cpp) or by immh and Q ({Vd.Ti}): one 64-bit lane in 64
// bits is reserved.
enum class Arrangement : uint8_t { Other, BySize, ByImmh };
constexpr Arrangement arrangement_of(std::string_view pattern, std::string_view assembly) {
  if (pattern.find(" Q ") == pattern.npos) return Arrangement::Other;
  if (assembly.find(".T}") != assembly.npos) return Arrangement::BySize;
  return assembly.find(".Ti}") != assembly.npos ? Arrangement::ByImmh : Arrangement::Other;
}
constexpr Arrangement kArrangements[] = {
#define INST(id, pattern, feature, assembly) arrangement_of(pattern, assembly),
#include "frontends/arm/decode/rows.inc"
#undef INST
};

// size is in bits 23 and 22, or 11 and 10 of structures; immh<3> is bit 22.
constexpr bool is_one_doubleword(Arrangement arrangement, uint32_t word) {
  if (arrangement == Arrangement::Other || bits(word, 30, 30) != 0) return false;
  if (arrangement == Arrangement::ByImmh) return bits(word, 22, 22) != 0;
  const bool is_structure = bits(word, 27, 25) == 6;
  return is_structure ? bits(word, 11, 10) == 3 : bits(word, 23, 22) == 3;
}

}  // namespace

bool decode_bit_masks(unsigned n, unsigned imms, unsigned immr, unsigned width, uint64_t& mask) {
  const unsigned pattern = n << 6 | (~imms & 63);
  if (pattern < 2) return false;  // no length
  const unsigned size = 1U << (std::bit_width(pattern) - 1);
  const unsigned ones = (imms & (size - 1)) + 1;
  const unsigned rotation = immr & (size - 1);
  if (size > width || ones == size) return false;
  const uint64_t all = ~uint64_t{0} >> (64 - size);
  uint64_t element = (uint64_t{1} << ones) - 1;
  if (rotation != 0) element = (element >> rotation | element << (size - rotation)) & all;
  for (unsigned filled = size; filled < 64; filled *= 2) element |= element << filled;
  mask = width == 64 ? element : static_cast<uint32_t>(element);
  return true;
}

bool is_reserved(RowName name, uint32_t word) {
  using enum RowName;
  if (is_one_doubleword(kArrangements[static_cast<unsigned>(name)], word)) return true;
  switch (name) {
    case and_immediate:
    case orr_immediate:
    case eor_immediate:
    case ands_immediate: {
      uint64_t mask = 0;
      return !decode_bit_masks(bits(word, 22, 22), bits(word, 15, 10), bits(word, 21, 16), is_64(word) ? 64 : 32, mask);
    }
    case movn:
    case movz:
    case movk:  // C6.2: "if sf == '0' && hw<1> == '1' then UNDEFINED"
      return !is_64(word) && bits(word, 22, 22) != 0;
    case sbfm:
    case bfm:
    case ubfm:  // "if sf == '0' && (N != '0' || immr<5> != '0' || imms<5> != '0')", "if sf == '1' && N != '1'"
      return is_64(word) ? bits(word, 22, 22) == 0 : (word & 0x00608000) != 0;
    case scvtf_fixed:
    case ucvtf_fixed:
    case fcvtzs_fixed:
    case fcvtzu_fixed:
    case scvtf_fixed_h:
    case ucvtf_fixed_h:
    case fcvtzs_fixed_h:
    case fcvtzu_fixed_h:  // C7.2: "if sf == '0' && scale<5> == '0' then UNDEFINED"
      return !is_64(word) && bits(word, 15, 15) == 0;
    case extr:
      return is_64(word) ? bits(word, 22, 22) == 0 : (word & 0x00408000) != 0;
    case and_register:
    case bic_register:
    case orr_register:
    case orn_register:
    case eor_register:
    case eon_register:
    case ands_register:
    case bics_register:
    case add_shifted:
    case adds_shifted:
    case sub_shifted:
    case subs_shifted:  // "if sf == '0' && imm6<5> == '1' then UNDEFINED"
      return !is_64(word) && bits(word, 15, 15) != 0;
    // CheckMOPSEnabled and "if d == s || ... || d == 31 ...": CONSTRAINED UNPREDICTABLE, of which UNDEFINED is one.
    case cpyfp:
    case cpyfm:
    case cpyfe:
    case cpyp:
    case cpym:
    case cpye: {
      const uint32_t d = bits(word, 4, 0);
      const uint32_t n = bits(word, 9, 5);
      const uint32_t s = bits(word, 20, 16);
      return d == s || s == n || d == n || d == 31 || s == 31 || n == 31;
    }
    case setp:
    case setm:
    case sete: {
      const uint32_t d = bits(word, 4, 0);
      const uint32_t n = bits(word, 9, 5);
      const uint32_t s = bits(word, 20, 16);
      return d == s || s == n || d == n || d == 31 || n == 31;
    }
    default:
      return false;
  }
}

}  // namespace menura::arm
