// A region with what the interpreter computes about it once.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/core/region.h"

namespace menura::ir {

struct PreparedRegion {
  explicit PreparedRegion(Region of) : region(std::move(of)) {
    word_of.reserve(region.insts.size());
    for (const Inst& inst : region.insts) {
      word_of.push_back(words);
      words += words_of(inst.type);
    }
    place_of.resize(region.blocks.size());
    for (uint32_t i = 0; i < region.order.size(); ++i) place_of[region.order[i]] = i;
  }

  // 64-bit words that a value takes.
  static constexpr uint32_t words_of(Type type) { return (bits(type) + 63) / 64; }

  Region region;
  std::vector<uint32_t> word_of;   // by value: where it lies among the words of all values
  std::vector<uint32_t> place_of;  // by block: its place in Region::order
  uint32_t words = 0;
};

}  // namespace menura::ir
