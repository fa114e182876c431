// C4.1.97: Advanced SIMD on vectors of floating-point numbers, one operand.
#include "frontends/arm/lift/a64/fp.h"

namespace menura::arm {
namespace lift {

// --- Advanced SIMD two-register miscellaneous, FP16

void fabs_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { absolute({l, t}, vd, vn); }
void fabs_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { absolute({l, q}, vd, vn); }
void fneg_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { negate({l, t}, vd, vn); }
void fneg_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { negate({l, q}, vd, vn); }
void fsqrt_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { square_root({l, t}, vd, vn); }
void fsqrt_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { square_root({l, q}, vd, vn); }
void frintn_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { round({l, t}, RoundingSource::NearestEven, vd, vn); }
void frintn_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { round({l, q}, RoundingSource::NearestEven, vd, vn); }
void frintm_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { round({l, t}, RoundingSource::Down, vd, vn); }
void frintm_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { round({l, q}, RoundingSource::Down, vd, vn); }
void frintp_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { round({l, t}, RoundingSource::Up, vd, vn); }
void frintp_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { round({l, q}, RoundingSource::Up, vd, vn); }
void frintz_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { round({l, t}, RoundingSource::Zero, vd, vn); }
void frintz_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { round({l, q}, RoundingSource::Zero, vd, vn); }
void frinta_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { round({l, t}, RoundingSource::NearestAway, vd, vn); }
void frinta_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { round({l, q}, RoundingSource::NearestAway, vd, vn); }
void frintx_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { round_exact({l, t}, vd, vn); }
void frintx_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { round_exact({l, q}, vd, vn); }
void frinti_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { round({l, t}, RoundingSource::Live, vd, vn); }
void frinti_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { round({l, q}, RoundingSource::Live, vd, vn); }
void frint32z_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { round_to_width({l, t}, 32, RoundingSource::Zero, vd, vn); }
void frint64z_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { round_to_width({l, t}, 64, RoundingSource::Zero, vd, vn); }
void frint32x_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { round_to_width({l, t}, 32, RoundingSource::Live, vd, vn); }
void frint64x_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { round_to_width({l, t}, 64, RoundingSource::Live, vd, vn); }
void fcvtns_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { to_integer({l, t}, RoundingSource::NearestEven, false, vd, vn); }
void fcvtns_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) {
  to_integer({l, q}, RoundingSource::NearestEven, false, vd, vn);
}
void fcvtms_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { to_integer({l, t}, RoundingSource::Down, false, vd, vn); }
void fcvtms_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { to_integer({l, q}, RoundingSource::Down, false, vd, vn); }
void fcvtas_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { to_integer({l, t}, RoundingSource::NearestAway, false, vd, vn); }
void fcvtas_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) {
  to_integer({l, q}, RoundingSource::NearestAway, false, vd, vn);
}
void fcvtps_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { to_integer({l, t}, RoundingSource::Up, false, vd, vn); }
void fcvtps_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { to_integer({l, q}, RoundingSource::Up, false, vd, vn); }
void fcvtzs_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { to_integer({l, t}, RoundingSource::Zero, false, vd, vn); }
void fcvtzs_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { to_integer({l, q}, RoundingSource::Zero, false, vd, vn); }
void fcvtnu_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { to_integer({l, t}, RoundingSource::NearestEven, true, vd, vn); }
void fcvtnu_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { to_integer({l, q}, RoundingSource::NearestEven, true, vd, vn); }
void fcvtmu_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { to_integer({l, t}, RoundingSource::Down, true, vd, vn); }
void fcvtmu_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { to_integer({l, q}, RoundingSource::Down, true, vd, vn); }
void fcvtau_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { to_integer({l, t}, RoundingSource::NearestAway, true, vd, vn); }
void fcvtau_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { to_integer({l, q}, RoundingSource::NearestAway, true, vd, vn); }
void fcvtpu_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { to_integer({l, t}, RoundingSource::Up, true, vd, vn); }
void fcvtpu_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { to_integer({l, q}, RoundingSource::Up, true, vd, vn); }
void fcvtzu_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { to_integer({l, t}, RoundingSource::Zero, true, vd, vn); }
void fcvtzu_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { to_integer({l, q}, RoundingSource::Zero, true, vd, vn); }
void scvtf_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { from_integer({l, t}, false, vd, vn); }
void scvtf_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { from_integer({l, q}, false, vd, vn); }
void ucvtf_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { from_integer({l, t}, true, vd, vn); }
void ucvtf_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { from_integer({l, q}, true, vd, vn); }
void fcmgt_zero_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { compare_lanes_with_zero({l, t}, FpCond::Gt, vd, vn); }
void fcmgt_zero_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { compare_lanes_with_zero({l, q}, FpCond::Gt, vd, vn); }
void fcmeq_zero_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { compare_lanes_with_zero({l, t}, FpCond::Eq, vd, vn); }
void fcmeq_zero_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { compare_lanes_with_zero({l, q}, FpCond::Eq, vd, vn); }
void fcmlt_zero_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { compare_lanes_with_zero({l, t}, FpCond::Lt, vd, vn); }
void fcmlt_zero_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { compare_lanes_with_zero({l, q}, FpCond::Lt, vd, vn); }
void fcmge_zero_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { compare_lanes_with_zero({l, t}, FpCond::Ge, vd, vn); }
void fcmge_zero_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { compare_lanes_with_zero({l, q}, FpCond::Ge, vd, vn); }
void fcmle_zero_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { compare_lanes_with_zero({l, t}, FpCond::Le, vd, vn); }
void fcmle_zero_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { compare_lanes_with_zero({l, q}, FpCond::Le, vd, vn); }
void frecpe_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { estimate({l, t}, Op::FRecipEstimate, vd, vn); }
void frecpe_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { estimate({l, q}, Op::FRecipEstimate, vd, vn); }
void frsqrte_vector(Lifter& l, SzQ t, Vn vn, Vd vd) { estimate({l, t}, Op::FRSqrtEstimate, vd, vn); }
void frsqrte_vector_h(Lifter& l, Qbit q, Vn vn, Vd vd) { estimate({l, q}, Op::FRSqrtEstimate, vd, vn); }

// --- Advanced SIMD two-register miscellaneous: longer and narrower

void fcvtl_s(Lifter& l, Qbit q, Vn vn, Vd vd) { lengthen(l, Type::F16, q, vd, vn); }
void fcvtl_d(Lifter& l, Qbit q, Vn vn, Vd vd) { lengthen(l, Type::F32, q, vd, vn); }
void fcvtn_s(Lifter& l, Qbit q, Vn vn, Vd vd) { narrow(l, Type::F16, q, vd, vn); }
void fcvtn_d(Lifter& l, Qbit q, Vn vn, Vd vd) { narrow(l, Type::F32, q, vd, vn); }
void fcvtxn_vector(Lifter& l, Qbit q, Vn vn, Vd vd) { narrow_to_odd(l, q, vd, vn); }
void bfcvtn(Lifter& l, Qbit q, Vn vn, Vd vd) { narrow_to_bfloat(l, q, vd, vn); }

// --- Advanced SIMD across lanes

void fmaxnmv_s(Lifter& l, Vn vn, Vd vd) { min_max_across({l, Type::F32, true}, Op::FMax, MinMax::QuietLoses, vd, vn); }
void fmaxnmv_h(Lifter& l, Qbit q, Vn vn, Vd vd) { min_max_across({l, q}, Op::FMax, MinMax::QuietLoses, vd, vn); }
void fmaxv_s(Lifter& l, Vn vn, Vd vd) { min_max_across({l, Type::F32, true}, Op::FMax, MinMax::Propagate, vd, vn); }
void fmaxv_h(Lifter& l, Qbit q, Vn vn, Vd vd) { min_max_across({l, q}, Op::FMax, MinMax::Propagate, vd, vn); }
void fminnmv_s(Lifter& l, Vn vn, Vd vd) { min_max_across({l, Type::F32, true}, Op::FMin, MinMax::QuietLoses, vd, vn); }
void fminnmv_h(Lifter& l, Qbit q, Vn vn, Vd vd) { min_max_across({l, q}, Op::FMin, MinMax::QuietLoses, vd, vn); }
void fminv_s(Lifter& l, Vn vn, Vd vd) { min_max_across({l, Type::F32, true}, Op::FMin, MinMax::Propagate, vd, vn); }
void fminv_h(Lifter& l, Qbit q, Vn vn, Vd vd) { min_max_across({l, q}, Op::FMin, MinMax::Propagate, vd, vn); }

// --- Advanced SIMD shift by immediate: fixed-point conversions

void scvtf_fixed_vector_h(Lifter& l, Qbit q, Fbits<4> fbits, Vn vn, Vd vd) {
  from_fixed({l, q}, false, fbits.count(), vd, vn);
}
void scvtf_fixed_vector_s(Lifter& l, Qbit q, Fbits<5> fbits, Vn vn, Vd vd) {
  from_fixed({l, Type::F32, q != 0}, false, fbits.count(), vd, vn);
}
void scvtf_fixed_vector_d(Lifter& l, Fbits<6> fbits, Vn vn, Vd vd) {
  from_fixed({l, Type::F64, true}, false, fbits.count(), vd, vn);
}
void ucvtf_fixed_vector_h(Lifter& l, Qbit q, Fbits<4> fbits, Vn vn, Vd vd) {
  from_fixed({l, q}, true, fbits.count(), vd, vn);
}
void ucvtf_fixed_vector_s(Lifter& l, Qbit q, Fbits<5> fbits, Vn vn, Vd vd) {
  from_fixed({l, Type::F32, q != 0}, true, fbits.count(), vd, vn);
}
void ucvtf_fixed_vector_d(Lifter& l, Fbits<6> fbits, Vn vn, Vd vd) {
  from_fixed({l, Type::F64, true}, true, fbits.count(), vd, vn);
}
void fcvtzs_fixed_vector_h(Lifter& l, Qbit q, Fbits<4> fbits, Vn vn, Vd vd) {
  to_fixed({l, q}, false, fbits.count(), vd, vn);
}
void fcvtzs_fixed_vector_s(Lifter& l, Qbit q, Fbits<5> fbits, Vn vn, Vd vd) {
  to_fixed({l, Type::F32, q != 0}, false, fbits.count(), vd, vn);
}
void fcvtzs_fixed_vector_d(Lifter& l, Fbits<6> fbits, Vn vn, Vd vd) {
  to_fixed({l, Type::F64, true}, false, fbits.count(), vd, vn);
}
void fcvtzu_fixed_vector_h(Lifter& l, Qbit q, Fbits<4> fbits, Vn vn, Vd vd) {
  to_fixed({l, q}, true, fbits.count(), vd, vn);
}
void fcvtzu_fixed_vector_s(Lifter& l, Qbit q, Fbits<5> fbits, Vn vn, Vd vd) {
  to_fixed({l, Type::F32, q != 0}, true, fbits.count(), vd, vn);
}
void fcvtzu_fixed_vector_d(Lifter& l, Fbits<6> fbits, Vn vn, Vd vd) {
  to_fixed({l, Type::F64, true}, true, fbits.count(), vd, vn);
}

// --- Advanced SIMD modified immediate

void fmov_vector_s(Lifter& l, Qbit q, Imm8 imm8, Vd vd) { move_immediate({l, Type::F32, q != 0}, imm8, vd); }
void fmov_vector_d(Lifter& l, Imm8 imm8, Vd vd) { move_immediate({l, Type::F64, true}, imm8, vd); }
void fmov_vector_h(Lifter& l, Qbit q, Imm8 imm8, Vd vd) { move_immediate({l, q}, imm8, vd); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/simd_fp_unary.inc"
#undef INST

}  // namespace menura::arm
