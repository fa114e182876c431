// D: double-precision floating point (Unprivileged 20240411, chapter 22).
#include "frontends/riscv/lift/fp.h"

namespace menura::riscv {
namespace lift {

using ir::FpCond;
using ir::MinMax;

void fld(Lifter& l, Fd fd, Rs1 rs1, ImmI imm) { l.set_f64(fd, l.load(Type::F64, rs1, imm, 3)); }
void fsd(Lifter& l, Fs2 fs2, Rs1 rs1, ImmS imm) { l.store(rs1, imm, l.f64(fs2), 3); }
void fmv_x_d(Lifter& l, Rd rd, Fs1 fs1) { l.set_x(rd, l.f_bits(fs1)); }
void fmv_d_x(Lifter& l, Fd fd, Rs1 rs1) { l.set_f64(fd, l.b.convert(Op::Bitcast, Type::F64, l.x(rs1))); }
void fcvt_s_d(Lifter& l, Fd fd, Fs1 fs1, Rm rm) { convert(l, Type::F32, Type::F64, fd, fs1, rm); }
void fcvt_d_s(Lifter& l, Fd fd, Fs1 fs1, Rm rm) { convert(l, Type::F64, Type::F32, fd, fs1, rm); }

void fmadd_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Fs3 fs3, Rm rm) {
  fused(l, Negate::Nothing, Type::F64, fd, fs1, fs2, fs3, rm);
}
void fmsub_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Fs3 fs3, Rm rm) {
  fused(l, Negate::Addend, Type::F64, fd, fs1, fs2, fs3, rm);
}
void fnmsub_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Fs3 fs3, Rm rm) {
  fused(l, Negate::Product, Type::F64, fd, fs1, fs2, fs3, rm);
}
void fnmadd_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Fs3 fs3, Rm rm) {
  fused(l, Negate::Both, Type::F64, fd, fs1, fs2, fs3, rm);
}

void fadd_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Rm rm) { arithmetic(l, Op::FAdd, Type::F64, fd, fs1, fs2, rm); }
void fsub_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Rm rm) { arithmetic(l, Op::FSub, Type::F64, fd, fs1, fs2, rm); }
void fmul_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Rm rm) { arithmetic(l, Op::FMul, Type::F64, fd, fs1, fs2, rm); }
void fdiv_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Rm rm) { arithmetic(l, Op::FDiv, Type::F64, fd, fs1, fs2, rm); }
void fsqrt_d(Lifter& l, Fd fd, Fs1 fs1, Rm rm) { square_root(l, Type::F64, fd, fs1, rm); }
void fmin_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2) { min_max(l, Op::FMin, MinMax::Number, Type::F64, fd, fs1, fs2); }
void fmax_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2) { min_max(l, Op::FMax, MinMax::Number, Type::F64, fd, fs1, fs2); }

void fsgnj_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2) { sign_inject(l, SignOf::Second, Type::F64, fd, fs1, fs2); }
void fsgnjn_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2) { sign_inject(l, SignOf::NotSecond, Type::F64, fd, fs1, fs2); }
void fsgnjx_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2) { sign_inject(l, SignOf::Product, Type::F64, fd, fs1, fs2); }

void feq_d(Lifter& l, Rd rd, Fs1 fs1, Fs2 fs2) { compare(l, FpCond::Eq, false, Type::F64, rd, fs1, fs2); }
void flt_d(Lifter& l, Rd rd, Fs1 fs1, Fs2 fs2) { compare(l, FpCond::Lt, true, Type::F64, rd, fs1, fs2); }
void fle_d(Lifter& l, Rd rd, Fs1 fs1, Fs2 fs2) { compare(l, FpCond::Le, true, Type::F64, rd, fs1, fs2); }
void fclass_d(Lifter& l, Rd rd, Fs1 fs1) { classify(l, Type::F64, rd, fs1); }

void fcvt_w_d(Lifter& l, Rd rd, Fs1 fs1, Rm rm) { to_integer(l, Type::I32, false, Type::F64, rd, fs1, rm); }
void fcvt_wu_d(Lifter& l, Rd rd, Fs1 fs1, Rm rm) { to_integer(l, Type::I32, true, Type::F64, rd, fs1, rm); }
void fcvt_l_d(Lifter& l, Rd rd, Fs1 fs1, Rm rm) { to_integer(l, Type::I64, false, Type::F64, rd, fs1, rm); }
void fcvt_lu_d(Lifter& l, Rd rd, Fs1 fs1, Rm rm) { to_integer(l, Type::I64, true, Type::F64, rd, fs1, rm); }
void fcvt_d_w(Lifter& l, Fd fd, Rs1 rs1, Rm rm) { from_integer(l, Type::F64, Type::I32, false, fd, rs1, rm); }
void fcvt_d_wu(Lifter& l, Fd fd, Rs1 rs1, Rm rm) { from_integer(l, Type::F64, Type::I32, true, fd, rs1, rm); }
void fcvt_d_l(Lifter& l, Fd fd, Rs1 rs1, Rm rm) { from_integer(l, Type::F64, Type::I64, false, fd, rs1, rm); }
void fcvt_d_lu(Lifter& l, Fd fd, Rs1 rs1, Rm rm) { from_integer(l, Type::F64, Type::I64, true, fd, rs1, rm); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/d.inc"
#undef INST

}  // namespace menura::riscv
