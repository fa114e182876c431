// C4.1.97: Advanced SIMD vector x indexed element, on floating-point numbers.
#include "frontends/arm/lift/a64/fp.h"

namespace menura::arm {
namespace lift {

// --- Advanced SIMD vector x indexed element

void fmla_element_h(Lifter& l, Qbit q, Index<3> index, VmLow vm, Vn vn, Vd vd) {
  fused_by_element({l, q}, Negate::Nothing, vd, vn, vm, index);
}
void fmla_element_s(Lifter& l, Qbit q, Index<2> index, Vm vm, Vn vn, Vd vd) {
  fused_by_element({l, Type::F32, q != 0}, Negate::Nothing, vd, vn, vm, index);
}
void fmla_element_d(Lifter& l, Vm vm, Index<1> index, Vn vn, Vd vd) {
  fused_by_element({l, Type::F64, true}, Negate::Nothing, vd, vn, vm, index);
}
void fmls_element_h(Lifter& l, Qbit q, Index<3> index, VmLow vm, Vn vn, Vd vd) {
  fused_by_element({l, q}, Negate::Product, vd, vn, vm, index);
}
void fmls_element_s(Lifter& l, Qbit q, Index<2> index, Vm vm, Vn vn, Vd vd) {
  fused_by_element({l, Type::F32, q != 0}, Negate::Product, vd, vn, vm, index);
}
void fmls_element_d(Lifter& l, Vm vm, Index<1> index, Vn vn, Vd vd) {
  fused_by_element({l, Type::F64, true}, Negate::Product, vd, vn, vm, index);
}
void fmul_element_h(Lifter& l, Qbit q, Index<3> index, VmLow vm, Vn vn, Vd vd) {
  multiply_by_element({l, q}, vd, vn, vm, index);
}
void fmul_element_s(Lifter& l, Qbit q, Index<2> index, Vm vm, Vn vn, Vd vd) {
  multiply_by_element({l, Type::F32, q != 0}, vd, vn, vm, index);
}
void fmul_element_d(Lifter& l, Vm vm, Index<1> index, Vn vn, Vd vd) {
  multiply_by_element({l, Type::F64, true}, vd, vn, vm, index);
}
void fmulx_element_h(Lifter& l, Qbit q, Index<3> index, VmLow vm, Vn vn, Vd vd) {
  multiply_extended_by_element({l, q}, vd, vn, vm, index);
}
void fmulx_element_s(Lifter& l, Qbit q, Index<2> index, Vm vm, Vn vn, Vd vd) {
  multiply_extended_by_element({l, Type::F32, q != 0}, vd, vn, vm, index);
}
void fmulx_element_d(Lifter& l, Vm vm, Index<1> index, Vn vn, Vd vd) {
  multiply_extended_by_element({l, Type::F64, true}, vd, vn, vm, index);
}

// --- Advanced SIMD vector x indexed element: longer results, complex numbers, BFloat16

void fmlal_element(Lifter& l, Qbit q, Index<3> index, VmLow vm, Vn vn, Vd vd) {
  fused_long_by_element(l, q, Negate::Nothing, Half::Low, vd, vn, vm, index);
}
void fmlsl_element(Lifter& l, Qbit q, Index<3> index, VmLow vm, Vn vn, Vd vd) {
  fused_long_by_element(l, q, Negate::Product, Half::Low, vd, vn, vm, index);
}
void fmlal2_element(Lifter& l, Qbit q, Index<3> index, VmLow vm, Vn vn, Vd vd) {
  fused_long_by_element(l, q, Negate::Nothing, Half::High, vd, vn, vm, index);
}
void fmlsl2_element(Lifter& l, Qbit q, Index<3> index, VmLow vm, Vn vn, Vd vd) {
  fused_long_by_element(l, q, Negate::Product, Half::High, vd, vn, vm, index);
}
void fcmla_element_4h(Lifter& l, Index<1> index, Vm vm, Rot rot, Vn vn, Vd vd) {
  complex_fused_by_element({l, Type::F16, false}, rot, vd, vn, vm, index);
}
void fcmla_element_8h(Lifter& l, Index<2> index, Vm vm, Rot rot, Vn vn, Vd vd) {
  complex_fused_by_element({l, Type::F16, true}, rot, vd, vn, vm, index);
}
void fcmla_element_s(Lifter& l, Vm vm, Rot rot, Index<1> index, Vn vn, Vd vd) {
  complex_fused_by_element({l, Type::F32, true}, rot, vd, vn, vm, index);
}
void bfdot_element(Lifter& l, Qbit q, Index<2> index, Vm vm, Vn vn, Vd vd) {
  bfloat_dot(l, q, vd, vn, splat(l, Type::I32, vm, index));
}
void bfmlal_element(Lifter& l, Qbit q, Index<3> index, VmLow vm, Vn vn, Vd vd) {
  bfloat_fused(l, q, vd, vn, bfloats(l, false, splat(l, Type::I16, vm, index)));
}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/simd_fp_element.inc"
#undef INST

}  // namespace menura::arm
