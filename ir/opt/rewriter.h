// Rewriter: the forward pass. It reads a region in order and writes a new one, so that rules may make as many new
// instructions as they need. What it knows holds within a *chain*: blocks that are entered only from the one placed
// before them. A value that lived on into another chain would cost a first-tier compiler a spill slot.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/core/state_layout.h"
#include "ir/opt/facts.h"
#include "ir/opt/slot_facts.h"
#include "ir/opt/slot_map.h"

namespace menura::ir::opt {

class Rewriter {
 public:
  Rewriter(const HelperTable& helpers, const SlotMap& slots) : helpers_(helpers), slots_(slots) {}

  // Writes the better form of `in` to insts(), extra() and blocks() of `out` (not its other fields). `dying` marks the
  // Sets of `in` that will turn out dead (index: instruction). `slot_facts` may be null. False: the order of the blocks
  // does not put definitions first, nothing can be done; `out` is then in no good state.
  bool run(const Region& in, const std::vector<uint8_t>& dying, const SlotFacts* slot_facts, Region& out);
  // Whether run() made a block unreachable.
  bool cut_edges() const { return cut_edges_; }

  // --- for rules (rules.h)
  const Inst& def(Value v) const { return out_->insts[v]; }
  Op op(Value v) const { return out_->insts[v].op; }
  Type type(Value v) const { return out_->insts[v].type; }
  const Facts& facts(Value v) const { return facts_[v]; }
  uint64_t base_pc() const { return out_->identity.pc; }

  bool is_constant(Value v) const { return op(v) == Op::Const; }
  bool is_constant(Value v, int64_t value) const { return is_constant(v) && def(v).imm == value; }
  // Whether the expression may use `inner`, an operand of `outer`, instead of `outer`. Not where that keeps `inner`
  // alive beside an `outer` that a state slot holds anyway.
  bool may_reach(Value outer, Value inner) const;
  // The same for addresses, which add a constant for free: `inner` may also be a value that was never in a slot, so
  // that it has a register of its own.
  bool may_address(Value outer, Value inner) const {
    return may_reach(outer, inner) || (inner >= chain_first_ && holder_[inner] == StateLayout::kNoSlot);
  }
  // It was computed in this chain.
  bool in_chain(Value v) const { return v >= chain_first_; }
  // A slot of the guest's state holds it now, so that keeping it costs nothing.
  bool held(Value v) const {
    const SlotId slot = holder_[v];
    return slot != StateLayout::kNoSlot && slot_value_[slot] == v;
  }

  // The simplest form of a new instruction: an existing value where there is one.
  Value make(Op op, Type type, Value a, Value b = kNoValue, Value c = kNoValue, uint32_t aux = 0, int64_t imm = 0);
  Value constant(Type type, int64_t value) { return make(Op::Const, type, kNoValue, kNoValue, kNoValue, 0, value); }

 private:
  static constexpr unsigned kTableSize = 512;
  static constexpr unsigned kDeepest = 6;  // nested make() calls: beyond, instructions are taken as they are

  void begin_block(BlockId id, std::size_t place);
  void count_entries();
  bool rewrite(Value at, const Inst& inst);
  Value get(const Inst& inst);
  void set(Value at, const Inst& inst);
  void call(const Inst& inst);
  void forget_slots();
  void end(Inst& inst);
  Value pure(Inst& inst);
  Value reuse(const Inst& inst);
  Value append(const Inst& inst);
  bool map_operands(Value at, Inst& inst);

  const HelperTable& helpers_;
  const SlotMap& slots_;
  const Region* in_ = nullptr;
  const std::vector<uint8_t>* dying_ = nullptr;
  const SlotFacts* slot_facts_ = nullptr;
  Region* out_ = nullptr;
  BlockId block_ = 0;
  Value chain_first_ = 0;  // first value of the chain
  unsigned depth_ = 0;
  bool cut_edges_ = false;
  bool slots_stale_ = false;       // slot_value_ is of an earlier chain
  bool entry_facts_hold_ = false;  // no helper has written the state since the block's entry

  std::vector<Value> map_;         // by instruction of in_
  std::vector<Facts> facts_;       // by instruction of out_
  std::vector<SlotId> holder_;     // by instruction of out_: the slot last loaded into or stored from it
  std::vector<Value> slot_value_;  // by slot: what it holds, as far as known
  std::vector<uint32_t> entries_;  // by block: edges that lead there
  std::vector<Value> table_;       // hash of effect-free instructions of out_
};

}  // namespace menura::ir::opt
