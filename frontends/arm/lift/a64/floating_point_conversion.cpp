// C4.1.97: Data Processing -- Scalar Floating-Point: conversions to and from general-purpose registers, and between
// formats.
#include "frontends/arm/lift/a64/fp.h"

namespace menura::arm {
namespace lift {

// --- Conversion between floating-point and integer

void fcvtns_general(Lifter& l, Sf sf, Sz sz, Vn vn, Rd rd) {
  to_general({l, sz}, RoundingSource::NearestEven, false, sf, rd, vn);
}
void fcvtns_general_h(Lifter& l, Sf sf, Vn vn, Rd rd) {
  to_general({l, Type::F16}, RoundingSource::NearestEven, false, sf, rd, vn);
}
void fcvtnu_general(Lifter& l, Sf sf, Sz sz, Vn vn, Rd rd) {
  to_general({l, sz}, RoundingSource::NearestEven, true, sf, rd, vn);
}
void fcvtnu_general_h(Lifter& l, Sf sf, Vn vn, Rd rd) {
  to_general({l, Type::F16}, RoundingSource::NearestEven, true, sf, rd, vn);
}
void fcvtps_general(Lifter& l, Sf sf, Sz sz, Vn vn, Rd rd) {
  to_general({l, sz}, RoundingSource::Up, false, sf, rd, vn);
}
void fcvtps_general_h(Lifter& l, Sf sf, Vn vn, Rd rd) {
  to_general({l, Type::F16}, RoundingSource::Up, false, sf, rd, vn);
}
void fcvtpu_general(Lifter& l, Sf sf, Sz sz, Vn vn, Rd rd) {
  to_general({l, sz}, RoundingSource::Up, true, sf, rd, vn);
}
void fcvtpu_general_h(Lifter& l, Sf sf, Vn vn, Rd rd) {
  to_general({l, Type::F16}, RoundingSource::Up, true, sf, rd, vn);
}
void fcvtms_general(Lifter& l, Sf sf, Sz sz, Vn vn, Rd rd) {
  to_general({l, sz}, RoundingSource::Down, false, sf, rd, vn);
}
void fcvtms_general_h(Lifter& l, Sf sf, Vn vn, Rd rd) {
  to_general({l, Type::F16}, RoundingSource::Down, false, sf, rd, vn);
}
void fcvtmu_general(Lifter& l, Sf sf, Sz sz, Vn vn, Rd rd) {
  to_general({l, sz}, RoundingSource::Down, true, sf, rd, vn);
}
void fcvtmu_general_h(Lifter& l, Sf sf, Vn vn, Rd rd) {
  to_general({l, Type::F16}, RoundingSource::Down, true, sf, rd, vn);
}
void fcvtzs_general(Lifter& l, Sf sf, Sz sz, Vn vn, Rd rd) {
  to_general({l, sz}, RoundingSource::Zero, false, sf, rd, vn);
}
void fcvtzs_general_h(Lifter& l, Sf sf, Vn vn, Rd rd) {
  to_general({l, Type::F16}, RoundingSource::Zero, false, sf, rd, vn);
}
void fcvtzu_general(Lifter& l, Sf sf, Sz sz, Vn vn, Rd rd) {
  to_general({l, sz}, RoundingSource::Zero, true, sf, rd, vn);
}
void fcvtzu_general_h(Lifter& l, Sf sf, Vn vn, Rd rd) {
  to_general({l, Type::F16}, RoundingSource::Zero, true, sf, rd, vn);
}
void fcvtas_general(Lifter& l, Sf sf, Sz sz, Vn vn, Rd rd) {
  to_general({l, sz}, RoundingSource::NearestAway, false, sf, rd, vn);
}
void fcvtas_general_h(Lifter& l, Sf sf, Vn vn, Rd rd) {
  to_general({l, Type::F16}, RoundingSource::NearestAway, false, sf, rd, vn);
}
void fcvtau_general(Lifter& l, Sf sf, Sz sz, Vn vn, Rd rd) {
  to_general({l, sz}, RoundingSource::NearestAway, true, sf, rd, vn);
}
void fcvtau_general_h(Lifter& l, Sf sf, Vn vn, Rd rd) {
  to_general({l, Type::F16}, RoundingSource::NearestAway, true, sf, rd, vn);
}
void scvtf_general(Lifter& l, Sf sf, Sz sz, Rn rn, Vd vd) { from_general({l, sz}, false, sf, vd, rn); }
void scvtf_general_h(Lifter& l, Sf sf, Rn rn, Vd vd) { from_general({l, Type::F16}, false, sf, vd, rn); }
void ucvtf_general(Lifter& l, Sf sf, Sz sz, Rn rn, Vd vd) { from_general({l, sz}, true, sf, vd, rn); }
void ucvtf_general_h(Lifter& l, Sf sf, Rn rn, Vd vd) { from_general({l, Type::F16}, true, sf, vd, rn); }
void fjcvtzs(Lifter& l, Vn vn, Rd rd) { to_javascript_integer(l, rd, vn); }
void fmov_w_s(Lifter& l, Vn vn, Rd rd) { l.set_w(rd, lane_bits(l, Type::I32, vn, 0)); }
void fmov_s_w(Lifter& l, Rn rn, Vd vd) { set_bits(l, vd, l.w(rn)); }
void fmov_x_d(Lifter& l, Vn vn, Rd rd) { l.set_x(rd, lane_bits(l, Type::I64, vn, 0)); }
void fmov_d_x(Lifter& l, Rn rn, Vd vd) { set_bits(l, vd, l.x(rn)); }
void fmov_x_d1(Lifter& l, Vn vn, Rd rd) { l.set_x(rd, lane_bits(l, Type::I64, vn, 1)); }
void fmov_d1_x(Lifter& l, Rn rn, Vd vd) { set_upper_half(l, vd, l.x(rn)); }
void fmov_general_h(Lifter& l, Sf, Vn vn, Rd rd) { l.set_x(rd, lane_bits(l, Type::I16, vn, 0)); }
void fmov_h_general(Lifter& l, Sf, Rn rn, Vd vd) { set_bits(l, vd, l.b.convert(Op::Trunc, Type::I16, l.x(rn))); }

// --- Conversion between floating-point and fixed-point

void scvtf_fixed(Lifter& l, Sf sf, Sz sz, Fbits<6> fbits, Rn rn, Vd vd) {
  from_general_fixed({l, sz}, false, fbits.count(), sf, vd, rn);
}
void fcvtzs_fixed(Lifter& l, Sf sf, Sz sz, Fbits<6> fbits, Vn vn, Rd rd) {
  to_general_fixed({l, sz}, false, fbits.count(), sf, rd, vn);
}
void scvtf_fixed_h(Lifter& l, Sf sf, Fbits<6> fbits, Rn rn, Vd vd) {
  from_general_fixed({l, Type::F16}, false, fbits.count(), sf, vd, rn);
}
void fcvtzs_fixed_h(Lifter& l, Sf sf, Fbits<6> fbits, Vn vn, Rd rd) {
  to_general_fixed({l, Type::F16}, false, fbits.count(), sf, rd, vn);
}
void ucvtf_fixed(Lifter& l, Sf sf, Sz sz, Fbits<6> fbits, Rn rn, Vd vd) {
  from_general_fixed({l, sz}, true, fbits.count(), sf, vd, rn);
}
void fcvtzu_fixed(Lifter& l, Sf sf, Sz sz, Fbits<6> fbits, Vn vn, Rd rd) {
  to_general_fixed({l, sz}, true, fbits.count(), sf, rd, vn);
}
void ucvtf_fixed_h(Lifter& l, Sf sf, Fbits<6> fbits, Rn rn, Vd vd) {
  from_general_fixed({l, Type::F16}, true, fbits.count(), sf, vd, rn);
}
void fcvtzu_fixed_h(Lifter& l, Sf sf, Fbits<6> fbits, Vn vn, Rd rd) {
  to_general_fixed({l, Type::F16}, true, fbits.count(), sf, rd, vn);
}

// --- Floating-point data-processing (1 source): between formats

void fcvt_d_s(Lifter& l, Vn vn, Vd vd) { convert(l, Type::F64, Type::F32, vd, vn); }
void fcvt_h_s(Lifter& l, Vn vn, Vd vd) { convert(l, Type::F16, Type::F32, vd, vn); }
void fcvt_s_d(Lifter& l, Vn vn, Vd vd) { convert(l, Type::F32, Type::F64, vd, vn); }
void fcvt_h_d(Lifter& l, Vn vn, Vd vd) { convert(l, Type::F16, Type::F64, vd, vn); }
void fcvt_s_h(Lifter& l, Vn vn, Vd vd) { convert(l, Type::F32, Type::F16, vd, vn); }
void fcvt_d_h(Lifter& l, Vn vn, Vd vd) { convert(l, Type::F64, Type::F16, vd, vn); }
void bfcvt(Lifter& l, Vn vn, Vd vd) { convert(l, Type::BF16, Type::F32, vd, vn); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/floating_point_conversion.inc"
#undef INST

}  // namespace menura::arm
