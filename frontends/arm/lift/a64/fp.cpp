// FpLanes, moves and arithmetic.
#include "frontends/arm/lift/a64/fp.h"

namespace menura::arm::lift {
namespace {

// In the order of their scalar counterparts' use below.
Op vector_op(Op scalar) {
  switch (scalar) {
    case Op::FAdd:
      return Op::VFAdd;
    case Op::FSub:
      return Op::VFSub;
    case Op::FMul:
      return Op::VFMul;
    case Op::FDiv:
      return Op::VFDiv;
    case Op::FSqrt:
      return Op::VFSqrt;
    case Op::FMa:
      return Op::VFMa;
    case Op::FRecipEstimate:
      return Op::VFRecipEstimate;
    case Op::FRSqrtEstimate:
      return Op::VFRSqrtEstimate;
    case Op::FMin:
      return Op::VFMin;
    case Op::FMax:
      return Op::VFMax;
    case Op::FCmp:
      return Op::VFCmp;
    case Op::FRound:
      return Op::VFRound;
    case Op::F2I:
      return Op::VF2I;
    case Op::I2F:
      return Op::VI2F;
    default:
      assert(scalar == Op::FCvt);
      return Op::VFCvt;
  }
}

uint64_t repeated(uint64_t bits, unsigned width) {
  for (; width < 64; width *= 2) bits |= bits << width;
  return bits;
}

Value fused(const FpLanes& lanes, Negate negate, Value addend, Value a, Value b) {
  if (negate == Negate::Addend || negate == Negate::Both) addend = lanes.negated(addend);
  if (negate == Negate::Product || negate == Negate::Both) a = lanes.negated(a);
  return lanes.op(Op::FMa, {a, b, addend});
}

// Infinity times zero has a value.
FpDesc defined_desc(const FpLanes& lanes) {
  FpDesc desc = lanes.desc();
  desc.defined = 1;
  return desc;
}

FpDesc min_max_desc(const FpLanes& lanes, MinMax nans) {
  FpDesc desc = lanes.desc();
  desc.min_max = static_cast<uint32_t>(nans);
  return desc;
}

// The two lowest lanes of a register, as scalars.
FpLanes::Pairs lowest_pair(const FpLanes& scalar, VReg vn) { return {scalar.get(vn), scalar.element(vn, 1)}; }

}  // namespace

Value FpLanes::get(VReg reg) const {
  const Value whole = l.v(reg);
  return type == Type::V128 ? whole : l.b.convert(Op::VTrunc, type, whole);
}

Value FpLanes::element(VReg reg, unsigned index) const {
  if (is_scalar() && index == 0) return get(reg);
  const Type vector = is_scalar() ? Type::V128 : type;
  const Value all =
      l.b.vec(Op::VSplatLane, vector, {l.v(reg)}, {.lane = static_cast<uint32_t>(integer()), .index = index});
  return is_scalar() ? l.b.convert(Op::VTrunc, type, all) : all;
}

void FpLanes::set(VReg reg, Value value) const {
  if (ir::is_int(l.b.type_of(value))) value = l.b.convert(Op::Bitcast, lane, value);
  l.set_v(reg, type == Type::V128 ? value : l.b.convert(Op::VZext, Type::V128, value));
}

Value FpLanes::constant(uint64_t bits) const {
  if (is_scalar()) {
    return l.b.convert(Op::Bitcast, lane, l.b.constant(integer(), static_cast<int64_t>(bits)));
  }
  return l.b.constant(type, static_cast<int64_t>(repeated(bits, ir::bits(lane))));
}

Value FpLanes::alternating(uint64_t even, uint64_t odd) const {
  const unsigned width = ir::bits(lane);
  if (width < 64) return l.b.constant(type, static_cast<int64_t>(repeated(even | odd << width, 2 * width)));
  return l.b.emit(
      Op::VConcat, Type::V128,
      {l.b.constant(Type::V64, static_cast<int64_t>(even)), l.b.constant(Type::V64, static_cast<int64_t>(odd))});
}

FpDesc FpLanes::desc(RoundingSource rounding) const {
  const ir::NanPolicy nan = l.has_mode(Mode::kDefaultNan) ? ir::NanPolicy::Canonical : ir::NanPolicy::SignalingFirst;
  return {.rounding = static_cast<uint32_t>(rounding),
          .tiny_before = 1,
          .nan = static_cast<uint32_t>(nan),
          .saturation = static_cast<uint32_t>(ir::Saturation::NanToZero),
          .flush = flushes()};
}

Value FpLanes::op(Op scalar, Type result, std::initializer_list<Value> args, FpDesc desc) const {
  if (is_scalar()) return l.b.fp(scalar, result, args, desc);
  return l.b.vec_fp(vector_op(scalar), result, args, lane, desc);
}

Value FpLanes::negated(Value value) const {
  if (is_scalar()) return l.b.unary(Op::FNeg, value);
  return l.b.vec(Op::VXor, type, {value, constant(sign_bit())}, {.lane = static_cast<uint32_t>(integer())});
}

Value FpLanes::magnitude(Value value) const {
  if (is_scalar()) return l.b.unary(Op::FAbs, value);
  return l.b.vec(Op::VAnd, type, {value, constant(sign_bit() - 1)}, {.lane = static_cast<uint32_t>(integer())});
}

Value FpLanes::scaled(Value value, int exponent) const {
  const int largest = lane == Type::F64 ? 1023 : lane == Type::F32 ? 127 : 15;
  // The largest half-precision number is no larger than integers are: what overflows has to be an infinity.
  FpDesc quiet = desc(lane == Type::F16 ? RoundingSource::NearestEven : RoundingSource::Live);
  quiet.flags = static_cast<uint32_t>(ir::FlagPolicy::None);
  const auto times = [&](Value a, int power, FpDesc how) {
    return op(Op::FMul, {a, constant(static_cast<uint64_t>(power + largest) << fraction_bits())}, how);
  };
  if (flushes()) value = times(value, 0, desc());
  if (exponent > largest) {
    value = times(value, largest, quiet);
    exponent -= largest;
  }
  return times(value, exponent, quiet);
}

FpLanes::Pairs FpLanes::pairs(Value first, Value second) const {
  const auto part = [&](uint32_t odd) {
    return l.b.vec(Op::VUnzip, type, {first, second}, {.lane = static_cast<uint32_t>(integer()), .index = odd});
  };
  return {part(0), part(1)};
}

Value lane_bits(Lifter& l, Type integer, VReg reg, unsigned index) {
  const Type result = integer == Type::I32 ? Type::I32 : Type::I64;
  return l.b.vec(Op::VExtract, result, {l.v(reg)}, {.lane = static_cast<uint32_t>(integer), .index = index});
}

Value splat(Lifter& l, Type lane, VReg reg, unsigned index) {
  return l.b.vec(Op::VSplatLane, Type::V128, {l.v(reg)}, {.lane = static_cast<uint32_t>(lane), .index = index});
}

void set_bits(Lifter& l, VReg vd, Value integer) {
  const Type type = l.b.type_of(integer);
  FpLanes(l, type == Type::I64 ? Type::F64 : type == Type::I32 ? Type::F32 : Type::F16).set(vd, integer);
}

void set_upper_half(Lifter& l, VReg vd, Value integer) {
  l.set_v(vd,
          l.b.vec(Op::VInsert, Type::V128, {l.v(vd), integer}, {.lane = static_cast<uint32_t>(Type::I64), .index = 1}));
}

void move(const FpLanes& lanes, VReg vd, VReg vn) { lanes.set(vd, lanes.get(vn)); }
void absolute(const FpLanes& lanes, VReg vd, VReg vn) { lanes.set(vd, lanes.magnitude(lanes.get(vn))); }
void negate(const FpLanes& lanes, VReg vd, VReg vn) { lanes.set(vd, lanes.negated(lanes.get(vn))); }

// VFPExpandImm: sign, three bits of exponent (the first repeated and inverted above), four bits of fraction.
void move_immediate(const FpLanes& lanes, int64_t imm8, VReg vd) {
  const auto imm = static_cast<uint64_t>(imm8);
  const unsigned fraction = lanes.fraction_bits();
  const unsigned exponent_bits = ir::bits(lanes.lane) - fraction - 1;
  const uint64_t repeated_bit = (imm >> 6 & 1) != 0 ? (uint64_t{1} << (exponent_bits - 3)) - 1 : 0;
  const uint64_t exponent = (~imm >> 6 & 1) << (exponent_bits - 1) | repeated_bit << 2 | (imm >> 4 & 3);
  lanes.set(vd, lanes.constant((imm >> 7) * lanes.sign_bit() | exponent << fraction | (imm & 15) << (fraction - 4)));
}

void arithmetic(const FpLanes& lanes, Op op, VReg vd, VReg vn, VReg vm) {
  lanes.set(vd, lanes.op(op, {lanes.get(vn), lanes.get(vm)}));
}

void square_root(const FpLanes& lanes, VReg vd, VReg vn) { lanes.set(vd, lanes.op(Op::FSqrt, {lanes.get(vn)})); }

void negated_product(const FpLanes& lanes, VReg vd, VReg vn, VReg vm) {
  lanes.set(vd, lanes.negated(lanes.op(Op::FMul, {lanes.get(vn), lanes.get(vm)})));
}

void absolute_difference(const FpLanes& lanes, VReg vd, VReg vn, VReg vm) {
  lanes.set(vd, lanes.magnitude(lanes.op(Op::FSub, {lanes.get(vn), lanes.get(vm)})));
}

void fused(const FpLanes& lanes, Negate negate, VReg vd, VReg va, VReg vn, VReg vm) {
  lanes.set(vd, fused(lanes, negate, lanes.get(va), lanes.get(vn), lanes.get(vm)));
}

void fused_by_element(const FpLanes& lanes, Negate negate, VReg vd, VReg vn, VReg vm, int64_t index) {
  const Value b = lanes.element(vm, static_cast<unsigned>(index));
  lanes.set(vd, fused(lanes, negate, lanes.get(vd), lanes.get(vn), b));
}

void multiply_by_element(const FpLanes& lanes, VReg vd, VReg vn, VReg vm, int64_t index) {
  lanes.set(vd, lanes.op(Op::FMul, {lanes.get(vn), lanes.element(vm, static_cast<unsigned>(index))}));
}

void multiply_extended(const FpLanes& lanes, VReg vd, VReg vn, VReg vm) {
  lanes.set(vd, lanes.op(Op::FMul, {lanes.get(vn), lanes.get(vm)}, defined_desc(lanes)));
}

void multiply_extended_by_element(const FpLanes& lanes, VReg vd, VReg vn, VReg vm, int64_t index) {
  const Value b = lanes.element(vm, static_cast<unsigned>(index));
  lanes.set(vd, lanes.op(Op::FMul, {lanes.get(vn), b}, defined_desc(lanes)));
}

void estimate(const FpLanes& lanes, Op op, VReg vd, VReg vn) { lanes.set(vd, lanes.op(op, {lanes.get(vn)})); }

// FPRecipStepFused: 2 - a * b.
void reciprocal_step(const FpLanes& lanes, VReg vd, VReg vn, VReg vm) {
  const uint64_t two = lanes.lane == Type::F64 ? 0x4000000000000000 : lanes.lane == Type::F32 ? 0x40000000 : 0x4000;
  const Value negated = lanes.negated(lanes.get(vn));
  lanes.set(vd, lanes.op(Op::FMa, {negated, lanes.get(vm), lanes.constant(two)}, defined_desc(lanes)));
}

// FPRSqrtStepFused: (3 - a * b) / 2.
void square_root_step(const FpLanes& lanes, VReg vd, VReg vn, VReg vm) {
  const uint64_t three = lanes.lane == Type::F64 ? 0x4008000000000000 : lanes.lane == Type::F32 ? 0x40400000 : 0x4200;
  FpDesc desc = defined_desc(lanes);
  desc.halved = 1;
  const Value negated = lanes.negated(lanes.get(vn));
  lanes.set(vd, lanes.op(Op::FMa, {negated, lanes.get(vm), lanes.constant(three)}, desc));
}

void min_max(const FpLanes& lanes, Op op, MinMax nans, VReg vd, VReg vn, VReg vm) {
  lanes.set(vd, lanes.op(op, {lanes.get(vn), lanes.get(vm)}, min_max_desc(lanes, nans)));
}

void add_pairs(const FpLanes& lanes, VReg vd, VReg vn, VReg vm) {
  const auto [even, odd] = lanes.pairs(lanes.get(vn), lanes.get(vm));
  lanes.set(vd, lanes.op(Op::FAdd, {even, odd}));
}

void min_max_pairs(const FpLanes& lanes, Op op, MinMax nans, VReg vd, VReg vn, VReg vm) {
  const auto [even, odd] = lanes.pairs(lanes.get(vn), lanes.get(vm));
  lanes.set(vd, lanes.op(op, {even, odd}, min_max_desc(lanes, nans)));
}

void add_pair(const FpLanes& lanes, VReg vd, VReg vn) {
  const auto [first, second] = lowest_pair(lanes, vn);
  lanes.set(vd, lanes.op(Op::FAdd, {first, second}));
}

void min_max_pair(const FpLanes& lanes, Op op, MinMax nans, VReg vd, VReg vn) {
  const auto [first, second] = lowest_pair(lanes, vn);
  lanes.set(vd, lanes.op(op, {first, second}, min_max_desc(lanes, nans)));
}

// Reduce: neighbours first, then neighbours of the results.
void min_max_across(const FpLanes& lanes, Op op, MinMax nans, VReg vd, VReg vn) {
  Value value = lanes.get(vn);
  for (unsigned left = lanes.count(); left > 1; left /= 2) {
    const auto [even, odd] = lanes.pairs(value, value);
    value = lanes.op(op, {even, odd}, min_max_desc(lanes, nans));
  }
  const FpLanes scalar(lanes.l, lanes.lane);
  scalar.set(vd, lanes.l.b.convert(Op::VTrunc, lanes.lane, value));
}

}  // namespace menura::arm::lift
