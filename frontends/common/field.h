// Typed fields: the arguments of a lift function are the fields of its row's pattern, found by name when the row is
// compiled. A row and a function that do not fit each other do not compile.
#pragma once

#include <cstdint>
#include <utility>

#include "frontends/common/fixed_string.h"
#include "frontends/common/pattern.h"

namespace menura::frontends {

// A field type has kName, kWidth (of the value, in bits; low zeros included), kSigned and is made from an int64_t.
// Value is what a lift function sees: an integer, or a guest's own register type.
template <FixedString Name, unsigned Width, bool Signed = false, typename Value = int64_t, int64_t Bias = 0>
struct Field {
  static constexpr std::string_view kName = Name.view();
  static constexpr unsigned kWidth = Width;
  static constexpr bool kSigned = Signed;
  static constexpr int64_t kBias = Bias;  // added to what the instruction says: x8 is register 0 of a 3-bit field

  Value value = {};

  constexpr Field() = default;
  constexpr explicit Field(Value from) : value(from) {}
  constexpr operator Value() const { return value; }  // NOLINT(google-explicit-constructor)

  static constexpr Field decode(int64_t raw) { return Field(static_cast<Value>(raw + kBias)); }
};

namespace detail {
template <FixedString PatternText, const auto& Specs>
inline constexpr Pattern kPattern = parse_pattern(PatternText.view(), Specs);
}

// The value of one typed field of `pattern` in `word`.
template <FixedString PatternText, const auto& Specs, typename FieldType>
constexpr FieldType extract(uint64_t word) {
  // By index: with -fsanitize=undefined GCC 12 takes the comparison of a pointer with null for no constant.
  constexpr const Pattern& pattern = detail::kPattern<PatternText, Specs>;
  constexpr unsigned index = pattern.index_of(FieldType::kName);
  static_assert(index < pattern.field_count, "the lift function has an argument that is no field of the row's pattern");
  constexpr PatternField found = pattern.fields[index % pattern.fields.size()];
  static_assert(index >= pattern.field_count || found.width == FieldType::kWidth,
                "the row's field and the lift function's argument differ in width");
  uint64_t raw = 0;
  [&]<size_t... I>(std::index_sequence<I...>) {
    ((raw |= ((word >> found.slices[I].word_bit) & ((uint64_t{1} << found.slices[I].count) - 1))
             << found.slices[I].field_bit),
     ...);
  }
  (std::make_index_sequence<found.slice_count>{});
  if constexpr (FieldType::kSigned && FieldType::kWidth < 64) {
    constexpr unsigned shift = 64 - FieldType::kWidth;
    return FieldType::decode(static_cast<int64_t>(raw << shift) >> shift);
  }
  return FieldType::decode(static_cast<int64_t>(raw));
}

// Calls a lift function `void f(Lifter&, Fields...)` with the fields of `word`: what a row's entry in the lift table
// points to.
template <typename Lifter>
using LiftFunction = void (*)(Lifter&, uint64_t word);

namespace detail {

template <auto Function, FixedString PatternText, const auto& Specs>
struct Invoker;

template <typename Lifter, typename... Fields, void (*Function)(Lifter&, Fields...), FixedString PatternText,
          const auto& Specs>
struct Invoker<Function, PatternText, Specs> {
  static_assert(kPattern<PatternText, Specs>.field_count == sizeof...(Fields),
                "the row's pattern has a field that the lift function does not take");
  static void invoke(Lifter& lifter, [[maybe_unused]] uint64_t word) {
    Function(lifter, extract<PatternText, Specs, Fields>(word)...);
  }
};

}  // namespace detail

template <auto Function, FixedString PatternText, const auto& Specs>
inline constexpr auto kInvoke = &detail::Invoker<Function, PatternText, Specs>::invoke;

}  // namespace menura::frontends
