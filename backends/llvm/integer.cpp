// Integer ops. What LLVM leaves undefined (shifts by the width and more, division by zero) is guarded.
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsX86.h>

#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::Cond;
using ir::Op;

llvm::CmpInst::Predicate Lowering::predicate(Cond cond) {
  using P = llvm::CmpInst;
  switch (cond) {
    case Cond::Eq:
      return P::ICMP_EQ;
    case Cond::Ne:
      return P::ICMP_NE;
    case Cond::Ult:
      return P::ICMP_ULT;
    case Cond::Ule:
      return P::ICMP_ULE;
    case Cond::Ugt:
      return P::ICMP_UGT;
    case Cond::Uge:
      return P::ICMP_UGE;
    case Cond::Slt:
      return P::ICMP_SLT;
    case Cond::Sle:
      return P::ICMP_SLE;
    case Cond::Sgt:
      return P::ICMP_SGT;
    case Cond::Sge:
      return P::ICMP_SGE;
  }
  return P::ICMP_EQ;
}

llvm::Value* Lowering::extend(llvm::Value* v, llvm::Type* to, bool is_signed) {
  return is_signed ? b_.CreateSExt(v, to) : b_.CreateZExt(v, to);
}

// A zero divisor gives what the guest says; minimum / -1 must not trap.
llvm::Value* Lowering::divide(const Inst& inst) {
  llvm::Value* const a = value(inst.args[0]);
  llvm::Value* const b = value(inst.args[1]);
  llvm::Type* const t = a->getType();
  llvm::Constant* const zero = llvm::ConstantInt::get(t, 0);
  llvm::Constant* const one = llvm::ConstantInt::get(t, 1);
  llvm::Value* const by_zero = b_.CreateICmpEQ(b, zero);
  const bool is_signed = inst.op == Op::DivS || inst.op == Op::RemS;
  const bool quotient = inst.op == Op::DivS || inst.op == Op::DivU;
  llvm::Value* unsafe = by_zero;
  llvm::Value* by_minus_one = nullptr;
  if (is_signed) {
    by_minus_one = b_.CreateICmpEQ(b, llvm::Constant::getAllOnesValue(t));
    unsafe = b_.CreateOr(by_zero, by_minus_one);
  }
  llvm::Value* const divisor = b_.CreateSelect(unsafe, one, b);
  llvm::Value* result = nullptr;
  if (quotient) {
    result = is_signed ? b_.CreateSDiv(a, divisor) : b_.CreateUDiv(a, divisor);
    if (is_signed) result = b_.CreateSelect(by_minus_one, b_.CreateNeg(a), result);
    return b_.CreateSelect(by_zero, llvm::ConstantInt::get(t, static_cast<uint64_t>(inst.imm), true), result);
  }
  result = is_signed ? b_.CreateSRem(a, divisor) : b_.CreateURem(a, divisor);
  return b_.CreateSelect(by_zero, a, result);
}

// The low or the high half.
llvm::Value* Lowering::carry_less_product(llvm::Value* a, llvm::Value* b, unsigned width, bool high_half) {
  if (!features_.pclmul) {
    failed_ = true;  // LLVM cannot select it; the region stays with tier 1
    return llvm::Constant::getNullValue(a->getType());
  }
  llvm::Type* const pair = llvm::FixedVectorType::get(b_.getInt64Ty(), 2);
  llvm::Type* const wide = b_.getIntNTy(128);
  // Exact product of 64 bits by 64.
  const auto product = [&](llvm::Value* x, llvm::Value* y) {
    const auto operand = [&](llvm::Value* part) {
      return b_.CreateInsertElement(llvm::Constant::getNullValue(pair), b_.CreateZExtOrTrunc(part, b_.getInt64Ty()),
                                    uint64_t{0});
    };
    return b_.CreateBitCast(
        b_.CreateIntrinsic(llvm::Intrinsic::x86_pclmulqdq, {}, {operand(x), operand(y), b_.getInt8(0)}), wide);
  };
  if (width <= 64) {
    llvm::Value* const all = product(a, b);
    return b_.CreateTrunc(high_half ? b_.CreateLShr(all, width) : all, a->getType());
  }
  llvm::Value* const a1 = b_.CreateLShr(a, 64);
  llvm::Value* const b1 = b_.CreateLShr(b, 64);
  llvm::Value* const middle = b_.CreateXor(product(a, b1), product(a1, b));
  if (high_half) return b_.CreateXor(product(a1, b1), b_.CreateLShr(middle, 64));
  return b_.CreateXor(product(a, b), b_.CreateShl(middle, 64));
}

void Lowering::lower_integer(Value v, const Inst& inst) {
  llvm::Value* const a = inst.arg_count > 0 ? value(inst.args[0]) : nullptr;
  llvm::Value* const b = inst.arg_count > 1 ? value(inst.args[1]) : nullptr;
  llvm::Type* const t = inst.type == ir::Type::Void ? nullptr : type(inst.type);
  const unsigned width = ir::bits(inst.type);
  const auto intrinsic = [&](llvm::Intrinsic::ID id) { return b_.CreateBinaryIntrinsic(id, a, b); };
  const auto amount = [&] { return b_.CreateAnd(b, llvm::ConstantInt::get(t, width - 1)); };
  const auto high = [&](bool signed_a, bool signed_b) {
    llvm::Type* const twice = b_.getIntNTy(2 * width);
    llvm::Value* const product = b_.CreateMul(extend(a, twice, signed_a), extend(b, twice, signed_b));
    return b_.CreateTrunc(b_.CreateLShr(product, width), t);
  };
  const auto carry_less = [&](bool high_half) { return carry_less_product(a, b, width, high_half); };
  switch (inst.op) {
    case Op::Add:
      return define(v, b_.CreateAdd(a, b));
    case Op::Sub:
      return define(v, b_.CreateSub(a, b));
    case Op::Mul:
      return define(v, b_.CreateMul(a, b));
    case Op::MulHighU:
      return define(v, high(false, false));
    case Op::MulHighS:
      return define(v, high(true, true));
    case Op::MulHighSU:
      return define(v, high(true, false));
    case Op::DivU:
    case Op::DivS:
    case Op::RemU:
    case Op::RemS:
      return define(v, divide(inst));
    case Op::And:
      return define(v, b_.CreateAnd(a, b));
    case Op::Or:
      return define(v, b_.CreateOr(a, b));
    case Op::Xor:
      return define(v, b_.CreateXor(a, b));
    case Op::Andn:
      return define(v, b_.CreateAnd(a, b_.CreateNot(b)));
    case Op::Shl:
      return define(v, b_.CreateShl(a, amount()));
    case Op::Shr:
      return define(v, b_.CreateLShr(a, amount()));
    case Op::Sar:
      return define(v, b_.CreateAShr(a, amount()));
    case Op::Rotl:
      return define(v, b_.CreateIntrinsic(llvm::Intrinsic::fshl, {t}, {a, a, b}));
    case Op::Rotr:
      return define(v, b_.CreateIntrinsic(llvm::Intrinsic::fshr, {t}, {a, a, b}));
    case Op::Clz:
      return define(v, b_.CreateIntrinsic(llvm::Intrinsic::ctlz, {t}, {a, b_.getFalse()}));
    case Op::Ctz:
      return define(v, b_.CreateIntrinsic(llvm::Intrinsic::cttz, {t}, {a, b_.getFalse()}));
    case Op::Popcnt:
      return define(v, b_.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, a));
    case Op::Bswap:
      return define(v, width == 8 ? a : b_.CreateUnaryIntrinsic(llvm::Intrinsic::bswap, a));
    case Op::BitRev8: {
      llvm::Value* const reversed = b_.CreateUnaryIntrinsic(llvm::Intrinsic::bitreverse, a);
      return define(v, width == 8 ? reversed : b_.CreateUnaryIntrinsic(llvm::Intrinsic::bswap, reversed));
    }
    case Op::ClMul:
      return define(v, carry_less(false));
    case Op::ClMulHigh:
      return define(v, carry_less(true));
    case Op::MinU:
      return define(v, intrinsic(llvm::Intrinsic::umin));
    case Op::MaxU:
      return define(v, intrinsic(llvm::Intrinsic::umax));
    case Op::MinS:
      return define(v, intrinsic(llvm::Intrinsic::smin));
    case Op::MaxS:
      return define(v, intrinsic(llvm::Intrinsic::smax));
    case Op::ICmp:
      return define(v, b_.CreateICmp(predicate(static_cast<Cond>(inst.aux)), a, b));
    case Op::AddCarry: {
      llvm::Value* const first = b_.CreateBinaryIntrinsic(llvm::Intrinsic::uadd_with_overflow, a, b);
      llvm::Value* const in = b_.CreateZExt(value(inst.args[2]), a->getType());
      llvm::Value* const second =
          b_.CreateBinaryIntrinsic(llvm::Intrinsic::uadd_with_overflow, b_.CreateExtractValue(first, 0), in);
      return define(v, b_.CreateOr(b_.CreateExtractValue(first, 1), b_.CreateExtractValue(second, 1)));
    }
    case Op::AddOverflow: {
      llvm::Value* const sum = b_.CreateAdd(b_.CreateAdd(a, b), b_.CreateZExt(value(inst.args[2]), a->getType()));
      llvm::Value* const turned = b_.CreateAnd(b_.CreateXor(a, sum), b_.CreateXor(b, sum));
      return define(v, b_.CreateICmpSLT(turned, llvm::ConstantInt::get(a->getType(), 0)));
    }
    case Op::SubOverflow:
      return define(v, b_.CreateExtractValue(b_.CreateBinaryIntrinsic(llvm::Intrinsic::ssub_with_overflow, a, b), 1));
    case Op::Zext:
      return define(v, b_.CreateZExt(a, t));
    case Op::Sext:
      return define(v, b_.CreateSExt(a, t));
    case Op::Trunc:
      return define(v, b_.CreateTrunc(a, t));
    case Op::Concat:
      return define(v, b_.CreateOr(b_.CreateZExt(a, t), b_.CreateShl(b_.CreateZExt(b, t), width / 2)));
    default:
      failed_ = true;
      return;
  }
}

}  // namespace menura::llvmjit
