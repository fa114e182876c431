#include "frontends/riscv/decode/decode.h"

namespace menura::riscv {
namespace {

// What rows call their features.
namespace names {
#define FEATURE(id, name, requires_, meaning) \
  constexpr Requirement id = Requirement::feature(static_cast<unsigned>(Feature::id));
#define BASE(name, features, meaning)
#include "frontends/riscv/features.def"
#undef FEATURE
#undef BASE

constexpr frontends::Row kRows[] = {
#define INST(id, pattern, feature, assembly) frontends::make_row(#id, pattern, feature, assembly, kFields),
#include "frontends/riscv/decode/rows.inc"
#undef INST
};
}  // namespace names

using Tree = frontends::DecodeTree<names::kRows>;

}  // namespace

std::span<const frontends::Row> rows() { return names::kRows; }

RowName decode(uint64_t word, FeatureSet enabled) { return static_cast<RowName>(Tree::decode(word, enabled)); }

}  // namespace menura::riscv
