// Vectors: carry-less products, and the steps of AES and SHA, where the host has them.
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/IntrinsicsX86.h>

#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::LaneDesc;
using ir::Op;
using ir::Type;

// The host's rounds end with the addition of a key: none, until vector_xor finds one.
llvm::Value* Lowering::vector_aes(const Inst& inst) {
  llvm::Value* const a = value(inst.args[0]);
  llvm::Value* const none = llvm::Constant::getNullValue(a->getType());
  const auto round = [&](llvm::Intrinsic::ID id, llvm::Value* state) -> llvm::Value* {
    return b_.CreateIntrinsic(id, {}, {state, none});
  };
  // What the operand is made of by the first half of a round.
  const auto behind = [&](llvm::Intrinsic::ID id) -> llvm::Value* {
    auto* const half = llvm::dyn_cast<llvm::IntrinsicInst>(a);
    return half != nullptr && half->getIntrinsicID() == id && half->getArgOperand(1) == none ? half->getArgOperand(0)
                                                                                             : nullptr;
  };
  switch (inst.op) {
    case Op::VAesSubShift:
      return round(llvm::Intrinsic::x86_aesni_aesenclast, a);
    case Op::VAesSubShiftInverse:
      return round(llvm::Intrinsic::x86_aesni_aesdeclast, a);
    case Op::VAesMix:
      if (llvm::Value* const state = behind(llvm::Intrinsic::x86_aesni_aesenclast)) {
        return round(llvm::Intrinsic::x86_aesni_aesenc, state);
      }
      // A round without its first half.
      return round(llvm::Intrinsic::x86_aesni_aesenc, round(llvm::Intrinsic::x86_aesni_aesdeclast, a));
    default:
      if (llvm::Value* const state = behind(llvm::Intrinsic::x86_aesni_aesdeclast)) {
        return round(llvm::Intrinsic::x86_aesni_aesdec, state);
      }
      return b_.CreateIntrinsic(llvm::Intrinsic::x86_aesni_aesimc, {}, {a});
  }
}

llvm::Value* Lowering::vector_crypto(const Inst& inst) {
  if (inst.type != Type::V128) return nullptr;
  const auto words = [&](unsigned i) { return ints(value(inst.args[i]), 32); };
  switch (inst.op) {
    case Op::VClMulWiden:
      if (!features_.pclmul || ir::bits(static_cast<Type>(ir::unpack<LaneDesc>(inst.aux).lane)) != 64) return nullptr;
      return b_.CreateIntrinsic(llvm::Intrinsic::x86_pclmulqdq, {},
                                {full(value(inst.args[0]), 64), full(value(inst.args[1]), 64), b_.getInt8(0)});
    case Op::VAesSubShift:
    case Op::VAesSubShiftInverse:
    case Op::VAesMix:
    case Op::VAesMixInverse:
      return features_.aes ? vector_aes(inst) : nullptr;
    default:
      break;
  }
  if (!features_.sha) return nullptr;
  switch (inst.op) {
    case Op::VSha1Rounds:
      return unlaned(b_.CreateIntrinsic(llvm::Intrinsic::x86_sha1rnds4, {},
                                        {words(0), words(1), b_.getInt8(static_cast<uint8_t>(inst.imm))}),
                     inst.type);
    case Op::VSha256Rounds:
      return unlaned(b_.CreateIntrinsic(llvm::Intrinsic::x86_sha256rnds2, {}, {words(0), words(1), words(2)}),
                     inst.type);
    case Op::VSha256Sigma0:
      return unlaned(b_.CreateIntrinsic(llvm::Intrinsic::x86_sha256msg1, {}, {words(0), words(1)}), inst.type);
    case Op::VSha256Sigma1:
      return unlaned(b_.CreateIntrinsic(llvm::Intrinsic::x86_sha256msg2, {}, {words(0), words(1)}), inst.type);
    default:
      return nullptr;
  }
}

}  // namespace menura::llvmjit
