// Read-modify-writes and reservations, by locked instructions.
#include <algorithm>

#include "backends/llvm/lowering.h"
#include "ir/core/cpu_header.h"

namespace menura::llvmjit {

using ir::AtomicOp;
using ir::CpuHeader;
using ir::MemDesc;
using runtime::SlowAccess;

namespace {

constexpr auto kOrder = llvm::AtomicOrdering::SequentiallyConsistent;

}  // namespace

llvm::Value* Lowering::atomic_result(llvm::Value* old, const Inst&, AtomicOp op, llvm::Value* operand) {
  switch (op) {
    case AtomicOp::Swap:
      return operand;
    case AtomicOp::Add:
      return b_.CreateAdd(old, operand);
    case AtomicOp::And:
      return b_.CreateAnd(old, operand);
    case AtomicOp::Or:
      return b_.CreateOr(old, operand);
    case AtomicOp::Xor:
      return b_.CreateXor(old, operand);
    case AtomicOp::Smin:
      return b_.CreateBinaryIntrinsic(llvm::Intrinsic::smin, old, operand);
    case AtomicOp::Smax:
      return b_.CreateBinaryIntrinsic(llvm::Intrinsic::smax, old, operand);
    case AtomicOp::Umin:
      return b_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, old, operand);
    case AtomicOp::Umax:
      return b_.CreateBinaryIntrinsic(llvm::Intrinsic::umax, old, operand);
  }
  return operand;
}

void Lowering::lower_atomic(Value v, const Inst& inst) {
  const auto desc = ir::unpack<MemDesc>(inst.aux);
  const auto op = static_cast<AtomicOp>(desc.atomic_op);
  const unsigned bits = 8 * desc.size();
  llvm::Type* const t = b_.getIntNTy(bits);
  llvm::Value* const guest = guest_address(inst);
  // 16 bytes have to be aligned for the host's exchange.
  check_alignment(guest, bits == 128 ? 4 : desc.align_log2);
  llvm::Value* const address = host_address(guest, inst, desc.size(), SlowAccess::Kind::Atomic);
  llvm::Value* operand = b_.CreateZExtOrTrunc(value(inst.args[1]), t);
  // LLVM's own loop for and, or, xor whose result is wanted would read without a stackmap.
  const bool one_instruction = desc.big_endian == 0 && bits <= 64 && (op == AtomicOp::Swap || op == AtomicOp::Add);
  if (one_instruction) {
    // Adding a 0 that it knew of would become a load, without a stackmap, too.
    if (op == AtomicOp::Add) operand = hidden(operand);
    mark_access();
    llvm::AtomicRMWInst* const old =
        b_.CreateAtomicRMW(op == AtomicOp::Add ? llvm::AtomicRMWInst::Add : llvm::AtomicRMWInst::Xchg,
                           guest_pointer(address), operand, llvm::Align(bits / 8), kOrder);
    old->setVolatile(true);
    return define(v, extended(old, inst));
  }
  if (bits == 128) {
    // What faults is a write.
    mark_access();
    b_.CreateAtomicRMW(llvm::AtomicRMWInst::Or, guest_pointer(address), b_.getInt8(0), llvm::Align(1), kOrder)
        ->setVolatile(true);
  }
  mark_access();
  // The two halves of 16 bytes need not be of one moment: the exchange finds out.
  llvm::Value* const first = guest_load(t, address, 1);
  llvm::BasicBlock* const before = b_.GetInsertBlock();
  llvm::BasicBlock* const again = new_block("");
  llvm::BasicBlock* const done = new_block("");
  b_.CreateBr(again);
  b_.SetInsertPoint(again);
  llvm::PHINode* const raw = b_.CreatePHI(t, 2);
  raw->addIncoming(first, before);
  llvm::Value* const old = swap_bytes(raw, desc);
  llvm::Value* const next = swap_bytes(atomic_result(old, inst, op, operand), desc);
  mark_access();
  llvm::AtomicCmpXchgInst* const exchange =
      b_.CreateAtomicCmpXchg(guest_pointer(address), raw, next, llvm::Align(bits / 8), kOrder, kOrder);
  exchange->setVolatile(true);
  raw->addIncoming(b_.CreateExtractValue(exchange, 0), b_.GetInsertBlock());
  b_.CreateCondBr(b_.CreateExtractValue(exchange, 1), done, again);
  b_.SetInsertPoint(done);
  define(v, extended(old, inst));
}

void Lowering::lower_cmpxchg(Value v, const Inst& inst) {
  const auto desc = ir::unpack<MemDesc>(inst.aux);
  const unsigned bits = 8 * desc.size();
  llvm::Type* const t = b_.getIntNTy(bits);
  llvm::Value* const guest = guest_address(inst);
  check_alignment(guest, bits == 128 ? 4 : desc.align_log2);
  llvm::Value* const address = host_address(guest, inst, desc.size(), SlowAccess::Kind::Atomic);
  llvm::Value* const expected = swap_bytes(b_.CreateZExtOrTrunc(value(inst.args[1]), t), desc);
  llvm::Value* const desired = swap_bytes(b_.CreateZExtOrTrunc(value(inst.args[2]), t), desc);
  mark_access();
  llvm::AtomicCmpXchgInst* const exchange =
      b_.CreateAtomicCmpXchg(guest_pointer(address), expected, desired, llvm::Align(bits / 8), kOrder, kOrder);
  exchange->setVolatile(true);
  define(v, extended(swap_bytes(b_.CreateExtractValue(exchange, 0), desc), inst));
}

bool Lowering::lower_alone(Value v, const Inst& inst) {
  if (ir::unpack<MemDesc>(inst.aux).alone == 0) return false;
  // LLVM does not know that this always leaves: it keeps what follows, with the records of its accesses.
  llvm::BasicBlock* const leaves = new_block("alone");
  llvm::BasicBlock* const on = new_block("");
  llvm::LoadInst* const engine =
      b_.CreateAlignedLoad(b_.getInt64Ty(), state_pointer(offsetof(CpuHeader, engine)), llvm::Align(8));
  engine->setAtomic(llvm::AtomicOrdering::Monotonic);
  b_.CreateCondBr(b_.CreateICmpNE(engine, b_.getInt64(0)), leaves, on);
  b_.SetInsertPoint(leaves);
  exit(ir::ExitKind::Exclusive, insn_pc_, nullptr);
  b_.SetInsertPoint(on);
  define(v, llvm::Constant::getNullValue(type(inst.type)));
  return true;
}

// A reservation is an address and the value found there (ir/api/exclusives.h).
void Lowering::lower_load_linked(Value v, const Inst& inst) {
  if (lower_alone(v, inst)) return;
  const auto desc = ir::unpack<MemDesc>(inst.aux);
  const unsigned bits = 8 * desc.size();
  llvm::Value* const guest = guest_address(inst);
  check_alignment(guest, bits == 128 ? 4 : desc.align_log2);
  llvm::Value* const address = host_address(guest, inst, desc.size(), SlowAccess::Kind::Load);
  mark_access();
  llvm::Value* raw = nullptr;
  if (bits == 128) {
    // One access: a vector.
    llvm::Value* const pair = guest_load(type(ir::Type::V128), address, 16);
    store_state(pair, offsetof(CpuHeader, reservation_value));
    raw = b_.CreateBitCast(pair, b_.getIntNTy(128));
  } else {
    raw = guest_load(b_.getIntNTy(bits), address, 1);
    store_state(b_.CreateZExt(raw, b_.getInt64Ty()), offsetof(CpuHeader, reservation_value));
  }
  store_state(b_.getInt32(bits / 8), offsetof(CpuHeader, reservation_size));
  store_state(guest, offsetof(CpuHeader, reservation_address));
  // Nothing leaves the region between the two where both are in one block.
  const ir::Block& block = region_.blocks[block_];
  const auto end = region_.insts.begin() + block.first + block.count;
  const auto is_store = [](const Inst& other) { return other.op == ir::Op::StoreCond; };
  if (std::none_of(region_.insts.begin() + v, end, is_store)) {
    store_state(guest_pc(insn_pc_), offsetof(CpuHeader, reservation_pc));
  }
  define(v, extended(swap_bytes(raw, desc), inst));
}

// As in backends/x64: where no reservation of its address is open, it fails and changes nothing. Kernels close
// reservations by such stores on every way back to their users.
bool Lowering::lower_store_alone(Value v, const Inst& inst) {
  const auto desc = ir::unpack<MemDesc>(inst.aux);
  if (desc.alone == 0) return false;
  llvm::Value* const guest = guest_address(inst);
  check_alignment(guest, desc.align_log2);
  llvm::Value* const reserved = load_state(b_.getInt64Ty(), offsetof(CpuHeader, reservation_address));
  llvm::BasicBlock* const leaves = new_block("alone");
  llvm::BasicBlock* const on = new_block("");
  b_.CreateCondBr(b_.CreateICmpEQ(guest, reserved), leaves, on);
  b_.SetInsertPoint(leaves);
  exit(ir::ExitKind::Exclusive, insn_pc_, nullptr);
  b_.SetInsertPoint(on);
  store_state(b_.getInt64(~uint64_t{0}), offsetof(CpuHeader, reservation_address));
  define(v, b_.getFalse());
  return true;
}

void Lowering::lower_store_cond(Value v, const Inst& inst) {
  if (lower_store_alone(v, inst)) return;
  const auto desc = ir::unpack<MemDesc>(inst.aux);
  const unsigned bits = 8 * desc.size();
  llvm::Type* const t = b_.getIntNTy(bits);
  llvm::Value* const guest = guest_address(inst);
  check_alignment(guest, bits == 128 ? 4 : desc.align_log2);
  llvm::Value* const address = host_address(guest, inst, desc.size(), SlowAccess::Kind::Atomic);
  llvm::Value* const reserved = load_state(b_.getInt64Ty(), offsetof(CpuHeader, reservation_address));
  llvm::Value* const size = load_state(b_.getInt32Ty(), offsetof(CpuHeader, reservation_size));
  llvm::Value* const old = load_state(t, offsetof(CpuHeader, reservation_value));
  store_state(b_.getInt64(~uint64_t{0}), offsetof(CpuHeader, reservation_address));
  llvm::Value* const stands =
      b_.CreateAnd(b_.CreateICmpEQ(guest, reserved), b_.CreateICmpEQ(size, b_.getInt32(bits / 8)));
  llvm::BasicBlock* const from = b_.GetInsertBlock();
  llvm::BasicBlock* const attempt = new_block("");
  llvm::BasicBlock* const done = new_block("");
  b_.CreateCondBr(stands, attempt, done);
  b_.SetInsertPoint(attempt);
  llvm::Value* const desired = swap_bytes(b_.CreateZExtOrTrunc(value(inst.args[1]), t), desc);
  mark_access();
  llvm::AtomicCmpXchgInst* const exchange =
      b_.CreateAtomicCmpXchg(guest_pointer(address), old, desired, llvm::Align(bits / 8), kOrder, kOrder);
  exchange->setVolatile(true);
  llvm::Value* const stored = b_.CreateExtractValue(exchange, 1);
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
  llvm::PHINode* const result = b_.CreatePHI(b_.getInt1Ty(), 2);
  result->addIncoming(b_.getFalse(), from);
  result->addIncoming(stored, attempt);
  define(v, result);
}

}  // namespace menura::llvmjit
