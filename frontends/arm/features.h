// Features of the Arm architecture: which exist (features.def), and what a --cpu text turns on.
#pragma once

#include <string>
#include <string_view>

#include "frontends/common/feature_set.h"
#include "ir/core/result.h"

namespace menura::arm {

using frontends::FeatureSet;
using frontends::Requirement;

enum class Feature : uint8_t {
#define FEATURE(id, name, requires_, meaning) id,
#define CPU(name, features, meaning)
#include "frontends/arm/features.def"
#undef FEATURE
#undef CPU
};

inline constexpr unsigned kFeatureCount = 0
#define FEATURE(id, name, requires_, meaning) +1
#define CPU(name, features, meaning)
#include "frontends/arm/features.def"
#undef FEATURE
#undef CPU
    ;

constexpr FeatureSet set_of(Feature feature) { return FeatureSet::of(static_cast<unsigned>(feature)); }
constexpr bool has(FeatureSet set, Feature feature) { return set.has_all(set_of(feature)); }

// What a CPU is used for: Linux programs at EL0 (there is nothing below them), or all of a machine's software.
enum class Level : uint8_t { Process, Machine };

// What no user program sees of a CPU. Everything of it requires EL1, so a set with EL1 is a machine's.
inline constexpr FeatureSet kPrivileged = set_of(Feature::EL1) + set_of(Feature::EL2) + set_of(Feature::EL3) +
                                          set_of(Feature::VHE) + set_of(Feature::TGran16) + set_of(Feature::PAN) +
                                          set_of(Feature::PAN2) + set_of(Feature::UAO) + set_of(Feature::HAFDBS) +
                                          set_of(Feature::HPDS) + set_of(Feature::E0PD) + set_of(Feature::TTCNP) +
                                          set_of(Feature::CSV2) + set_of(Feature::CSV3) + set_of(Feature::GICv3);
constexpr Level level_of(FeatureSet set) { return has(set, Feature::EL1) ? Level::Machine : Level::Process; }
// Those that software of a level sees.
constexpr FeatureSet features_at(FeatureSet set, Level level) {
  // Guarded pages are not yet looked for in translation tables.
  return level == Level::Machine ? set - set_of(Feature::BTI) : set - kPrivileged;
}
// What needs neither floating point nor vectors.
FeatureSet without_fp(FeatureSet set);

// Reads `model{,+feature|,-feature}`, e.g. "cortex-a72,+lse" (frontends/common/cpu_text.h).
Result<FeatureSet> parse_cpu(std::string_view text);

// MIDR_EL1: implementer, variant, part and revision of the core.
uint32_t midr(FeatureSet set);

// "cortex-a72": the name of the core that it is; empty: none that exists.
std::string core_name(FeatureSet set);

// The features' names joined by '_', for messages.
std::string describe(FeatureSet set);

}  // namespace menura::arm
