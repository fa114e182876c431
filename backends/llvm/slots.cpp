// Guest state: slots are variables of the function under way (allocas, which become SSA values), written to the state
// struct at its edges; what is not pinned and memory has is read from there where it is wanted.
#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::SlotId;
using ir::StateLayout;
using ir::Type;

llvm::Value* Lowering::state_pointer(uint64_t offset) {
  return offset == 0 ? state_ : b_.CreateConstInBoundsGEP1_64(b_.getInt8Ty(), state_, offset);
}

// The state struct and guest memory share no bytes.
llvm::Value* Lowering::load_state(llvm::Type* t, uint64_t offset) {
  llvm::LoadInst* const load = b_.CreateAlignedLoad(t, state_pointer(offset), llvm::Align(1));
  load->setMetadata(llvm::LLVMContext::MD_alias_scope, state_scope_);
  load->setMetadata(llvm::LLVMContext::MD_noalias, guest_scope_);
  return load;
}

void Lowering::store_state(llvm::Value* v, uint64_t offset) {
  llvm::StoreInst* const store = b_.CreateAlignedStore(v, state_pointer(offset), llvm::Align(1));
  store->setMetadata(llvm::LLVMContext::MD_alias_scope, state_scope_);
  store->setMetadata(llvm::LLVMContext::MD_noalias, guest_scope_);
}

llvm::Value* Lowering::load_slot_memory(SlotId id) {
  const ir::Slot& slot = layout_.slot(id);
  if (slot.type != Type::I1) return load_state(type(slot.type), slot.offset);
  return b_.CreateTrunc(load_state(b_.getInt8Ty(), slot.offset), b_.getInt1Ty());
}

void Lowering::store_slot_memory(SlotId id) {
  const ir::Slot& slot = layout_.slot(id);
  llvm::Value* v = get_slot(id);
  if (slot.type == Type::I1) v = b_.CreateZExt(v, b_.getInt8Ty());
  store_state(v, slot.offset);
}

// What memory has is read where it is wanted, or not at all: a variable would be read at the function's beginning, and
// many of them would go to the frame at once.
llvm::Value* Lowering::get_slot(SlotId id) {
  if (!dirty_[id] && layout_.slot(id).pin_rank == ir::kNotPinned) return load_slot_memory(id);
  return b_.CreateLoad(type(layout_.slot(id).type), slots_[id]);
}

// Memory always has what recovery could not take from a register, nor LLVM name in a stackmap on every host.
bool Lowering::is_written_through(SlotId id) const { return ir::bits(layout_.slot(id).type) > 128; }

void Lowering::store_slot(SlotId id, Value v) {
  b_.CreateStore(value(v), slots_[id]);
  if (is_written_through(id)) store_state(value(v), layout_.slot(id).offset);
}

void Lowering::set_slot(SlotId id, Value v) {
  store_slot(id, v);
  dirty_[id] = !is_written_through(id);
  const ir::Op op = inst_of(v).op;
  known_[id] = op == ir::Op::PcRel || (op == ir::Op::Const && ir::is_int(type_of(v)) && ir::bits(type_of(v)) <= 64)
                   ? v
                   : ir::kNoValue;
  const bool boxes = op == ir::Op::NanBox && type_of(v) == Type::F64 && type_of(inst_of(v).args[0]) == Type::F32;
  boxed_[id] = boxes ? v : ir::kNoValue;
}

void Lowering::flush_slots(bool pinned_too) {
  for (SlotId id = 0; id < slots_.size(); ++id) {
    if (slots_[id] == nullptr) continue;
    const bool pinned = layout_.slot(id).pin_rank != ir::kNotPinned;
    if (dirty_[id] && (pinned_too || !pinned)) store_slot_memory(id);
  }
}

void Lowering::reload_slots() {
  for (SlotId id = 0; id < slots_.size(); ++id) {
    known_[id] = ir::kNoValue;
    boxed_[id] = ir::kNoValue;
    if (slots_[id] != nullptr) b_.CreateStore(load_slot_memory(id), slots_[id]);
  }
}

// How a pinned slot travels; kNoSlot: the rank is not used.
llvm::Type* Lowering::pin_type(SlotId id, bool vector) const {
  if (!vector) return llvm::Type::getInt64Ty(context_);
  return type(id == StateLayout::kNoSlot ? Type::V128 : layout_.slot(id).type);
}

}  // namespace menura::llvmjit
