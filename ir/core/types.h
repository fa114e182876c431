// The types of the IR. A value has exactly one of them; a helper-only type can be moved, loaded and
// passed to helpers, but no other op takes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace menura::ir {

enum class Type : uint8_t {
  Void,
  I1,  // a condition, 0 or 1
  I8,
  I16,
  I32,
  I64,
  I128,
  F16,
  BF16,
  F32,
  F64,
  F80,  // helper-only, like the four below
  F128,
  D32,
  D64,
  D128,
  V64,  // vectors: a bag of bits; each op states the lane type it works in
  V128,
  V256,
  V512,
  Mask,  // up to 64 lanes, one bit each
};

inline constexpr unsigned kTypeCount = static_cast<unsigned>(Type::Mask) + 1;

// Width in bits. I1 counts 1, Mask 64, Void 0.
constexpr unsigned bits(Type type) {
  constexpr uint16_t table[kTypeCount] = {0,  1,   8,  16, 32,  64, 128, 16,  16,  32, 64,
                                          80, 128, 32, 64, 128, 64, 128, 256, 512, 64};
  return table[static_cast<unsigned>(type)];
}

// Bytes the type takes in the state struct or on the stack: a power of two (F80 takes 16, I1 one).
constexpr unsigned storage_bytes(Type type) {
  if (type == Type::Void) return 0;
  if (type == Type::I1) return 1;
  if (type == Type::F80) return 16;
  return bits(type) / 8;
}

constexpr bool is_int(Type type) { return type >= Type::I1 && type <= Type::I128; }
constexpr bool is_float(Type type) { return type >= Type::F16 && type <= Type::F128; }
constexpr bool is_vector(Type type) { return type >= Type::V64 && type <= Type::V512; }

constexpr std::string_view name(Type type) {
  constexpr std::string_view table[kTypeCount] = {"void", "i1",   "i8",  "i16",  "i32",  "i64",  "i128",
                                                  "f16",  "bf16", "f32", "f64",  "f80",  "f128", "d32",
                                                  "d64",  "d128", "v64", "v128", "v256", "v512", "mask"};
  return table[static_cast<unsigned>(type)];
}

constexpr std::optional<Type> parse_type(std::string_view text) {
  for (unsigned i = 0; i < kTypeCount; ++i) {
    if (name(static_cast<Type>(i)) == text) return static_cast<Type>(i);
  }
  return std::nullopt;
}

}  // namespace menura::ir
