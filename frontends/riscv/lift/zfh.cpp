// Zfhmin: half-precision loads, stores, moves and conversions (Unprivileged 20240411, 24.5).
#include "frontends/riscv/lift/fp.h"

namespace menura::riscv {
namespace lift {

void flh(Lifter& l, Fd fd, Rs1 rs1, ImmI imm) { l.set_f(Type::F16, fd, l.load(Type::F16, rs1, imm, 1)); }
void fsh(Lifter& l, Fs2 fs2, Rs1 rs1, ImmS imm) { l.store(rs1, imm, l.f64(fs2), 1); }
void fmv_x_h(Lifter& l, Rd rd, Fs1 fs1) {
  l.set_x(rd, l.b.convert(Op::Sext, l.xtype(), l.b.convert(Op::Trunc, Type::I16, l.f_bits(fs1))));
}
void fmv_h_x(Lifter& l, Fd fd, Rs1 rs1) {
  l.set_f(Type::F16, fd, l.b.convert(Op::Bitcast, Type::F16, l.b.convert(Op::Trunc, Type::I16, l.x(rs1))));
}
void fcvt_s_h(Lifter& l, Fd fd, Fs1 fs1, Rm rm) { convert(l, Type::F32, Type::F16, fd, fs1, rm); }
void fcvt_h_s(Lifter& l, Fd fd, Fs1 fs1, Rm rm) { convert(l, Type::F16, Type::F32, fd, fs1, rm); }
void fcvt_d_h(Lifter& l, Fd fd, Fs1 fs1, Rm rm) { convert(l, Type::F64, Type::F16, fd, fs1, rm); }
void fcvt_h_d(Lifter& l, Fd fd, Fs1 fs1, Rm rm) { convert(l, Type::F16, Type::F64, fd, fs1, rm); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/zfh.inc"
#undef INST

}  // namespace menura::riscv
