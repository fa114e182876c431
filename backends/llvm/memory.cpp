// Guest memory: loads, stores, probes, fences. Accesses are volatile, so that LLVM neither merges nor moves them
// against each other, and each has a stackmap before it that names where the state is (recovery.cpp).
#include <llvm/IR/Intrinsics.h>

#include "backends/llvm/lowering.h"
#include "backends/llvm/recovery.h"
#include "ir/core/cpu_header.h"

namespace menura::llvmjit {

using ir::MemDesc;
using ir::Op;
using ir::SlotId;
using ir::Type;
using runtime::SlowAccess;

llvm::Value* Lowering::guest_address(const Inst& inst) {
  llvm::Value* const address = value(inst.args[0]);
  if (inst.imm == 0 || inst.op == Op::Probe) return address;
  return b_.CreateAdd(address, llvm::ConstantInt::getSigned(b_.getInt64Ty(), inst.imm));
}

llvm::Value* Lowering::guest_pointer(llvm::Value* address) { return b_.CreateIntToPtr(address, b_.getPtrTy()); }

// The slots that memory has not got, as operands of a stackmap.
void Lowering::mark_access() {
  if (machine_) return;
  AccessSite site;
  site.pc = static_cast<int32_t>(insn_pc_);
  std::vector<llvm::Value*> operands = {b_.getInt64(sites_.size()), b_.getInt32(0)};
  for (SlotId id = 0; id < slots_.size(); ++id) {
    const ir::Slot& slot = layout_.slot(id);
    if (slots_[id] == nullptr || slot.transient || !dirty_[id]) continue;
    if (needed_ != nullptr && !needed_->needed(insn_pc_, id)) continue;
    SiteSlot place{id};
    if (floats_rest_ && !ir::is_int(slot.type)) {
      place.source = SiteSlot::Source::Pinned;
      place.value = slot.pin_rank;
    } else if (known_[id] != ir::kNoValue) {
      const Inst& known = inst_of(known_[id]);
      place.source = known.op == Op::PcRel ? SiteSlot::Source::PcRelative : SiteSlot::Source::Constant;
      place.value = slot.type == Type::I1 ? known.imm & 1 : known.imm;
    } else {
      // What is boxed is boxed for the state alone: for recovery it need not be.
      const bool boxed = boxed_[id] != ir::kNoValue;
      if (boxed) place.part = runtime::SlotPlace::Part::Boxed;
      llvm::Value* v = boxed ? value(inst_of(boxed_[id]).args[0]) : get_slot(id);
      place.bytes = boxed ? sizeof(float) : ir::storage_bytes(slot.type);
      if (slot.type == Type::V64) v = b_.CreateBitCast(v, b_.getInt64Ty());
      if (slot.type == Type::I128) v = b_.CreateBitCast(v, type(Type::V128));
      if (ir::is_int(slot.type) && ir::bits(slot.type) < 64) v = b_.CreateZExt(v, b_.getInt64Ty());
      operands.push_back(v);
    }
    site.slots.push_back(place);
  }
  make_stackmap(b_, operands);
  sites_.push_back(std::move(site));
}

void Lowering::check_alignment(llvm::Value* address, unsigned align_log2) {
  if (align_log2 == 0) return;
  llvm::Value* const off = b_.CreateAnd(address, b_.getInt64((uint64_t{1} << align_log2) - 1));
  llvm::BasicBlock* const misaligned = new_block("misaligned");
  llvm::BasicBlock* const on = new_block("");
  b_.CreateCondBr(b_.CreateICmpNE(off, b_.getInt64(0)), misaligned, on, rare_);
  b_.SetInsertPoint(misaligned);
  exit(ir::ExitKind::Misaligned, insn_pc_, address);
  b_.SetInsertPoint(on);
}

llvm::Value* Lowering::guest_load(llvm::Type* t, llvm::Value* address, unsigned align) {
  llvm::LoadInst* const load = b_.CreateAlignedLoad(t, guest_pointer(address), llvm::Align(align), /*isVolatile=*/true);
  load->setMetadata(llvm::LLVMContext::MD_alias_scope, guest_scope_);
  load->setMetadata(llvm::LLVMContext::MD_noalias, state_scope_);
  return load;
}

void Lowering::guest_store(llvm::Value* v, llvm::Value* address, unsigned align) {
  llvm::StoreInst* const store =
      b_.CreateAlignedStore(v, guest_pointer(address), llvm::Align(align), /*isVolatile=*/true);
  store->setMetadata(llvm::LLVMContext::MD_alias_scope, guest_scope_);
  store->setMetadata(llvm::LLVMContext::MD_noalias, state_scope_);
}

// A value of `bytes` bytes as it lies in memory; for vectors, element by element.
llvm::Value* Lowering::swap_bytes(llvm::Value* v, MemDesc desc) {
  if (desc.big_endian == 0 || desc.size() == 1) return v;
  llvm::Type* const t = v->getType();
  if (!t->isVectorTy()) {
    llvm::Value* const bits = b_.CreateBitCast(v, b_.getIntNTy(8 * desc.size()));
    return b_.CreateBitCast(b_.CreateUnaryIntrinsic(llvm::Intrinsic::bswap, bits), t);
  }
  if (desc.element_log2 == 0) return v;
  const unsigned count = desc.size() >> desc.element_log2;
  llvm::Type* const elements = llvm::FixedVectorType::get(b_.getIntNTy(8U << desc.element_log2), count);
  return b_.CreateBitCast(b_.CreateUnaryIntrinsic(llvm::Intrinsic::bswap, b_.CreateBitCast(v, elements)), t);
}

// What was read, as the instruction's integer type.
llvm::Value* Lowering::extended(llvm::Value* v, const Inst& inst) {
  const auto desc = ir::unpack<MemDesc>(inst.aux);
  llvm::Type* const t = type(inst.type);
  if (ir::bits(inst.type) <= 8 * desc.size()) return b_.CreateTrunc(v, t);
  return extend(v, t, desc.sign_extend != 0);
}

void Lowering::lower_load(Value v, const Inst& inst) {
  const auto desc = ir::unpack<MemDesc>(inst.aux);
  llvm::Value* const guest = guest_address(inst);
  check_alignment(guest, desc.align_log2);
  llvm::Value* const address = host_address(guest, inst, desc.size(), SlowAccess::Kind::Load);
  mark_access();
  const unsigned bits = 8 * desc.size();
  if (ir::is_int(inst.type)) {
    return define(v, extended(swap_bytes(guest_load(b_.getIntNTy(bits), address), desc), inst));
  }
  if (bits == ir::bits(inst.type)) return define(v, swap_bytes(guest_load(type(inst.type), address), desc));
  // Narrower than the vector or float: zeros above.
  llvm::Value* narrow = nullptr;
  if (ir::is_vector(inst.type) && desc.big_endian != 0 && bits > 8U << desc.element_log2) {
    llvm::Type* const elements =
        llvm::FixedVectorType::get(b_.getIntNTy(8U << desc.element_log2), desc.size() >> desc.element_log2);
    narrow = b_.CreateBitCast(swap_bytes(guest_load(elements, address), desc), b_.getIntNTy(bits));
  } else {
    const bool vector = ir::is_vector(inst.type) && bits <= 64;
    narrow = swap_bytes(guest_load(vector ? lane_of_register(bits) : b_.getIntNTy(bits), address), desc);
  }
  if (!ir::is_vector(inst.type) || bits > 64) {
    return define(v, from_bits(b_.CreateZExt(narrow, b_.getIntNTy(ir::bits(inst.type))), inst.type));
  }
  // Into the lowest lane of zeros.
  llvm::Type* const lanes_type = llvm::FixedVectorType::get(narrow->getType(), ir::bits(inst.type) / bits);
  define(v, unlaned(b_.CreateInsertElement(llvm::Constant::getNullValue(lanes_type), narrow, uint64_t{0}), inst.type));
}

void Lowering::lower_store(const Inst& inst) {
  const auto desc = ir::unpack<MemDesc>(inst.aux);
  llvm::Value* const guest = guest_address(inst);
  check_alignment(guest, desc.align_log2);
  llvm::Value* const address = host_address(guest, inst, desc.size(), SlowAccess::Kind::Store);
  mark_access();
  const Type from = type_of(inst.args[1]);
  llvm::Value* v = value(inst.args[1]);
  const unsigned bits = 8 * desc.size();
  if (ir::is_int(from)) {
    v = ir::bits(from) < bits ? b_.CreateZExt(v, b_.getIntNTy(bits)) : b_.CreateTrunc(v, b_.getIntNTy(bits));
  } else if (ir::bits(from) != bits) {
    if (ir::is_vector(from)) {
      llvm::Type* const part = bits <= 64 ? lane_of_register(bits) : b_.getIntNTy(bits);
      llvm::Type* const parts = llvm::FixedVectorType::get(part, ir::bits(from) / bits);
      v = b_.CreateExtractElement(b_.CreateBitCast(v, parts), uint64_t{0});
      if (desc.big_endian != 0 && bits > 8U << desc.element_log2) {
        v = b_.CreateBitCast(
            v, llvm::FixedVectorType::get(b_.getIntNTy(8U << desc.element_log2), desc.size() >> desc.element_log2));
      }
    } else {
      v = b_.CreateTrunc(to_bits(v, from), b_.getIntNTy(bits));
    }
  }
  guest_store(swap_bytes(v, desc), address);
  // Only a later load can pass a store on this host.
  if (static_cast<ir::Order>(desc.order) == ir::Order::SeqCst) {
    b_.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent);
  }
}

// Touches one byte in each page of the range: a read, or a locked `or` with zero where the access would write.
void Lowering::lower_probe(const Inst& inst) {
  const auto desc = ir::unpack<MemDesc>(inst.aux);
  if (inst.imm <= 0) return;
  llvm::Value* const first = guest_address(inst);
  if (machine_) {
    using Kind = SlowAccess::Kind;
    host_address(first, inst, static_cast<unsigned>(inst.imm),
                 desc.sign_extend != 0 ? Kind::ProbeWrite : Kind::ProbeRead);
    return;
  }
  const auto touch = [&](int64_t at) {
    llvm::Value* const address = b_.CreateAdd(first, b_.getInt64(static_cast<uint64_t>(at)));
    mark_access();
    llvm::Value* const pointer = guest_pointer(address);
    if (desc.sign_extend != 0) {
      b_.CreateAtomicRMW(llvm::AtomicRMWInst::Or, pointer, b_.getInt8(0), llvm::Align(1),
                         llvm::AtomicOrdering::Monotonic)
          ->setVolatile(true);
    } else {
      b_.CreateAlignedLoad(b_.getInt8Ty(), pointer, llvm::Align(1), /*isVolatile=*/true);
    }
  };
  touch(0);
  constexpr int64_t page = 4096;
  for (int64_t at = page; at < inst.imm - 1; at += page) touch(at);
  if (inst.imm > 1) touch(inst.imm - 1);
}

void Lowering::lower_fence(const Inst& inst) {
  const auto desc = ir::unpack<ir::FenceDesc>(inst.aux);
  b_.CreateFence(desc.store_load != 0 ? llvm::AtomicOrdering::SequentiallyConsistent
                                      : llvm::AtomicOrdering::AcquireRelease);
}

}  // namespace menura::llvmjit
