// Vectors of integers: lanes of twice and half the width; sums, minima and maxima of several lanes.
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsX86.h>

#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::LaneDesc;
using ir::Op;
using ir::Type;

llvm::Value* Lowering::vector_width(const Inst& inst) {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned width = ir::bits(static_cast<Type>(desc.lane));
  const bool is_signed = desc.sign_extend != 0;
  llvm::Value* a = ints(value(inst.args[0]), width);
  if (inst.op != Op::VNarrow) {
    llvm::Type* const wide = llvm::VectorType::getExtendedElementVectorType(llvm::cast<llvm::VectorType>(a->getType()));
    if (inst.op != Op::VMulWiden) return unlaned(extend(a, wide, is_signed), inst.type);
    llvm::Value* const b = extend(ints(value(inst.args[1]), width), wide, is_signed);
    if (width == 16 && is_signed && inst.type == Type::V128) {
      // Pairs of products, of which one is by zero. As in vector_dot(), of one factor LLVM knows nothing.
      llvm::Type* const pairs = llvm::FixedVectorType::get(b_.getInt16Ty(), 8);
      return unlaned(b_.CreateIntrinsic(llvm::Intrinsic::x86_sse2_pmadd_wd, {},
                                        {b_.CreateBitCast(extend(a, wide, /*is_signed=*/false), pairs),
                                         hidden(b_.CreateBitCast(b, pairs))}),
                     inst.type);
    }
    return unlaned(b_.CreateMul(extend(a, wide, is_signed), b), inst.type);
  }
  const unsigned half = width / 2;
  llvm::Type* const t = a->getType();
  if (desc.saturate != 0) {
    const auto bound = [&](const llvm::APInt& limit, llvm::Intrinsic::ID id) {
      a = b_.CreateBinaryIntrinsic(id, a, llvm::ConstantInt::get(t, limit));
    };
    const unsigned bits = desc.to_unsigned != 0 ? half : half - 1;
    const llvm::APInt largest = llvm::APInt::getLowBitsSet(width, bits);
    if (!is_signed) {
      bound(largest, llvm::Intrinsic::umin);
    } else {
      bound(desc.to_unsigned != 0 ? llvm::APInt::getZero(width) : ~largest, llvm::Intrinsic::smax);
      bound(largest, llvm::Intrinsic::smin);
    }
  }
  llvm::Type* const narrow = llvm::VectorType::getTruncatedElementVectorType(llvm::cast<llvm::VectorType>(t));
  return unlaned(b_.CreateTrunc(a, narrow), inst.type);
}

// In each lane of twice the width, the sum of the two lanes there.
llvm::Value* Lowering::vector_pairs(const Inst& inst) {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned width = ir::bits(static_cast<Type>(desc.lane));
  const bool is_signed = desc.sign_extend != 0;
  llvm::Value* const a = full(value(inst.args[0]), width);
  if (ir::bits(inst.type) <= 128 && (width == 8 || (width == 16 && is_signed))) {
    // The host adds pairs of products: by ones. Those of bytes are unsigned times signed.
    llvm::Value* const ones = llvm::ConstantInt::get(a->getType(), 1);
    const auto id = width == 8 ? llvm::Intrinsic::x86_ssse3_pmadd_ub_sw_128 : llvm::Intrinsic::x86_sse2_pmadd_wd;
    return unfull(b_.CreateIntrinsic(id, {}, {is_signed ? ones : a, is_signed ? a : ones}), inst.type);
  }
  llvm::Value* const wide = ints(a, 2 * width);
  if (is_signed) {
    return unfull(b_.CreateAdd(b_.CreateAShr(b_.CreateShl(wide, width), width), b_.CreateAShr(wide, width)), inst.type);
  }
  llvm::Value* const low = llvm::ConstantInt::get(wide->getType(), llvm::APInt::getLowBitsSet(2 * width, width));
  return unfull(b_.CreateAdd(b_.CreateAnd(wide, low), b_.CreateLShr(wide, width)), inst.type);
}

// The upper half is combined with the lower until one lane is left; zeros come above it.
llvm::Value* Lowering::vector_across(const Inst& inst) {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned width = ir::bits(static_cast<Type>(desc.lane));
  const bool is_signed = desc.sign_extend != 0;
  llvm::Value* a = ints(value(inst.args[0]), width);
  unsigned count = ir::bits(inst.type) / width;
  const unsigned all = count;
  llvm::Value* const zero = llvm::Constant::getNullValue(a->getType());
  if (inst.op == Op::VAddAcross && width == 8 && ir::bits(inst.type) <= 128) {
    // Sums of eight bytes each.
    if (inst.type == Type::V64) a = shuffled(a, zero, 16, [](unsigned i) { return i; });
    llvm::Value* sums =
        b_.CreateIntrinsic(llvm::Intrinsic::x86_sse2_psad_bw, {}, {a, llvm::Constant::getNullValue(a->getType())});
    if (inst.type != Type::V64) sums = b_.CreateAdd(sums, shuffled(sums, sums, 2, [](unsigned) { return 1; }));
    return first_lane(ints(sums, 8), inst.type);
  }
  while (count > 1) {
    count /= 2;
    llvm::Value* const upper =
        shuffled(a, a, all, [&](unsigned i) { return i < count ? static_cast<int>(i + count) : -1; });
    switch (inst.op) {
      case Op::VAddAcross:
        a = b_.CreateAdd(a, upper);
        break;
      case Op::VMinAcross:
        a = b_.CreateBinaryIntrinsic(is_signed ? llvm::Intrinsic::smin : llvm::Intrinsic::umin, a, upper);
        break;
      default:
        a = b_.CreateBinaryIntrinsic(is_signed ? llvm::Intrinsic::smax : llvm::Intrinsic::umax, a, upper);
        break;
    }
  }
  return first_lane(a, inst.type);
}

// Lane 0, zeros in the others: as many as `t` has.
llvm::Value* Lowering::first_lane(llvm::Value* a, Type t) {
  const unsigned count = llvm::cast<llvm::FixedVectorType>(a->getType())->getNumElements();
  const unsigned kept = ir::bits(t) / a->getType()->getScalarSizeInBits();
  llvm::Value* const zero = llvm::Constant::getNullValue(a->getType());
  return unlaned(shuffled(a, zero, kept, [&](unsigned i) { return i == 0 ? 0 : count; }), t);
}

// To each 32-bit lane the four products of bytes.
llvm::Value* Lowering::vector_dot(const Inst& inst) {
  if (ir::bits(inst.type) > 128) return nullptr;
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  bool sign_a = desc.sign_extend != 0;
  bool sign_b = desc.sign_extend2 != 0;
  llvm::Value* const sum = full(value(inst.args[0]), 32);
  llvm::Value* a = full(value(inst.args[1]), 8);
  llvm::Value* b = full(value(inst.args[2]), 8);
  if (!features_.vnni) {
    // Pairs of products in lanes of 16 bits; then pairs of pairs.
    llvm::Type* const wide = llvm::FixedVectorType::get(b_.getInt16Ty(), 8);
    const auto products = [&](unsigned from) {
      const auto part = [&](llvm::Value* v, bool is_signed) {
        return extend(shuffled(v, v, 8, [&](unsigned i) { return i + from; }), wide, is_signed);
      };
      // Of one it knows nothing: lanes that are zero in both would be anything in both (codegen.cpp).
      return b_.CreateIntrinsic(llvm::Intrinsic::x86_sse2_pmadd_wd, {}, {part(a, sign_a), hidden(part(b, sign_b))});
    };
    llvm::Value* const low = products(0);
    llvm::Value* const high = products(8);
    return unfull(b_.CreateAdd(sum, b_.CreateIntrinsic(llvm::Intrinsic::x86_ssse3_phadd_d_128, {}, {low, high})),
                  inst.type);
  }
  // The host multiplies unsigned by signed bytes. Where both are signed, a + 128 is used and 128 * b taken off; where
  // both are unsigned, b - 128, and 128 * a is added (as -128 * a, taken off).
  const auto dot = [&](llvm::Value* to, llvm::Value* x, llvm::Value* y) -> llvm::Value* {
    return b_.CreateIntrinsic(llvm::Intrinsic::x86_avx512_vpdpbusd_128, {}, {to, ints(x, 32), ints(y, 32)});
  };
  if (sign_a && !sign_b) {
    std::swap(a, b);
    std::swap(sign_a, sign_b);
  }
  if (!sign_a && sign_b) return unfull(dot(sum, a, b), inst.type);
  llvm::Value* const bias = llvm::ConstantInt::get(a->getType(), 0x80);
  llvm::Value* const zero = llvm::Constant::getNullValue(sum->getType());
  llvm::Value* const all = sign_a ? dot(sum, b_.CreateXor(a, bias), b) : dot(sum, a, b_.CreateXor(b, bias));
  llvm::Value* const more = sign_a ? dot(zero, bias, b) : dot(zero, a, bias);
  return unfull(b_.CreateSub(all, more), inst.type);
}

}  // namespace menura::llvmjit
