// Sets of a guest's features (extensions), and what a decode row asks of them.
#pragma once

#include <cstdint>

namespace menura::frontends {

// Up to 128 features by number.
struct FeatureSet {
  uint64_t low = 0;
  uint64_t high = 0;

  static constexpr FeatureSet of(unsigned feature) {
    return feature < 64 ? FeatureSet{uint64_t{1} << feature, 0} : FeatureSet{0, uint64_t{1} << (feature - 64)};
  }
  constexpr bool empty() const { return (low | high) == 0; }
  constexpr bool has_all(FeatureSet other) const { return ((other.low & ~low) | (other.high & ~high)) == 0; }
  constexpr bool has_any(FeatureSet other) const { return ((other.low & low) | (other.high & high)) != 0; }
  constexpr bool has(unsigned feature) const { return has_all(of(feature)); }

  friend constexpr FeatureSet operator+(FeatureSet a, FeatureSet b) { return {a.low | b.low, a.high | b.high}; }
  friend constexpr FeatureSet operator-(FeatureSet a, FeatureSet b) { return {a.low & ~b.low, a.high & ~b.high}; }
  bool operator==(const FeatureSet&) const = default;
};

// All of some features, and one at least of others (where there are others): `RV64 & (Zbb | Zbkb)`.
struct Requirement {
  FeatureSet all;
  FeatureSet any;

  constexpr bool met_by(FeatureSet enabled) const {
    return enabled.has_all(all) && (any.empty() || enabled.has_any(any));
  }
  static constexpr Requirement feature(unsigned number) { return {FeatureSet::of(number), {}}; }

  friend constexpr Requirement operator&(Requirement a, Requirement b) {
    if (!a.any.empty() && !b.any.empty()) throw "only one of the two may hold an or";
    return {a.all + b.all, a.any + b.any};
  }
  // Between single features, or ors of them.
  friend constexpr Requirement operator|(Requirement a, Requirement b) { return {{}, a.all + a.any + b.all + b.any}; }
};

}  // namespace menura::frontends
