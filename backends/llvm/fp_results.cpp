// Floating-point results, of scalars and of all lanes at once, that are right on the host but for a few that can be
// told by looking at them: NaNs, which are chosen from the operands by other rules, and the least normal number, which
// may be a tiny number rounded up: tininess before rounding raises underflow, the host's after rounding does not. Those
// are computed again, out of line and exactly. The flags that the host has raised are right, though they may not be
// all.
#include <llvm/IR/IntrinsicsX86.h>

#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::FpDesc;
using ir::NanPolicy;
using ir::Op;
using ir::Type;

namespace {

bool is_product(Op op) { return op == Op::FMul || op == Op::VFMul; }

}  // namespace

bool Lowering::is_fused(Op op) { return op == Op::FMa || op == Op::VFMa; }

// The value of one of two ways, of which one is rare.
llvm::Value* Lowering::either(llvm::Value* rare, llvm::function_ref<llvm::Value*()> uncommon,
                              llvm::function_ref<llvm::Value*()> common) {
  llvm::BasicBlock* const rare_block = new_block("rare");
  llvm::BasicBlock* const common_block = new_block("");
  llvm::BasicBlock* const join = new_block("");
  b_.CreateCondBr(rare, rare_block, common_block, rare_);
  const auto way = [&](llvm::BasicBlock* block, llvm::function_ref<llvm::Value*()> build) {
    b_.SetInsertPoint(block);
    llvm::Value* const result = build();
    llvm::BasicBlock* const from = b_.GetInsertBlock();
    b_.CreateBr(join);
    return std::pair(result, from);
  };
  const auto [first, first_from] = way(rare_block, uncommon);
  const auto [second, second_from] = way(common_block, common);
  b_.SetInsertPoint(join);
  llvm::PHINode* const phi = b_.CreatePHI(first->getType(), 2);
  phi->addIncoming(first, first_from);
  phi->addIncoming(second, second_from);
  return phi;
}

llvm::Value* Lowering::any_lane(llvm::Value* mask) {
  return mask->getType()->isVectorTy() ? b_.CreateOrReduce(mask) : mask;
}

// Of floats, one or all lanes of a vector register. Their signs in a vector register say it: LLVM would compare into a
// mask register where there is one, which costs `matrix4` a third.
llvm::Value* Lowering::any_unordered(llvm::Value* a, llvm::Value* b, bool or_equal) {
  if (a->getType()->getPrimitiveSizeInBits() != 128 || !features_.avx) {
    return any_lane(or_equal ? b_.CreateFCmpUEQ(a, b) : b_.CreateFCmpUNO(a, b));
  }
  const bool single = a->getType()->getScalarType()->isFloatTy();
  llvm::Value* const lanes =
      b_.CreateIntrinsic(single ? llvm::Intrinsic::x86_sse_cmp_ps : llvm::Intrinsic::x86_sse2_cmp_pd, {},
                         {a, b, b_.getInt8(or_equal ? 8 : 3)});  // EQ_UQ, UNORD_Q
  return b_.CreateICmpNE(
      b_.CreateIntrinsic(single ? llvm::Intrinsic::x86_sse_movmsk_ps : llvm::Intrinsic::x86_sse2_movmsk_pd, {},
                         {lanes}),
      b_.getInt32(0));
}

// A NaN or, of any sign, the least normal number, in any lane. Squares have no sign.
llvm::Value* Lowering::is_nan_or_least(const Inst& inst, llvm::Value* result) {
  llvm::Type* const t = result->getType();
  const llvm::fltSemantics& format = t->getScalarType()->getFltSemantics();
  llvm::Value* const least = llvm::ConstantFP::get(t, llvm::APFloat::getSmallestNormalized(format));
  const bool square = is_product(inst.op) && inst.args[0] == inst.args[1];
  return any_unordered(square ? result : b_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, result), least, true);
}

llvm::Value* Lowering::recomputed(const Inst& inst) {
  if (ir::is_vector_op(inst.op)) return vector_slow(inst);
  switch (inst.arg_count) {
    case 1:
      return fp_slow(inst, {value(inst.args[0])});
    case 2:
      return fp_slow(inst, {value(inst.args[0]), value(inst.args[1])});
    default:
      return fp_slow(inst, {value(inst.args[0]), value(inst.args[1]), value(inst.args[2])});
  }
}

// Of an fma the host does not say that infinity times zero is invalid where a quiet NaN is added.
llvm::Value* Lowering::corrected(const Inst& inst, llvm::Value* result, bool tiny) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  if (static_cast<NanPolicy>(desc.nan) != NanPolicy::Canonical || tiny || ir::is_vector_op(inst.op) ||
      is_fused(inst.op)) {
    return recomputed(inst);
  }
  return b_.CreateSelect(b_.CreateFCmpUNO(result, result), llvm::ConstantFP::getNaN(result->getType()), result);
}

// A float, or each lane: of the operand of a narrowing, else of the result, too.
Type Lowering::lane_type(const Inst& inst) const {
  return ir::is_vector_op(inst.op) ? static_cast<Type>(ir::unpack<FpDesc>(inst.aux).lane) : inst.type;
}

// Whether an fma adds 2 or 3 to a product: not near zero, or zero, so that the result is never tiny.
bool Lowering::is_step(const Inst& inst) const {
  const Inst& addend = inst_of(inst.args[2]);
  if (addend.op != Op::Const) return false;
  const auto bits = static_cast<uint64_t>(addend.imm);
  if (lane_type(inst) == Type::F64) return bits == 0x4000000000000000 || bits == 0x4008000000000000;
  if (lane_type(inst) != Type::F32) return false;
  const auto low = static_cast<uint32_t>(bits);
  return (inst.type == Type::F32 || bits >> 32 == low) && (low == 0x40000000 || low == 0x40400000);
}

// Whether infinity times zero raises what the host raises, or the host can do it for factors that are not large.
bool Lowering::has_defined(const Inst& inst) const {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  if (desc.defined == 0 && desc.halved == 0) return true;
  if (static_cast<NanPolicy>(desc.nan) == NanPolicy::Canonical && desc.tiny_before == 0) return false;
  return desc.halved == 0 || is_product(inst.op) || is_step(inst);
}

// A factor of any lane is an infinity, a NaN or so large that a product might be near an overflow.
llvm::Value* Lowering::large_factors(const Inst& inst) {
  const Type lane = lane_type(inst);
  const Type bits = lane == Type::F32 ? Type::I32 : Type::I64;
  // 2^62 and 2^510.
  const uint64_t bound = lane == Type::F32 ? 0x5e800000 : 0x5fd0000000000000;
  llvm::Value* large = nullptr;
  for (unsigned i = 0; i < 2; ++i) {
    if (i == 1 && inst.args[0] == inst.args[1]) break;
    llvm::Value* const factor = value(inst.args[i]);
    llvm::Value* const number = ir::is_vector_op(inst.op) ? lanes(factor, bits) : to_bits(factor, lane);
    llvm::Value* const magnitude =
        b_.CreateAnd(number, llvm::ConstantInt::get(number->getType(), llvm::APInt::getSignedMaxValue(ir::bits(bits))));
    llvm::Value* const one = b_.CreateICmpSGT(magnitude, llvm::ConstantInt::get(number->getType(), bound));
    large = large == nullptr ? one : b_.CreateOr(large, one);
  }
  return any_lane(large);
}

llvm::Value* Lowering::checked(const Inst& inst, llvm::function_ref<llvm::Value*()> host) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  if ((is_product(inst.op) && desc.defined != 0) || (is_fused(inst.op) && (desc.defined != 0 || desc.halved != 0))) {
    return either(
        large_factors(inst), [&] { return recomputed(inst); }, [&] { return checked_result(inst, host()); });
  }
  return checked_result(inst, host());
}

llvm::Value* Lowering::checked_result(const Inst& inst, llvm::Value* result) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const bool vector = ir::is_vector_op(inst.op);
  llvm::Value* const whole = vector ? unfull(result, inst.type) : result;
  bool nan = true;
  bool tiny = false;
  switch (inst.op) {
    case Op::FRound:
    case Op::VFRound:
      // The host makes a NaN quiet, as all policies but one want it.
      nan = static_cast<NanPolicy>(desc.nan) == NanPolicy::Canonical;
      break;
    case Op::FCvt:
    case Op::VFCvt: {
      // The host keeps what it can of a NaN's payload, too.
      nan = static_cast<NanPolicy>(desc.nan) == NanPolicy::Canonical;
      const bool narrows = ir::bits(inst.type) < ir::bits(type_of(inst.args[0]));
      tiny = narrows && desc.tiny_before != 0;
      break;
    }
    case Op::FMa:
    case Op::VFMa:
      // The factors are not large: neither a NaN nor tiny.
      if (desc.defined != 0 && is_step(inst)) return whole;
      tiny = desc.tiny_before != 0;
      break;
    case Op::FMul:
    case Op::VFMul:
    case Op::FDiv:
    case Op::VFDiv:
      tiny = desc.tiny_before != 0;
      break;
    default:  // sums, differences and roots are never tiny and inexact
      break;
  }
  if (!nan && !tiny) return whole;
  if (vector && inst.type == Type::V64 && llvm::cast<llvm::FixedVectorType>(result->getType())->getNumElements() == 2) {
    // Lanes that nobody has made must not be compared.
    result = b_.CreateShuffleVector(result, llvm::Constant::getNullValue(result->getType()), {0, 1, 2, 3});
  }
  if (can_defer(inst)) {
    deferred_.push_back({static_cast<Value>(&inst - region_.insts.data()), result, tiny});
    return whole;
  }
  const Rare rare = begin_rare(tiny ? is_nan_or_least(inst, result) : any_unordered(result, result, false));
  return end_rare(rare, whole, corrected(inst, result, tiny));
}

}  // namespace menura::llvmjit
