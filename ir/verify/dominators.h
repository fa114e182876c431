// Which blocks a value's block dominates. The edge of a guest call counts as an edge from outside: whatever was
// computed before the call is gone after it.
#pragma once

#include <vector>

#include "ir/core/region.h"

namespace menura::ir {

class Dominators {
 public:
  // Edges must have been checked.
  explicit Dominators(const Region& region);

  bool reachable(BlockId block) const { return number_[block] != 0; }
  // Whether every way to `block` passes `dominator` (a block dominates itself). False for unreachable blocks.
  bool dominates(BlockId dominator, BlockId block) const;

 private:
  uint32_t common(uint32_t a, uint32_t b) const;

  std::vector<uint32_t> number_;  // by block: place in reverse post-order, the outside being 0; 0 = unreachable
  std::vector<uint32_t> parent_;  // by number: immediate dominator's number
};

}  // namespace menura::ir
