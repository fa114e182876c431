// Scalar floats. What the host cannot do in place goes to Thunk::FpSlow.
#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::FpCond;
using ir::FpDesc;
using ir::Op;
using ir::RoundingSource;
using ir::Type;

llvm::CmpInst::Predicate Lowering::predicate(FpCond cond) {
  switch (cond) {
    case FpCond::Eq:
      return llvm::CmpInst::FCMP_OEQ;
    case FpCond::Lt:
      return llvm::CmpInst::FCMP_OLT;
    case FpCond::Le:
      return llvm::CmpInst::FCMP_OLE;
    case FpCond::Gt:
      return llvm::CmpInst::FCMP_OGT;
    case FpCond::Ge:
      return llvm::CmpInst::FCMP_OGE;
    case FpCond::Un:
      return llvm::CmpInst::FCMP_UNO;
    default:
      return llvm::CmpInst::FCMP_ORD;
  }
}

// Whether the host has an op with an FpDesc in this form; else the shared exact functions do it.
bool Lowering::has_host_form(const Inst& inst) const {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  const Type operand = type_of(inst.args[0]);
  const auto of_host = [](Type t) { return t == Type::F32 || t == Type::F64; };
  const bool host_types =
      (of_host(inst.type) || !ir::is_float(inst.type)) && (of_host(operand) || !ir::is_float(operand));
  if ((desc.flush != 0 && inst.op != Op::I2F) || desc.alternative_half != 0) return false;
  if (inst.op == Op::FCmp) return host_types;
  if (static_cast<ir::FlagPolicy>(desc.flags) == ir::FlagPolicy::None) return false;
  switch (inst.op) {
    case Op::FRecipEstimate:
    case Op::FRSqrtEstimate:
      return false;
    case Op::FMin:
    case Op::FMax:
      return host_types;
    case Op::FMa:
      if (!features_.fma || !has_defined(inst)) return false;
      break;
    case Op::FMul:
      if (!has_defined(inst)) return false;
      break;
    case Op::F2I:
      if (static_cast<ir::Saturation>(desc.saturation) == ir::Saturation::Indefinite || ir::bits(inst.type) < 32) {
        return false;
      }
      return host_types;
    case Op::I2F:
      return host_types && ir::bits(operand) >= 32;
    case Op::FCvt: {
      // Half precision converts exactly to single, and singles to halves by MXCSR's mode.
      const bool half = features_.f16c && ((operand == Type::F16 && of_host(inst.type)) ||
                                           (operand == Type::F32 && inst.type == Type::F16));
      if (half && rounding != RoundingSource::NearestAway) return true;
      break;
    }
    default:
      break;
  }
  if (!host_types) return false;
  if (rounding != RoundingSource::NearestAway) return true;
  return inst.op == Op::FRound && features_.avx512 && desc.exact == 0;
}

llvm::Value* Lowering::fp_sign(const Inst& inst) {
  llvm::Value* const a = value(inst.args[0]);
  const unsigned width = ir::bits(inst.type);
  if (a->getType()->isFloatingPointTy()) {
    if (inst.op == Op::FNeg) return b_.CreateFNeg(a);
    if (inst.op == Op::FAbs) return b_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, a);
    return b_.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, a, value(inst.args[1]));
  }
  const llvm::APInt sign = llvm::APInt::getSignMask(width);
  if (inst.op == Op::FNeg) return b_.CreateXor(a, b_.getInt(sign));
  llvm::Value* const magnitude = b_.CreateAnd(a, b_.getInt(~sign));
  if (inst.op == Op::FAbs) return magnitude;
  return b_.CreateOr(magnitude, b_.CreateAnd(value(inst.args[1]), b_.getInt(sign)));
}

// Ordered and different operands inline, the rest out of line: equal ones, of which one zero may be the right one, and
// NaNs.
llvm::Value* Lowering::fp_min_max(const Inst& inst) {
  const bool min = inst.op == Op::FMin;
  llvm::Value* const a = value(inst.args[0]);
  llvm::Value* const b = value(inst.args[1]);
  llvm::Type* const t = a->getType();
  const bool single = inst.type == Type::F32;
  return either(
      strict_compare(llvm::CmpInst::FCMP_UEQ, false, a, b),
      [&] {
        llvm::Value* const x = to_bits(a, inst.type);
        llvm::Value* const y = to_bits(b, inst.type);
        // Equal, but for the sign of zeros: min is negative if either is, max only if both are.
        llvm::Value* const equal = from_bits(min ? b_.CreateOr(x, y) : b_.CreateAnd(x, y), inst.type);
        const Rare nan = begin_rare(b_.CreateFCmpUNO(a, b));
        return end_rare(nan, equal, recomputed(inst));
      },
      [&] {
        return host_instruction(min ? (single ? "minss" : "minsd") : (single ? "maxss" : "maxsd"), t, -1, {a, b});
      });
}

llvm::Value* Lowering::fp_compare(const Inst& inst) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  return strict_compare(predicate(static_cast<FpCond>(desc.cond)), desc.signaling != 0, value(inst.args[0]),
                        value(inst.args[1]));
}

llvm::Value* Lowering::fp_op(const Inst& inst) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  if (!has_host_form(inst)) return nullptr;
  switch (inst.op) {
    case Op::FMin:
    case Op::FMax:
      return fp_min_max(inst);
    case Op::FCmp:
      return fp_compare(inst);
    case Op::FRound:
      return fp_round(inst);
    case Op::FCvt:
      return fp_convert(inst);
    case Op::F2I:
      return fp_to_integer(inst);
    case Op::I2F:
      return fp_from_integer(inst);
    default:
      return checked(inst, [&] {
        return in_rounding(rounding, [&] {
          llvm::Value* operands[3] = {};
          for (unsigned i = 0; i < inst.arg_count; ++i) operands[i] = value(inst.args[i]);
          return arithmetic(inst, operands);
        });
      });
  }
}

// LLVM folds exact results, whatever the rounding mode: but the sign of a sum that is zero depends on it.
static llvm::Value* unfolded(llvm::Value* sum) {
  if (auto* const call = llvm::dyn_cast<llvm::CallInst>(sum)) call->addFnAttr(llvm::Attribute::NoBuiltin);
  return sum;
}

// Of scalars and of all lanes.
llvm::Value* Lowering::arithmetic(const Inst& inst, llvm::Value* const* operands) {
  llvm::Value* const a = operands[0];
  llvm::Value* const b = operands[1];
  switch (inst.op) {
    case Op::FAdd:
    case Op::VFAdd:
      return unfolded(b_.CreateConstrainedFPBinOp(llvm::Intrinsic::experimental_constrained_fadd, a, b));
    case Op::FSub:
    case Op::VFSub:
      return unfolded(b_.CreateConstrainedFPBinOp(llvm::Intrinsic::experimental_constrained_fsub, a, b));
    case Op::FMul:
    case Op::VFMul:
      return b_.CreateConstrainedFPBinOp(llvm::Intrinsic::experimental_constrained_fmul, a, b);
    case Op::FDiv:
    case Op::VFDiv:
      return b_.CreateConstrainedFPBinOp(llvm::Intrinsic::experimental_constrained_fdiv, a, b);
    case Op::FSqrt:
    case Op::VFSqrt:
      return strict(llvm::Intrinsic::experimental_constrained_sqrt, {a});
    default: {
      llvm::Value* const sum = unfolded(strict(llvm::Intrinsic::experimental_constrained_fma, {a, b, operands[2]}));
      if (ir::unpack<FpDesc>(inst.aux).halved == 0) return sum;
      return b_.CreateConstrainedFPBinOp(llvm::Intrinsic::experimental_constrained_fmul, sum,
                                         llvm::ConstantFP::get(sum->getType(), 0.5));
    }
  }
}

void Lowering::lower_fp(Value v, const Inst& inst) {
  switch (inst.op) {
    case Op::FNeg:
    case Op::FAbs:
    case Op::FCopySign:
      return define(v, fp_sign(inst));
    case Op::NanBox:
      return define(v, nan_box(inst));
    case Op::NanUnbox:
      return define(v, nan_unbox(inst));
    case Op::FpFlagsGet:
      return define(v, fp_flags_get(inst));
    case Op::FpFlagsSet:
      return fp_flags_set(inst);
    case Op::FpModeSet:
      return fp_mode_set(inst);
    default: {
      llvm::Value* const result = fp_op(inst);
      return define(v, result != nullptr ? result : recomputed(inst));
    }
  }
}

}  // namespace menura::llvmjit
