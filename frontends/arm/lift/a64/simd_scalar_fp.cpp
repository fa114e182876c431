// C4.1.97: Advanced SIMD scalar instructions on floating-point numbers.
#include "frontends/arm/lift/a64/fp.h"

namespace menura::arm {
namespace lift {

// --- Advanced SIMD scalar three same, three same FP16

void fmulx_scalar(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { multiply_extended({l, sz}, vd, vn, vm); }
void fmulx_scalar_h(Lifter& l, Vm vm, Vn vn, Vd vd) { multiply_extended({l, Type::F16}, vd, vn, vm); }
void fcmeq_scalar(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { compare_lanes({l, sz}, FpCond::Eq, vd, vn, vm); }
void fcmeq_scalar_h(Lifter& l, Vm vm, Vn vn, Vd vd) { compare_lanes({l, Type::F16}, FpCond::Eq, vd, vn, vm); }
void frecps_scalar(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { reciprocal_step({l, sz}, vd, vn, vm); }
void frecps_scalar_h(Lifter& l, Vm vm, Vn vn, Vd vd) { reciprocal_step({l, Type::F16}, vd, vn, vm); }
void frsqrts_scalar(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { square_root_step({l, sz}, vd, vn, vm); }
void frsqrts_scalar_h(Lifter& l, Vm vm, Vn vn, Vd vd) { square_root_step({l, Type::F16}, vd, vn, vm); }
void fcmge_scalar(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { compare_lanes({l, sz}, FpCond::Ge, vd, vn, vm); }
void fcmge_scalar_h(Lifter& l, Vm vm, Vn vn, Vd vd) { compare_lanes({l, Type::F16}, FpCond::Ge, vd, vn, vm); }
void facge_scalar(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { compare_magnitudes({l, sz}, FpCond::Ge, vd, vn, vm); }
void facge_scalar_h(Lifter& l, Vm vm, Vn vn, Vd vd) { compare_magnitudes({l, Type::F16}, FpCond::Ge, vd, vn, vm); }
void fabd_scalar(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { absolute_difference({l, sz}, vd, vn, vm); }
void fabd_scalar_h(Lifter& l, Vm vm, Vn vn, Vd vd) { absolute_difference({l, Type::F16}, vd, vn, vm); }
void fcmgt_scalar(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { compare_lanes({l, sz}, FpCond::Gt, vd, vn, vm); }
void fcmgt_scalar_h(Lifter& l, Vm vm, Vn vn, Vd vd) { compare_lanes({l, Type::F16}, FpCond::Gt, vd, vn, vm); }
void facgt_scalar(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { compare_magnitudes({l, sz}, FpCond::Gt, vd, vn, vm); }
void facgt_scalar_h(Lifter& l, Vm vm, Vn vn, Vd vd) { compare_magnitudes({l, Type::F16}, FpCond::Gt, vd, vn, vm); }

// --- Advanced SIMD scalar two-register miscellaneous, FP16

void fcvtns_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { to_integer({l, sz}, RoundingSource::NearestEven, false, vd, vn); }
void fcvtns_scalar_h(Lifter& l, Vn vn, Vd vd) {
  to_integer({l, Type::F16}, RoundingSource::NearestEven, false, vd, vn);
}
void fcvtms_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { to_integer({l, sz}, RoundingSource::Down, false, vd, vn); }
void fcvtms_scalar_h(Lifter& l, Vn vn, Vd vd) { to_integer({l, Type::F16}, RoundingSource::Down, false, vd, vn); }
void fcvtas_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { to_integer({l, sz}, RoundingSource::NearestAway, false, vd, vn); }
void fcvtas_scalar_h(Lifter& l, Vn vn, Vd vd) {
  to_integer({l, Type::F16}, RoundingSource::NearestAway, false, vd, vn);
}
void fcvtps_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { to_integer({l, sz}, RoundingSource::Up, false, vd, vn); }
void fcvtps_scalar_h(Lifter& l, Vn vn, Vd vd) { to_integer({l, Type::F16}, RoundingSource::Up, false, vd, vn); }
void fcvtzs_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { to_integer({l, sz}, RoundingSource::Zero, false, vd, vn); }
void fcvtzs_scalar_h(Lifter& l, Vn vn, Vd vd) { to_integer({l, Type::F16}, RoundingSource::Zero, false, vd, vn); }
void fcvtnu_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { to_integer({l, sz}, RoundingSource::NearestEven, true, vd, vn); }
void fcvtnu_scalar_h(Lifter& l, Vn vn, Vd vd) { to_integer({l, Type::F16}, RoundingSource::NearestEven, true, vd, vn); }
void fcvtmu_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { to_integer({l, sz}, RoundingSource::Down, true, vd, vn); }
void fcvtmu_scalar_h(Lifter& l, Vn vn, Vd vd) { to_integer({l, Type::F16}, RoundingSource::Down, true, vd, vn); }
void fcvtau_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { to_integer({l, sz}, RoundingSource::NearestAway, true, vd, vn); }
void fcvtau_scalar_h(Lifter& l, Vn vn, Vd vd) { to_integer({l, Type::F16}, RoundingSource::NearestAway, true, vd, vn); }
void fcvtpu_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { to_integer({l, sz}, RoundingSource::Up, true, vd, vn); }
void fcvtpu_scalar_h(Lifter& l, Vn vn, Vd vd) { to_integer({l, Type::F16}, RoundingSource::Up, true, vd, vn); }
void fcvtzu_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { to_integer({l, sz}, RoundingSource::Zero, true, vd, vn); }
void fcvtzu_scalar_h(Lifter& l, Vn vn, Vd vd) { to_integer({l, Type::F16}, RoundingSource::Zero, true, vd, vn); }
void scvtf_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { from_integer({l, sz}, false, vd, vn); }
void scvtf_scalar_h(Lifter& l, Vn vn, Vd vd) { from_integer({l, Type::F16}, false, vd, vn); }
void ucvtf_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { from_integer({l, sz}, true, vd, vn); }
void ucvtf_scalar_h(Lifter& l, Vn vn, Vd vd) { from_integer({l, Type::F16}, true, vd, vn); }
void fcmgt_zero_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { compare_lanes_with_zero({l, sz}, FpCond::Gt, vd, vn); }
void fcmgt_zero_scalar_h(Lifter& l, Vn vn, Vd vd) { compare_lanes_with_zero({l, Type::F16}, FpCond::Gt, vd, vn); }
void fcmeq_zero_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { compare_lanes_with_zero({l, sz}, FpCond::Eq, vd, vn); }
void fcmeq_zero_scalar_h(Lifter& l, Vn vn, Vd vd) { compare_lanes_with_zero({l, Type::F16}, FpCond::Eq, vd, vn); }
void fcmlt_zero_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { compare_lanes_with_zero({l, sz}, FpCond::Lt, vd, vn); }
void fcmlt_zero_scalar_h(Lifter& l, Vn vn, Vd vd) { compare_lanes_with_zero({l, Type::F16}, FpCond::Lt, vd, vn); }
void fcmge_zero_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { compare_lanes_with_zero({l, sz}, FpCond::Ge, vd, vn); }
void fcmge_zero_scalar_h(Lifter& l, Vn vn, Vd vd) { compare_lanes_with_zero({l, Type::F16}, FpCond::Ge, vd, vn); }
void fcmle_zero_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { compare_lanes_with_zero({l, sz}, FpCond::Le, vd, vn); }
void fcmle_zero_scalar_h(Lifter& l, Vn vn, Vd vd) { compare_lanes_with_zero({l, Type::F16}, FpCond::Le, vd, vn); }
void frecpe_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { estimate({l, sz}, Op::FRecipEstimate, vd, vn); }
void frecpe_scalar_h(Lifter& l, Vn vn, Vd vd) { estimate({l, Type::F16}, Op::FRecipEstimate, vd, vn); }
void frsqrte_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { estimate({l, sz}, Op::FRSqrtEstimate, vd, vn); }
void frsqrte_scalar_h(Lifter& l, Vn vn, Vd vd) { estimate({l, Type::F16}, Op::FRSqrtEstimate, vd, vn); }
void frecpx_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { special({l, sz}, FpSpecial::RecipExponent, vd, vn); }
void frecpx_scalar_h(Lifter& l, Vn vn, Vd vd) { special({l, Type::F16}, FpSpecial::RecipExponent, vd, vn); }
void fcvtxn_scalar(Lifter& l, Vn vn, Vd vd) { narrow_to_odd(l, vd, vn); }

// --- Advanced SIMD scalar pairwise

void fmaxnmp_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { min_max_pair({l, sz}, Op::FMax, MinMax::QuietLoses, vd, vn); }
void fmaxnmp_scalar_h(Lifter& l, Vn vn, Vd vd) { min_max_pair({l, Type::F16}, Op::FMax, MinMax::QuietLoses, vd, vn); }
void faddp_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { add_pair({l, sz}, vd, vn); }
void faddp_scalar_h(Lifter& l, Vn vn, Vd vd) { add_pair({l, Type::F16}, vd, vn); }
void fmaxp_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { min_max_pair({l, sz}, Op::FMax, MinMax::Propagate, vd, vn); }
void fmaxp_scalar_h(Lifter& l, Vn vn, Vd vd) { min_max_pair({l, Type::F16}, Op::FMax, MinMax::Propagate, vd, vn); }
void fminnmp_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { min_max_pair({l, sz}, Op::FMin, MinMax::QuietLoses, vd, vn); }
void fminnmp_scalar_h(Lifter& l, Vn vn, Vd vd) { min_max_pair({l, Type::F16}, Op::FMin, MinMax::QuietLoses, vd, vn); }
void fminp_scalar(Lifter& l, Sz sz, Vn vn, Vd vd) { min_max_pair({l, sz}, Op::FMin, MinMax::Propagate, vd, vn); }
void fminp_scalar_h(Lifter& l, Vn vn, Vd vd) { min_max_pair({l, Type::F16}, Op::FMin, MinMax::Propagate, vd, vn); }

// --- Advanced SIMD scalar shift by immediate: fixed-point conversions

void scvtf_fixed_scalar_h(Lifter& l, Fbits<4> fbits, Vn vn, Vd vd) {
  from_fixed({l, Type::F16}, false, fbits.count(), vd, vn);
}
void scvtf_fixed_scalar_s(Lifter& l, Fbits<5> fbits, Vn vn, Vd vd) {
  from_fixed({l, Type::F32}, false, fbits.count(), vd, vn);
}
void scvtf_fixed_scalar_d(Lifter& l, Fbits<6> fbits, Vn vn, Vd vd) {
  from_fixed({l, Type::F64}, false, fbits.count(), vd, vn);
}
void ucvtf_fixed_scalar_h(Lifter& l, Fbits<4> fbits, Vn vn, Vd vd) {
  from_fixed({l, Type::F16}, true, fbits.count(), vd, vn);
}
void ucvtf_fixed_scalar_s(Lifter& l, Fbits<5> fbits, Vn vn, Vd vd) {
  from_fixed({l, Type::F32}, true, fbits.count(), vd, vn);
}
void ucvtf_fixed_scalar_d(Lifter& l, Fbits<6> fbits, Vn vn, Vd vd) {
  from_fixed({l, Type::F64}, true, fbits.count(), vd, vn);
}
void fcvtzs_fixed_scalar_h(Lifter& l, Fbits<4> fbits, Vn vn, Vd vd) {
  to_fixed({l, Type::F16}, false, fbits.count(), vd, vn);
}
void fcvtzs_fixed_scalar_s(Lifter& l, Fbits<5> fbits, Vn vn, Vd vd) {
  to_fixed({l, Type::F32}, false, fbits.count(), vd, vn);
}
void fcvtzs_fixed_scalar_d(Lifter& l, Fbits<6> fbits, Vn vn, Vd vd) {
  to_fixed({l, Type::F64}, false, fbits.count(), vd, vn);
}
void fcvtzu_fixed_scalar_h(Lifter& l, Fbits<4> fbits, Vn vn, Vd vd) {
  to_fixed({l, Type::F16}, true, fbits.count(), vd, vn);
}
void fcvtzu_fixed_scalar_s(Lifter& l, Fbits<5> fbits, Vn vn, Vd vd) {
  to_fixed({l, Type::F32}, true, fbits.count(), vd, vn);
}
void fcvtzu_fixed_scalar_d(Lifter& l, Fbits<6> fbits, Vn vn, Vd vd) {
  to_fixed({l, Type::F64}, true, fbits.count(), vd, vn);
}

// --- Advanced SIMD scalar x indexed element

void fmla_scalar_element_h(Lifter& l, Index<3> index, VmLow vm, Vn vn, Vd vd) {
  fused_by_element({l, Type::F16}, Negate::Nothing, vd, vn, vm, index);
}
void fmla_scalar_element_s(Lifter& l, Index<2> index, Vm vm, Vn vn, Vd vd) {
  fused_by_element({l, Type::F32}, Negate::Nothing, vd, vn, vm, index);
}
void fmla_scalar_element_d(Lifter& l, Vm vm, Index<1> index, Vn vn, Vd vd) {
  fused_by_element({l, Type::F64}, Negate::Nothing, vd, vn, vm, index);
}
void fmls_scalar_element_h(Lifter& l, Index<3> index, VmLow vm, Vn vn, Vd vd) {
  fused_by_element({l, Type::F16}, Negate::Product, vd, vn, vm, index);
}
void fmls_scalar_element_s(Lifter& l, Index<2> index, Vm vm, Vn vn, Vd vd) {
  fused_by_element({l, Type::F32}, Negate::Product, vd, vn, vm, index);
}
void fmls_scalar_element_d(Lifter& l, Vm vm, Index<1> index, Vn vn, Vd vd) {
  fused_by_element({l, Type::F64}, Negate::Product, vd, vn, vm, index);
}
void fmul_scalar_element_h(Lifter& l, Index<3> index, VmLow vm, Vn vn, Vd vd) {
  multiply_by_element({l, Type::F16}, vd, vn, vm, index);
}
void fmul_scalar_element_s(Lifter& l, Index<2> index, Vm vm, Vn vn, Vd vd) {
  multiply_by_element({l, Type::F32}, vd, vn, vm, index);
}
void fmul_scalar_element_d(Lifter& l, Vm vm, Index<1> index, Vn vn, Vd vd) {
  multiply_by_element({l, Type::F64}, vd, vn, vm, index);
}
void fmulx_scalar_element_h(Lifter& l, Index<3> index, VmLow vm, Vn vn, Vd vd) {
  multiply_extended_by_element({l, Type::F16}, vd, vn, vm, index);
}
void fmulx_scalar_element_s(Lifter& l, Index<2> index, Vm vm, Vn vn, Vd vd) {
  multiply_extended_by_element({l, Type::F32}, vd, vn, vm, index);
}
void fmulx_scalar_element_d(Lifter& l, Vm vm, Index<1> index, Vn vn, Vd vd) {
  multiply_extended_by_element({l, Type::F64}, vd, vn, vm, index);
}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/simd_scalar_fp.inc"
#undef INST

}  // namespace menura::arm
