#include "ir/build/builder.h"

#include <algorithm>

namespace menura::ir {

void Builder::begin(Region& region, const Identity& identity, MemoryModel order, std::span<const Place> places,
                    std::span<const Inlined> inlined) {
  region.clear();
  region.identity = identity;
  region.order_model = order;
  region_ = &region;
  current_ = kNoBlock;
  insn_pc_ = identity.pc;
  insn_length_ = 0;
  exclusive_open_ = false;
  has_exclusives_ = false;
  planned_.clear();
  exits_.clear();
  wrong_returns_.clear();
  context_ = 0;
  inlined_ = inlined;
  for (const Place& place : places) {
    const BlockId block = new_block();
    region.blocks[block].pc_offset = offset_of(place.pc);
    planned_.push_back({place, block});
  }
  std::sort(planned_.begin(), planned_.end());
}

void Builder::finish() {
  assert(ended());
  for (const auto& [block, target] : wrong_returns_) {
    start(block);
    end(Op::Return, {target});
  }
  // An exit from inlined code may want another one, for where it returns to.
  for (std::size_t i = 0; i < exits_.size(); ++i) {
    const Exit exit = exits_[i];
    start(exit.block);
    context_ = exit.place.context;
    leave_for(exit.place.pc);
  }
}

BlockId Builder::new_block() {
  region_->blocks.emplace_back().pc_offset = offset_of(insn_pc_);
  return static_cast<BlockId>(region_->blocks.size() - 1);
}

BlockId Builder::block_of(const Place& place) const {
  const auto it = std::lower_bound(planned_.begin(), planned_.end(), PlacedBlock{place, 0});
  return it != planned_.end() && it->place == place ? it->block : kNoBlock;
}

uint32_t Builder::context_of_call(uint64_t return_pc, uint64_t target) const {
  for (uint32_t i = 0; i < inlined_.size(); ++i) {
    const Inlined& call = inlined_[i];
    if (call.caller == context_ && call.return_pc == return_pc && call.entry == target) return i + 1;
  }
  return 0;
}

Value Builder::start(BlockId block, std::initializer_list<Type> params) {
  assert(ended());
  Block& record = region_->blocks[block];
  assert(record.count == 0);
  record.first = static_cast<uint32_t>(region_->insts.size());
  record.param_count = static_cast<uint32_t>(params.size());
  region_->order.push_back(block);
  current_ = block;
  notes_ = {};
  for (const Type type : params) emit(Op::Param, type, {});
  return record.first;
}

bool Builder::resume(uint64_t pc) {
  if (!ended() || region_->insts.empty() || region_->insts.back().op != Op::CondBr) return false;
  const auto exit = std::find_if(exits_.begin(), exits_.end(), [&](const Exit& each) {
    return each.place == Place{pc, context_};
  });
  if (exit == exits_.end()) return false;
  unsigned from_here = 0;
  for_each_edge(*region_, region_->insts.back(), [&](const Edge& edge) { from_here += edge.target == exit->block; });
  if (from_here == 0) return false;
  const BlockId block = exit->block;
  // An earlier branch may lead there, too.
  const Notes notes = exit->edges == from_here ? notes_ : Notes{};
  exits_.erase(exit);
  start(block);
  notes_ = notes;
  return true;
}

bool Builder::join(uint64_t pc) {
  const auto exit = std::find_if(exits_.begin(), exits_.end(), [&](const Exit& each) {
    return each.place == Place{pc, context_};
  });
  if (exit == exits_.end()) return false;
  const BlockId block = exit->block;
  exits_.erase(exit);
  if (!ended()) br(block);
  start(block);
  return true;
}

void Builder::part(uint64_t pc) {
  if (ended()) return;
  const Block& block = region_->blocks[current_];
  if (block.count != 0 && region_->insts[block.first].op == Op::Insn) return;
  const BlockId next = new_block();
  region_->blocks[next].pc_offset = offset_of(pc);
  br(next);
  const Notes notes = notes_;
  start(next);
  notes_ = notes;
}

void Builder::insn(uint64_t pc, unsigned length) {
  insn_pc_ = pc;
  insn_length_ = length;
  ++region_->guest_instructions;
  emit(Op::Insn, Type::Void, {}, length, offset_of(pc));
}

Value Builder::append(Op op, Type type, unsigned count, Value a, Value b, Value c, uint32_t aux, int64_t imm) {
  assert(!ended());
  Inst inst;
  inst.op = op;
  inst.type = type;
  inst.arg_count = static_cast<uint8_t>(count);
  inst.args = {a, b, c};
  inst.aux = aux;
  inst.imm = imm;
  std::vector<Inst>& insts = region_->insts;
  insts.push_back(inst);
  ++region_->blocks[current_].count;
  return static_cast<Value>(insts.size() - 1);
}

Value Builder::append_many(Op op, Type type, std::initializer_list<Value> args, uint32_t aux, int64_t imm) {
  const Value value = append(op, type, static_cast<unsigned>(args.size()), kNoValue, kNoValue, kNoValue, aux, imm);
  region_->insts[value].extra = static_cast<uint32_t>(region_->extra.size());
  region_->extra.insert(region_->extra.end(), args.begin(), args.end());
  return value;
}

Value Builder::call(HelperId helper, std::initializer_list<Value> args) {
  assert(args.size() == helpers_[helper].arg_count);
  return emit(Op::Call, helpers_[helper].result, args, 0, helper);
}

void Builder::end(Op op, std::initializer_list<Value> args, uint32_t aux, int64_t imm) {
  assert(is_terminator(op));
  emit(op, Type::Void, args, aux, imm);
  current_ = kNoBlock;
}

void Builder::add_edge(BlockId target, std::initializer_list<Value> args) {
  Inst& inst = region_->insts.back();
  if (inst.edge_count++ == 0) inst.extra = static_cast<uint32_t>(region_->extra.size());
  region_->extra.push_back(target);
  region_->extra.push_back(static_cast<uint32_t>(args.size()));
  region_->extra.insert(region_->extra.end(), args.begin(), args.end());
}

void Builder::add_return_edge(uint64_t return_pc) {
  // A return enters a region as everybody does where it goes to the entry block: that takes no edge.
  BlockId block = block_of({return_pc, context_});
  if (block == kNoBlock && context_ != 0) block = target_block({return_pc, context_});
  if (block != kNoBlock && block != 0) add_edge(block);
}

BlockId Builder::target_block(const Place& place) {
  const BlockId block = block_of(place);
  return block != kNoBlock ? block : exit_block(place);
}

BlockId Builder::exit_block(const Place& place) {
  for (Exit& exit : exits_) {
    if (exit.place != place) continue;
    ++exit.edges;
    return exit.block;
  }
  const BlockId block = new_block();
  region_->blocks[block].pc_offset = offset_of(place.pc);
  exits_.push_back({place, block, 1});
  return block;
}

void Builder::leave_for(uint64_t pc) {
  if (context_ == 0) {
    end(Op::Jump, {}, 0, offset_of(pc));
    return;
  }
  // Who goes on there returns one day, and nobody has said yet to where.
  end(Op::CallDirect, {}, static_cast<uint32_t>(offset_of(inlined().return_pc)), offset_of(pc));
  leave_after_call();
}

// Behind what leaves inlined code as a call: it returns to code outside. It is rare, and behind an edge to a block of
// the region, compilers would have to do without what they know of the slots.
void Builder::leave_after_call() {
  const Inlined& call = inlined();
  if (call.caller != 0) add_edge(exit_block({call.return_pc, call.caller}));
}

void Builder::br(BlockId target, std::initializer_list<Value> args) {
  end(Op::Br, {});
  add_edge(target, args);
}

void Builder::cond_br(Value cond, BlockId if_true, BlockId if_false) {
  end(Op::CondBr, {cond});
  add_edge(if_true);
  add_edge(if_false);
}

void Builder::jump_to(uint64_t target) {
  if (const BlockId block = block_of({target, context_}); block != kNoBlock) {
    br(block);
  } else {
    leave_for(target);
  }
}

void Builder::branch_to(Value cond, uint64_t taken, uint64_t not_taken) {
  const BlockId taken_block = target_block({taken, context_});
  cond_br(cond, taken_block, target_block({not_taken, context_}));
}

void Builder::call_to(uint64_t target, uint64_t return_pc) {
  if (const uint32_t callee = context_of_call(return_pc, target); callee != 0) {
    br(block_of({target, callee}));
    return;
  }
  end(Op::CallDirect, {}, static_cast<uint32_t>(offset_of(return_pc)), offset_of(target));
  add_return_edge(return_pc);
}

void Builder::call_indirect(Value target, uint64_t return_pc) {
  for (uint32_t i = 0; i < inlined_.size(); ++i) {
    const Inlined& call = inlined_[i];
    if (call.caller != context_ || call.return_pc != return_pc) continue;
    const Value here = icmp(Cond::Eq, target, pc_value(call.entry));
    const BlockId elsewhere = new_block();
    cond_br(here, block_of({call.entry, i + 1}), elsewhere);
    start(elsewhere);
  }
  end(Op::CallIndirect, {target}, static_cast<uint32_t>(offset_of(return_pc)));
  add_return_edge(return_pc);
}

void Builder::jump_indirect(Value target) {
  if (context_ == 0) {
    end(Op::JumpIndirect, {target});
    return;
  }
  end(Op::CallIndirect, {target}, static_cast<uint32_t>(offset_of(inlined().return_pc)));
  leave_after_call();
}

void Builder::return_to(Value target) {
  if (context_ == 0) {
    end(Op::Return, {target});
    return;
  }
  const Inlined& call = inlined();
  const Value right = icmp(Cond::Eq, target, pc_value(call.return_pc));
  const BlockId wrong = new_block();
  wrong_returns_.emplace_back(wrong, target);
  cond_br(right, target_block({call.return_pc, call.caller}), wrong);
}

void Builder::exit(ExitKind kind, uint64_t next_pc, std::initializer_list<Value> detail) {
  end(Op::Exit, detail, static_cast<uint32_t>(kind), offset_of(next_pc));
}

}  // namespace menura::ir
