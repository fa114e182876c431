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

// The opcode field (chapter 34); quadrants of compressed instructions take 32 of its values each.
using Tree = frontends::DecodeTree<names::kRows, 0, 7>;

}  // namespace

std::span<const frontends::Row> rows() { return names::kRows; }

EnabledRows enabled_rows(FeatureSet features) { return frontends::rows_of<kRowCount>(names::kRows, features); }

RowName decode(uint64_t word, const EnabledRows& enabled) { return static_cast<RowName>(Tree::decode(word, enabled)); }

}  // namespace menura::riscv
