// C4.1.97: Advanced SIMD on vectors of floating-point numbers, two operands.
#include "frontends/arm/lift/a64/fp.h"

namespace menura::arm {
namespace lift {

// --- Advanced SIMD three same, three same (FP16)

void fmaxnm_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { min_max({l, t}, Op::FMax, MinMax::QuietLoses, vd, vn, vm); }
void fmaxnm_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) {
  min_max({l, q}, Op::FMax, MinMax::QuietLoses, vd, vn, vm);
}
void fmla_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { fused({l, t}, Negate::Nothing, vd, vd, vn, vm); }
void fmla_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { fused({l, q}, Negate::Nothing, vd, vd, vn, vm); }
void fadd_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { arithmetic({l, t}, Op::FAdd, vd, vn, vm); }
void fadd_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { arithmetic({l, q}, Op::FAdd, vd, vn, vm); }
void fmax_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { min_max({l, t}, Op::FMax, MinMax::Propagate, vd, vn, vm); }
void fmax_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { min_max({l, q}, Op::FMax, MinMax::Propagate, vd, vn, vm); }
void fminnm_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { min_max({l, t}, Op::FMin, MinMax::QuietLoses, vd, vn, vm); }
void fminnm_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) {
  min_max({l, q}, Op::FMin, MinMax::QuietLoses, vd, vn, vm);
}
void fmls_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { fused({l, t}, Negate::Product, vd, vd, vn, vm); }
void fmls_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { fused({l, q}, Negate::Product, vd, vd, vn, vm); }
void fsub_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { arithmetic({l, t}, Op::FSub, vd, vn, vm); }
void fsub_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { arithmetic({l, q}, Op::FSub, vd, vn, vm); }
void fmin_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { min_max({l, t}, Op::FMin, MinMax::Propagate, vd, vn, vm); }
void fmin_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { min_max({l, q}, Op::FMin, MinMax::Propagate, vd, vn, vm); }
void fmul_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { arithmetic({l, t}, Op::FMul, vd, vn, vm); }
void fmul_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { arithmetic({l, q}, Op::FMul, vd, vn, vm); }
void fdiv_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { arithmetic({l, t}, Op::FDiv, vd, vn, vm); }
void fdiv_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { arithmetic({l, q}, Op::FDiv, vd, vn, vm); }
void fmaxnmp_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) {
  min_max_pairs({l, t}, Op::FMax, MinMax::QuietLoses, vd, vn, vm);
}
void fmaxnmp_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) {
  min_max_pairs({l, q}, Op::FMax, MinMax::QuietLoses, vd, vn, vm);
}
void faddp_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { add_pairs({l, t}, vd, vn, vm); }
void faddp_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { add_pairs({l, q}, vd, vn, vm); }
void fmaxp_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) {
  min_max_pairs({l, t}, Op::FMax, MinMax::Propagate, vd, vn, vm);
}
void fmaxp_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) {
  min_max_pairs({l, q}, Op::FMax, MinMax::Propagate, vd, vn, vm);
}
void fminnmp_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) {
  min_max_pairs({l, t}, Op::FMin, MinMax::QuietLoses, vd, vn, vm);
}
void fminnmp_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) {
  min_max_pairs({l, q}, Op::FMin, MinMax::QuietLoses, vd, vn, vm);
}
void fminp_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) {
  min_max_pairs({l, t}, Op::FMin, MinMax::Propagate, vd, vn, vm);
}
void fminp_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) {
  min_max_pairs({l, q}, Op::FMin, MinMax::Propagate, vd, vn, vm);
}
void fmulx_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { multiply_extended({l, t}, vd, vn, vm); }
void fmulx_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { multiply_extended({l, q}, vd, vn, vm); }
void fcmeq_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { compare_lanes({l, t}, FpCond::Eq, vd, vn, vm); }
void fcmeq_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { compare_lanes({l, q}, FpCond::Eq, vd, vn, vm); }
void frecps_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { reciprocal_step({l, t}, vd, vn, vm); }
void frecps_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { reciprocal_step({l, q}, vd, vn, vm); }
void frsqrts_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { square_root_step({l, t}, vd, vn, vm); }
void frsqrts_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { square_root_step({l, q}, vd, vn, vm); }
void fcmge_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { compare_lanes({l, t}, FpCond::Ge, vd, vn, vm); }
void fcmge_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { compare_lanes({l, q}, FpCond::Ge, vd, vn, vm); }
void facge_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { compare_magnitudes({l, t}, FpCond::Ge, vd, vn, vm); }
void facge_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { compare_magnitudes({l, q}, FpCond::Ge, vd, vn, vm); }
void fabd_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { absolute_difference({l, t}, vd, vn, vm); }
void fabd_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { absolute_difference({l, q}, vd, vn, vm); }
void fcmgt_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { compare_lanes({l, t}, FpCond::Gt, vd, vn, vm); }
void fcmgt_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { compare_lanes({l, q}, FpCond::Gt, vd, vn, vm); }
void facgt_vector(Lifter& l, SzQ t, Vm vm, Vn vn, Vd vd) { compare_magnitudes({l, t}, FpCond::Gt, vd, vn, vm); }
void facgt_vector_h(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { compare_magnitudes({l, q}, FpCond::Gt, vd, vn, vm); }

// --- Advanced SIMD three same: half-precision products added to single precision

void fmlal_vector(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { fused_long(l, q, Negate::Nothing, Half::Low, vd, vn, vm); }
void fmlsl_vector(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { fused_long(l, q, Negate::Product, Half::Low, vd, vn, vm); }
void fmlal2_vector(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) {
  fused_long(l, q, Negate::Nothing, Half::High, vd, vn, vm);
}
void fmlsl2_vector(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) {
  fused_long(l, q, Negate::Product, Half::High, vd, vn, vm);
}

// --- Advanced SIMD three-register extension

void fcmla_vector_h(Lifter& l, Qbit q, Vm vm, Rot rot, Vn vn, Vd vd) { complex_fused({l, q}, rot, vd, vn, vm); }
void fcadd_vector_h(Lifter& l, Qbit q, Vm vm, Rot1 rot, Vn vn, Vd vd) { complex_add({l, q}, rot, vd, vn, vm); }
void fcmla_vector(Lifter& l, SzQ t, Vm vm, Rot rot, Vn vn, Vd vd) { complex_fused({l, t}, rot, vd, vn, vm); }
void fcadd_vector(Lifter& l, SzQ t, Vm vm, Rot1 rot, Vn vn, Vd vd) { complex_add({l, t}, rot, vd, vn, vm); }
void bfdot_vector(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { bfloat_dot(l, q, vd, vn, l.v(vm)); }
void bfmmla(Lifter& l, Vm vm, Vn vn, Vd vd) { bfloat_matrix(l, vd, vn, vm); }
void bfmlal_vector(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { bfloat_fused(l, q, vd, vn, bfloats(l, q, l.v(vm))); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/simd_fp.inc"
#undef INST

}  // namespace menura::arm
