// IR types as LLVM sees them.
#include <llvm/IR/InlineAsm.h>

#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::Type;

llvm::Type* Lowering::type(Type t) const {
  switch (t) {
    case Type::F32:
      return llvm::Type::getFloatTy(context_);
    case Type::F64:
      return llvm::Type::getDoubleTy(context_);
    case Type::V64:
      return llvm::FixedVectorType::get(llvm::Type::getInt8Ty(context_), 8);
    case Type::V128:
    case Type::V256:
    case Type::V512:
      return llvm::FixedVectorType::get(llvm::Type::getInt64Ty(context_), ir::bits(t) / 64);
    default:
      return llvm::Type::getIntNTy(context_, ir::bits(t));
  }
}

llvm::Value* Lowering::lanes(llvm::Value* v, Type lane) {
  const unsigned count = static_cast<unsigned>(v->getType()->getPrimitiveSizeInBits()) / ir::bits(lane);
  return b_.CreateBitCast(v, llvm::FixedVectorType::get(type(lane), count));
}

llvm::Type* Lowering::lane_of_register(unsigned width) const {
  if (width == 64) return llvm::Type::getDoubleTy(context_);
  if (width == 32) return llvm::Type::getFloatTy(context_);
  return llvm::Type::getIntNTy(context_, width);
}

llvm::Value* Lowering::unlaned(llvm::Value* v, Type t) { return b_.CreateBitCast(v, type(t)); }

llvm::Value* Lowering::to_bits(llvm::Value* v, Type t) { return b_.CreateBitCast(v, b_.getIntNTy(ir::bits(t))); }

llvm::Value* Lowering::from_bits(llvm::Value* v, Type t) { return b_.CreateBitCast(v, type(t)); }

llvm::Value* Lowering::hidden(llvm::Value* v) {
  llvm::Type* const t = v->getType();
  return b_.CreateCall(
      llvm::InlineAsm::get(llvm::FunctionType::get(t, {t}, false), "", t->isVectorTy() ? "=x,0" : "=r,0",
                           /*hasSideEffects=*/false),
      {v});
}

}  // namespace menura::llvmjit
