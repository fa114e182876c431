#include "frontends/arm/decode/decode.h"

namespace menura::arm {
namespace {

// What rows call their features.
namespace names {
#define FEATURE(id, name, requires_, meaning) \
  constexpr Requirement id = Requirement::feature(static_cast<unsigned>(Feature::id));
#define CPU(name, features, meaning)
#include "frontends/arm/features.def"
#undef FEATURE
#undef CPU

constexpr frontends::Row kRows[] = {
#define INST(id, pattern, feature, assembly) frontends::make_row(#id, pattern, feature, assembly, kFields),
#include "frontends/arm/decode/rows.inc"
#undef INST
};
}  // namespace names

// C4.1: op0 is bits 28 to 25; the bits around it divide most groups further.
using Tree = frontends::DecodeTree<names::kRows, 22, 7>;

}  // namespace

std::span<const frontends::Row> rows() { return names::kRows; }

EnabledRows enabled_rows(FeatureSet features) { return frontends::rows_of<kRowCount>(names::kRows, features); }

RowName decode(uint32_t word, const EnabledRows& enabled) {
  const auto name = static_cast<RowName>(Tree::decode(word, enabled));
  return name != RowName::None && is_reserved(name, word) ? RowName::None : name;
}

}  // namespace menura::arm
