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

// One bit per row: those whose features a CPU has.
template <size_t RowCount>
using RowSet = std::array<uint64_t, (RowCount + 63) / 64>;

template <size_t RowCount>
constexpr RowSet<RowCount> rows_of(std::span<const Row> rows, FeatureSet enabled) {
  RowSet<RowCount> set = {};
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].features.met_by(enabled)) set[i / 64] |= uint64_t{1} << (i % 64);
  }
  return set;
}

template <size_t Words>
constexpr bool has_row(const std::array<uint64_t, Words>& set, RowId id) {
  return (set[id / 64] >> (id % 64) & 1) != 0;
}

namespace detail {

// Words below are either the start of a node {shift, width, 1 << width children} or, with kLeaf, of a leaf: row ids,
// the one with most fixed bits first, closed by kNoRow; kExcludes marks rows that exclude values.
inline constexpr uint16_t kLeaf = 0x8000;
inline constexpr uint16_t kExcludes = 0x4000;
inline constexpr unsigned kSmallLeaf = 2;
inline constexpr unsigned kMaxNodeBits = 7;

class TreeBuilder {
 public:
  // `first`: the bits that the root looks at; they need not be fixed in every row.
  constexpr TreeBuilder(std::span<const Row> rows, Slice first) : rows_(rows), first_(first) {}

  constexpr std::vector<uint16_t> build() {
    std::vector<RowId> all;
    for (size_t i = 0; i < rows_.size(); ++i) all.push_back(static_cast<RowId>(i));
    words_.push_back(0);  // where the root is
    words_[0] = add_node(all, 0, first_);
    return words_;
  }

 private:
  struct Subtree {
    std::vector<RowId> ids;
    uint16_t at;
  };

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

  constexpr uint16_t end() const {
    if (words_.size() >= kExcludes) throw BadPattern{"the decode tree is too large"};
    return static_cast<uint16_t>(words_.size());
  }

  constexpr uint16_t add(const std::vector<RowId>& ids, uint64_t tested) {
    const Slice bits = ids.size() <= kSmallLeaf ? Slice{} : choose(ids, tested);
    return bits.count == 0 ? add_leaf(ids) : add_node(ids, tested, bits);
  }

  constexpr uint16_t add_leaf(std::vector<RowId> ids) {
    std::sort(ids.begin(), ids.end(), [this](RowId a, RowId b) {
      const int fixed_a = std::popcount(rows_[a].mask);
      const int fixed_b = std::popcount(rows_[b].mask);
      return fixed_a != fixed_b ? fixed_a > fixed_b : a < b;
    });
    const uint16_t at = end();
    for (const RowId id : ids) {
      const bool excludes = rows_[id].exclusions[0].mask != 0;
      words_.push_back(excludes ? id | kExcludes : id);
    }
    words_.push_back(kNoRow);
    return at | kLeaf;
  }

  constexpr uint16_t add_node(const std::vector<RowId>& ids, uint64_t tested, Slice bits) {
    const uint16_t at = end();
    const unsigned children = 1U << bits.count;
    words_.push_back(bits.word_bit);
    words_.push_back(bits.count);
    // One by one: clang cannot evaluate libstdc++ 12's resize() at compile time.
    for (unsigned value = 0; value < children; ++value) words_.push_back(0);
    const uint64_t node_mask = (uint64_t{children} - 1) << bits.word_bit;
    std::vector<Subtree> made;  // where bits are not fixed in every row, several children are the same
    for (unsigned value = 0; value < children; ++value) {
      const uint64_t here = uint64_t{value} << bits.word_bit;
      std::vector<RowId> chosen;
      for (const RowId id : ids) {
        if (((rows_[id].match ^ here) & rows_[id].mask & node_mask) == 0) chosen.push_back(id);
      }
      const Subtree* same = nullptr;
      for (const Subtree& subtree : made) {
        if (subtree.ids == chosen) same = &subtree;
      }
      if (same != nullptr) {
        words_[at + 2 + value] = same->at;
        continue;
      }
      const uint16_t child = add(chosen, tested | node_mask);
      words_[at + 2 + value] = child;
      made.push_back({chosen, child});
    }
    return at;
  }

  std::span<const Row> rows_;
  Slice first_;
  std::vector<uint16_t> words_;
};

}  // namespace detail

// The tree over `Rows`, a constexpr array of Row with static storage. The root looks at FirstCount bits from FirstBit
// on: where most rows say what they are.
template <const auto& Rows, unsigned FirstBit, unsigned FirstCount>
class DecodeTree {
 public:
  static constexpr size_t kRowCount = std::size(Rows);

  // The row of an instruction whose first bits are in `word`, or kNoRow. Of several rows that match, the one with most
  // fixed bits is meant (a hint inside a wider encoding, such as PAUSE inside FENCE).
  static RowId decode(uint64_t word, const RowSet<kRowCount>& enabled) {
    uint16_t at = kWords[0];
    do {
      const unsigned value = (word >> kWords[at]) & ((1U << kWords[at + 1]) - 1);
      at = kWords[at + 2 + value];
    } while ((at & detail::kLeaf) == 0);
    for (const uint16_t* next = &kWords[at & ~detail::kLeaf]; *next != kNoRow; ++next) {
      const RowId id = *next & ~detail::kExcludes;
      if ((word & kKeys[id].mask) != kKeys[id].match) continue;
      if ((*next & detail::kExcludes) != 0 && !Rows[id].matches(word)) continue;
      if (has_row(enabled, id)) return id;
    }
    return kNoRow;
  }

 private:
  // What nearly every look needs, apart from the rest of the rows: few cache lines.
  struct Key {
    uint64_t mask;
    uint64_t match;
  };
  static constexpr std::array<Key, kRowCount> kKeys = [] {
    std::array<Key, kRowCount> keys = {};
    for (size_t i = 0; i < kRowCount; ++i) keys[i] = {Rows[i].mask, Rows[i].match};
    return keys;
  }();

  static constexpr Slice kFirst = {FirstBit, 0, FirstCount};
  static constexpr size_t kSize = detail::TreeBuilder(Rows, kFirst).build().size();
  static constexpr std::array<uint16_t, kSize> kWords = [] {
    const std::vector<uint16_t> built = detail::TreeBuilder(Rows, kFirst).build();
    std::array<uint16_t, kSize> words = {};
    std::copy(built.begin(), built.end(), words.begin());
    return words;
  }();
};

}  // namespace menura::frontends
