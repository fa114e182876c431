#include "frontends/common/cpu_text.h"

#include <algorithm>

namespace menura::frontends {
namespace {

FeatureSet turn_on(FeatureSet set, unsigned feature, std::span<const FeatureRow> rows) {
  set = set + FeatureSet::of(feature);
  for (unsigned other = 0; other < rows.size(); ++other) {
    if (rows[feature].required.has(other) && !set.has(other)) set = turn_on(set, other, rows);
  }
  return set;
}

FeatureSet turn_off(FeatureSet set, unsigned feature, std::span<const FeatureRow> rows) {
  set = set - FeatureSet::of(feature);
  for (unsigned other = 0; other < rows.size(); ++other) {
    if (set.has(other) && rows[other].required.has(feature)) set = turn_off(set, other, rows);
  }
  return set;
}

std::string known_models(const CpuTable& table) {
  std::string list;
  for (const CpuModel& model : table.models) list += (list.empty() ? "" : " ") + std::string(model.name);
  return list;
}

std::string known_features(const CpuTable& table) {
  std::string list;
  for (unsigned i = 0; i < table.features.size(); ++i) {
    if (!table.fixed.has(i)) list += (list.empty() ? "" : " ") + std::string(table.features[i].name);
  }
  return list;
}

Error bad_cpu(std::string_view text, const std::string& why) {
  return Error{"--cpu " + std::string(text) + ": " + why};
}

}  // namespace

Result<FeatureSet> parse_cpu(std::string_view text, const CpuTable& table) {
  if (text.empty()) text = "max";
  const std::string example = ", as in --cpu " + std::string(table.example);
  const std::string what(table.what);
  FeatureSet set;
  for (size_t at = 0, part = 0; at <= text.size(); ++part) {
    const size_t end = std::min(text.find(',', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (part == 0) {
      const CpuModel* found = nullptr;
      for (const CpuModel& model : table.models) {
        if (model.name == word) found = &model;
      }
      if (found == nullptr) {
        return bad_cpu(text, "'" + std::string(word) + "' is no " + std::string(table.guest) +
                                 " CPU; expected one of: " + known_models(table) + ", then " + what + "s to switch" +
                                 example);
      }
      set = found->features;
      continue;
    }
    if (word.size() < 2 || (word[0] != '+' && word[0] != '-')) {
      return bad_cpu(text, "'" + std::string(word) + "' should be +" + what + " or -" + what + example);
    }
    unsigned feature = static_cast<unsigned>(table.features.size());
    for (unsigned i = 0; i < table.features.size(); ++i) {
      if (!table.fixed.has(i) && table.features[i].name == word.substr(1)) feature = i;
    }
    if (feature == table.features.size()) {
      return bad_cpu(text, "'" + std::string(word.substr(1)) + "' is no " + what +
                               " that Menura knows; expected one of: " + known_features(table));
    }
    set = word[0] == '+' ? turn_on(set, feature, table.features) : turn_off(set, feature, table.features);
  }
  return set;
}

std::string describe(FeatureSet set, const CpuTable& table) {
  std::string text;
  for (unsigned i = 0; i < table.features.size(); ++i) {
    if (set.has(i)) text += (text.empty() ? "" : "_") + std::string(table.features[i].name);
  }
  return text;
}

}  // namespace menura::frontends
