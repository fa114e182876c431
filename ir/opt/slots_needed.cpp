#include "ir/opt/slots_needed.h"

#include "ir/opt/slot_map.h"

namespace menura::ir {

void SlotsNeeded::compute(const Region& region, const StateLayout& layout, const HelperTable& helpers) {
  const opt::SlotMap map(layout);
  const Set all(layout.slots.size(), true);
  std::vector<Set> at_start(region.blocks.size(), Set(layout.slots.size(), false));
  std::vector<uint32_t> place(region.blocks.size(), UINT32_MAX);
  for (uint32_t i = 0; i < region.order.size(); ++i) place[region.order[i]] = i;

  // Backward over one block, telling each instruction marker.
  const auto walk = [&](BlockId id, auto marker) {
    const Block& block = region.blocks[id];
    const Inst& end = region.terminator(block);
    Set needed(layout.slots.size(), false);
    if (end.op != Op::Br && end.op != Op::CondBr) {
      needed = all;
    } else {
      for_each_edge(region, end, [&](Edge edge) {
        // A stop request may leave at a back edge.
        if (place[edge.target] <= place[id]) needed = all;
        for (SlotId slot = 0; slot < needed.size(); ++slot) needed[slot] = needed[slot] || at_start[edge.target][slot];
      });
    }
    for (uint32_t at = block.first + block.count; at-- > block.first;) {
      const Inst& inst = region.insts[at];
      const auto slot = static_cast<SlotId>(inst.imm);
      if (inst.op == Op::Set) {
        needed[slot] = false;
        for (const SlotId other : map.inside(slot)) needed[other] = false;
      } else if (inst.op == Op::Get) {
        needed[slot] = true;
        for (const SlotId other : map.overlapping(slot)) needed[other] = true;
      } else if (inst.op == Op::Call) {
        const HelperEffects& effects = helpers[static_cast<HelperId>(inst.imm)].effects;
        if (effects.reads_state || effects.writes_state) needed = all;
      } else if (inst.op == Op::Insn) {
        marker(inst.imm, needed);
      }
    }
    return needed;
  };

  for (bool changed = true; changed;) {
    changed = false;
    for (auto it = region.order.rbegin(); it != region.order.rend(); ++it) {
      Set needed = walk(*it, [](int64_t, const Set&) {});
      if (needed == at_start[*it]) continue;
      at_start[*it] = std::move(needed);
      changed = true;
    }
  }
  by_pc_.clear();
  for (const BlockId id : region.order) {
    walk(id, [&](int64_t pc, const Set& needed) {
      const auto [at, added] = by_pc_.try_emplace(pc, needed);
      if (added) return;
      // Inlined code is there more than once.
      for (SlotId slot = 0; slot < needed.size(); ++slot) at->second[slot] = at->second[slot] || needed[slot];
    });
  }
}

}  // namespace menura::ir
