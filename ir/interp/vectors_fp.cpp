#include "ir/interp/fp.h"
#include "ir/interp/vector_op.h"

namespace menura::ir {

namespace {

Op scalar_op(Op op) {
  switch (op) {
    case Op::VFAdd:
      return Op::FAdd;
    case Op::VFSub:
      return Op::FSub;
    case Op::VFMul:
      return Op::FMul;
    case Op::VFDiv:
      return Op::FDiv;
    case Op::VFSqrt:
      return Op::FSqrt;
    case Op::VFMa:
      return Op::FMa;
    case Op::VFRecipEstimate:
      return Op::FRecipEstimate;
    case Op::VFRSqrtEstimate:
      return Op::FRSqrtEstimate;
    case Op::VFMin:
      return Op::FMin;
    case Op::VFMax:
      return Op::FMax;
    case Op::VFCmp:
      return Op::FCmp;
    case Op::VFRound:
      return Op::FRound;
    case Op::VFCvt:
      return Op::FCvt;
    case Op::VF2I:
      return Op::F2I;
    case Op::VI2F:
      return Op::I2F;
    default:
      assert(false && "no vector op of floats");
      return Op::FAdd;
  }
}

Type float_of(unsigned width) { return width == 16 ? Type::F16 : width == 32 ? Type::F32 : Type::F64; }
Type int_of(unsigned width) { return width == 16 ? Type::I16 : width == 32 ? Type::I32 : Type::I64; }

}  // namespace

void evaluate_floats(const VectorOp& op, CpuHeader& cpu) {
  auto desc = unpack<FpDesc>(op.aux);
  const auto lane = static_cast<Type>(desc.lane);
  const unsigned width = bits(lane);
  // Of a lane of the operands and of the result; only vfcvt has two widths.
  const unsigned result_width = width * bits(op.result) / bits(op.operand);
  const Type operand = op.op == Op::VI2F ? int_of(width) : lane;
  Type result = float_of(result_width);
  if (op.op == Op::VF2I) result = int_of(width);
  if (op.op == Op::VFCmp) result = Type::I1;
  desc.lane = 0;
  for (unsigned i = 0; i < bits(op.result) / result_width; ++i) {
    const auto of = [&](const uint64_t* words) { return words == nullptr ? 0 : get_lane(words, width, i); };
    uint64_t value = fp_evaluate(scalar_op(op.op), result, operand, desc, cpu, of(op.a), of(op.b), of(op.c));
    if (op.op == Op::VFCmp) value = 0 - value;
    set_lane(op.out, result_width, i, value);
  }
}

}  // namespace menura::ir
