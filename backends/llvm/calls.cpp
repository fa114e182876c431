// What is done out of line: helpers, and ops that only the interpreter's exact functions can do. Thunks keep all
// registers but rax, so that rare calls cost the common way nothing. Operands and results travel in spill memory.
#include <llvm/IR/InlineAsm.h>

#include "backends/llvm/lowering.h"
#include "ir/core/cpu_header.h"
#include "ir/interp/fp.h"
#include "ir/interp/vector_slow.h"

namespace menura::llvmjit {

using ir::CpuHeader;
using ir::Type;

// `call [r12 + thunk]`, with r12 = state as thunks want it.
llvm::Value* Lowering::call_thunk(runtime::Thunk thunk, llvm::Value* rax, const std::string& first) {
  calls_out_ = true;
  const std::string text = first + "callq *" + std::to_string(runtime::thunk_offset(thunk)) + "(%r12)";
  llvm::FunctionType* const shape = llvm::FunctionType::get(b_.getInt64Ty(), {b_.getInt64Ty(), b_.getPtrTy()}, false);
  std::string constraints = "={rax},{rax},{r12},~{memory},~{dirflag},~{fpsr},~{flags}";
  if (features_.avx512_registers) {
    for (int reg = 16; reg < 32; ++reg) constraints += ",~{xmm" + std::to_string(reg) + "}";
    for (int reg = 0; reg < 8; ++reg) constraints += ",~{k" + std::to_string(reg) + "}";
  }
  if (wide_) {
    // Thunks keep the lowest 128 bits.
    for (int reg = 0; reg < 16; ++reg) constraints += ",~{ymm" + std::to_string(reg) + "}";
  }
  llvm::InlineAsm* const code = llvm::InlineAsm::get(shape, text, constraints, /*hasSideEffects=*/true);
  llvm::CallInst* const call = b_.CreateCall(code, {rax, state_});
  call->addFnAttr(llvm::Attribute::NoUnwind);
  return call;
}

llvm::Value* Lowering::spill_pointer(unsigned offset) { return state_pointer(offsetof(CpuHeader, spill) + offset); }

void Lowering::lower_helper(Value v, const Inst& inst) {
  const ir::Helper& helper = helpers_[static_cast<ir::HelperId>(inst.imm)];
  unsigned number = 0;
  for (const Value arg : region_.args(inst)) {
    llvm::Value* const bits = b_.CreateZExt(to_bits(value(arg), type_of(arg)), b_.getInt64Ty());
    store_state(bits, offsetof(CpuHeader, spill) + 8 * number++);
  }
  for (; number < 4; ++number) store_state(b_.getInt64(0), offsetof(CpuHeader, spill) + 8 * number);
  const bool looks = helper.effects.reads_state || helper.effects.writes_state;
  if (looks) {
    flush_slots(true);
    dirty_.assign(dirty_.size(), false);
  }
  // An external symbol for its number, which may be another in another process.
  const std::string number_to_eax = "movl $$" + helper_symbol(static_cast<ir::HelperId>(inst.imm)) + ", %eax; ";
  llvm::Value* const result =
      call_thunk(runtime::Thunk::HelperKeep, llvm::PoisonValue::get(b_.getInt64Ty()), number_to_eax);
  if (helper.effects.writes_state) reload_slots();
  if (inst.type != Type::Void) {
    define(v, from_bits(b_.CreateTrunc(result, b_.getIntNTy(ir::bits(inst.type))), inst.type));
  }
}

llvm::Value* Lowering::fp_slow(const Inst& inst, std::initializer_list<llvm::Value*> args) {
  unsigned number = 0;
  const Type operand = type_of(inst.args[0]);
  for (llvm::Value* const arg : args) {
    llvm::Value* const bits = b_.CreateZExt(
        b_.CreateBitCast(arg, b_.getIntNTy(static_cast<unsigned>(arg->getType()->getPrimitiveSizeInBits()))),
        b_.getInt64Ty());
    store_state(bits, offsetof(CpuHeader, spill) + 8 * number++);
  }
  const auto op = ir::fp_slow_op(inst.op, inst.type, operand, ir::unpack<ir::FpDesc>(inst.aux));
  llvm::Value* const result = call_thunk(runtime::Thunk::FpSlow, b_.getInt64(static_cast<uint64_t>(op)));
  return from_bits(b_.CreateTrunc(result, b_.getIntNTy(ir::bits(inst.type))), inst.type);
}

llvm::Value* Lowering::vector_slow(const Inst& inst) {
  const uint64_t spill = offsetof(CpuHeader, spill);
  unsigned number = 0;
  for (const Value arg : region_.args(inst)) {
    llvm::Value* bits = value(arg);
    const Type t = type_of(arg);
    if (ir::bits(t) < 64) bits = b_.CreateZExt(to_bits(bits, t), b_.getInt64Ty());
    store_state(bits, spill + ir::kVectorSlowOperands + ir::kVectorSlowStride * number++);
  }
  const auto op = ir::vector_slow_op(inst.op, inst.type, type_of(inst.args[0]), inst.aux, inst.imm);
  call_thunk(runtime::Thunk::VectorSlow, b_.getInt64(static_cast<uint64_t>(op)));
  if (ir::bits(inst.type) >= 64) return load_state(type(inst.type), spill + ir::kVectorSlowResult);
  return from_bits(load_state(b_.getIntNTy(ir::bits(inst.type)), spill + ir::kVectorSlowResult), inst.type);
}

}  // namespace menura::llvmjit
