// --cpu: the name of a CPU model, then features to switch, e.g. "rv64,+zbb,-c". A guest's features.def fills the table.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "frontends/common/feature_set.h"
#include "ir/core/result.h"

namespace menura::frontends {

struct FeatureRow {
  std::string_view name;
  FeatureSet required;  // turning it on turns these on, turning one of these off turns it off
};

struct CpuModel {
  std::string_view name;
  FeatureSet features;
};

struct CpuTable {
  std::string_view guest;                // for messages: "RISC-V"
  std::string_view what;                 // what the guest's manual calls a feature: "extension"
  std::string_view example;              // "rv64,+zbb,-c"
  FeatureSet fixed;                      // belong to the model, cannot be switched
  std::span<const FeatureRow> features;  // by number
  std::span<const CpuModel> models;
};

// An empty text means "max". Later parts win over earlier ones. The error names the part that is not known and lists
// what is.
Result<FeatureSet> parse_cpu(std::string_view text, const CpuTable& table);

// The features' names joined by '_', for messages.
std::string describe(FeatureSet set, const CpuTable& table);

}  // namespace menura::frontends
