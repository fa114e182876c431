// Guest memory of a machine: addresses are looked up in the virtual CPU's TLB (softmmu/api/tlb.h). What it does not
// know is not done here: the region is left at the guest instruction, whose registers are all as before it, for
// Thunk::Miss. So nothing faults in this code, and no access costs registers for the sake of it.
#include <bit>

#include "backends/llvm/lowering.h"
#include "ir/core/cpu_header.h"
#include "softmmu/api/tlb.h"

namespace menura::llvmjit {

using ir::CpuHeader;
using runtime::SlowAccess;
using softmmu::TlbEntry;

// The host's address of an access of `size` bytes at a guest address.
llvm::Value* Lowering::host_address(llvm::Value* address, const Inst& inst, unsigned size, SlowAccess::Kind kind) {
  if (!machine_) return address;
  const unsigned regime = ir::unpack<ir::MemDesc>(inst.aux).mmu_index;
  if (regime >= ir::kTlbCount || size > UINT16_MAX) {
    failed_ = true;
    return address;
  }
  const uint64_t tlb = offsetof(CpuHeader, tlb) + regime * sizeof(CpuHeader::Tlb);
  llvm::Type* const word = b_.getInt64Ty();
  llvm::Value* const mask = load_state(word, tlb + offsetof(CpuHeader::Tlb, mask));
  llvm::Value* const entries = load_state(word, tlb + offsetof(CpuHeader::Tlb, entries));
  llvm::Value* const offset = b_.CreateAnd(b_.CreateLShr(address, softmmu::kTlbShift), mask);
  llvm::Value* const entry = b_.CreateAdd(entries, offset);
  const auto load_part = [&](uint64_t part) {
    llvm::Value* const place = b_.CreateIntToPtr(b_.CreateAdd(entry, b_.getInt64(part)), b_.getPtrTy());
    // Others take tags away at any time.
    llvm::LoadInst* const load = b_.CreateAlignedLoad(word, place, llvm::Align(8), /*isVolatile=*/true);
    load->setMetadata(llvm::LLVMContext::MD_alias_scope, state_scope_);
    load->setMetadata(llvm::LLVMContext::MD_noalias, guest_scope_);
    return load;
  };
  const bool writes = kind != SlowAccess::Kind::Load && kind != SlowAccess::Kind::ProbeRead;
  llvm::Value* const tag = load_part(writes ? offsetof(TlbEntry, write) : offsetof(TlbEntry, read));
  llvm::Value* const last = b_.CreateAdd(address, b_.getInt64(size - 1));
  llvm::Value* const page = b_.CreateAnd(last, b_.getInt64(~(softmmu::kPageSize - 1)));
  llvm::BasicBlock* const miss = new_block("miss");
  llvm::BasicBlock* const on = new_block("");
  b_.CreateCondBr(b_.CreateICmpNE(tag, page), miss, on, rare_);
  b_.SetInsertPoint(miss);
  store_state(address, offsetof(CpuHeader, access_address));
  const SlowAccess access{kind, static_cast<uint8_t>(regime), static_cast<uint16_t>(size)};
  store_state(b_.getInt32(std::bit_cast<uint32_t>(access)), offsetof(CpuHeader, access_kind));
  ExitStub stub{ExitStub::Kind::Miss};
  stub.target = insn_pc_;
  leave(stub);
  b_.SetInsertPoint(on);
  if (kind == SlowAccess::Kind::ProbeRead || kind == SlowAccess::Kind::ProbeWrite) return address;
  return b_.CreateAdd(address, load_part(offsetof(TlbEntry, addend)));
}

// A machine's code jumps straight to its own page only.
bool Lowering::leaves_page(int64_t pc) const {
  const uint64_t base = region_.identity.pc;
  return machine_ && ((base + static_cast<uint64_t>(pc)) ^ base) >> softmmu::kPageBits != 0;
}

}  // namespace menura::llvmjit
