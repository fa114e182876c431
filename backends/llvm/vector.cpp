// Vectors: what all their ops share. Lanes of integers are what LLVM works with; a 64-bit vector is widened by LLVM,
// but for single lanes of 64 bits, which it would take to general registers.
#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::Op;
using ir::Type;

namespace {

unsigned width_of(const llvm::Value* v) { return static_cast<unsigned>(v->getType()->getPrimitiveSizeInBits()); }

}  // namespace

llvm::Value* Lowering::ints(llvm::Value* v, unsigned width) {
  return b_.CreateBitCast(v, llvm::FixedVectorType::get(b_.getIntNTy(width), width_of(v) / width));
}

llvm::Value* Lowering::full(llvm::Value* v, unsigned width) {
  if (width_of(v) == 64) {
    llvm::Value* const bytes = ints(v, 8);
    v = b_.CreateShuffleVector(bytes, {0, 1, 2, 3, 4, 5, 6, 7, -1, -1, -1, -1, -1, -1, -1, -1});
  }
  return ints(v, width);
}

llvm::Value* Lowering::unfull(llvm::Value* v, Type t) {
  if (t != Type::V64) return unlaned(v, t);
  return b_.CreateShuffleVector(ints(v, 8), {0, 1, 2, 3, 4, 5, 6, 7});
}

llvm::Value* Lowering::vector_op(const Inst& inst) {
  switch (inst.op) {
    case Op::VShl:
    case Op::VShr:
    case Op::VSar:
    case Op::VRotl:
    case Op::VShlV:
    case Op::VShrV:
    case Op::VSarV:
    case Op::VShift:
      return vector_shift(inst);
    case Op::VDot:
      return vector_dot(inst);
    case Op::VAddPairs:
      return vector_pairs(inst);
    case Op::VAddAcross:
    case Op::VMinAcross:
    case Op::VMaxAcross:
      return vector_across(inst);
    case Op::VWiden:
    case Op::VNarrow:
    case Op::VMulWiden:
      return vector_width(inst);
    case Op::VSplat:
    case Op::VSplatLane:
    case Op::VExtract:
    case Op::VInsert:
    case Op::VInsertLane:
    case Op::VTrunc:
    case Op::VZext:
    case Op::VHigh:
    case Op::VConcat:
    case Op::VZip:
    case Op::VUnzip:
    case Op::VTranspose:
    case Op::VReverse:
    case Op::VBytes:
      return vector_move(inst);
    case Op::VTable:
      return vector_table(inst);
    case Op::VClMulWiden:
    case Op::VAesSubShift:
    case Op::VAesSubShiftInverse:
    case Op::VAesMix:
    case Op::VAesMixInverse:
    case Op::VSha1Rounds:
    case Op::VSha256Rounds:
    case Op::VSha256Sigma0:
    case Op::VSha256Sigma1:
    case Op::VSm4Substitute:
      return vector_crypto(inst);
    default:
      if (ir::info(inst.op).attr == ir::Attr::FpLane) return vector_fp(inst);
      return vector_arith(inst);
  }
}

void Lowering::lower_vector(Value v, const Inst& inst) {
  llvm::Value* const result = vector_op(inst);
  define(v, result != nullptr ? result : vector_slow(inst));
}

}  // namespace menura::llvmjit
