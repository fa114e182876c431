#include "frontends/riscv/features.h"

#include <array>
#include <string>

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

struct FeatureRow {
  std::string_view name;
  FeatureSet required;
};
constexpr std::array<FeatureRow, kFeatureCount> kFeatures = {{
#define FEATURE(id, name, requires_, meaning) {name, requires_},
#define BASE(name, features, meaning)
#include "frontends/riscv/features.def"
#undef FEATURE
#undef BASE
}};

struct BaseRow {
  std::string_view name;
  FeatureSet features;
};
constexpr BaseRow kBases[] = {
#define FEATURE(id, name, requires_, meaning)
#define BASE(name, features, meaning) {name, features},
#include "frontends/riscv/features.def"
#undef FEATURE
#undef BASE
};

// The registers' width belongs to the base; everything else can be switched.
constexpr bool can_switch(unsigned feature) {
  return feature != static_cast<unsigned>(Feature::RV32) && feature != static_cast<unsigned>(Feature::RV64) &&
         feature != static_cast<unsigned>(Feature::I);
}

FeatureSet turn_on(FeatureSet set, unsigned feature) {
  set = set + FeatureSet::of(feature);
  for (unsigned other = 0; other < kFeatureCount; ++other) {
    if (kFeatures[feature].required.has(other) && !set.has(other)) set = turn_on(set, other);
  }
  return set;
}

FeatureSet turn_off(FeatureSet set, unsigned feature) {
  set = set - FeatureSet::of(feature);
  for (unsigned other = 0; other < kFeatureCount; ++other) {
    if (set.has(other) && kFeatures[other].required.has(feature)) set = turn_off(set, other);
  }
  return set;
}

std::string known_bases() {
  std::string list;
  for (const BaseRow& base : kBases) list += (list.empty() ? "" : " ") + std::string(base.name);
  return list;
}

std::string known_extensions() {
  std::string list;
  for (unsigned i = 0; i < kFeatureCount; ++i) {
    if (can_switch(i)) list += (list.empty() ? "" : " ") + std::string(kFeatures[i].name);
  }
  return list;
}

Error bad_cpu(std::string_view text, const std::string& why) {
  return Error{"--cpu " + std::string(text) + ": " + why};
}

}  // namespace

Result<FeatureSet> parse_cpu(std::string_view text) {
  if (text.empty()) text = "max";
  FeatureSet set;
  for (size_t at = 0, part = 0; at <= text.size(); ++part) {
    const size_t end = std::min(text.find(',', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (part == 0) {
      const BaseRow* found = nullptr;
      for (const BaseRow& base : kBases) {
        if (base.name == word) found = &base;
      }
      if (found == nullptr) {
        return bad_cpu(text, "'" + std::string(word) + "' is no RISC-V CPU; expected one of: " + known_bases() +
                                 ", then extensions to switch, as in --cpu rv64,+zbb,-c");
      }
      set = found->features;
      continue;
    }
    if (word.size() < 2 || (word[0] != '+' && word[0] != '-')) {
      return bad_cpu(text, "'" + std::string(word) + "' should be +extension or -extension, as in --cpu rv64,+zbb,-c");
    }
    unsigned feature = kFeatureCount;
    for (unsigned i = 0; i < kFeatureCount; ++i) {
      if (can_switch(i) && kFeatures[i].name == word.substr(1)) feature = i;
    }
    if (feature == kFeatureCount) {
      return bad_cpu(text, "'" + std::string(word.substr(1)) +
                               "' is no extension that Menura knows; expected one of: " + known_extensions());
    }
    set = word[0] == '+' ? turn_on(set, feature) : turn_off(set, feature);
  }
  return set;
}

std::string describe(FeatureSet set) {
  std::string text;
  for (unsigned i = 0; i < kFeatureCount; ++i) {
    if (set.has(i)) text += (text.empty() ? "" : "_") + std::string(kFeatures[i].name);
  }
  return text;
}

}  // namespace menura::riscv
