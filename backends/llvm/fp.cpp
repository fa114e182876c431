// Scalar floats.
#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::Op;

void Lowering::lower_fp(Value v, const Inst& inst) {
  switch (inst.op) {
    case Op::FNeg:
    case Op::FAbs: {
      const unsigned width = ir::bits(inst.type);
      llvm::Value* const bits = to_bits(value(inst.args[0]), inst.type);
      const llvm::APInt sign = llvm::APInt::getSignMask(width);
      return define(
          v, from_bits(inst.op == Op::FNeg ? b_.CreateXor(bits, b_.getInt(sign)) : b_.CreateAnd(bits, b_.getInt(~sign)),
                       inst.type));
    }
    case Op::FCopySign: {
      const llvm::APInt sign = llvm::APInt::getSignMask(ir::bits(inst.type));
      llvm::Value* const a = b_.CreateAnd(to_bits(value(inst.args[0]), inst.type), b_.getInt(~sign));
      llvm::Value* const b = b_.CreateAnd(to_bits(value(inst.args[1]), inst.type), b_.getInt(sign));
      return define(v, from_bits(b_.CreateOr(a, b), inst.type));
    }
    case Op::NanBox: {
      const unsigned to = ir::bits(inst.type);
      const unsigned from = ir::bits(type_of(inst.args[0]));
      llvm::Value* const bits = b_.CreateZExt(to_bits(value(inst.args[0]), type_of(inst.args[0])), b_.getIntNTy(to));
      return define(v, from_bits(b_.CreateOr(bits, b_.getInt(llvm::APInt::getHighBitsSet(to, to - from))), inst.type));
    }
    case Op::FpFlagsGet:
    case Op::FpFlagsSet:
    case Op::FpModeSet:
    case Op::NanUnbox:
      failed_ = true;
      return;
    default:
      break;
  }
  switch (inst.arg_count) {
    case 1:
      return define(v, fp_slow(inst, {value(inst.args[0])}));
    case 2:
      return define(v, fp_slow(inst, {value(inst.args[0]), value(inst.args[1])}));
    default:
      return define(v, fp_slow(inst, {value(inst.args[0]), value(inst.args[1]), value(inst.args[2])}));
  }
}

}  // namespace menura::llvmjit
