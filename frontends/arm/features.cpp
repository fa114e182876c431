#include "frontends/arm/features.h"

#include <array>

#include "frontends/common/cpu_text.h"

namespace menura::arm {
namespace {

constexpr FeatureSet None = {};
#define FEATURE(id, name, requires_, meaning) constexpr FeatureSet id = set_of(Feature::id);
#define CPU(name, features, meaning)
#include "frontends/arm/features.def"
#undef FEATURE
constexpr FeatureSet kAllFeatures = None
#define FEATURE(id, name, requires_, meaning) +id
#include "frontends/arm/features.def"
#undef FEATURE
#undef CPU
    ;

// Cortex-A53 TRM (DDI 0500), table 4-1; Cortex-A72 TRM (100095), table 4-1: ID_AA64ISAR0_EL1 with the cryptography
// option.
constexpr FeatureSet kArmv8_0 = A64 + EL1 + EL2 + EL3 + GICv3 + FP + AdvSIMD + CRC32 + AES + PMULL + SHA1 + SHA256;
// Cortex-A76 TRM (100798), B2.4; Neoverse N1 TRM (100616), B2.4.
constexpr FeatureSet kArmv8_2 = kArmv8_0 + VHE + LSE + LOR + RDM + FP16 + DotProd + LRCPC + DPB + SSBS + TGran16 + PAN +
                                PAN2 + UAO + HAFDBS + HPDS + TTCNP + CSV2 + CSV3;

constexpr FeatureSet kCores = CortexA53 + CortexA57 + CortexA72 + CortexA76 + NeoverseN1;

constexpr std::array<frontends::FeatureRow, kFeatureCount> kFeatures = {{
#define FEATURE(id, name, requires_, meaning) {name, requires_},
#define CPU(name, features, meaning)
#include "frontends/arm/features.def"
#undef FEATURE
#undef CPU
}};

constexpr frontends::CpuModel kModels[] = {
#define FEATURE(id, name, requires_, meaning)
#define CPU(name, features, meaning) {name, features},
#include "frontends/arm/features.def"
#undef FEATURE
#undef CPU
};

constexpr frontends::CpuTable kTable = {
    .guest = "Arm",
    .what = "feature",
    .example = "cortex-a72,+lse",
    .fixed = A64 + EL1 + EL2 + EL3 + kCores,  // which levels there are, the board says
    .features = kFeatures,
    .models = kModels};

}  // namespace

Result<FeatureSet> parse_cpu(std::string_view text) { return frontends::parse_cpu(text, kTable); }

FeatureSet without_fp(FeatureSet set) {
  FeatureSet gone = FP;
  for (FeatureSet before; before != gone;) {
    before = gone;
    for (unsigned i = 0; i < kFeatureCount; ++i) {
      if (kFeatures[i].required.has_any(gone)) gone = gone + FeatureSet::of(i);
    }
  }
  return set - gone;
}

uint32_t midr(FeatureSet set) {
  if (has(set, Feature::CortexA53)) return 0x410fd034;
  if (has(set, Feature::CortexA57)) return 0x411fd070;
  if (has(set, Feature::CortexA72)) return 0x410fd083;
  if (has(set, Feature::CortexA76)) return 0x414fd0b1;
  if (has(set, Feature::NeoverseN1)) return 0x414fd0c1;
  return 0x000f04d0;  // implementer 0: reserved for software
}

std::string core_name(FeatureSet set) {
  for (unsigned i = 0; i < kFeatureCount; ++i) {
    if (kCores.has(i) && set.has(i)) return std::string(kFeatures[i].name);
  }
  return {};
}

std::string describe(FeatureSet set) { return frontends::describe(set, kTable); }

}  // namespace menura::arm
