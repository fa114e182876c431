// The optimizer: turns a region into one that does the same with less.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/core/state_layout.h"
#include "ir/opt/liveness.h"
#include "ir/opt/rewriter.h"
#include "ir/opt/slot_facts.h"
#include "ir/opt/slot_map.h"
#include "ir/opt/transient_sets.h"

namespace menura::ir {

enum class OptLevel : uint8_t {
  None,  // leaves regions as they are
  Fast,  // for first-gear traces: one pass forward, one backward, nothing across blocks but what falls through
  Full,  // for hot regions: also what is known of slots at the entry of every block, and dead Sets across blocks
};

// One per translating thread. Keeps its working memory, so that nothing is allocated once it is warm.
class Optimizer {
 public:
  // Both outlive it.
  Optimizer(const StateLayout& layout, const HelperTable& helpers);
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  // `region` verifies, before and after. Values and blocks may get other numbers; blocks that cannot be reached are no
  // longer placed.
  void run(Region& region, OptLevel level);

 private:
  void drop_unreachable(Region& region);
  void compact(Region& region);

  opt::SlotMap slots_;
  opt::SlotFacts slot_facts_;
  opt::Liveness liveness_;
  opt::Rewriter rewriter_;
  opt::TransientSets transient_sets_;
  Region work_;                  // the rewritten region, before it is compacted
  std::vector<uint8_t> dying_;   // by instruction of the region
  std::vector<uint8_t> keep_;    // by instruction of work_
  std::vector<Value> renumber_;  // by instruction of work_
  std::vector<BlockId> queue_;
  std::vector<uint8_t> reached_;
};

// For one region, where speed does not matter.
void optimize(Region& region, const StateLayout& layout, const HelperTable& helpers, OptLevel level);

}  // namespace menura::ir
