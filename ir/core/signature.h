// The signatures of ops.def, parsed at compile time.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ir/core/inst.h"

namespace menura::ir {

// Which types one place of a signature takes.
enum class TypeClass : uint8_t { Void, Int, Float, Vector, Any, Fixed };

struct TypePattern {
  TypeClass kind = TypeClass::Void;
  bool second = false;      // the second, independent type (J, G, W, B); else the op's own (I, F, V, A)
  Type fixed = Type::Void;  // kind Fixed
};

struct Signature {
  TypePattern result;
  std::array<TypePattern, 3> args = {};
  uint8_t arg_count = 0;
  bool any_args = false;  // `*`
};

// Floats that ops compute with; the others can only be moved, loaded, stored and passed to helpers.
constexpr bool is_arithmetic_float(Type type) { return type >= Type::F16 && type <= Type::F64; }

constexpr bool fits(TypeClass kind, Type type) {
  switch (kind) {
    case TypeClass::Void:
      return type == Type::Void;
    case TypeClass::Int:
      return is_int(type);
    case TypeClass::Float:
      return is_arithmetic_float(type);
    case TypeClass::Vector:
      return is_vector(type);
    case TypeClass::Any:
      return type != Type::Void;
    case TypeClass::Fixed:
      return false;  // compare with the type
  }
  return false;
}

namespace detail {

constexpr TypePattern parse_pattern(std::string_view word) {
  if (word == "void") return {};
  if (word.size() == 1) {
    constexpr std::string_view letters = "IFVAJGWB";
    constexpr std::array kinds = {TypeClass::Int, TypeClass::Float, TypeClass::Vector, TypeClass::Any};
    const std::size_t at = letters.find(word[0]);
    if (at == std::string_view::npos) throw "ops.def: unknown letter in a signature";
    return {kinds[at % 4], at >= 4, Type::Void};
  }
  return {TypeClass::Fixed, false, parse_type(word).value()};
}

constexpr Signature parse_signature(std::string_view text) {
  Signature signature;
  const std::size_t open = text.find('(');
  signature.result = parse_pattern(text.substr(0, open));
  std::string_view rest = text.substr(open + 1, text.size() - open - 2);
  if (rest == "*") {
    signature.any_args = true;
    return signature;
  }
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    signature.args[signature.arg_count++] = parse_pattern(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  return signature;
}

}  // namespace detail

inline constexpr std::array<Signature, kOpCount> kSignatures = {{
#define OP(id, name, signature, attr, effect, meaning) detail::parse_signature(signature),
#include "ir/ops.def"
#undef OP
}};

constexpr const Signature& signature(Op op) { return kSignatures[static_cast<unsigned>(op)]; }

constexpr bool has_result(Op op) { return signature(op).result.kind != TypeClass::Void; }

}  // namespace menura::ir
