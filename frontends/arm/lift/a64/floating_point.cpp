// C4.1.97: Data Processing -- Scalar Floating-Point: arithmetic, comparison, selection, rounding.
#include "frontends/arm/lift/a64/fp.h"

namespace menura::arm {
namespace lift {

// --- Floating-point data-processing (1 source)

void fmov_register(Lifter& l, Sz sz, Vn vn, Vd vd) { move({l, sz}, vd, vn); }
void fmov_register_h(Lifter& l, Vn vn, Vd vd) { move({l, Type::F16}, vd, vn); }
void fabs(Lifter& l, Sz sz, Vn vn, Vd vd) { absolute({l, sz}, vd, vn); }
void fabs_h(Lifter& l, Vn vn, Vd vd) { absolute({l, Type::F16}, vd, vn); }
void fneg(Lifter& l, Sz sz, Vn vn, Vd vd) { negate({l, sz}, vd, vn); }
void fneg_h(Lifter& l, Vn vn, Vd vd) { negate({l, Type::F16}, vd, vn); }
void fsqrt(Lifter& l, Sz sz, Vn vn, Vd vd) { square_root({l, sz}, vd, vn); }
void fsqrt_h(Lifter& l, Vn vn, Vd vd) { square_root({l, Type::F16}, vd, vn); }
void frintn(Lifter& l, Sz sz, Vn vn, Vd vd) { round({l, sz}, RoundingSource::NearestEven, vd, vn); }
void frintn_h(Lifter& l, Vn vn, Vd vd) { round({l, Type::F16}, RoundingSource::NearestEven, vd, vn); }
void frintp(Lifter& l, Sz sz, Vn vn, Vd vd) { round({l, sz}, RoundingSource::Up, vd, vn); }
void frintp_h(Lifter& l, Vn vn, Vd vd) { round({l, Type::F16}, RoundingSource::Up, vd, vn); }
void frintm(Lifter& l, Sz sz, Vn vn, Vd vd) { round({l, sz}, RoundingSource::Down, vd, vn); }
void frintm_h(Lifter& l, Vn vn, Vd vd) { round({l, Type::F16}, RoundingSource::Down, vd, vn); }
void frintz(Lifter& l, Sz sz, Vn vn, Vd vd) { round({l, sz}, RoundingSource::Zero, vd, vn); }
void frintz_h(Lifter& l, Vn vn, Vd vd) { round({l, Type::F16}, RoundingSource::Zero, vd, vn); }
void frinta(Lifter& l, Sz sz, Vn vn, Vd vd) { round({l, sz}, RoundingSource::NearestAway, vd, vn); }
void frinta_h(Lifter& l, Vn vn, Vd vd) { round({l, Type::F16}, RoundingSource::NearestAway, vd, vn); }
void frintx(Lifter& l, Sz sz, Vn vn, Vd vd) { round_exact({l, sz}, vd, vn); }
void frintx_h(Lifter& l, Vn vn, Vd vd) { round_exact({l, Type::F16}, vd, vn); }
void frinti(Lifter& l, Sz sz, Vn vn, Vd vd) { round({l, sz}, RoundingSource::Live, vd, vn); }
void frinti_h(Lifter& l, Vn vn, Vd vd) { round({l, Type::F16}, RoundingSource::Live, vd, vn); }
void frint32z(Lifter& l, Sz sz, Vn vn, Vd vd) { round_to_width({l, sz}, 32, RoundingSource::Zero, vd, vn); }
void frint32x(Lifter& l, Sz sz, Vn vn, Vd vd) { round_to_width({l, sz}, 32, RoundingSource::Live, vd, vn); }
void frint64z(Lifter& l, Sz sz, Vn vn, Vd vd) { round_to_width({l, sz}, 64, RoundingSource::Zero, vd, vn); }
void frint64x(Lifter& l, Sz sz, Vn vn, Vd vd) { round_to_width({l, sz}, 64, RoundingSource::Live, vd, vn); }

// --- Floating-point data-processing (2 source)

void fmul(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { arithmetic({l, sz}, Op::FMul, vd, vn, vm); }
void fmul_h(Lifter& l, Vm vm, Vn vn, Vd vd) { arithmetic({l, Type::F16}, Op::FMul, vd, vn, vm); }
void fdiv(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { arithmetic({l, sz}, Op::FDiv, vd, vn, vm); }
void fdiv_h(Lifter& l, Vm vm, Vn vn, Vd vd) { arithmetic({l, Type::F16}, Op::FDiv, vd, vn, vm); }
void fadd(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { arithmetic({l, sz}, Op::FAdd, vd, vn, vm); }
void fadd_h(Lifter& l, Vm vm, Vn vn, Vd vd) { arithmetic({l, Type::F16}, Op::FAdd, vd, vn, vm); }
void fsub(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { arithmetic({l, sz}, Op::FSub, vd, vn, vm); }
void fsub_h(Lifter& l, Vm vm, Vn vn, Vd vd) { arithmetic({l, Type::F16}, Op::FSub, vd, vn, vm); }
void fmax(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { min_max({l, sz}, Op::FMax, MinMax::Propagate, vd, vn, vm); }
void fmax_h(Lifter& l, Vm vm, Vn vn, Vd vd) { min_max({l, Type::F16}, Op::FMax, MinMax::Propagate, vd, vn, vm); }
void fmin(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { min_max({l, sz}, Op::FMin, MinMax::Propagate, vd, vn, vm); }
void fmin_h(Lifter& l, Vm vm, Vn vn, Vd vd) { min_max({l, Type::F16}, Op::FMin, MinMax::Propagate, vd, vn, vm); }
void fmaxnm(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { min_max({l, sz}, Op::FMax, MinMax::QuietLoses, vd, vn, vm); }
void fmaxnm_h(Lifter& l, Vm vm, Vn vn, Vd vd) { min_max({l, Type::F16}, Op::FMax, MinMax::QuietLoses, vd, vn, vm); }
void fminnm(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { min_max({l, sz}, Op::FMin, MinMax::QuietLoses, vd, vn, vm); }
void fminnm_h(Lifter& l, Vm vm, Vn vn, Vd vd) { min_max({l, Type::F16}, Op::FMin, MinMax::QuietLoses, vd, vn, vm); }
void fnmul(Lifter& l, Sz sz, Vm vm, Vn vn, Vd vd) { negated_product({l, sz}, vd, vn, vm); }
void fnmul_h(Lifter& l, Vm vm, Vn vn, Vd vd) { negated_product({l, Type::F16}, vd, vn, vm); }

// --- Floating-point data-processing (3 source)

void fmadd(Lifter& l, Sz sz, Vm vm, Va va, Vn vn, Vd vd) { fused({l, sz}, Negate::Nothing, vd, va, vn, vm); }
void fmadd_h(Lifter& l, Vm vm, Va va, Vn vn, Vd vd) { fused({l, Type::F16}, Negate::Nothing, vd, va, vn, vm); }
void fmsub(Lifter& l, Sz sz, Vm vm, Va va, Vn vn, Vd vd) { fused({l, sz}, Negate::Product, vd, va, vn, vm); }
void fmsub_h(Lifter& l, Vm vm, Va va, Vn vn, Vd vd) { fused({l, Type::F16}, Negate::Product, vd, va, vn, vm); }
void fnmadd(Lifter& l, Sz sz, Vm vm, Va va, Vn vn, Vd vd) { fused({l, sz}, Negate::Both, vd, va, vn, vm); }
void fnmadd_h(Lifter& l, Vm vm, Va va, Vn vn, Vd vd) { fused({l, Type::F16}, Negate::Both, vd, va, vn, vm); }
void fnmsub(Lifter& l, Sz sz, Vm vm, Va va, Vn vn, Vd vd) { fused({l, sz}, Negate::Addend, vd, va, vn, vm); }
void fnmsub_h(Lifter& l, Vm vm, Va va, Vn vn, Vd vd) { fused({l, Type::F16}, Negate::Addend, vd, va, vn, vm); }

// --- Floating-point compare

void fcmp(Lifter& l, Sz sz, Vm vm, Vn vn) { compare({l, sz}, false, vn, vm); }
void fcmp_zero(Lifter& l, Sz sz, Vn vn) { compare_with_zero({l, sz}, false, vn); }
void fcmpe(Lifter& l, Sz sz, Vm vm, Vn vn) { compare({l, sz}, true, vn, vm); }
void fcmpe_zero(Lifter& l, Sz sz, Vn vn) { compare_with_zero({l, sz}, true, vn); }
void fcmp_h(Lifter& l, Vm vm, Vn vn) { compare({l, Type::F16}, false, vn, vm); }
void fcmp_zero_h(Lifter& l, Vn vn) { compare_with_zero({l, Type::F16}, false, vn); }
void fcmpe_h(Lifter& l, Vm vm, Vn vn) { compare({l, Type::F16}, true, vn, vm); }
void fcmpe_zero_h(Lifter& l, Vn vn) { compare_with_zero({l, Type::F16}, true, vn); }

// --- Floating-point conditional compare, conditional select

void fccmp(Lifter& l, Sz sz, Vm vm, Condition cond, Vn vn, Nzcv nzcv) {
  compare_if({l, sz}, false, cond, vn, vm, nzcv);
}
void fccmpe(Lifter& l, Sz sz, Vm vm, Condition cond, Vn vn, Nzcv nzcv) {
  compare_if({l, sz}, true, cond, vn, vm, nzcv);
}
void fcsel(Lifter& l, Sz sz, Vm vm, Condition cond, Vn vn, Vd vd) { choose({l, sz}, cond, vd, vn, vm); }
void fccmp_h(Lifter& l, Vm vm, Condition cond, Vn vn, Nzcv nzcv) {
  compare_if({l, Type::F16}, false, cond, vn, vm, nzcv);
}
void fccmpe_h(Lifter& l, Vm vm, Condition cond, Vn vn, Nzcv nzcv) {
  compare_if({l, Type::F16}, true, cond, vn, vm, nzcv);
}
void fcsel_h(Lifter& l, Vm vm, Condition cond, Vn vn, Vd vd) { choose({l, Type::F16}, cond, vd, vn, vm); }

// --- Floating-point immediate

void fmov_immediate(Lifter& l, Sz sz, Imm8 imm8, Vd vd) { move_immediate({l, sz}, imm8, vd); }
void fmov_immediate_h(Lifter& l, Imm8 imm8, Vd vd) { move_immediate({l, Type::F16}, imm8, vd); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/floating_point.inc"
#undef INST

}  // namespace menura::arm
