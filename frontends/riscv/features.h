// Extensions of the RISC-V ISA: which exist (features.def), and what a --cpu text turns on.
#pragma once

#include <string_view>

#include "frontends/common/feature_set.h"
#include "ir/core/result.h"

namespace menura::riscv {

using frontends::FeatureSet;
using frontends::Requirement;

enum class Feature : uint8_t {
#define FEATURE(id, name, requires_, meaning) id,
#define BASE(name, features, meaning)
#include "frontends/riscv/features.def"
#undef FEATURE
#undef BASE
};

inline constexpr unsigned kFeatureCount = 0
#define FEATURE(id, name, requires_, meaning) +1
#define BASE(name, features, meaning)
#include "frontends/riscv/features.def"
#undef FEATURE
#undef BASE
    ;

constexpr FeatureSet set_of(Feature feature) { return FeatureSet::of(static_cast<unsigned>(feature)); }
constexpr bool has(FeatureSet set, Feature feature) { return set.has_all(set_of(feature)); }

// Reads `base{,+extension|,-extension}`, e.g. "rv64,+zbb,-c". An empty text means "max". Later parts win over earlier
// ones. The error names the part that is not known and lists what is.
Result<FeatureSet> parse_cpu(std::string_view text);

// The extensions' lower-case names joined by '_', for messages.
std::string describe(FeatureSet set);

// "rv64imafdc_zicsr_...", as device trees and /proc/cpuinfo say it: single letters first, the others behind
// underscores.
std::string isa_string(FeatureSet set);

// What a CPU is used for: Linux programs in user mode (there is nothing below them), or all of a machine's software.
enum class Level : uint8_t { Process, Machine };

// What no user program sees of a CPU. Everything of Volume II requires S, so a set with S is a machine's.
inline constexpr FeatureSet kPrivileged = set_of(Feature::S) + set_of(Feature::Sstc) + set_of(Feature::Svadu) +
                                          set_of(Feature::Svinval) + set_of(Feature::Svpbmt) + set_of(Feature::Zihpm);

// Registers are this many bits wide: 32 or 64.
constexpr unsigned xlen(FeatureSet set) { return has(set, Feature::RV32) ? 32 : 64; }

}  // namespace menura::riscv
