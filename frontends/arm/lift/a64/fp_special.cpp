// What needs a helper, and the extensions: half-precision products (FHM), complex numbers (FCMA), BFloat16.
#include "frontends/arm/lift/a64/fp.h"

namespace menura::arm::lift {
namespace {

constexpr uint32_t kI16 = static_cast<uint32_t>(Type::I16);
constexpr uint32_t kI32 = static_cast<uint32_t>(Type::I32);
constexpr uint32_t kI64 = static_cast<uint32_t>(Type::I64);

Value chunk(Lifter& l, Value vector, uint32_t index) {
  return l.b.vec(Op::VExtract, Type::I64, {vector}, {.lane = kI64, .index = index});
}
Value vector_of(Lifter& l, Value low, Value high) {
  const Value first = l.b.vec(Op::VSplat, Type::V128, {low}, {.lane = kI64});
  return l.b.vec(Op::VInsert, Type::V128, {first, high}, {.lane = kI64, .index = 1});
}

// Half-precision lanes as single precision, exactly. A signaling NaN stays one: the operation that follows has to
// choose between its operands.
Value widened(Lifter& l, Value half) {
  const FpLanes source(l, Type::F16, false);
  const auto greater = [&](uint64_t bound) {
    return l.b.vec(Op::VCmp, Type::V64, {source.magnitude(half), source.constant(bound)},
                   {.lane = kI16, .cond = static_cast<uint32_t>(ir::Cond::Sgt)});
  };
  constexpr uint64_t kLargestDenormal = 0x3ff;
  if (source.flushes()) {
    const Value kept =
        l.b.vec(Op::VOr, Type::V64, {greater(kLargestDenormal), source.constant(source.sign_bit())}, {.lane = kI16});
    half = l.b.vec(Op::VAnd, Type::V64, {half, kept}, {.lane = kI16});
  }
  FpDesc desc = source.desc();
  desc.nan = static_cast<uint32_t>(ir::NanPolicy::SignalingFirst);
  desc.flags = static_cast<uint32_t>(ir::FlagPolicy::None);
  const Value wide = source.op(Op::FCvt, Type::V128, {half}, desc);
  constexpr uint64_t kInfinity = 0x7c00;
  constexpr uint64_t kBelowQuiet = 0x7dff;
  const Value signaling = l.b.vec(Op::VAndn, Type::V64, {greater(kInfinity), greater(kBelowQuiet)}, {.lane = kI16});
  const Value mask = l.b.vec(Op::VWiden, Type::V128, {signaling}, {.lane = kI16, .sign_extend = 1});
  const Value quiet_bit =
      l.b.vec(Op::VAnd, Type::V128, {mask, FpLanes(l, Type::F32, true).constant(0x00400000)}, {.lane = kI32});
  return l.b.vec(Op::VAndn, Type::V128, {wide, quiet_bit}, {.lane = kI32});
}

// The lanes that FMLAL or FMLAL2 of this width takes, in the low lanes of 64 bits; the others are 0.
Value chosen_half(Lifter& l, bool q, Half half, Value value) {
  if (q) {
    return half == Half::High ? l.b.convert(Op::VHigh, Type::V64, value) : l.b.convert(Op::VTrunc, Type::V64, value);
  }
  const Value low = l.b.convert(Op::VTrunc, Type::V64, value);
  if (half == Half::High) return l.b.vec_imm(Op::VShr, Type::V64, {low}, {.lane = kI64}, 32);
  return l.b.vec(Op::VAnd, Type::V64, {low, l.b.constant(Type::V64, 0xffffffff)}, {.lane = kI64});
}

// `b`: the lanes of the second factor where they belong.
void fused_long(Lifter& l, bool q, Negate negate, VReg vd, Value a, Value b) {
  const FpLanes lanes(l, Type::F32, q);
  const auto fit = [&](Value value) { return q ? value : l.b.convert(Op::VTrunc, Type::V64, value); };
  Value x = fit(widened(l, a));
  if (negate == Negate::Product) x = lanes.negated(x);
  lanes.set(vd, lanes.op(Op::FMa, {x, fit(widened(l, b)), lanes.get(vd)}));
}

// FCMLA: rotation by 90 degrees times rot. The one factor is a's real (rot even) or imaginary part in both lanes, the
// other b's parts, swapped with an odd rot, with signs.
void complex_fused(const FpLanes& lanes, int64_t rot, VReg vd, Value a, Value b) {
  Lifter& l = lanes.l;
  const auto integer = static_cast<uint32_t>(lanes.integer());
  const bool odd = (rot & 1) != 0;
  const Value part =
      l.b.vec(Op::VTranspose, lanes.type, {a, a}, {.lane = integer, .index = static_cast<uint32_t>(odd ? 1 : 0)});
  if (odd) {
    // In pairs: groups of two lanes in reverse order. Two lanes of 64 bits are the halves.
    b = lanes.lane == Type::F64
            ? l.b.emit(Op::VConcat, Type::V128,
                       {l.b.convert(Op::VHigh, Type::V64, b), l.b.convert(Op::VTrunc, Type::V64, b)})
            : l.b.vec(Op::VReverse, lanes.type, {b}, {.lane = integer, .index = 2});
  }
  const uint64_t sign = lanes.sign_bit();
  const uint64_t real = rot == 1 || rot == 2 ? sign : 0;
  const uint64_t imaginary = rot == 2 || rot == 3 ? sign : 0;
  if (rot != 0) b = l.b.vec(Op::VXor, lanes.type, {b, lanes.alternating(real, imaginary)}, {.lane = integer});
  lanes.set(vd, lanes.op(Op::FMa, {part, b, lanes.get(vd)}));
}

}  // namespace

Value special_bits(Lifter& l, FpSpecial what, Type lane, unsigned count, Value a, Value c, Value d) {
  const FpSpecialDesc desc = {.what = static_cast<uint32_t>(what),
                              .lane = static_cast<uint32_t>(lane),
                              .count = count,
                              .default_nan = l.has_mode(Mode::kDefaultNan),
                              .flush = l.has_mode(Mode::kFlushToZero),
                              .flush16 = l.has_mode(Mode::kFlushToZero16)};
  return l.b.call(static_cast<ir::HelperId>(HelperName::FpLanes),
                  {l.imm(ir::pack(desc)), a, c, d == ir::kNoValue ? l.imm(0) : d});
}

Value special(const FpLanes& lanes, FpSpecial what, Value a, Value c) {
  Lifter& l = lanes.l;
  if (lanes.is_scalar()) {
    const auto bits = [&](Value value) {
      const Value integer = l.b.convert(Op::Bitcast, lanes.integer(), value);
      return lanes.integer() == Type::I64 ? integer : l.zext(integer);
    };
    const Value result = special_bits(l, what, lanes.lane, 1, bits(a), bits(c));
    if (lanes.integer() == Type::I64) return l.b.convert(Op::Bitcast, lanes.lane, result);
    return l.b.convert(Op::Bitcast, lanes.lane, l.b.convert(Op::Trunc, lanes.integer(), result));
  }
  const unsigned in_chunk = 64 / ir::bits(lanes.lane);
  const Value low = special_bits(l, what, lanes.lane, in_chunk, chunk(l, a, 0), chunk(l, c, 0));
  if (lanes.type == Type::V64) return l.b.vec(Op::VSplat, Type::V64, {low}, {.lane = kI64});
  return vector_of(l, low, special_bits(l, what, lanes.lane, in_chunk, chunk(l, a, 1), chunk(l, c, 1)));
}

void special(const FpLanes& lanes, FpSpecial what, VReg vd, VReg vn) {
  const Value a = lanes.get(vn);
  lanes.set(vd, special(lanes, what, a, a));
}

void fused_long(Lifter& l, bool q, Negate negate, Half half, VReg vd, VReg vn, VReg vm) {
  fused_long(l, q, negate, vd, chosen_half(l, q, half, l.v(vn)), chosen_half(l, q, half, l.v(vm)));
}

void fused_long_by_element(Lifter& l, bool q, Negate negate, Half half, VReg vd, VReg vn, VReg vm, int64_t index) {
  const Value b = splat(l, Type::I16, vm, static_cast<unsigned>(index));
  fused_long(l, q, negate, vd, chosen_half(l, q, half, l.v(vn)), chosen_half(l, q, Half::Low, b));
}

// FCADD: b rotated by 90 (rot 0) or 270 degrees, added to a.
void complex_add(const FpLanes& lanes, int64_t rot, VReg vd, VReg vn, VReg vm) {
  Lifter& l = lanes.l;
  const auto integer = static_cast<uint32_t>(lanes.integer());
  const Value b = lanes.get(vm);
  const Value swapped = lanes.lane == Type::F64
                            ? l.b.emit(Op::VConcat, Type::V128,
                                       {l.b.convert(Op::VHigh, Type::V64, b), l.b.convert(Op::VTrunc, Type::V64, b)})
                            : l.b.vec(Op::VReverse, lanes.type, {b}, {.lane = integer, .index = 2});
  const Value signs = rot == 0 ? lanes.alternating(lanes.sign_bit(), 0) : lanes.alternating(0, lanes.sign_bit());
  const Value rotated = l.b.vec(Op::VXor, lanes.type, {swapped, signs}, {.lane = integer});
  lanes.set(vd, lanes.op(Op::FAdd, {lanes.get(vn), rotated}));
}

void complex_fused(const FpLanes& lanes, int64_t rot, VReg vd, VReg vn, VReg vm) {
  complex_fused(lanes, rot, vd, lanes.get(vn), lanes.get(vm));
}

// One complex number of vm for all.
void complex_fused_by_element(const FpLanes& lanes, int64_t rot, VReg vd, VReg vn, VReg vm, int64_t index) {
  const Type pair = lanes.lane == Type::F16 ? Type::I32 : Type::I64;
  const Value all = splat(lanes.l, pair, vm, static_cast<unsigned>(index));
  const Value b = lanes.type == Type::V128 ? all : lanes.l.b.convert(Op::VTrunc, lanes.type, all);
  complex_fused(lanes, rot, vd, lanes.get(vn), b);
}

Value bfloats(Lifter& l, bool odd, Value value) {
  if (!odd) return l.b.vec_imm(Op::VShl, Type::V128, {value}, {.lane = kI32}, 16);
  return l.b.vec(Op::VAnd, Type::V128, {value, FpLanes(l, Type::F32, true).constant(0xffff0000)}, {.lane = kI32});
}

void bfloat_fused(Lifter& l, bool odd, VReg vd, VReg vn, Value b) {
  const FpLanes lanes(l, Type::F32, true);
  lanes.set(vd, lanes.op(Op::FMa, {bfloats(l, odd, l.v(vn)), b, lanes.get(vd)}));
}

void bfloat_dot(Lifter& l, bool q, VReg vd, VReg vn, Value m) {
  const Value d = l.v(vd);
  const Value n = l.v(vn);
  const auto half = [&](uint32_t i) {
    return special_bits(l, FpSpecial::BfloatDot, Type::F32, 2, chunk(l, n, i), chunk(l, m, i), chunk(l, d, i));
  };
  const Value low = half(0);
  l.set_v(vd, vector_of(l, low, q ? half(1) : l.imm(0)));
}

// BFMMLA: 2x4 times 4x2, added to 2x2. Row i of the result is made of row i of vn and both of vm's, which are columns.
void bfloat_matrix(Lifter& l, VReg vd, VReg vn, VReg vm) {
  const Value d = l.v(vd);
  const Value n = l.v(vn);
  const Value m = l.v(vm);
  const auto row = [&](uint32_t i) {
    const Value addends = chunk(l, d, i);
    const auto cell = [&](uint32_t j) {
      return special_bits(l, FpSpecial::BfloatDot4, Type::F64, 1, chunk(l, n, i), chunk(l, m, j),
                          j == 0 ? addends : l.shr_by(addends, 32));
    };
    const Value left = cell(0);
    return l.or_(left, l.shl_by(cell(1), 32));
  };
  const Value low = row(0);
  l.set_v(vd, vector_of(l, low, row(1)));
}

}  // namespace menura::arm::lift
