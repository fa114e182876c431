// Which slots the guest may still look at, by guest instruction: the others are written again before anything reads
// them, whatever way is taken. Where no handler of the guest's looks at the registers of a fault, those need not be
// right then.
//
// Asked about a region before it is optimized: what the optimizer forwards is read no more, but would be where the
// instruction is started again.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/core/state_layout.h"

namespace menura::ir {

class SlotsNeeded {
 public:
  // Replaces what was known.
  void compute(const Region& region, const StateLayout& layout, const HelperTable& helpers);

  // Whether `slot` may be read from the instruction at base pc + `pc` on.
  bool needed(int64_t pc, SlotId slot) const {
    const auto at = by_pc_.find(pc);
    return at == by_pc_.end() || at->second[slot];
  }

 private:
  using Set = std::vector<bool>;  // by SlotId

  std::unordered_map<int64_t, Set> by_pc_;  // from the base pc
};

}  // namespace menura::ir
