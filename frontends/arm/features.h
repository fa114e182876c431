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

// Reads `model{,+feature|,-feature}`, e.g. "cortex-a72,+lse" (frontends/common/cpu_text.h).
Result<FeatureSet> parse_cpu(std::string_view text);

// MIDR_EL1: implementer, variant, part and revision of the core.
uint32_t midr(FeatureSet set);

// The features' names joined by '_', for messages.
std::string describe(FeatureSet set);

}  // namespace menura::arm
