// Control flow inside the region.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::BlockId;
using ir::Op;
using ir::Type;

Label Emitter::label_of(BlockId block) {
  // A trace is entered at the top, where its executions are counted.
  if (info_.block(block).place == 0 && !options_->hot) return entry_;
  Label& label = labels_[block];
  if (!label.isValid()) label = a_.newLabel();
  return label;
}

bool Emitter::is_back_edge(BlockId target) const { return info_.block(target).place <= info_.block(block_).place; }

// Whether all of the state is in slots at the start of a block: a virtual CPU may stop there. (What runs within one
// guest instruction ends by itself.)
bool Emitter::starts_instruction(BlockId block) const {
  const ir::Block& b = region_->blocks[block];
  return b.param_count == 0 && region_->insts[b.first].op == Op::Insn;
}

bool Emitter::is_next(BlockId target) const {
  // Blocks that are nothing but links are not emitted.
  uint32_t place = info_.block(block_).place + 1;
  while (place < region_->order.size() && info_.block(region_->order[place]).link_only) ++place;
  return place < region_->order.size() && region_->order[place] == target;
}

// The parameters of the target take their values: first those that lie where another parameter goes.
void Emitter::pass_arguments(ir::Edge edge) {
  if (edge.args.empty()) return;
  const ir::Block& target = region_->blocks[edge.target];
  const auto is_param = [&](Value v) { return v >= target.first && v < target.first + target.param_count; };
  struct Saved {
    Value value;
    uint32_t place;
  };
  std::vector<Saved> saved;
  for (size_t i = 0; i < edge.args.size(); ++i) {
    const Value arg = rep(edge.args[i]);
    if (!is_param(arg) || arg == target.first + i || is_wide(type_of(arg))) continue;
    const Type type = in_vec(type_of(arg)) ? type_of(arg) : Type::I64;
    const uint32_t place = spill_place(type);
    const RegMask before = locked_;
    store_memory(spill_memory(place), use(arg), type);
    locked_ = before;
    saved.push_back({arg, place});
  }
  for (size_t i = 0; i < edge.args.size(); ++i) {
    const Value param = target.first + static_cast<Value>(i);
    const Value arg = rep(edge.args[i]);
    if (arg == param || info_[param].spill == kNever) continue;
    const Type type = in_vec(type_of(param)) ? type_of(param) : Type::I64;
    const RegMask before = locked_;
    if (is_wide(type_of(param))) {
      copy_wide(param, arg);
      continue;
    }
    Reg reg = kNoReg;
    for (const Saved& s : saved) {
      if (s.value == arg) {
        reg = temp(class_of(type));
        load_memory(reg, spill_memory(s.place), type);
      }
    }
    if (reg == kNoReg) reg = use(arg);
    store_memory(spill_memory(info_[param].spill), reg, type);
    locked_ = before;
  }
}

void Emitter::jump_condition(CondCode cc, BlockId target) {
  if (info_.block(target).link_only) {
    const auto code = static_cast<uint8_t>(0x80 | static_cast<uint8_t>(cc));
    link({0x0f, code}, region_->terminator(region_->blocks[target]).imm, false);
  } else {
    a_.emit(x86::Inst::jccFromCond(cc), label_of(target));
  }
}

// Unconditionally; by falling through, where the target is what will be emitted next.
void Emitter::go_to(ir::Edge edge, bool at_end) {
  pass_arguments(edge);
  if (is_back_edge(edge.target) && !starts_instruction(edge.target)) {
    a_.jmp(label_of(edge.target));
  } else if (is_back_edge(edge.target)) {
    // Loops look for stop requests where they go round.
    a_.cmp(state(offsetof(ir::CpuHeader, stop_request), 4), 0);
    a_.je(label_of(edge.target));
    a_.jmp(cold(
        [](Emitter& e, const Cold& c) {
          e.to_contract();
          e.pc_stub(runtime::Thunk::Stop, static_cast<int64_t>(c.data[0]));
        },
        {static_cast<uint64_t>(region_->blocks[edge.target].pc_offset)}));
  } else if (info_.block(edge.target).link_only) {
    link({0xe9}, region_->terminator(region_->blocks[edge.target]).imm, false);
  } else if (!at_end || !is_next(edge.target)) {
    a_.jmp(label_of(edge.target));
  }
}

void Emitter::branch_to(Condition c, ir::Edge edge) {
  using Parity = Condition::Parity;
  if (!edge.args.empty() || is_back_edge(edge.target)) {
    const Condition n = negate(c);
    const Label skip = a_.newLabel();
    const Label taken = a_.newLabel();
    if (n.parity == Parity::Or) a_.jp(skip);
    if (n.parity == Parity::AndNot) a_.jp(taken);
    a_.emit(x86::Inst::jccFromCond(n.cc), skip);
    a_.bind(taken);
    if (edge.args.empty()) {
      go_to(edge, false);
    } else {
      // What this path moves between registers is unknown to the other.
      const std::vector<Location> locations = loc_;
      Value holders[32];
      std::copy(std::begin(holder_), std::end(holder_), holders);
      const RegMask before = locked_;
      go_to(edge, false);
      loc_ = locations;
      std::copy(holders, holders + 32, holder_);
      locked_ = before;
    }
    a_.bind(skip);
    return;
  }
  if (c.parity == Parity::AndNot) {
    const Label skip = a_.newLabel();
    a_.jp(skip);
    jump_condition(c.cc, edge.target);
    a_.bind(skip);
    return;
  }
  if (c.parity == Parity::Or) jump_condition(CondCode::kP, edge.target);
  jump_condition(c.cc, edge.target);
}

void Emitter::emit_br(const Inst& inst) {
  ir::for_each_edge(*region_, inst, [&](ir::Edge edge) { go_to(edge); });
}

void Emitter::emit_cond_br(const Inst& inst) {
  ir::Edge edges[2];
  unsigned n = 0;
  ir::for_each_edge(*region_, inst, [&](ir::Edge edge) { edges[n++] = edge; });
  const Condition c = condition(inst.args[0]);
  const bool first_is_next = is_next(edges[0].target) && !is_back_edge(edges[0].target);
  const unsigned far = first_is_next ? 1 : 0;
  branch_to(far == 1 ? negate(c) : c, edges[far]);
  go_to(edges[1 - far]);
}

}  // namespace menura::x64
