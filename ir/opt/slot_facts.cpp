#include "ir/opt/slot_facts.h"

#include <algorithm>

namespace menura::ir::opt {

namespace {
// Loop counters would otherwise climb through all widths.
constexpr unsigned kRounds = 3;
}  // namespace

void SlotFacts::run(const Region& region) {
  entry_.resize(region.blocks.size() * slots_.size());
  reached_.assign(region.blocks.size(), 0);
  facts_.resize(region.insts.size());
  now_.resize(slots_.size());
  give_up_ = false;
  forget_all();
  flow(region.order.front());
  unsigned round = 0;
  do {
    changed_ = false;
    give_up_ = ++round > kRounds;
    for (const BlockId block : region.order) {
      if (reached_[block] != 0) transfer(region, block);
    }
  } while (changed_);
}

void SlotFacts::forget_all() {
  for (SlotId slot = 0; slot < slots_.size(); ++slot) forget(slot);
}

// Joins now_ into what is known at the entry of `target`.
void SlotFacts::flow(BlockId target) {
  SlotFact* const entry = &entry_[target * slots_.size()];
  if (reached_[target] == 0) {
    reached_[target] = 1;
    std::copy(now_.begin(), now_.end(), entry);
    changed_ = true;
    return;
  }
  for (SlotId slot = 0; slot < slots_.size(); ++slot) {
    SlotFact joined{entry[slot].facts.either(now_[slot].facts), entry[slot].constant,
                    entry[slot].is_constant && now_[slot].is_constant && entry[slot].constant == now_[slot].constant};
    if (!joined.is_constant) joined.constant = 0;
    if (joined == entry[slot]) continue;
    if (give_up_) joined = SlotFact{Facts::of(layout_.slots[slot].type), 0, false};
    if (joined == entry[slot]) continue;
    entry[slot] = joined;
    changed_ = true;
  }
}

void SlotFacts::transfer(const Region& region, BlockId id) {
  std::copy_n(entry_.begin() + static_cast<std::ptrdiff_t>(id * slots_.size()), slots_.size(), now_.begin());
  const Block& block = region.blocks[id];
  for (Value at = block.first; at < block.first + block.count; ++at) {
    const Inst& inst = region.insts[at];
    if (inst.op == Op::Get) {
      facts_[at] = now_[static_cast<SlotId>(inst.imm)].facts;
      continue;
    }
    if (inst.op == Op::Set) {
      const auto slot = static_cast<SlotId>(inst.imm);
      for (const SlotId other : slots_.overlapping(slot)) forget(other);
      const Inst& value = region.insts[inst.args[0]];
      SlotFact& fact = now_[slot];
      fact.facts = facts_[inst.args[0]];
      fact.is_constant = value.op == Op::Const;
      fact.constant = fact.is_constant ? value.imm : 0;
      continue;
    }
    if (inst.op == Op::Call && helpers_[static_cast<HelperId>(inst.imm)].effects.writes_state) forget_all();
    if (inst.type == Type::Void) continue;
    FactInputs in;
    if (inst.arg_count <= 3) {
      for (unsigned i = 0; i < inst.arg_count; ++i) in.args[i] = facts_[inst.args[i]];
      if (inst.arg_count > 0) in.source = region.insts[inst.args[0]].type;
      if (inst.arg_count > 1 && region.insts[inst.args[1]].op == Op::Const) {
        in.has_constant = true;
        in.constant = region.insts[inst.args[1]].imm;
      }
    }
    facts_[at] = inst.op == Op::Param  ? Facts::of(inst.type)
                 : inst.op == Op::Copy ? facts_[inst.args[0]]
                                       : compute_facts(inst, in);
  }
  const Inst& end = region.terminator(block);
  if (end.edge_count == 0) return;
  if (end.op != Op::Br && end.op != Op::CondBr) forget_all();  // behind a guest call
  for_each_edge(region, end, [&](const Edge& edge) { flow(edge.target); });
}

}  // namespace menura::ir::opt
