// Vectors of integers: arithmetic, comparisons and logic, lane by lane.
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/IntrinsicsX86.h>

#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::LaneDesc;
using ir::Op;
using ir::Type;

// The exclusive or with a round's key joins the round.
llvm::Value* Lowering::vector_xor(llvm::Value* a, llvm::Value* b) {
  for (int i = 0; i < 2; ++i, std::swap(a, b)) {
    auto* const round = llvm::dyn_cast<llvm::IntrinsicInst>(a);
    if (round == nullptr) continue;
    switch (round->getIntrinsicID()) {
      case llvm::Intrinsic::x86_aesni_aesenc:
      case llvm::Intrinsic::x86_aesni_aesenclast:
      case llvm::Intrinsic::x86_aesni_aesdec:
      case llvm::Intrinsic::x86_aesni_aesdeclast:
        if (round->getArgOperand(1) != llvm::Constant::getNullValue(b->getType())) continue;
        return b_.CreateIntrinsic(round->getIntrinsicID(), {}, {round->getArgOperand(0), b});
      default:
        continue;
    }
  }
  return b_.CreateXor(a, b);
}

llvm::Value* Lowering::vector_double_high(LaneDesc desc, llvm::Value* a, llvm::Value* b) {
  const unsigned width = ir::bits(static_cast<Type>(desc.lane));
  const bool rounds = desc.rounding != 0;
  llvm::Type* const t = a->getType();
  llvm::Value* result = nullptr;
  if (width == 16 && rounds && ir::bits(Type::V128) == t->getPrimitiveSizeInBits()) {
    result = b_.CreateIntrinsic(llvm::Intrinsic::x86_ssse3_pmul_hr_sw_128, {}, {a, b});
  } else {
    llvm::Type* const wide = llvm::VectorType::getExtendedElementVectorType(llvm::cast<llvm::VectorType>(t));
    llvm::Value* product = b_.CreateMul(b_.CreateSExt(a, wide), b_.CreateSExt(b, wide));
    if (rounds) product = b_.CreateAdd(product, llvm::ConstantInt::get(wide, uint64_t{1} << (width - 2)));
    result = b_.CreateTrunc(b_.CreateLShr(product, width - 1), t);
  }
  // Only minimum times minimum saturates, and nothing else gives the minimum: that becomes the maximum.
  llvm::Value* const least = llvm::ConstantInt::get(t, llvm::APInt::getSignMask(width));
  return b_.CreateXor(result, b_.CreateSExt(b_.CreateICmpEQ(result, least), t));
}

// Without carries: (a & b) + ((a ^ b) >> 1), or (a | b) - ((a ^ b) >> 1).
llvm::Value* Lowering::vector_average(LaneDesc desc, llvm::Value* a, llvm::Value* b) {
  llvm::Value* const differ = b_.CreateXor(a, b);
  llvm::Value* const half = desc.sign_extend != 0 ? b_.CreateAShr(differ, 1) : b_.CreateLShr(differ, 1);
  return desc.rounding != 0 ? b_.CreateSub(b_.CreateOr(a, b), half) : b_.CreateAdd(b_.CreateAnd(a, b), half);
}

llvm::Value* Lowering::vector_arith(const Inst& inst) {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned width = ir::bits(static_cast<Type>(desc.lane));
  const bool is_signed = desc.sign_extend != 0;
  llvm::Value* args[3] = {};
  for (unsigned i = 0; i < inst.arg_count; ++i) args[i] = value(inst.args[i]);
  switch (inst.op) {
    case Op::VAnd:
      return b_.CreateAnd(args[0], args[1]);
    case Op::VOr:
      return b_.CreateOr(args[0], args[1]);
    case Op::VXor:
      return vector_xor(args[0], args[1]);
    case Op::VAndn:
      return b_.CreateAnd(args[0], b_.CreateNot(args[1]));
    case Op::VSelect:
      return b_.CreateOr(b_.CreateAnd(args[0], args[1]), b_.CreateAnd(b_.CreateNot(args[0]), args[2]));
    default:
      break;
  }
  llvm::Value* const a = full(args[0], width);
  llvm::Value* const b = inst.arg_count > 1 ? full(args[1], width) : nullptr;
  llvm::Type* const t = a->getType();
  const auto intrinsic = [&](llvm::Intrinsic::ID id) { return b_.CreateBinaryIntrinsic(id, a, b); };
  llvm::Value* result = nullptr;
  switch (inst.op) {
    case Op::VAdd:
      result = b_.CreateAdd(a, b);
      break;
    case Op::VSub:
      result = b_.CreateSub(a, b);
      break;
    case Op::VMul:
      result = b_.CreateMul(a, b);
      break;
    case Op::VMulHigh: {
      llvm::Type* const wide = llvm::VectorType::getExtendedElementVectorType(llvm::cast<llvm::VectorType>(t));
      llvm::Value* const product = b_.CreateMul(extend(a, wide, is_signed), extend(b, wide, is_signed));
      result = b_.CreateTrunc(b_.CreateLShr(product, width), t);
      break;
    }
    case Op::VMulDoubleHigh:
      result = vector_double_high(desc, a, b);
      break;
    case Op::VAddSat:
      result = intrinsic(is_signed ? llvm::Intrinsic::sadd_sat : llvm::Intrinsic::uadd_sat);
      break;
    case Op::VSubSat:
      result = intrinsic(is_signed ? llvm::Intrinsic::ssub_sat : llvm::Intrinsic::usub_sat);
      break;
    case Op::VAverage:
      result = vector_average(desc, a, b);
      break;
    case Op::VMin:
      result = intrinsic(is_signed ? llvm::Intrinsic::smin : llvm::Intrinsic::umin);
      break;
    case Op::VMax:
      result = intrinsic(is_signed ? llvm::Intrinsic::smax : llvm::Intrinsic::umax);
      break;
    case Op::VAbs:
      result = b_.CreateIntrinsic(llvm::Intrinsic::abs, {t}, {a, b_.getFalse()});
      break;
    case Op::VPopcnt:
      result = b_.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, a);
      break;
    case Op::VClz:
      result = b_.CreateIntrinsic(llvm::Intrinsic::ctlz, {t}, {a, b_.getFalse()});
      break;
    case Op::VBitRev8:
      result = b_.CreateUnaryIntrinsic(llvm::Intrinsic::bitreverse, a);
      break;
    case Op::VCmp:
      result = b_.CreateSExt(b_.CreateICmp(predicate(static_cast<ir::Cond>(desc.cond)), a, b), t);
      break;
    default:
      return nullptr;
  }
  return unfull(result, inst.type);
}

}  // namespace menura::llvmjit
