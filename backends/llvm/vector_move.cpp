// Vectors: moving lanes, between vectors and to and from integers.
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsX86.h>

#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::LaneDesc;
using ir::Op;
using ir::Type;

// The low bits as a narrower vector or a float.
llvm::Value* Lowering::vector_low(const Inst& inst) {
  llvm::Value* const a = value(inst.args[0]);
  if (!ir::is_vector(inst.type)) {
    const unsigned width = ir::bits(inst.type);
    if (width == ir::bits(type_of(inst.args[0]))) return from_bits(a, inst.type);
    if (width > 64) return from_bits(b_.CreateExtractElement(ints(a, width), uint64_t{0}), inst.type);
    return b_.CreateExtractElement(lanes(a, inst.type), uint64_t{0});
  }
  const unsigned lane = inst.type == Type::V64 ? 8 : 64;
  return shuffled(ints(a, lane), ints(a, lane), ir::bits(inst.type) / lane, [](unsigned i) { return i; });
}

// Zeros above a narrower vector or a float.
llvm::Value* Lowering::vector_extended(const Inst& inst) {
  llvm::Value* const a = value(inst.args[0]);
  const Type from = type_of(inst.args[0]);
  const unsigned lane = ir::is_vector(from) ? 64 : ir::bits(from);
  if (lane >= ir::bits(inst.type)) return from_bits(a, inst.type);
  if (from == Type::V64 || !ir::is_vector(from)) {
    // An integer comes from a general register anyway.
    llvm::Type* const part = ir::is_int(from) ? b_.getIntNTy(lane) : lane_of_register(lane);
    llvm::Type* const t = llvm::FixedVectorType::get(part, ir::bits(inst.type) / lane);
    return unlaned(b_.CreateInsertElement(llvm::Constant::getNullValue(t), b_.CreateBitCast(a, part), uint64_t{0}),
                   inst.type);
  }
  const unsigned count = ir::bits(from) / 64;
  return shuffled(a, llvm::Constant::getNullValue(a->getType()), ir::bits(inst.type) / 64,
                  [&](unsigned i) { return i < count ? i : count; });
}

llvm::Value* Lowering::vector_move(const Inst& inst) {
  const Op op = inst.op;
  if (op == Op::VTrunc) return vector_low(inst);
  if (op == Op::VZext) return vector_extended(inst);
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned index = desc.index;
  // vhigh and vconcat have no lanes.
  const bool whole = op == Op::VHigh || op == Op::VConcat;
  const Type narrow = op == Op::VHigh ? inst.type : type_of(inst.args[0]);
  const unsigned width = !whole ? ir::bits(static_cast<Type>(desc.lane)) : narrow == Type::V64 ? 8 : 64;
  const unsigned count = ir::bits(inst.type) / width;
  const auto operand = [&](unsigned i) { return ints(value(inst.args[i]), width); };
  const auto shuffle = [&](auto order) {
    return unlaned(shuffled(operand(0), operand(inst.arg_count - 1U), count, order), inst.type);
  };
  const unsigned half = count / 2;
  switch (op) {
    case Op::VSplat: {
      llvm::Value* const bits = b_.CreateZExtOrTrunc(value(inst.args[0]), b_.getIntNTy(width));
      return unlaned(b_.CreateVectorSplat(count, bits), inst.type);
    }
    case Op::VSplatLane:
      return shuffle([&](unsigned) { return index; });
    case Op::VExtract: {
      llvm::Value* const lane = b_.CreateExtractElement(operand(0), index);
      llvm::Type* const t = type(inst.type);
      return desc.sign_extend != 0 ? b_.CreateSExtOrTrunc(lane, t) : b_.CreateZExtOrTrunc(lane, t);
    }
    case Op::VInsert: {
      llvm::Value* const bits = b_.CreateZExtOrTrunc(value(inst.args[1]), b_.getIntNTy(width));
      return unlaned(b_.CreateInsertElement(operand(0), bits, index), inst.type);
    }
    case Op::VInsertLane: {
      llvm::Value* const lane = b_.CreateExtractElement(operand(1), uint64_t{desc.from});
      return unlaned(b_.CreateInsertElement(operand(0), lane, index), inst.type);
    }
    case Op::VHigh:
      return shuffle([&](unsigned i) { return count + i; });
    case Op::VConcat:
      return shuffle([&](unsigned i) { return i; });
    case Op::VZip:
      return shuffle([&](unsigned i) { return index * half + i / 2 + (i % 2 == 0 ? 0 : count); });
    case Op::VUnzip:
      return shuffle([&](unsigned i) { return 2 * i + index; });
    case Op::VTranspose:
      return shuffle([&](unsigned i) { return i / 2 * 2 + index + (i % 2 == 0 ? 0 : count); });
    case Op::VReverse:
      return shuffle([&](unsigned i) { return i / index * index + index - 1 - i % index; });
    default:
      return shuffle([&](unsigned i) { return i + static_cast<unsigned>(inst.imm); });
  }
}

// The host looks at four bits of a number, and gives 0 where bit 7 is set: numbers that the table does not have are
// made so by an addition that saturates. Above a table of eight bytes are zeros.
llvm::Value* Lowering::vector_table(const Inst& inst) {
  if (ir::bits(inst.type) > 128) return nullptr;
  llvm::Value* table = value(inst.args[0]);
  if (inst.type == Type::V64) {
    table = shuffled(table, llvm::Constant::getNullValue(table->getType()), 16, [](unsigned i) { return i; });
  }
  llvm::Value* const index = full(value(inst.args[1]), 8);
  llvm::Value* const numbers =
      b_.CreateBinaryIntrinsic(llvm::Intrinsic::uadd_sat, index, llvm::ConstantInt::get(index->getType(), 0x70));
  return unfull(b_.CreateIntrinsic(llvm::Intrinsic::x86_ssse3_pshuf_b_128, {}, {ints(table, 8), numbers}), inst.type);
}

}  // namespace menura::llvmjit
