// F: single-precision floating point (Unprivileged 20240411, chapter 21).
#include "frontends/riscv/lift/fp.h"

namespace menura::riscv {
namespace lift {

using ir::FpCond;
using ir::MinMax;

// 21.2: a narrower value is written with ones above; one that lacks them reads as the canonical NaN. Transfers move the
// low bits, whatever lies above.
void flw(Lifter& l, Fd fd, Rs1 rs1, ImmI imm) { l.set_f32(fd, l.load(Type::F32, rs1, imm, 2)); }
void fsw(Lifter& l, Fs2 fs2, Rs1 rs1, ImmS imm) { l.store(rs1, imm, l.f64(fs2), 2); }
void fmv_x_w(Lifter& l, Rd rd, Fs1 fs1) { l.set_x_word(rd, l.b.convert(Op::Trunc, Type::I32, l.f_bits(fs1))); }
void fmv_w_x(Lifter& l, Fd fd, Rs1 rs1) { l.set_f32(fd, l.b.convert(Op::Bitcast, Type::F32, l.x_word(rs1))); }

void fmadd_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Fs3 fs3, Rm rm) {
  fused(l, Negate::Nothing, Type::F32, fd, fs1, fs2, fs3, rm);
}
void fmsub_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Fs3 fs3, Rm rm) {
  fused(l, Negate::Addend, Type::F32, fd, fs1, fs2, fs3, rm);
}
void fnmsub_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Fs3 fs3, Rm rm) {
  fused(l, Negate::Product, Type::F32, fd, fs1, fs2, fs3, rm);
}
void fnmadd_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Fs3 fs3, Rm rm) {
  fused(l, Negate::Both, Type::F32, fd, fs1, fs2, fs3, rm);
}

void fadd_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Rm rm) { arithmetic(l, Op::FAdd, Type::F32, fd, fs1, fs2, rm); }
void fsub_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Rm rm) { arithmetic(l, Op::FSub, Type::F32, fd, fs1, fs2, rm); }
void fmul_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Rm rm) { arithmetic(l, Op::FMul, Type::F32, fd, fs1, fs2, rm); }
void fdiv_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Rm rm) { arithmetic(l, Op::FDiv, Type::F32, fd, fs1, fs2, rm); }
void fsqrt_s(Lifter& l, Fd fd, Fs1 fs1, Rm rm) { square_root(l, Type::F32, fd, fs1, rm); }
void fmin_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2) { min_max(l, Op::FMin, MinMax::Number, Type::F32, fd, fs1, fs2); }
void fmax_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2) { min_max(l, Op::FMax, MinMax::Number, Type::F32, fd, fs1, fs2); }

void fsgnj_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2) { sign_inject(l, SignOf::Second, Type::F32, fd, fs1, fs2); }
void fsgnjn_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2) { sign_inject(l, SignOf::NotSecond, Type::F32, fd, fs1, fs2); }
void fsgnjx_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2) { sign_inject(l, SignOf::Product, Type::F32, fd, fs1, fs2); }

void feq_s(Lifter& l, Rd rd, Fs1 fs1, Fs2 fs2) { compare(l, FpCond::Eq, false, Type::F32, rd, fs1, fs2); }
void flt_s(Lifter& l, Rd rd, Fs1 fs1, Fs2 fs2) { compare(l, FpCond::Lt, true, Type::F32, rd, fs1, fs2); }
void fle_s(Lifter& l, Rd rd, Fs1 fs1, Fs2 fs2) { compare(l, FpCond::Le, true, Type::F32, rd, fs1, fs2); }
void fclass_s(Lifter& l, Rd rd, Fs1 fs1) { classify(l, Type::F32, rd, fs1); }

void fcvt_w_s(Lifter& l, Rd rd, Fs1 fs1, Rm rm) { to_integer(l, Type::I32, false, Type::F32, rd, fs1, rm); }
void fcvt_wu_s(Lifter& l, Rd rd, Fs1 fs1, Rm rm) { to_integer(l, Type::I32, true, Type::F32, rd, fs1, rm); }
void fcvt_l_s(Lifter& l, Rd rd, Fs1 fs1, Rm rm) { to_integer(l, Type::I64, false, Type::F32, rd, fs1, rm); }
void fcvt_lu_s(Lifter& l, Rd rd, Fs1 fs1, Rm rm) { to_integer(l, Type::I64, true, Type::F32, rd, fs1, rm); }
void fcvt_s_w(Lifter& l, Fd fd, Rs1 rs1, Rm rm) { from_integer(l, Type::F32, Type::I32, false, fd, rs1, rm); }
void fcvt_s_wu(Lifter& l, Fd fd, Rs1 rs1, Rm rm) { from_integer(l, Type::F32, Type::I32, true, fd, rs1, rm); }
void fcvt_s_l(Lifter& l, Fd fd, Rs1 rs1, Rm rm) { from_integer(l, Type::F32, Type::I64, false, fd, rs1, rm); }
void fcvt_s_lu(Lifter& l, Fd fd, Rs1 rs1, Rm rm) { from_integer(l, Type::F32, Type::I64, true, fd, rs1, rm); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/f.inc"
#undef INST

}  // namespace menura::riscv
