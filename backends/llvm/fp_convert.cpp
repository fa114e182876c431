// Conversions between floats, integers and bit patterns.
#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::FpDesc;
using ir::NanPolicy;
using ir::Op;
using ir::RoundingSource;
using ir::Type;

llvm::Value* Lowering::fp_round(const Inst& inst) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  llvm::Value* const a = value(inst.args[0]);
  if (rounding != RoundingSource::NearestAway) {
    return checked(inst, [&] { return round_to_integral(a, rounding, desc.exact != 0); });
  }
  // A half with the sign of a added, toward zero and silently, then truncated. An unordered comparison says whether a
  // is a signaling NaN.
  strict_compare(llvm::CmpInst::FCMP_UNO, false, a, a);
  llvm::Value* const half =
      b_.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, llvm::ConstantFP::get(a->getType(), 0.5), a);
  llvm::Value* const sum =
      host_instruction(inst.type == Type::F32 ? "addss {rz-sae}," : "addsd {rz-sae},", a->getType(), -1, {a, half});
  return checked(inst, [&] { return round_to_integral(sum, RoundingSource::Zero, false); });
}

llvm::Value* Lowering::fp_convert(const Inst& inst) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  const Type from = type_of(inst.args[0]);
  llvm::Value* a = value(inst.args[0]);
  if (inst.type == Type::F16) {
    // Four lanes are converted: the others must raise nothing.
    llvm::Type* const singles = llvm::FixedVectorType::get(b_.getFloatTy(), 4);
    a = b_.CreateInsertElement(llvm::Constant::getNullValue(singles), a, uint64_t{0});
    llvm::Value* const half = b_.CreateExtractElement(round_to_half(a, rounding), uint64_t{0});
    // Where tininess is another's before rounding, the result is the least normal number.
    llvm::Value* const magnitude = b_.CreateAnd(half, 0x7fff);
    llvm::Value* wrong = b_.getFalse();
    if (desc.tiny_before != 0) wrong = b_.CreateICmpEQ(magnitude, b_.getInt16(0x0400));
    if (static_cast<NanPolicy>(desc.nan) == NanPolicy::Canonical) {
      wrong = b_.CreateOr(wrong, b_.CreateICmpUGT(magnitude, b_.getInt16(0x7c00)));
    }
    const Rare rare = begin_rare(wrong);
    return end_rare(rare, half, recomputed(inst));
  }
  const bool narrows = inst.type == Type::F32 && from == Type::F64;
  return checked(inst, [&]() -> llvm::Value* {
    if (narrows) {
      return in_rounding(
          rounding, [&] { return strict_cast(llvm::Intrinsic::experimental_constrained_fptrunc, a, b_.getFloatTy()); });
    }
    llvm::Value* single = a;
    if (from == Type::F16) {
      single = strict_cast(llvm::Intrinsic::experimental_constrained_fpext, b_.CreateBitCast(a, b_.getHalfTy()),
                           b_.getFloatTy());
      if (inst.type == Type::F32) return single;
    }
    return strict_cast(llvm::Intrinsic::experimental_constrained_fpext, single, b_.getDoubleTy());
  });
}

// What fits converts inline. The host says 1 << (width - 1) and raises invalid (alone) for what does not fit a signed
// integer, which is the guest's flag.
llvm::Value* Lowering::fp_to_integer(const Inst& inst) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  if (desc.is_unsigned != 0) return fp_to_unsigned(inst);
  llvm::Value* const a = value(inst.args[0]);
  llvm::Type* const to = type(inst.type);
  const unsigned width = ir::bits(inst.type);
  llvm::Value* const least = b_.getInt(llvm::APInt::getSignedMinValue(width));
  llvm::Value* const largest = b_.getInt(llvm::APInt::getSignedMaxValue(width));
  const auto truncate = [&](llvm::Value* x) {
    return b_.CreateFreeze(strict_cast(llvm::Intrinsic::experimental_constrained_fptosi, x, to));
  };
  if (rounding != RoundingSource::Live && rounding != RoundingSource::Zero) {
    // Rounded first, silently; then the conversion says whether it fits, and only if so, one of the operand itself
    // whether it was exact.
    llvm::Value* const result = truncate(round_silently(a, rounding));
    return either(
        b_.CreateICmpEQ(result, least), [&] { return recomputed(inst); },
        [&] {
          truncate(a);
          return result;
        });
  }
  llvm::Value* const result = rounding == RoundingSource::Zero
                                  ? truncate(a)
                                  : host_instruction(a->getType()->isFloatTy() ? "cvtss2si" : "cvtsd2si", to, -1, {a});
  const Rare rare = begin_rare(b_.CreateICmpEQ(result, least));
  llvm::Value* const zero = llvm::ConstantFP::getZero(a->getType());
  llvm::Value* limit = b_.CreateSelect(b_.CreateFCmpOLT(a, zero), least, largest);
  if (static_cast<ir::Saturation>(desc.saturation) == ir::Saturation::NanToZero) {
    limit = b_.CreateSelect(b_.CreateFCmpUNO(a, zero), llvm::Constant::getNullValue(to), limit);
  }
  return end_rare(rare, result, limit);
}

// To an integral value; inexact is not raised.
llvm::Value* Lowering::round_silently(llvm::Value* a, RoundingSource rounding) {
  if (rounding != RoundingSource::NearestAway) return round_to_integral(a, rounding, false);
  // What truncation cuts off is exact: if it is a half or more, one with its sign is added, which is exact, too.
  llvm::Type* const t = a->getType();
  llvm::Value* const whole = round_to_integral(a, RoundingSource::Zero, false);
  llvm::Value* const rest = strict(llvm::Intrinsic::experimental_constrained_fsub, {a, whole});
  llvm::Value* const enough =
      b_.CreateFCmpOGE(b_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, rest), llvm::ConstantFP::get(t, 0.5));
  llvm::Value* const one = b_.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, llvm::ConstantFP::get(t, 1.0), a);
  return strict(llvm::Intrinsic::experimental_constrained_fadd,
                {whole, b_.CreateSelect(enough, one, llvm::ConstantFP::getZero(t))});
}

// To an unsigned integer: the range is checked first.
llvm::Value* Lowering::fp_to_unsigned(const Inst& inst) {
  const unsigned width = ir::bits(inst.type);
  if (width == 64 && !features_.avx512) return nullptr;
  const auto rounding = static_cast<RoundingSource>(ir::unpack<FpDesc>(inst.aux).rounding);
  llvm::Value* const a = value(inst.args[0]);
  const bool truncates = rounding == RoundingSource::Zero;
  llvm::Value* const x = truncates ? a : round_silently(a, rounding);
  // In range: -1 < x < 2^width.
  llvm::Type* const t = a->getType();
  llvm::Value* const above = strict_compare(llvm::CmpInst::FCMP_OGT, false, x, llvm::ConstantFP::get(t, -1.0));
  llvm::Value* const below =
      strict_compare(llvm::CmpInst::FCMP_OLT, false, x, llvm::ConstantFP::get(t, width == 64 ? 0x1p64 : 0x1p32));
  const auto convert = [&](llvm::Value* number) {
    const auto id = width == 64 ? llvm::Intrinsic::experimental_constrained_fptoui
                                : llvm::Intrinsic::experimental_constrained_fptosi;
    return b_.CreateTrunc(b_.CreateFreeze(strict_cast(id, number, b_.getInt64Ty())), type(inst.type));
  };
  return either(
      b_.CreateNot(b_.CreateAnd(above, below)), [&] { return recomputed(inst); },
      [&] {
        // x has been rounded silently; in range, the operand itself says whether it was exact.
        if (!truncates) convert(a);
        return convert(x);
      });
}

llvm::Value* Lowering::fp_from_integer(const Inst& inst) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  const bool is_unsigned = desc.is_unsigned != 0;
  const unsigned bits = ir::bits(type_of(inst.args[0]));
  const unsigned precision = inst.type == Type::F32 ? 24 : 53;
  llvm::Value* const a = value(inst.args[0]);
  if (is_unsigned && bits == 64 && !features_.avx512) return nullptr;
  const auto convert = [&]() -> llvm::Value* {
    if (is_unsigned && bits == 64) {
      return strict_cast(llvm::Intrinsic::experimental_constrained_uitofp, a, type(inst.type));
    }
    llvm::Value* const number = bits < 64 && is_unsigned ? b_.CreateZExt(a, b_.getInt64Ty()) : a;
    return strict_cast(llvm::Intrinsic::experimental_constrained_sitofp, number, type(inst.type));
  };
  if (rounding == RoundingSource::Live || bits <= precision) return convert();
  // A mode of its own does not matter to an integer that fits the fraction, as nearly all do: all bits above are zero
  // or copies of the sign.
  llvm::Type* const t = a->getType();
  llvm::Value* const above = is_unsigned ? b_.CreateLShr(a, precision)
                                         : b_.CreateAdd(b_.CreateAShr(a, precision), llvm::ConstantInt::get(t, 1));
  return either(
      b_.CreateICmpUGT(above, llvm::ConstantInt::get(t, is_unsigned ? 0 : 1)), [&] { return recomputed(inst); },
      convert);
}

// A narrower float in the low bits, ones above.
llvm::Value* Lowering::nan_box(const Inst& inst) {
  const Type from = type_of(inst.args[0]);
  if (from == Type::F32) {
    llvm::Type* const singles = llvm::FixedVectorType::get(b_.getFloatTy(), 4);
    llvm::Value* const boxed = b_.CreateInsertElement(
        llvm::ConstantExpr::getBitCast(llvm::Constant::getAllOnesValue(llvm::FixedVectorType::get(b_.getInt32Ty(), 4)),
                                       singles),
        value(inst.args[0]), uint64_t{0});
    return b_.CreateExtractElement(b_.CreateBitCast(boxed, llvm::FixedVectorType::get(type(inst.type), 2)),
                                   uint64_t{0});
  }
  const unsigned to = ir::bits(inst.type);
  llvm::Value* const bits = b_.CreateZExt(to_bits(value(inst.args[0]), from), b_.getIntNTy(to));
  return from_bits(b_.CreateOr(bits, b_.getInt(llvm::APInt::getHighBitsSet(to, to - ir::bits(from)))), inst.type);
}

llvm::Value* Lowering::nan_unbox(const Inst& inst) {
  const Type from = type_of(inst.args[0]);
  const unsigned to = ir::bits(inst.type);
  llvm::Value* const a = value(inst.args[0]);
  llvm::Value* const bits = to_bits(a, from);
  llvm::Value* low = nullptr;
  llvm::Constant* nan = nullptr;
  if (inst.type == Type::F32) {
    llvm::Type* const whole = llvm::FixedVectorType::get(a->getType(), 2);
    llvm::Value* const vector = b_.CreateInsertElement(llvm::PoisonValue::get(whole), a, uint64_t{0});
    low = b_.CreateExtractElement(lanes(vector, Type::F32), uint64_t{0});
    nan = llvm::ConstantFP::getNaN(b_.getFloatTy());
  } else {
    low = b_.CreateTrunc(bits, b_.getIntNTy(to));
    nan = b_.getInt16(inst.type == Type::F16 ? 0x7e00 : 0x7fc0);
  }
  if (inst.imm != 0) return low;
  llvm::Value* const above = b_.CreateAShr(bits, to);
  const Rare rare = begin_rare(b_.CreateICmpNE(above, llvm::Constant::getAllOnesValue(above->getType())));
  return end_rare(rare, low, nan);
}

}  // namespace menura::llvmjit
