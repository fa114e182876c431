// Results whose checks (fp_results.cpp) are put off until somebody would see the difference: a NaN makes a NaN of what
// is computed from it, so that one look at the last result says that none before was wrong. Where it was, all of them
// are computed again, in order. Flags of the host are sticky and right but for those that computing again adds: what
// looks at flags, and all that leaves, comes behind the checks.
#include <algorithm>

#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::Op;
using ir::SlotId;

namespace {

// Their operands stay in registers until they are checked.
constexpr size_t kMostDeferred = 8;

// Moves bits and changes signs: of a wrong operand the result is wrong, too, but no flag is.
bool moves(Op op) {
  switch (op) {
    case Op::FNeg:
    case Op::FAbs:
    case Op::FCopySign:
    case Op::NanBox:
    case Op::VZext:
    case Op::VTrunc:
      return true;
    default:
      return false;
  }
}

bool computes(Op op) {
  switch (op) {
    case Op::FAdd:
    case Op::FSub:
    case Op::FMul:
    case Op::FDiv:
    case Op::FSqrt:
    case Op::FMa:
    case Op::VFAdd:
    case Op::VFSub:
    case Op::VFMul:
    case Op::VFDiv:
    case Op::VFSqrt:
    case Op::VFMa:
      return true;
    default:
      return false;
  }
}

// A NaN in an operand, in any lane, is one in the result.
bool propagates(Op op, unsigned arg) { return computes(op) || (moves(op) && op != Op::VTrunc && arg == 0); }

}  // namespace

void Lowering::find_used_elsewhere() {
  used_elsewhere_.assign(region_.insts.size(), false);
  for (const ir::BlockId id : region_.order) {
    const ir::Block& block = region_.blocks[id];
    const auto note = [&](Value v) {
      if (v - block.first >= block.count) used_elsewhere_[v] = true;
    };
    for (uint32_t at = block.first; at < block.first + block.count; ++at) {
      for (const Value arg : region_.args(region_.insts[at])) note(arg);
    }
    ir::for_each_edge(region_, region_.terminator(block), [&](ir::Edge edge) {
      for (const Value arg : edge.args) used_elsewhere_[arg] = true;
    });
  }
}

void Lowering::start_deferring() {
  deferred_.clear();
  held_.assign(layout_.slots.size(), ir::kNoValue);
}

bool Lowering::is_deferred(Value v) const {
  return std::any_of(deferred_.begin(), deferred_.end(), [&](const Deferred& deferred) { return deferred.value == v; });
}

// What is done in one way only (fp_results.cpp), lane by lane.
bool Lowering::can_defer(const Inst& inst) const {
  if (!computes(inst.op)) return false;
  const auto desc = ir::unpack<ir::FpDesc>(inst.aux);
  if (desc.defined != 0 || desc.halved != 0) return false;
  return ir::is_vector_op(inst.op) ? has_vector_fp(inst) : has_host_form(inst);
}

void Lowering::settle_for(const Inst& inst) {
  if (deferred_.empty() || inst.op == Op::Insn || inst.op == Op::Nop || inst.op == Op::Set) return;
  const bool full = deferred_.size() >= kMostDeferred;
  if (!full && (moves(inst.op) || can_defer(inst))) return;
  // NaNs compare all alike.
  if (inst.op == Op::FCmp && has_host_form(inst)) return;
  ValueSet wanted(region_.insts.size(), false);
  const ir::Effect effect = ir::info(inst.op).effect;
  const bool load = inst.op == Op::Load;
  const bool access = (load || inst.op == Op::Store) && !machine_ && needed_ != nullptr &&
                      ir::unpack<ir::MemDesc>(inst.aux).align_log2 == 0;
  const bool ends = ir::is_terminator(inst.op);
  const bool pure = effect == ir::Effect::None || effect == ir::Effect::State;
  for (const Deferred& deferred : deferred_) {
    // An fma may lack a flag, which is seen even if nobody looks at the result. But faults of loads that need no
    // registers are a program's end: nobody asks for its flags.
    const bool all = full || (!pure && !ends && !access);
    wanted[deferred.value] =
        all || (ends && used_elsewhere_[deferred.value]) || (is_fused(inst_of(deferred.value).op) && !pure && !load);
  }
  for (const Value arg : region_.args(inst)) wanted[arg] = true;
  if (inst.op == Op::Get) {
    const Value held = held_[static_cast<SlotId>(inst.imm)];
    if (held != ir::kNoValue) wanted[held] = true;
  }
  for (SlotId id = 0; (ends || access) && id < held_.size(); ++id) {
    if (held_[id] != ir::kNoValue && (ends || needed_->needed(insn_pc_, id))) wanted[held_[id]] = true;
  }
  settle(wanted);
  if (ends) deferred_.clear();
}

// Behind an instruction: what it has moved of something unchecked is not checked either.
void Lowering::note_deferred(Value v, const Inst& inst) {
  if (inst.op == Op::Set) {
    held_[static_cast<SlotId>(inst.imm)] = inst.args[0];
  } else if (!deferred_.empty() && deferred_.back().value == v && deferred_.back().tiny) {
    // It is looked at in any case: later costs registers, and what it was computed from need not be looked at now.
    ValueSet wanted(region_.insts.size(), false);
    wanted[v] = true;
    settle(std::move(wanted));
  } else if (!deferred_.empty() && moves(inst.op)) {
    const auto args = region_.args(inst);
    if (std::any_of(args.begin(), args.end(), [&](Value arg) { return is_deferred(arg); })) {
      deferred_.push_back({v, nullptr, false});
    }
  }
}

// Adds to `wanted` what that was computed from, and what has only been moved from any of it: nothing of its own would
// say later that it is wrong.
void Lowering::want_related(ValueSet& wanted) const {
  for (bool grown = true; grown;) {
    grown = false;
    for (const Deferred& deferred : deferred_) {
      const auto args = region_.args(inst_of(deferred.value));
      const auto is_wanted = [&](Value arg) { return wanted[arg] && is_deferred(arg); };
      if (!wanted[deferred.value] && deferred.result == nullptr && std::any_of(args.begin(), args.end(), is_wanted)) {
        wanted[deferred.value] = grown = true;
      }
      if (!wanted[deferred.value]) continue;
      for (const Value arg : args) {
        grown |= !wanted[arg] && is_deferred(arg);
        wanted[arg] = true;
      }
    }
  }
}

void Lowering::settle(ValueSet wanted) {
  want_related(wanted);
  std::vector<Deferred> chosen;
  ValueSet covered(region_.insts.size(), false);  // a NaN there is seen further on
  std::vector<llvm::Value*> numbers;
  std::vector<llvm::Value*> tiny;  // conditions
  for (auto at = deferred_.rbegin(); at != deferred_.rend(); ++at) {
    const Inst& inst = inst_of(at->value);
    if (!wanted[at->value]) continue;
    chosen.push_back(*at);
    if (at->tiny) {
      tiny.push_back(is_nan_or_least(inst, at->result));
    } else if (at->result != nullptr && !covered[at->value]) {
      numbers.push_back(at->result);
    }
    const bool seen = at->result != nullptr || covered[at->value];
    unsigned number = 0;
    for (const Value arg : region_.args(inst)) {
      if (seen && propagates(inst.op, number)) covered[arg] = true;
      ++number;
    }
  }
  if (chosen.empty()) return;
  std::reverse(chosen.begin(), chosen.end());

  // Any of the checks leads to the one place where all is computed again.
  llvm::BasicBlock* const rare = new_block("rare");
  const auto check = [&](llvm::Value* wrong) {
    llvm::BasicBlock* const next = new_block("");
    b_.CreateCondBr(wrong, rare, next, rare_);
    b_.SetInsertPoint(next);
  };
  while (!numbers.empty()) {
    llvm::Value* const one = numbers.back();
    numbers.pop_back();
    // One comparison says it of two.
    const auto other =
        std::find_if(numbers.begin(), numbers.end(), [&](llvm::Value* v) { return v->getType() == one->getType(); });
    check(any_unordered(one, other != numbers.end() ? *other : one, false));
    if (other != numbers.end()) numbers.erase(other);
  }
  for (llvm::Value* const wrong : tiny) check(wrong);

  std::vector<llvm::Value*> before;
  std::vector<llvm::Value*> again;
  llvm::BasicBlock* const from = b_.GetInsertBlock();
  llvm::BasicBlock* const join = new_block("");
  b_.CreateBr(join);
  b_.SetInsertPoint(rare);
  for (const Deferred& deferred : chosen) {
    const Inst& inst = inst_of(deferred.value);
    before.push_back(value(deferred.value));
    if (deferred.result != nullptr) {
      define(deferred.value, corrected(inst, deferred.result, deferred.tiny));
    } else {
      lower(deferred.value, inst);
    }
    again.push_back(value(deferred.value));
  }
  llvm::BasicBlock* const rare_end = b_.GetInsertBlock();
  b_.CreateBr(join);
  b_.SetInsertPoint(join);
  for (size_t i = 0; i < chosen.size(); ++i) {
    llvm::PHINode* const phi = b_.CreatePHI(before[i]->getType(), 2);
    phi->addIncoming(before[i], from);
    phi->addIncoming(again[i], rare_end);
    define(chosen[i].value, phi);
  }
  for (const Deferred& deferred : chosen) {
    const Inst& inst = inst_of(deferred.value);
    // Outside of vectors the value itself goes around loops (narrowing.cpp).
    if (inst.op == Op::VZext || inst.op == Op::NanBox) lower(deferred.value, inst);
  }
  for (SlotId id = 0; id < held_.size(); ++id) {
    const Value v = held_[id];
    if (v != ir::kNoValue &&
        std::any_of(chosen.begin(), chosen.end(), [&](const Deferred& d) { return d.value == v; })) {
      store_slot(id, v);
    }
  }
  std::erase_if(deferred_, [&](const Deferred& deferred) { return wanted[deferred.value]; });
}

}  // namespace menura::llvmjit
