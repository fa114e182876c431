// Vectors of integers: shifts by a number, and by the lanes of another vector. LLVM does not say what a shift by the
// width or more gives: such amounts are cut, or their lanes replaced, which the host's instructions do anyway.
#include <llvm/IR/Intrinsics.h>

#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::LaneDesc;
using ir::Op;
using ir::Type;

// Without AVX2, LLVM multiplies by powers of two that it makes as floats: guests would see flags.
bool Lowering::has_shift_left(unsigned width) const { return features_.avx2 || (width != 16 && width != 32); }

// By the unsigned lanes of `amount`: to the left, or to the right with zeros or signs.
llvm::Value* Lowering::vector_shift_by(Op op, llvm::Value* a, llvm::Value* amount) {
  llvm::Type* const t = a->getType();
  const unsigned width = t->getScalarSizeInBits();
  if (op == Op::VSarV) {
    llvm::Value* const most = llvm::ConstantInt::get(t, width - 1);
    return b_.CreateAShr(a, b_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, amount, most));
  }
  llvm::Value* const within = b_.CreateICmpULT(amount, llvm::ConstantInt::get(t, width));
  llvm::Value* const shifted = op == Op::VShlV ? b_.CreateShl(a, amount) : b_.CreateLShr(a, amount);
  return b_.CreateSelect(within, shifted, llvm::Constant::getNullValue(t));
}

// Left by the signed low byte of a lane, right where it is negative.
llvm::Value* Lowering::vector_shift_signed(LaneDesc desc, llvm::Value* a, llvm::Value* b) {
  llvm::Type* const t = a->getType();
  if (desc.saturate != 0 || (!llvm::isa<llvm::Constant>(b) && !has_shift_left(t->getScalarSizeInBits())))
    return nullptr;
  const unsigned up = t->getScalarSizeInBits() - 8;
  const Op right = desc.sign_extend != 0 ? Op::VSarV : Op::VShrV;
  llvm::Value* const amount = b_.CreateAShr(b_.CreateShl(b, up), up);
  llvm::Value* const down = b_.CreateNeg(amount);
  llvm::Value* const zero = llvm::Constant::getNullValue(t);
  llvm::Value* shifted = vector_shift_by(right, a, down);
  if (desc.rounding != 0) {
    // The last bit that leaves is added; where more leave than there are, it is the sign again, or zero.
    llvm::Value* const one = llvm::ConstantInt::get(t, 1);
    llvm::Value* const last = b_.CreateAnd(vector_shift_by(right, a, b_.CreateSub(down, one)), one);
    shifted = b_.CreateAdd(shifted, last);
  }
  return b_.CreateSelect(b_.CreateICmpSLT(amount, zero), shifted, vector_shift_by(Op::VShlV, a, amount));
}

llvm::Value* Lowering::vector_shift(const Inst& inst) {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned width = ir::bits(static_cast<Type>(desc.lane));
  const auto number = static_cast<unsigned>(inst.imm);
  llvm::Value* const a = full(value(inst.args[0]), width);
  llvm::Type* const t = a->getType();
  llvm::Value* const zero = llvm::Constant::getNullValue(t);
  llvm::Value* result = nullptr;
  switch (inst.op) {
    case Op::VShl:
      result = number < width ? b_.CreateShl(a, number) : zero;
      break;
    case Op::VShr:
      result = number < width ? b_.CreateLShr(a, number) : zero;
      break;
    case Op::VSar:
      result = b_.CreateAShr(a, std::min(number, width - 1));
      break;
    case Op::VRotl:
      result = b_.CreateIntrinsic(llvm::Intrinsic::fshl, {t}, {a, a, llvm::ConstantInt::get(t, number)});
      break;
    case Op::VShift:
      result = vector_shift_signed(desc, a, full(value(inst.args[1]), width));
      break;
    default:
      if (inst.op == Op::VShlV && !has_shift_left(width)) return nullptr;
      result = vector_shift_by(inst.op, a, full(value(inst.args[1]), width));
      break;
  }
  return result == nullptr ? nullptr : unfull(result, inst.type);
}

}  // namespace menura::llvmjit
