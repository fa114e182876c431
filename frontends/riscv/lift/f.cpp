// F: single-precision floating point (Unprivileged 20240411, chapter 21).
#include "frontends/riscv/lift/lifter.h"

namespace menura::riscv {
namespace lift {

void flw(Lifter& l, Fd fd, Rs1 rs1, ImmI imm) { l.set_f32(fd, l.load(Type::F32, rs1, imm, 2)); }
// 21.2: transfers move the low bits, whatever they are.
void fsw(Lifter& l, Fs2 fs2, Rs1 rs1, ImmS imm) {
  l.store(rs1, imm, l.b.convert(Op::Bitcast, Type::I64, l.f64(fs2)), 2);
}
void fadd_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2, Rm rm) {
  l.set_f32(fd, l.b.fp(Op::FAdd, Type::F32, {l.f32(fs1), l.f32(fs2)}, l.fp_desc(rm)));
}
void fmv_x_w(Lifter& l, Rd rd, Fs1 fs1) {
  l.set_x_word(rd, l.b.convert(Op::Trunc, Type::I32, l.b.convert(Op::Bitcast, Type::I64, l.f64(fs1))));
}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/f.inc"
#undef INST

}  // namespace menura::riscv
