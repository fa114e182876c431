// Vectors of single and double precision. As with scalars (fp_results.cpp) the host's operation is done and its result
// looked at, all lanes at once; where one is a NaN or the least normal number, the whole op is done again out of line.
#include "backends/llvm/lowering.h"
#include "backends/runtime/host_fp.h"

namespace menura::llvmjit {

using ir::FpCond;
using ir::FpDesc;
using ir::Op;
using ir::RoundingSource;
using ir::Type;
using runtime::compare_predicate;

// Whether the host has the op in this form.
bool Lowering::has_vector_fp(const Inst& inst) const {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto lane = static_cast<Type>(desc.lane);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  if (ir::bits(inst.type) > 128 || ir::bits(type_of(inst.args[0])) > 128) return false;
  if (desc.flush != 0 && inst.op != Op::VI2F) return false;
  if (static_cast<ir::FlagPolicy>(desc.flags) == ir::FlagPolicy::None) return false;
  if (lane == Type::F16 || desc.alternative_half != 0) return false;
  if (rounding == RoundingSource::NearestAway && inst.op != Op::VFMin && inst.op != Op::VFMax && inst.op != Op::VFCmp) {
    return false;
  }
  switch (inst.op) {
    case Op::VFRecipEstimate:
    case Op::VFRSqrtEstimate:
      return false;
    case Op::VFMul:
      return has_defined(inst);
    case Op::VFMa:
      return features_.fma && has_defined(inst);
    case Op::VFCmp:
      return features_.avx || compare_predicate(static_cast<FpCond>(desc.cond), desc.signaling != 0) < 8;
    case Op::VFCvt:
      // Beside f16's: f32 to f64 and back.
      return (lane == Type::F32 && inst.type == Type::V128) || lane == Type::F64;
    case Op::VF2I:
      if (static_cast<ir::Saturation>(desc.saturation) == ir::Saturation::Indefinite) return false;
      // A rounding of its own may raise inexact for what is then too small.
      if ((lane == Type::F64 || desc.is_unsigned != 0) && rounding != RoundingSource::Zero &&
          rounding != RoundingSource::Live) {
        return false;
      }
      return features_.avx512 || (lane == Type::F32 && desc.is_unsigned == 0);
    case Op::VI2F:
      return features_.avx512 || (lane == Type::F32 && desc.is_unsigned == 0);
    default:
      return true;
  }
}

// An operand with nothing in the upper half of a 64-bit vector that could raise a flag: zeros, or for divisions the
// lower half again.
llvm::Value* Lowering::quiet_lanes(const Inst& inst, unsigned number) {
  llvm::Value* v = value(inst.args[number]);
  // What widens or narrows looks at no more than it should.
  if (type_of(inst.args[number]) == Type::V64 && inst.op != Op::VFCvt) {
    llvm::Value* const bytes = ints(v, 8);
    llvm::SmallVector<int, 16> order;
    for (int i = 0; i < 16; ++i) order.push_back(inst.op == Op::VFDiv ? i % 8 : i);
    v = b_.CreateShuffleVector(bytes, llvm::Constant::getNullValue(bytes->getType()), order);
  }
  const auto lane = static_cast<Type>(ir::unpack<FpDesc>(inst.aux).lane);
  return inst.op == Op::VI2F ? ints(v, ir::bits(lane)) : lanes(v, lane);
}

llvm::Value* Lowering::vector_fp(const Inst& inst) {
  if (!has_vector_fp(inst)) return nullptr;
  const auto rounding = static_cast<RoundingSource>(ir::unpack<FpDesc>(inst.aux).rounding);
  llvm::Value* operands[3] = {};
  for (unsigned i = 0; i < inst.arg_count; ++i) operands[i] = quiet_lanes(inst, i);
  switch (inst.op) {
    case Op::VFMin:
    case Op::VFMax:
      return vector_min_max(inst, operands[0], operands[1]);
    case Op::VFCmp:
      return vector_compare(inst, operands[0], operands[1]);
    case Op::VF2I:
      return vector_to_integers(inst, operands[0]);
    case Op::VI2F:
      return unfull(in_rounding(rounding, [&] { return vector_fp_host(inst, operands); }), inst.type);
    case Op::VFRound:
      return checked(inst,
                     [&] { return round_to_integral(operands[0], rounding, ir::unpack<FpDesc>(inst.aux).exact != 0); });
    default: {
      const bool rounds = inst.op != Op::VFCvt || inst.type == Type::V64;
      return checked(inst, [&] {
        return in_rounding(rounds ? rounding : RoundingSource::Live, [&] { return vector_fp_host(inst, operands); });
      });
    }
  }
}

// The host's operation.
llvm::Value* Lowering::vector_fp_host(const Inst& inst, llvm::Value* const* operands) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  llvm::Value* const a = operands[0];
  const bool single = static_cast<Type>(desc.lane) == Type::F32;
  if (inst.op == Op::VFCvt) {
    return strict_cast(
        single ? llvm::Intrinsic::experimental_constrained_fpext : llvm::Intrinsic::experimental_constrained_fptrunc, a,
        llvm::FixedVectorType::get(single ? b_.getDoubleTy() : b_.getFloatTy(), 2));
  }
  if (inst.op == Op::VI2F) {
    llvm::Type* const to = llvm::FixedVectorType::get(single ? b_.getFloatTy() : b_.getDoubleTy(), single ? 4 : 2);
    return strict_cast(desc.is_unsigned != 0 ? llvm::Intrinsic::experimental_constrained_uitofp
                                             : llvm::Intrinsic::experimental_constrained_sitofp,
                       a, to);
  }
  return arithmetic(inst, operands);
}

llvm::Value* Lowering::vector_compare(const Inst& inst, llvm::Value* a, llvm::Value* b) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto cond = static_cast<FpCond>(desc.cond);
  const bool single = static_cast<Type>(desc.lane) == Type::F32;
  if (cond == FpCond::Gt || cond == FpCond::Ge) std::swap(a, b);
  return unfull(host_instruction(single ? "cmpps" : "cmppd", a->getType(),
                                 static_cast<int>(compare_predicate(cond, desc.signaling != 0)), {a, b}),
                inst.type);
}

llvm::Value* Lowering::vector_to_integers(const Inst& inst, llvm::Value* a) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  const bool single = static_cast<Type>(desc.lane) == Type::F32;
  const bool is_unsigned = desc.is_unsigned != 0;
  llvm::Type* const t = llvm::FixedVectorType::get(single ? b_.getInt32Ty() : b_.getInt64Ty(), single ? 4 : 2);
  llvm::Value* result = nullptr;
  if (rounding == RoundingSource::Live) {
    result = host_instruction(
        single ? (is_unsigned ? "cvtps2udq" : "cvtps2dq") : (is_unsigned ? "cvtpd2uqq" : "cvtpd2qq"), t, -1, {a});
  } else {
    // What does not fit an integer is integral already, so that inexact is raised where it should be.
    if (rounding != RoundingSource::Zero) a = round_to_integral(a, rounding, true);
    result = b_.CreateFreeze(strict_cast(is_unsigned ? llvm::Intrinsic::experimental_constrained_fptoui
                                                     : llvm::Intrinsic::experimental_constrained_fptosi,
                                         a, t));
  }
  // The host says the minimum, or all ones, for what does not fit.
  const unsigned width = single ? 32 : 64;
  const llvm::APInt wrong = is_unsigned ? llvm::APInt::getAllOnes(width) : llvm::APInt::getSignedMinValue(width);
  llvm::Value* const unfit = any_lane(b_.CreateICmpEQ(result, llvm::ConstantInt::get(t, wrong)));
  llvm::Value* const whole = unfull(result, inst.type);
  const Rare rare = begin_rare(unfit);
  return end_rare(rare, whole, recomputed(inst));
}

// The host gives its second operand for zeros and NaNs. Both orders together have the right zero; NaNs go out of line,
// before anything raises a flag for them.
llvm::Value* Lowering::vector_min_max(const Inst& inst, llvm::Value* a, llvm::Value* b) {
  const bool single = static_cast<Type>(ir::unpack<FpDesc>(inst.aux).lane) == Type::F32;
  const bool min = inst.op == Op::VFMin;
  const std::string name = std::string(min ? "min" : "max") + (single ? "ps" : "pd");
  return either(
      any_lane(strict_compare(llvm::CmpInst::FCMP_UNO, false, a, b)), [&] { return recomputed(inst); },
      [&] {
        llvm::Value* const first = ints(host_instruction(name, a->getType(), -1, {a, b}), 64);
        llvm::Value* const second = ints(host_instruction(name, a->getType(), -1, {b, a}), 64);
        return unfull(min ? b_.CreateOr(first, second) : b_.CreateAnd(first, second), inst.type);
      });
}

}  // namespace menura::llvmjit
