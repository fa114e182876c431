// Zicond: integer conditional operations (Unprivileged 20240411, chapter 12).
#include "frontends/riscv/lift/lifter.h"

namespace menura::riscv {
namespace lift {

using ir::Cond;

void czero_eqz(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) {
  l.set_x(rd, l.b.select(l.b.icmp(Cond::Eq, l.x(rs2), l.imm(0)), l.imm(0), l.x(rs1)));
}
void czero_nez(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) {
  l.set_x(rd, l.b.select(l.b.icmp(Cond::Ne, l.x(rs2), l.imm(0)), l.imm(0), l.x(rs1)));
}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/zicond.inc"
#undef INST

}  // namespace menura::riscv
