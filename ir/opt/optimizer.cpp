#include "ir/opt/optimizer.h"

#include <algorithm>

namespace menura::ir {

Optimizer::Optimizer(const StateLayout& layout, const HelperTable& helpers)
    : slots_(layout),
      slot_facts_(layout, helpers, slots_),
      liveness_(helpers, slots_),
      rewriter_(helpers, slots_),
      transient_sets_(layout, helpers, slots_) {}

void Optimizer::run(Region& region, OptLevel level) {
  if (level == OptLevel::None || region.order.empty()) return;
  const bool full = level == OptLevel::Full && region.order.size() > 1;
  liveness_.predict(region, dying_);
  if (full) slot_facts_.run(region);
  if (!rewriter_.run(region, dying_, full ? &slot_facts_ : nullptr, work_)) return;
  work_.order = region.order;
  if (rewriter_.cut_edges()) drop_unreachable(work_);
  if (full) transient_sets_.run(work_);
  liveness_.run(work_, full, keep_);
  compact(region);
}

void Optimizer::drop_unreachable(Region& region) {
  reached_.assign(region.blocks.size(), 0);
  queue_.assign(1, region.order.front());
  reached_[queue_.front()] = 1;
  while (!queue_.empty()) {
    const BlockId id = queue_.back();
    queue_.pop_back();
    for_each_edge(region, region.terminator(region.blocks[id]), [&](const Edge& edge) {
      if (reached_[edge.target] != 0) return;
      reached_[edge.target] = 1;
      queue_.push_back(edge.target);
    });
  }
  std::erase_if(region.order, [&](BlockId id) { return reached_[id] == 0; });
}

// Writes what is kept of work_ back.
void Optimizer::compact(Region& region) {
  region.insts.clear();
  region.extra.clear();
  region.blocks = work_.blocks;
  region.order = work_.order;
  renumber_.resize(work_.insts.size());
  for (const BlockId id : region.order) {
    const Block& from = work_.blocks[id];
    Block& block = region.blocks[id];
    block.first = static_cast<uint32_t>(region.insts.size());
    for (Value at = from.first; at < from.first + from.count; ++at) {
      if (keep_[at] == 0) continue;
      renumber_[at] = static_cast<Value>(region.insts.size());
      Inst& inst = region.insts.emplace_back(work_.insts[at]);
      for (unsigned i = 0; i < std::min<unsigned>(inst.arg_count, 3); ++i) {
        if (inst.arg_count <= 3) inst.args[i] = renumber_[inst.args[i]];
      }
      if (inst.extra == kNoExtra) continue;
      const uint32_t list = inst.extra;
      inst.extra = static_cast<uint32_t>(region.extra.size());
      if (inst.arg_count > 3) {
        for (unsigned i = 0; i < inst.arg_count; ++i) region.extra.push_back(renumber_[work_.extra[list + i]]);
      }
      if (inst.edge_count != 0) {
        for_each_edge(work_, work_.insts[at], [&](const Edge& edge) {
          region.extra.push_back(edge.target);
          region.extra.push_back(static_cast<uint32_t>(edge.args.size()));
          for (const Value arg : edge.args) region.extra.push_back(renumber_[arg]);
        });
      }
    }
    block.count = static_cast<uint32_t>(region.insts.size()) - block.first;
  }
}

void optimize(Region& region, const StateLayout& layout, const HelperTable& helpers, OptLevel level) {
  Optimizer(layout, helpers).run(region, level);
}

}  // namespace menura::ir
