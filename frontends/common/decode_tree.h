// From instruction word to row in a few steps: a tree over the fixed bits that the rows share, built by the compiler,
// with short lists of candidates at its leaves. Nothing is set up when the program starts.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "frontends/common/feature_set.h"
#include "frontends/common/pattern.h"

namespace menura::frontends {

// One instruction of a guest.
struct Row {
  std::string_view id;        // name of its lift function
  std::string_view pattern;   // as written in the table
  std::string_view assembly;  // template: mnemonic, then operands with {field} for each field
  uint64_t mask = 0;
  uint64_t match = 0;
  std::array<Exclusion, Pattern::kMaxExclusions> exclusions = {};  // unused: mask 0, bits 1 (never equal)
  Requirement features;
  uint8_t bits = 0;  // length of the instruction

  constexpr bool matches(uint64_t word) const {
    if ((word & mask) != match) return false;
    for (const Exclusion& exclusion : exclusions) {
      if ((word & exclusion.mask) == exclusion.bits) return false;
    }
    return true;
  }
};

constexpr Row make_row(std::string_view id, std::string_view pattern_text, Requirement features,
                       std::string_view assembly, std::span<const FieldSpec> specs) {
  const Pattern pattern = parse_pattern(pattern_text, specs);
  Row row{.id = id,
          .pattern = pattern_text,
          .assembly = assembly,
          .mask = pattern.mask,
          .match = pattern.match,
          .exclusions = {},
          .features = features,
          .bits = pattern.bits};
  row.exclusions.fill({0, 1});
  std::copy_n(pattern.exclusions.begin(), pattern.exclusion_count, row.exclusions.begin());
  return row;
}

using RowId = uint16_t;
inline constexpr RowId kNoRow = 0xffff;

namespace detail {

// Words below are either the start of a node {shift, width, 1 << width children} or, with kLeaf, of a leaf: row ids,
// the one with most fixed bits first, closed by kNoRow.
inline constexpr uint16_t kLeaf = 0x8000;
inline constexpr unsigned kSmallLeaf = 2;
inline constexpr unsigned kMaxNodeBits = 7;

class TreeBuilder {
 public:
  constexpr explicit TreeBuilder(std::span<const Row> rows) : rows_(rows) {}

  constexpr std::vector<uint16_t> build() {
    std::vector<RowId> all;
    for (size_t i = 0; i < rows_.size(); ++i) all.push_back(static_cast<RowId>(i));
    words_.push_back(0);  // root
    words_[0] = add(all, 0);
    return words_;
  }

 private:
  // The longest run of bits in which all of `ids` are fixed, not all to the same value.
  constexpr Slice choose(const std::vector<RowId>& ids, uint64_t tested) const {
    uint64_t common = ~tested;
    uint64_t varying = 0;
    for (const RowId id : ids) {
      common &= rows_[id].mask;
      varying |= rows_[id].match ^ rows_[ids[0]].match;
    }
    uint64_t useful = common & varying;
    Slice best;
    while (useful != 0) {
      const unsigned start = static_cast<unsigned>(std::countr_zero(useful));
      const unsigned count = static_cast<unsigned>(std::countr_one(useful >> start));
      if (count > best.count) best = {static_cast<uint8_t>(start), 0, static_cast<uint8_t>(count)};
      if (start + count >= 64) break;
      useful = useful >> (start + count) << (start + count);
    }
    best.count = std::min(best.count, static_cast<uint8_t>(kMaxNodeBits));
    return best;
  }

  constexpr uint16_t add(std::vector<RowId> ids, uint64_t tested) {
    const Slice bits = ids.size() <= kSmallLeaf ? Slice{} : choose(ids, tested);
    const auto at = static_cast<uint16_t>(words_.size());
    if (at >= kLeaf) throw BadPattern{"the decode tree is too large"};
    if (bits.count == 0) {
      if (ids.empty() && empty_leaf_ != 0) return empty_leaf_;
      std::sort(ids.begin(), ids.end(), [this](RowId a, RowId b) {
        const int fixed_a = std::popcount(rows_[a].mask);
        const int fixed_b = std::popcount(rows_[b].mask);
        return fixed_a != fixed_b ? fixed_a > fixed_b : a < b;
      });
      words_.insert(words_.end(), ids.begin(), ids.end());
      words_.push_back(kNoRow);
      if (ids.empty()) empty_leaf_ = at | kLeaf;
      return at | kLeaf;
    }
    const unsigned children = 1U << bits.count;
    words_.push_back(bits.word_bit);
    words_.push_back(bits.count);
    // One by one: clang cannot evaluate libstdc++ 12's resize() at compile time.
    for (unsigned value = 0; value < children; ++value) words_.push_back(0);
    const uint64_t node_mask = (uint64_t{children} - 1) << bits.word_bit;
    for (unsigned value = 0; value < children; ++value) {
      std::vector<RowId> chosen;
      for (const RowId id : ids) {
        if ((rows_[id].match & node_mask) == uint64_t{value} << bits.word_bit) chosen.push_back(id);
      }
      const uint16_t child = add(chosen, tested | node_mask);
      words_[at + 2 + value] = child;
    }
    return at;
  }

  std::span<const Row> rows_;
  std::vector<uint16_t> words_;
  uint16_t empty_leaf_ = 0;
};

}  // namespace detail

// The tree over `Rows`, a constexpr array of Row with static storage.
template <const auto& Rows>
class DecodeTree {
 public:
  // The row of an instruction whose first bits are in `word`, or kNoRow. Of several rows that match, the one with most
  // fixed bits is meant (a hint inside a wider encoding, such as PAUSE inside FENCE).
  static RowId decode(uint64_t word, FeatureSet enabled) {
    uint16_t at = kWords[0];
    while ((at & detail::kLeaf) == 0) {
      const unsigned value = (word >> kWords[at]) & ((1U << kWords[at + 1]) - 1);
      at = kWords[at + 2 + value];
    }
    for (const uint16_t* id = &kWords[at & ~detail::kLeaf]; *id != kNoRow; ++id) {
      const Row& row = Rows[*id];
      if (row.matches(word) && row.features.met_by(enabled)) return *id;
    }
    return kNoRow;
  }

 private:
  static constexpr size_t kSize = detail::TreeBuilder(Rows).build().size();
  static constexpr std::array<uint16_t, kSize> kWords = [] {
    const std::vector<uint16_t> built = detail::TreeBuilder(Rows).build();
    std::array<uint16_t, kSize> words = {};
    std::copy(built.begin(), built.end(), words.begin());
    return words;
  }();
};

}  // namespace menura::frontends
