#include "ir/opt/slot_facts.h"

#include <algorithm>

namespace menura::ir::opt {

namespace {
// Loop counters would otherwise climb through all widths.
constexpr unsigned kRounds = 3;
}  // namespace

void SlotFacts::run(const Region& region) {
  find_reads(region);
  entry_.resize(region.blocks.size() * read_.size());
  reached_.assign(region.blocks.size(), 0);
  facts_.resize(region.insts.size());
  now_.resize(read_.size());
  give_up_ = false;
  forget_all();
  flow(region.order.front());
  unsigned round = 0;
  do {
    changed_ = false;
    give_up_ = ++round > kRounds;
    for (const BlockId block : region.order) {
      // Of side exits, which read nothing and lead nowhere, nothing need be known.
      const Block& record = region.blocks[block];
      const bool side_exit = record.count == 1 && region.terminator(record).edge_count == 0;
      if (reached_[block] != 0 && !side_exit) transfer(region, block);
    }
  } while (changed_);
}

void SlotFacts::find_reads(const Region& region) {
  index_.assign(slots_.size(), kNotRead);
  read_.clear();
  for (const BlockId id : region.order) {
    const Block& block = region.blocks[id];
    for (Value at = block.first; at < block.first + block.count; ++at) {
      const Inst& inst = region.insts[at];
      const auto slot = static_cast<SlotId>(inst.imm);
      if (inst.op != Op::Get || index_[slot] != kNotRead || !slots_.alone(slot)) continue;
      index_[slot] = static_cast<uint32_t>(read_.size());
      read_.push_back(slot);
    }
  }
}

void SlotFacts::forget_all() {
  for (std::size_t number = 0; number < read_.size(); ++number) now_[number] = unknown(number);
}

// Joins now_ into what is known at the entry of `target`.
void SlotFacts::flow(BlockId target) {
  SlotFact* const entry = entry_.data() + target * read_.size();
  if (reached_[target] == 0) {
    reached_[target] = 1;
    std::copy(now_.begin(), now_.end(), entry);
    changed_ = true;
    return;
  }
  for (std::size_t number = 0; number < read_.size(); ++number) {
    const SlotFact& now = now_[number];
    SlotFact joined{entry[number].facts.either(now.facts), entry[number].constant,
                    entry[number].is_constant && now.is_constant && entry[number].constant == now.constant};
    if (!joined.is_constant) joined.constant = 0;
    if (joined == entry[number]) continue;
    if (give_up_) joined = unknown(number);
    if (joined == entry[number]) continue;
    entry[number] = joined;
    changed_ = true;
  }
}

void SlotFacts::transfer(const Region& region, BlockId id) {
  std::copy_n(entry_.begin() + static_cast<std::ptrdiff_t>(id * read_.size()), read_.size(), now_.begin());
  const Block& block = region.blocks[id];
  for (Value at = block.first; at < block.first + block.count; ++at) {
    const Inst& inst = region.insts[at];
    if (inst.op == Op::Get) {
      const uint32_t number = index_[static_cast<SlotId>(inst.imm)];
      facts_[at] = number != kNotRead ? now_[number].facts : Facts::of(inst.type);
      continue;
    }
    if (inst.op == Op::Set) {
      // A slot in the table shares no byte with another.
      const uint32_t number = index_[static_cast<SlotId>(inst.imm)];
      if (number == kNotRead) continue;
      const Inst& value = region.insts[inst.args[0]];
      SlotFact& fact = now_[number];
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
