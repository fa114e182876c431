// M: multiplication and division (Unprivileged 20240411, chapter 13).
#include "frontends/riscv/lift/lifter.h"

namespace menura::riscv {
namespace lift {

void mul(Lifter& l, Rs2 rs2, Rs1 rs1, Rd rd) { l.set_x(rd, l.mul(l.x(rs1), l.x(rs2))); }
void mulh(Lifter& l, Rs2 rs2, Rs1 rs1, Rd rd) { l.set_x(rd, l.b.binary(Op::MulHighS, l.x(rs1), l.x(rs2))); }
void mulhsu(Lifter& l, Rs2 rs2, Rs1 rs1, Rd rd) { l.set_x(rd, l.b.binary(Op::MulHighSU, l.x(rs1), l.x(rs2))); }
void mulhu(Lifter& l, Rs2 rs2, Rs1 rs1, Rd rd) { l.set_x(rd, l.b.binary(Op::MulHighU, l.x(rs1), l.x(rs2))); }
void mulw(Lifter& l, Rs2 rs2, Rs1 rs1, Rd rd) { l.set_x_word(rd, l.mul(l.x_word(rs1), l.x_word(rs2))); }

// 13.2, table 11: division by zero gives all ones, overflow the dividend; nothing traps.
void div(Lifter& l, Rs2 rs2, Rs1 rs1, Rd rd) { l.set_x(rd, l.b.divide(Op::DivS, l.x(rs1), l.x(rs2), -1)); }
void divu(Lifter& l, Rs2 rs2, Rs1 rs1, Rd rd) { l.set_x(rd, l.b.divide(Op::DivU, l.x(rs1), l.x(rs2), -1)); }
void rem(Lifter& l, Rs2 rs2, Rs1 rs1, Rd rd) { l.set_x(rd, l.b.binary(Op::RemS, l.x(rs1), l.x(rs2))); }
void remu(Lifter& l, Rs2 rs2, Rs1 rs1, Rd rd) { l.set_x(rd, l.b.binary(Op::RemU, l.x(rs1), l.x(rs2))); }
void divw(Lifter& l, Rs2 rs2, Rs1 rs1, Rd rd) {
  l.set_x_word(rd, l.b.divide(Op::DivS, l.x_word(rs1), l.x_word(rs2), -1));
}
void divuw(Lifter& l, Rs2 rs2, Rs1 rs1, Rd rd) {
  l.set_x_word(rd, l.b.divide(Op::DivU, l.x_word(rs1), l.x_word(rs2), -1));
}
void remw(Lifter& l, Rs2 rs2, Rs1 rs1, Rd rd) { l.set_x_word(rd, l.b.binary(Op::RemS, l.x_word(rs1), l.x_word(rs2))); }
void remuw(Lifter& l, Rs2 rs2, Rs1 rs1, Rd rd) { l.set_x_word(rd, l.b.binary(Op::RemU, l.x_word(rs1), l.x_word(rs2))); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/m.inc"
#undef INST

}  // namespace menura::riscv
