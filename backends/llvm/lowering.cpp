#include "backends/llvm/lowering.h"

#include <llvm/IR/MDBuilder.h>

#include <algorithm>

namespace menura::llvmjit {

using ir::BlockId;
using ir::Op;
using ir::SlotId;
using ir::StateLayout;
using ir::Type;

namespace {

// A name for the contract's parameters: state, pinned integers, pinned floats.
constexpr unsigned kFirstPin = 1;

bool may_use(Type t) { return t != Type::F80 && t != Type::Mask; }

}  // namespace

Lowering::Lowering(llvm::Module& module, const ir::Region& region, const StateLayout& layout,
                   const ir::HelperTable& helpers, const Features& features)
    : module_(module),
      context_(module.getContext()),
      b_(context_),
      region_(region),
      layout_(layout),
      helpers_(helpers),
      features_(features) {
  std::vector<llvm::Type*> parameters = {llvm::PointerType::getUnqual(context_)};
  for (const SlotId slot : layout.pinned_ints) parameters.push_back(pin_type(slot, false));
  for (const SlotId slot : layout.pinned_floats) parameters.push_back(pin_type(slot, true));
  parameters.push_back(b_.getInt64Ty());  // rax, of which only indirect jumps make use
  function_type_ = llvm::FunctionType::get(llvm::Type::getVoidTy(context_), parameters, false);

  llvm::MDBuilder metadata(context_);
  llvm::MDNode* const domain = metadata.createAnonymousAliasScopeDomain();
  state_scope_ = llvm::MDNode::get(context_, {metadata.createAnonymousAliasScope(domain)});
  guest_scope_ = llvm::MDNode::get(context_, {metadata.createAnonymousAliasScope(domain)});
  rare_ = metadata.createBranchWeights(1, 4000);

  auto* const base =
      new llvm::GlobalVariable(module, b_.getInt64Ty(), true, llvm::GlobalValue::ExternalLinkage, nullptr, kBasePc);
  base->setDSOLocal(true);
  base_pc_ = base;

  place_.resize(region.blocks.size(), UINT32_MAX);
  for (uint32_t i = 0; i < region.order.size(); ++i) place_[region.order[i]] = i;
}

// Slots that share bytes, and types that cannot be values, are left to others.
bool Lowering::check() {
  for (const Inst& inst : region_.insts) {
    if (!may_use(inst.type)) return false;
    wide_ |= inst.type == Type::V256 || inst.type == Type::V512;
  }
  return true;
}

bool Lowering::run(const ir::SlotsNeeded* needed, bool machine) {
  machine_ = machine;
  needed_ = needed;
  if (!check()) return false;
  find_used_elsewhere();
  entries_.push_back(region_.order.front());
  // Functions behind calls are found as those before them are lowered.
  for (unsigned number = 0; number < entries_.size(); ++number) {
    if (!lower_function(number)) return false;
  }
  return true;
}

bool Lowering::lower_function(unsigned number) {
  number_ = number;
  const BlockId entry = entries_[number];
  find_reached(entry);
  find_loops();
  find_dirty(entry);
  floats_rest_ = !moves_floats_ && !machine_ && has_no_floats();
  resting_.push_back(floats_rest_);
  start_function(entry);
  for (const BlockId block : region_.order) {
    if (reached_[block]) lower_block(block);
  }
  return !failed_;
}

// What `entry` reaches without passing a guest call: nothing outlives one, so functions share no values.
void Lowering::find_reached(BlockId entry) {
  reached_.assign(region_.blocks.size(), false);
  reached_[entry] = true;
  std::vector<BlockId> work = {entry};
  while (!work.empty()) {
    const BlockId block = work.back();
    work.pop_back();
    const Inst& end = region_.terminator(region_.blocks[block]);
    if (end.op == Op::CallDirect || end.op == Op::CallIndirect) continue;
    ir::for_each_edge(region_, end, [&](ir::Edge edge) {
      if (reached_[edge.target]) return;
      reached_[edge.target] = true;
      work.push_back(edge.target);
    });
  }
}

// Forward over the blocks: slots that memory may not be up to date for. Pinned ones come in registers.
void Lowering::find_dirty(BlockId entry) {
  dirty_at_.assign(region_.blocks.size(), SlotSet(layout_.slots.size(), false));
  for (SlotId id = 0; id < layout_.slots.size(); ++id) {
    dirty_at_[entry][id] = layout_.slot(id).pin_rank != ir::kNotPinned;
  }
  if (enters_loop(kNoBlock, entry)) clean_for_loop(dirty_at_[entry], entry);
  std::vector<bool> queued(region_.blocks.size(), false);
  std::vector<BlockId> work = {entry};
  std::vector<bool> seen(region_.blocks.size(), false);
  seen[entry] = true;
  while (!work.empty()) {
    const BlockId id = work.back();
    work.pop_back();
    queued[id] = false;
    SlotSet out = dirty_at_[id];
    const ir::Block& block = region_.blocks[id];
    for (uint32_t at = block.first; at < block.first + block.count; ++at) {
      const Inst& inst = region_.insts[at];
      if (inst.op == Op::Set) out[static_cast<SlotId>(inst.imm)] = !is_written_through(static_cast<SlotId>(inst.imm));
      if (inst.op == Op::Call) {
        const ir::HelperEffects& effects = helpers_[static_cast<ir::HelperId>(inst.imm)].effects;
        if (effects.reads_state || effects.writes_state) out.assign(out.size(), false);
      }
    }
    const Inst& end = region_.terminator(block);
    if (end.op == Op::CallDirect || end.op == Op::CallIndirect) continue;
    ir::for_each_edge(region_, end, [&](ir::Edge edge) {
      SlotSet& in = dirty_at_[edge.target];
      SlotSet passed = out;
      if (enters_loop(id, edge.target)) clean_for_loop(passed, edge.target);
      bool grown = !seen[edge.target];
      seen[edge.target] = true;
      for (size_t i = 0; i < passed.size(); ++i) {
        if (passed[i] && !in[i]) {
          in[i] = true;
          grown = true;
        }
      }
      if (grown && !queued[edge.target]) {
        queued[edge.target] = true;
        work.push_back(edge.target);
      }
    });
  }
}

bool Lowering::has_no_floats() const {
  for (const BlockId id : region_.order) {
    if (!reached_[id]) continue;
    const ir::Block& block = region_.blocks[id];
    for (uint32_t at = block.first; at < block.first + block.count; ++at) {
      const Inst& inst = region_.insts[at];
      if (inst.op == Op::Call || (!ir::is_int(inst.type) && inst.type != Type::Void)) return false;
    }
  }
  return true;
}

void Lowering::start_function(BlockId entry) {
  function_ =
      llvm::Function::Create(function_type_, llvm::GlobalValue::ExternalLinkage, function_name(number_), module_);
  function_->setCallingConv(llvm::CallingConv::PreserveNone);
  function_->addFnAttr(llvm::Attribute::NoUnwind);
  function_->addFnAttr(llvm::Attribute::NoRedZone);
  function_->addFnAttr(llvm::Attribute::StrictFP);
  function_->addFnAttr("no-jump-tables", "true");
  function_->addFnAttr("no-realign-stack");  // the linker makes frames
  function_->addParamAttr(0, llvm::Attribute::NoAlias);
  state_ = function_->getArg(0);

  slots_.assign(layout_.slots.size(), nullptr);
  dirty_.assign(layout_.slots.size(), false);
  values_.assign(region_.insts.size(), nullptr);
  blocks_.assign(region_.blocks.size(), nullptr);
  known_.assign(layout_.slots.size(), ir::kNoValue);
  boxed_.assign(layout_.slots.size(), ir::kNoValue);
  b_.SetInsertPoint(new_block("entry"));

  // A variable for each slot in use: pinned ones start with what comes in, the others with what memory has.
  std::vector<bool> used(layout_.slots.size(), false);
  for (const BlockId id : region_.order) {
    if (!reached_[id]) continue;
    const ir::Block& block = region_.blocks[id];
    for (uint32_t at = block.first; at < block.first + block.count; ++at) {
      const Inst& inst = region_.insts[at];
      if (inst.op == Op::Get || inst.op == Op::Set) used[static_cast<SlotId>(inst.imm)] = true;
    }
  }
  const auto variable = [&](SlotId id) { slots_[id] = b_.CreateAlloca(type(layout_.slot(id).type)); };
  const auto pin = [&](SlotId id, unsigned parameter) {
    if (id == StateLayout::kNoSlot) return;
    variable(id);
    llvm::Value* const in = function_->getArg(parameter);
    const Type t = layout_.slot(id).type;
    b_.CreateStore(ir::is_int(t) ? b_.CreateTrunc(in, type(t)) : in, slots_[id]);
  };
  for (unsigned rank = 0; rank < ir::kPinnedInts; ++rank) pin(layout_.pinned_ints[rank], kFirstPin + rank);
  for (unsigned rank = 0; rank < ir::kPinnedFloats; ++rank) {
    pin(layout_.pinned_floats[rank], kFirstPin + ir::kPinnedInts + rank);
  }
  for (SlotId id = 0; id < used.size(); ++id) {
    if (!used[id] || slots_[id] != nullptr) continue;
    variable(id);
    b_.CreateStore(load_slot_memory(id), slots_[id]);
  }

  for (const BlockId id : region_.order) {
    if (reached_[id]) blocks_[id] = new_block("");
  }
  // LLVM's entry block has no predecessors, a region's may.
  if (enters_loop(kNoBlock, entry)) {
    for (SlotId id = 0; id < slots_.size(); ++id) dirty_[id] = layout_.slot(id).pin_rank != ir::kNotPinned;
    flush_for_loop(entry);
  }
  b_.CreateBr(blocks_[entry]);
}

llvm::BasicBlock* Lowering::new_block(const char* name) { return llvm::BasicBlock::Create(context_, name, function_); }

void Lowering::lower_block(BlockId id) {
  block_ = id;
  b_.SetInsertPoint(blocks_[id]);
  const ir::Block& block = region_.blocks[id];
  insn_pc_ = block.pc_offset;
  dirty_ = dirty_at_[id];
  known_.assign(known_.size(), ir::kNoValue);
  boxed_.assign(boxed_.size(), ir::kNoValue);
  start_deferring();
  for (uint32_t at = block.first; at < block.first + block.count; ++at) {
    if (failed_) return;
    settle_for(region_.insts[at]);
    lower(at, region_.insts[at]);
    note_deferred(at, region_.insts[at]);
  }
}

void Lowering::lower(Value v, const Inst& inst) {
  // Definitions come first, or nobody asked.
  for (const Value arg : region_.args(inst)) {
    if (value(arg) == nullptr) {
      failed_ = true;
      return;
    }
  }
  switch (inst.op) {
    case Op::Nop:
      return;
    case Op::Insn:
      insn_pc_ = inst.imm;
      return;
    case Op::Const:
      if (ir::is_vector(inst.type)) {
        return define(
            v, unlaned(b_.CreateVectorSplat(ir::bits(inst.type) / 64, b_.getInt64(static_cast<uint64_t>(inst.imm))),
                       inst.type));
      }
      return define(
          v, from_bits(llvm::ConstantInt::get(b_.getIntNTy(ir::bits(inst.type)), static_cast<uint64_t>(inst.imm), true),
                       inst.type));
    case Op::PcRel:
      return define(v, guest_pc(inst.imm));
    case Op::Param:
      // An edge may have been here before.
      if (value(v) == nullptr) define(v, b_.CreatePHI(type(inst.type), 2));
      return;
    case Op::Copy:
      return define(v, value(inst.args[0]));
    case Op::Get:
      return define(v, get_slot(static_cast<SlotId>(inst.imm)));
    case Op::Set:
      return set_slot(static_cast<SlotId>(inst.imm), inst.args[0]);
    case Op::Select:
      return define(v, b_.CreateSelect(value(inst.args[0]), value(inst.args[1]), value(inst.args[2])));
    case Op::Bitcast:
      return define(v, from_bits(value(inst.args[0]), inst.type));
    case Op::Load:
      return lower_load(v, inst);
    case Op::Store:
      return lower_store(inst);
    case Op::Atomic:
      return lower_atomic(v, inst);
    case Op::CmpXchg:
      return lower_cmpxchg(v, inst);
    case Op::LoadLinked:
      return lower_load_linked(v, inst);
    case Op::StoreCond:
      return lower_store_cond(v, inst);
    case Op::Probe:
      return lower_probe(inst);
    case Op::Fence:
      return lower_fence(inst);
    case Op::Call:
      return lower_helper(v, inst);
    default:
      break;
  }
  if (ir::is_terminator(inst.op)) return lower_terminator(inst);
  if (ir::is_vector_op(inst.op)) return lower_vector(v, inst);
  if (inst.op >= Op::FAdd && inst.op <= Op::FpModeSet) return lower_fp(v, inst);
  lower_integer(v, inst);
}

Lowering::Rare Lowering::begin_rare(llvm::Value* condition) {
  Rare rare;
  rare.from = b_.GetInsertBlock();
  rare.join = new_block("");
  llvm::BasicBlock* const uncommon = new_block("rare");
  b_.CreateCondBr(condition, uncommon, rare.join, rare_);
  b_.SetInsertPoint(uncommon);
  return rare;
}

llvm::Value* Lowering::end_rare(const Rare& rare, llvm::Value* common, llvm::Value* uncommon) {
  llvm::BasicBlock* const from = b_.GetInsertBlock();
  b_.CreateBr(rare.join);
  b_.SetInsertPoint(rare.join);
  if (common == nullptr) return nullptr;
  llvm::PHINode* const phi = b_.CreatePHI(common->getType(), 2);
  phi->addIncoming(common, rare.from);
  phi->addIncoming(uncommon, from);
  return phi;
}

}  // namespace menura::llvmjit
