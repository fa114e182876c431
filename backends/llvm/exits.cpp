// Control flow: edges inside the region, and where it is left by the contract.
#include <algorithm>
#include <bit>

#include "backends/llvm/lowering.h"
#include "ir/core/cpu_header.h"

namespace menura::llvmjit {

using ir::BlockId;
using ir::CpuHeader;
using ir::Op;
using ir::SlotId;
using ir::StateLayout;

// The base pc from a word behind the code, plus a distance: LLVM 19 takes an address of 64 bits for an immediate of 32
// in stores, whatever the code model says, and a low one for something near the code.
// Loaded as a pointer, since of a pointer can be said how it is aligned: wherever the code is used again, as it is
// here. Returns that are inlined need no comparison then, where the guest clears the lowest bit of their target.
llvm::Value* Lowering::guest_pc(int64_t offset) {
  constexpr uint64_t kMostAligned = 16;
  const uint64_t alignment = uint64_t{1} << std::countr_zero(region_.identity.pc | kMostAligned);
  llvm::LoadInst* const base = b_.CreateAlignedLoad(b_.getPtrTy(), base_pc_, llvm::Align(8));
  base->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(context_, {}));
  base->setMetadata(llvm::LLVMContext::MD_align,
                    llvm::MDNode::get(context_, llvm::ConstantAsMetadata::get(b_.getInt64(alignment))));
  return b_.CreateAdd(b_.CreatePtrToInt(base, b_.getInt64Ty()), llvm::ConstantInt::getSigned(b_.getInt64Ty(), offset));
}

void Lowering::leave(const ExitStub& stub, llvm::Value* target) {
  flush_slots(false);
  std::vector<llvm::Value*> arguments = {state_};
  for (const SlotId id : layout_.pinned_ints) {
    arguments.push_back(id == StateLayout::kNoSlot ? llvm::PoisonValue::get(b_.getInt64Ty())
                                                   : b_.CreateZExt(get_slot(id), b_.getInt64Ty()));
  }
  for (const SlotId id : layout_.pinned_floats) {
    arguments.push_back(id == StateLayout::kNoSlot ? llvm::PoisonValue::get(pin_type(id, true)) : get_slot(id));
  }
  arguments.push_back(target != nullptr ? target : llvm::PoisonValue::get(b_.getInt64Ty()));
  const auto number = static_cast<unsigned>(stubs_.size());
  stubs_.push_back(stub);
  llvm::Function* const callee =
      llvm::Function::Create(function_type_, llvm::GlobalValue::ExternalLinkage, stub_name(number), module_);
  callee->setCallingConv(llvm::CallingConv::PreserveNone);
  callee->setDSOLocal(true);
  llvm::CallInst* const call = b_.CreateCall(callee, arguments);
  call->setCallingConv(llvm::CallingConv::PreserveNone);
  call->setTailCallKind(llvm::CallInst::TCK_MustTail);
  b_.CreateRetVoid();
}

void Lowering::exit(ir::ExitKind kind, int64_t pc, llvm::Value* detail) {
  if (detail != nullptr) store_state(detail, offsetof(CpuHeader, exit_detail));
  store_state(b_.getInt32(static_cast<uint32_t>(kind)), offsetof(CpuHeader, exit_kind));
  store_state(guest_pc(pc), offsetof(CpuHeader, pc));
  leave({ExitStub::Kind::Exit});
}

void Lowering::poll(int64_t pc) {
  llvm::LoadInst* const request =
      b_.CreateAlignedLoad(b_.getInt32Ty(), state_pointer(offsetof(CpuHeader, stop_request)), llvm::Align(4));
  request->setAtomic(llvm::AtomicOrdering::Monotonic);
  llvm::BasicBlock* const stop = new_block("stop");
  llvm::BasicBlock* const on = new_block("");
  b_.CreateCondBr(b_.CreateICmpNE(request, b_.getInt32(0)), stop, on, rare_);
  b_.SetInsertPoint(stop);
  ExitStub stub{ExitStub::Kind::Stop};
  stub.target = pc;
  leave(stub);
  b_.SetInsertPoint(on);
}

bool Lowering::is_back_edge(BlockId target) const { return place_[target] <= place_[block_]; }

// Whether all of the state is in slots at the start of a block: a virtual CPU may stop there.
bool Lowering::starts_instruction(BlockId id) const {
  const ir::Block& block = region_.blocks[id];
  return block.param_count == 0 && region_.insts[block.first].op == Op::Insn;
}

// The block to branch to for an edge: the target itself, or one that looks for stop requests first.
llvm::BasicBlock* Lowering::edge_block(ir::Edge edge) {
  llvm::BasicBlock* const from = b_.GetInsertBlock();
  llvm::BasicBlock* first = blocks_[edge.target];
  llvm::BasicBlock* last = from;
  if (is_back_edge(edge.target) && starts_instruction(edge.target)) {
    first = new_block("");
    b_.SetInsertPoint(first);
    poll(region_.blocks[edge.target].pc_offset);
    if (enters_loop(block_, edge.target)) flush_for_loop(edge.target);
    b_.CreateBr(blocks_[edge.target]);
    last = b_.GetInsertBlock();
    b_.SetInsertPoint(from);
  } else if (!edge.args.empty() || enters_loop(block_, edge.target)) {
    // A block of its own, so that both edges of a branch may lead to one target.
    first = new_block("");
    b_.SetInsertPoint(first);
    if (enters_loop(block_, edge.target)) flush_for_loop(edge.target);
    b_.CreateBr(blocks_[edge.target]);
    last = first;
    b_.SetInsertPoint(from);
  }
  const ir::Block& target = region_.blocks[edge.target];
  for (unsigned i = 0; i < edge.args.size(); ++i) {
    if (values_[edge.args[i]] == nullptr) {
      failed_ = true;
      break;
    }
    // The target may not have been started yet: its parameters are made here then, in order.
    llvm::Value*& param = values_[target.first + i];
    if (param == nullptr) {
      llvm::IRBuilder<> at(blocks_[edge.target]);
      param = at.CreatePHI(type(type_of(target.first + i)), 2);
    }
    llvm::cast<llvm::PHINode>(param)->addIncoming(values_[edge.args[i]], last);
  }
  return first;
}

void Lowering::lower_call(const Inst& inst) {
  const bool direct = inst.op == Op::CallDirect && !leaves_page(inst.imm);
  ExitStub stub{direct ? ExitStub::Kind::Call : ExitStub::Kind::CallIndirect};
  stub.return_pc = static_cast<int32_t>(inst.aux);
  llvm::Value* target = nullptr;
  if (direct) {
    stub.target = inst.imm;
    if (inst.imm <= insn_pc_) poll(inst.imm);
  } else {
    target = inst.op == Op::CallDirect ? guest_pc(inst.imm) : value(inst.args[0]);
  }
  ir::for_each_edge(region_, inst, [&](ir::Edge edge) {
    const auto known = std::find(entries_.begin(), entries_.end(), edge.target);
    stub.continuation = static_cast<int32_t>(known - entries_.begin());
    if (known == entries_.end()) entries_.push_back(edge.target);
  });
  stub.far_return = stub.continuation < 0 && leaves_page(stub.return_pc);
  leave(stub, target);
}

// What is predicted has been masked.
void Lowering::lower_return(const Inst& inst) {
  ExitStub stub{ExitStub::Kind::Return};
  Value target = inst.args[0];
  const Inst& made = inst_of(target);
  if (made.op == Op::And && inst_of(made.args[1]).op == Op::Const) {
    const int64_t mask = inst_of(made.args[1]).imm;
    if (mask < 0 && mask >= -16) {
      stub.mask = static_cast<int32_t>(mask);
      target = made.args[0];
    }
  }
  leave(stub, value(target));
}

void Lowering::lower_terminator(const Inst& inst) {
  switch (inst.op) {
    case Op::Br:
      ir::for_each_edge(region_, inst, [&](ir::Edge edge) { b_.CreateBr(edge_block(edge)); });
      return;
    case Op::CondBr: {
      llvm::BasicBlock* targets[2] = {};
      unsigned count = 0;
      ir::for_each_edge(region_, inst, [&](ir::Edge edge) { targets[count++] = edge_block(edge); });
      b_.CreateCondBr(value(inst.args[0]), targets[0], targets[1]);
      return;
    }
    case Op::Jump: {
      if (leaves_page(inst.imm)) {
        leave({ExitStub::Kind::JumpIndirect}, guest_pc(inst.imm));
        return;
      }
      ExitStub stub{ExitStub::Kind::Link};
      stub.target = inst.imm;
      if (inst.imm <= insn_pc_) poll(inst.imm);
      leave(stub);
      return;
    }
    case Op::JumpIndirect:
      leave({ExitStub::Kind::JumpIndirect}, value(inst.args[0]));
      return;
    case Op::Return:
      return lower_return(inst);
    case Op::CallDirect:
    case Op::CallIndirect:
      return lower_call(inst);
    default:
      exit(static_cast<ir::ExitKind>(inst.aux), inst.imm, inst.arg_count > 0 ? value(inst.args[0]) : nullptr);
      return;
  }
}

}  // namespace menura::llvmjit
