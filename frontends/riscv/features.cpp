#include "frontends/riscv/features.h"

#include <array>

#include "frontends/common/cpu_text.h"

namespace menura::riscv {
namespace {

constexpr FeatureSet None = {};
#define FEATURE(id, name, requires_, meaning) constexpr FeatureSet id = set_of(Feature::id);
#define BASE(name, features, meaning)
#include "frontends/riscv/features.def"
#undef FEATURE
constexpr FeatureSet kAllFeatures = None
#define FEATURE(id, name, requires_, meaning) +id
#include "frontends/riscv/features.def"
#undef FEATURE
    ;
#undef BASE

constexpr std::array<frontends::FeatureRow, kFeatureCount> kFeatures = {{
#define FEATURE(id, name, requires_, meaning) {name, requires_},
#define BASE(name, features, meaning)
#include "frontends/riscv/features.def"
#undef FEATURE
#undef BASE
}};

constexpr frontends::CpuModel kBases[] = {
#define FEATURE(id, name, requires_, meaning)
#define BASE(name, features, meaning) {name, features},
#include "frontends/riscv/features.def"
#undef FEATURE
#undef BASE
};

// The registers' width belongs to the base; everything else can be switched.
constexpr frontends::CpuTable kTable = {.guest = "RISC-V",
                                        .what = "extension",
                                        .example = "rv64,+zbb,-c",
                                        .fixed = RV32 + RV64 + I,
                                        .features = kFeatures,
                                        .models = kBases};

}  // namespace

Result<FeatureSet> parse_cpu(std::string_view text) { return frontends::parse_cpu(text, kTable); }

std::string describe(FeatureSet set) { return frontends::describe(set, kTable); }

std::string isa_string(FeatureSet set) {
  std::string isa = "rv" + std::to_string(xlen(set));
  std::string rest;
  for (unsigned i = 0; i < kFeatureCount; ++i) {
    const auto feature = static_cast<Feature>(i);
    // S is not among the letters: what has a memory management unit says so elsewhere.
    if (!set.has(i) || feature == Feature::RV32 || feature == Feature::RV64 || feature == Feature::S) continue;
    const std::string name(kFeatures[i].name);
    if (name.size() == 1) {
      isa += name;
    } else {
      rest += "_" + name;
    }
  }
  return isa + rest;
}

}  // namespace menura::riscv
