// Conversions: to integral values, to and from integers and fixed-point numbers, between formats.
#include "frontends/arm/lift/a64/fp.h"

namespace menura::arm::lift {
namespace {

// No mode is named where nothing is rounded: engines would switch to it.
FpDesc exact_desc(const FpLanes& lanes, bool is_unsigned) {
  FpDesc desc = lanes.desc();
  desc.is_unsigned = is_unsigned;
  return desc;
}

FpDesc integer_desc(const FpLanes& lanes, RoundingSource rounding, bool is_unsigned) {
  FpDesc desc = lanes.desc(rounding);
  desc.is_unsigned = is_unsigned;
  return desc;
}

Value general(Lifter& l, bool sf, Reg rn) { return sf ? l.x(rn) : l.w(rn); }

// As FPRoundIntN: what does not fit, NaNs included, becomes the most negative integer. The sign of a zero is the
// operand's; in all other cases it is there already.
Value rounded_to_width(const FpLanes& lanes, unsigned width, RoundingSource rounding, Value value) {
  Lifter& l = lanes.l;
  FpDesc desc = integer_desc(lanes, rounding, false);
  desc.saturation = static_cast<uint32_t>(ir::Saturation::Indefinite);
  const Value integer = l.b.fp(Op::F2I, width == 64 ? Type::I64 : Type::I32, {value}, desc);
  const Value result = l.b.fp(Op::I2F, lanes.lane, {integer}, exact_desc(lanes, false));
  const Type bits = lanes.integer();
  const Value sign =
      l.and_(l.b.convert(Op::Bitcast, bits, value), l.b.constant(bits, static_cast<int64_t>(lanes.sign_bit())));
  return l.b.convert(Op::Bitcast, lanes.lane, l.or_(l.b.convert(Op::Bitcast, bits, result), sign));
}

// Widens a half's worth of lanes, narrows to one.
Value source_half(Lifter& l, bool q, VReg vn) {
  return q ? l.b.convert(Op::VHigh, Type::V64, l.v(vn)) : l.b.convert(Op::VTrunc, Type::V64, l.v(vn));
}
void set_half(Lifter& l, bool q, VReg vd, Value half) {
  if (!q) return l.set_v(vd, l.b.convert(Op::VZext, Type::V128, half));
  const Value low = l.b.convert(Op::VTrunc, Type::V64, l.v(vd));
  l.set_v(vd, l.b.emit(Op::VConcat, Type::V128, {low, half}));
}

// FPConvert: FPCR.FZ counts whatever the formats, FZ16 never (FPUnpackCV, FPRoundCV).
FpDesc convert_desc(Lifter& l, Type to, Type from) {
  FpDesc desc = FpLanes(l, Type::F32).desc();
  desc.alternative_half = (to == Type::F16 || from == Type::F16) && l.has_mode(Mode::kAlternateHalf);
  return desc;
}

// A lane of double precision in single precision, rounded to odd, as an i64.
Value odd_single(Lifter& l, VReg vn, unsigned index) {
  return special_bits(l, FpSpecial::ToOdd, Type::F64, 1, lane_bits(l, Type::I64, vn, index), l.imm(0));
}

}  // namespace

void round(const FpLanes& lanes, RoundingSource rounding, VReg vd, VReg vn) {
  lanes.set(vd, lanes.op(Op::FRound, {lanes.get(vn)}, lanes.desc(rounding)));
}

void round_exact(const FpLanes& lanes, VReg vd, VReg vn) {
  FpDesc desc = lanes.desc();
  desc.exact = 1;
  lanes.set(vd, lanes.op(Op::FRound, {lanes.get(vn)}, desc));
}

void round_to_width(const FpLanes& lanes, unsigned width, RoundingSource rounding, VReg vd, VReg vn) {
  const FpLanes scalar(lanes.l, lanes.lane);
  lanes.set(vd,
            lanes.each(lanes.get(vn), [&](Value value) { return rounded_to_width(scalar, width, rounding, value); }));
}

void to_general(const FpLanes& lanes, RoundingSource rounding, bool is_unsigned, bool sf, Reg rd, VReg vn) {
  Lifter& l = lanes.l;
  l.set_r(sf, rd, l.b.fp(Op::F2I, Lifter::type_of(sf), {lanes.get(vn)}, integer_desc(lanes, rounding, is_unsigned)));
}

void from_general(const FpLanes& lanes, bool is_unsigned, bool sf, VReg vd, Reg rn) {
  lanes.set(vd, lanes.l.b.fp(Op::I2F, lanes.lane, {general(lanes.l, sf, rn)}, exact_desc(lanes, is_unsigned)));
}

// FPToFixed: the value times 2^fbits, rounded toward zero. The product is exact in double precision, or it overflows,
// and so does the conversion.
void to_general_fixed(const FpLanes& lanes, bool is_unsigned, unsigned fbits, bool sf, Reg rd, VReg vn) {
  Lifter& l = lanes.l;
  const FpLanes wide(l, Type::F64);
  Value value = lanes.get(vn);
  if (lanes.lane == Type::F16 && lanes.flushes()) value = lanes.scaled(value, 0);
  if (lanes.lane != Type::F64) value = l.b.fp(Op::FCvt, Type::F64, {value}, lanes.desc());
  value = wide.scaled(value, static_cast<int>(fbits));
  l.set_r(sf, rd, l.b.fp(Op::F2I, Lifter::type_of(sf), {value}, integer_desc(wide, RoundingSource::Zero, is_unsigned)));
}

// FixedToFP: rounded once. Dividing by 2^fbits is exact but for half precision, whose exponents are short.
void from_general_fixed(const FpLanes& lanes, bool is_unsigned, unsigned fbits, bool sf, VReg vd, Reg rn) {
  Lifter& l = lanes.l;
  if (lanes.lane != Type::F16) {
    const Value whole = l.b.fp(Op::I2F, lanes.lane, {general(l, sf, rn)}, exact_desc(lanes, is_unsigned));
    FpDesc quiet = lanes.desc();
    quiet.flush = 0;
    const auto exponent = static_cast<uint64_t>((lanes.lane == Type::F64 ? 1023 : 127) - static_cast<int>(fbits));
    return lanes.set(vd,
                     l.b.fp(Op::FMul, lanes.lane, {whole, lanes.constant(exponent << lanes.fraction_bits())}, quiet));
  }
  const Value integer = sf ? l.x(rn) : is_unsigned ? l.zext(l.w(rn)) : l.sext(l.w(rn));
  const Value bits = special_bits(l, is_unsigned ? FpSpecial::UnsignedFixedToHalf : FpSpecial::SignedFixedToHalf,
                                  Type::F64, 1, integer, l.imm(fbits));
  lanes.set(vd, l.b.convert(Op::Trunc, Type::I16, bits));
}

// FPToFixedJS: the integer modulo 2^32, and Z where it is exact.
void to_javascript_integer(Lifter& l, Reg rd, VReg vn) {
  const Value result = special_bits(l, FpSpecial::JavaScript, Type::F64, 1, lane_bits(l, Type::I64, vn, 0), l.imm(0));
  l.set_w(rd, l.word(result));
  l.set_nzcv(l.bit(false), l.is_nonzero(l.shr_by(result, 32)), l.bit(false), l.bit(false));
}

void to_integer(const FpLanes& lanes, RoundingSource rounding, bool is_unsigned, VReg vd, VReg vn) {
  const Type result = lanes.is_scalar() ? lanes.integer() : lanes.type;
  lanes.set(vd, lanes.op(Op::F2I, result, {lanes.get(vn)}, integer_desc(lanes, rounding, is_unsigned)));
}

void from_integer(const FpLanes& lanes, bool is_unsigned, VReg vd, VReg vn) {
  Value value = lanes.get(vn);
  if (lanes.is_scalar()) value = lanes.l.b.convert(Op::Bitcast, lanes.integer(), value);
  lanes.set(vd, lanes.op(Op::I2F, {value}, exact_desc(lanes, is_unsigned)));
}

void to_fixed(const FpLanes& lanes, bool is_unsigned, unsigned fbits, VReg vd, VReg vn) {
  const Type result = lanes.is_scalar() ? lanes.integer() : lanes.type;
  const Value value = lanes.scaled(lanes.get(vn), static_cast<int>(fbits));
  lanes.set(vd, lanes.op(Op::F2I, result, {value}, integer_desc(lanes, RoundingSource::Zero, is_unsigned)));
}

void from_fixed(const FpLanes& lanes, bool is_unsigned, unsigned fbits, VReg vd, VReg vn) {
  Lifter& l = lanes.l;
  if (lanes.lane == Type::F16) {
    const FpSpecial what = is_unsigned ? FpSpecial::UnsignedFixedToHalf : FpSpecial::SignedFixedToHalf;
    return lanes.set(vd, special(lanes, what, lanes.get(vn), lanes.constant(fbits)));
  }
  Value value = lanes.get(vn);
  if (lanes.is_scalar()) value = l.b.convert(Op::Bitcast, lanes.integer(), value);
  value = lanes.op(Op::I2F, {value}, exact_desc(lanes, is_unsigned));
  FpDesc quiet = lanes.desc();
  quiet.flush = 0;
  const auto exponent = static_cast<uint64_t>((lanes.lane == Type::F64 ? 1023 : 127) - static_cast<int>(fbits));
  lanes.set(vd, lanes.op(Op::FMul, {value, lanes.constant(exponent << lanes.fraction_bits())}, quiet));
}

void convert(Lifter& l, Type to, Type from, VReg vd, VReg vn) {
  const Value value = FpLanes(l, from).get(vn);
  l.set_v(vd, l.b.convert(Op::VZext, Type::V128, l.b.fp(Op::FCvt, to, {value}, convert_desc(l, to, from))));
}

void lengthen(Lifter& l, Type narrow, bool q, VReg vd, VReg vn) {
  const Type wide = narrow == Type::F16 ? Type::F32 : Type::F64;
  const Value half = source_half(l, q, vn);
  l.set_v(vd, l.b.vec_fp(Op::VFCvt, Type::V128, {half}, narrow, convert_desc(l, wide, narrow)));
}

void narrow(Lifter& l, Type narrow, bool q, VReg vd, VReg vn) {
  const Type wide = narrow == Type::F16 ? Type::F32 : Type::F64;
  set_half(l, q, vd, l.b.vec_fp(Op::VFCvt, Type::V64, {l.v(vn)}, wide, convert_desc(l, narrow, wide)));
}

void narrow_to_odd(Lifter& l, VReg vd, VReg vn) { set_bits(l, vd, l.word(odd_single(l, vn, 0))); }

void narrow_to_odd(Lifter& l, bool q, VReg vd, VReg vn) {
  const Value low = odd_single(l, vn, 0);
  const Value both = l.or_(low, l.shl_by(odd_single(l, vn, 1), 32));
  set_half(l, q, vd, l.b.vec(Op::VSplat, Type::V64, {both}, {.lane = static_cast<uint32_t>(Type::I64)}));
}

void narrow_to_bfloat(Lifter& l, bool q, VReg vd, VReg vn) {
  Value result = l.b.constant(Type::V64, 0);
  for (uint32_t i = 0; i < 4; ++i) {
    const Value bits = lane_bits(l, Type::I32, vn, i);
    const Value half = l.b.fp(Op::FCvt, Type::BF16, {l.b.convert(Op::Bitcast, Type::F32, bits)},
                              convert_desc(l, Type::BF16, Type::F32));
    result = l.b.vec(Op::VInsert, Type::V64, {result, l.b.convert(Op::Bitcast, Type::I16, half)},
                     {.lane = static_cast<uint32_t>(Type::I16), .index = i});
  }
  set_half(l, q, vd, result);
}

}  // namespace menura::arm::lift
